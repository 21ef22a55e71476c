//! Shortcuts of a trial against the long way: every workload at every place.

use super::*;
use crate::model::registry;
use crate::plan::request::ModelChoice;

/// Calls `check` with a trial of every third known model in three quantisations on each rented class.
fn every_trial(effort: Effort, check: impl Fn(&Trial, &[Workload])) {
    for model in registry::all().filter(|model| model.is_chat()).step_by(3) {
        let request = Request {
            model: ModelChoice::of_registry(&model, None).unwrap(),
            ..Request::of_registry("tinyllama-1.1b", None).unwrap()
        };
        let (graphs, workloads) = (Graphs::default(), workloads(&request));
        for machine in super::super::machines::classes(&request) {
            for quant in ["Q8_0", "Q4_K_M", "Q2_K"] {
                let variant = request.model.variants.iter().find(|variant| variant.weights.quant == quant);
                let Some(variant) = variant else { continue };
                let trial = Trial {
                    request: &request,
                    graphs: &graphs,
                    rag: None,
                    machine: &machine,
                    variant,
                    effort,
                };
                check(&trial, &workloads);
            }
        }
    }
}

#[test]
fn the_first_workload_that_runs_is_found_without_trying_all() {
    let seen = std::cell::Cell::new(0);
    every_trial(Effort::Whole, |trial, workloads| {
        let whole = whole(trial.request, &trial.machine.profile);
        let mut one_by_one = workloads.iter().map(|workload| trial.at(workload, Place::Whole, &whole));
        let first = one_by_one.find(|candidate| candidate.verdict != Verdict::Impossible);
        let found = trial.first_that_runs(workloads, Place::Whole, &whole);
        let runs = (found.verdict != Verdict::Impossible).then_some(&found.workload);
        assert_eq!(runs, first.as_ref().map(|candidate| &candidate.workload));
        let smaller = first.is_some_and(|candidate| candidate.workload != workloads[0]);
        seen.set(seen.get() + usize::from(smaller));
    });
    assert!(seen.get() > 0, "no trial needed a smaller workload");
}

#[test]
fn a_split_is_the_same_as_the_long_way_comes_to() {
    let seen = std::cell::Cell::new(0);
    every_trial(Effort::Split, |trial, workloads| {
        let trial = |effort| Trial { effort, ..*trial }.best(workloads);
        if trial(Effort::Whole).verdict != Verdict::Impossible {
            return;
        }
        let (long, short) = (trial(Effort::Partial), trial(Effort::Split));
        assert_eq!(long.verdict, short.verdict);
        assert_ne!(long.verdict, Verdict::Comfort);
        if long.verdict == Verdict::Compromise {
            assert_eq!((long.placement, long.memory), (short.placement, short.memory));
            assert_eq!(long.workload, short.workload);
            seen.set(seen.get() + 1);
        }
    });
    assert!(seen.get() > 0, "no model was split");
}
