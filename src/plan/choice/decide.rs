//! Tries every profile and quantisation, and takes the best.

use super::candidates::{Candidate, Trial, workloads};
use super::check::check;
use super::decision::{Decision, eligible};
use super::document::document;
use super::nothing::{nearest, over_budget};
use super::ranking::{better, cheapest};
use crate::error::Result;
use crate::hardware::offers::Offer;
use crate::plan::document::{Plan, Verdict};
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;
use crate::plan::{placement, rag};

/// The plan for `request`; its verdict is `impossible` when nothing fits. Errors are usage errors:
/// a combination that llama.cpp refuses, a value out of range.
pub fn plan(request: &Request) -> Result<Plan> {
    Ok(decide(request)?.plan)
}

pub(super) fn decide(request: &Request) -> Result<Decision<'_>> {
    check(request)?;
    let (workloads, graphs) = (workloads(request), Graphs::default());
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let within = |offer: &Offer| request.budget.as_ref().is_none_or(|budget| budget.allows(offer));
    let least = placement::least_gpus(&request.fixed);
    let mut everywhere = Vec::new();
    for profile in request.profiles.iter().filter(|profile| profile.gpus.len() >= least) {
        let offer = cheapest(request, profile, within);
        for variant in &request.model.variants {
            let trial = Trial { request, graphs: &graphs, rag: rag.as_ref(), profile, variant };
            everywhere.push(Candidate { offer, ..trial.best(&workloads) });
        }
    }
    let eligible = everywhere.iter().enumerate().filter(|(_, c)| eligible(request, c));
    let Some((chosen, _)) = eligible.min_by(|(_, a), (_, b)| better(request, a, b)) else {
        return over_budget(request, rag, everywhere);
    };
    let mut plan = document(request, rag.as_ref(), &everywhere[chosen], &everywhere)?;
    if plan.verdict == Verdict::Impossible {
        plan.reasons.push(nearest(&everywhere, request));
    }
    Ok(Decision { plan, everywhere, chosen, rag })
}
