//! `rollback` of one model over several hosts: all of them go back, or none.

use super::apply_hosts::{documents, said};
use super::hosts::{self, Ended, HostArgs, Task};
use crate::apply::fleet::{Results, Style};
use crate::error::{Exit, Failure, Result};
use crate::wire::peers::PartOfWhole;
use crate::wire::protocol::Op;

const INTERRUPTED: &str =
    "what has begun on a host goes on there; the same command again brings all of them together";

/// Takes all hosts of a plan back, where these, which each refused to go back alone, are all of them: the workers side by
/// side, then the head. `None` where they are not all of one plan, and nothing more is done.
///
/// # Errors
/// They have no earlier plan in common; nothing was changed then.
pub fn run(all: &HostArgs, refused: &Results, style: Style) -> Result<Option<Results>> {
    let part = |at: usize| {
        let outcome = refused[at].1.as_ref().ok()?;
        documents(outcome).find_map(|value| serde_json::from_value::<PartOfWhole>(value.clone()).ok())
    };
    let Some(parts) = (0..refused.len()).map(part).collect::<Option<Vec<PartOfWhole>>>() else {
        return Ok(None);
    };
    let Some(head) = head_of_whole(&parts) else { return Ok(None) };
    let targets = targets(&parts, head)?;
    let go = |to: &dyn Fn(usize) -> Option<u64>, ended: Ended| {
        let tasks: Vec<Task> = (0..parts.len()).map(|at| (Op::Rollback { to: to(at) }, Vec::new())).collect();
        all.run_each(tasks, ended, None, style, INTERRUPTED)
    };
    let is_good = |results: &Results| results.iter().all(|(_, result)| hosts::exit(result) == Exit::Done);
    let to_target = |at: usize| targets[at];
    let stays = |at: &usize| *at == head || targets[*at].is_none();
    let waits = |at: usize| match at == head {
        true => (at, Ok(said("", Exit::Done, "not begun, as a worker failed; the host is as it was"))),
        false => (at, Ok(said("", Exit::Done, "the generation that serves is of that plan already"))),
    };
    let mut results = go(&to_target, (0..parts.len()).filter(stays).map(waits).collect())?;
    if is_good(&results) {
        let mut workers: Ended = results.into_iter().map(|(_, result)| result).enumerate().collect();
        workers.remove(&head);
        results = go(&to_target, workers)?;
    }
    if is_good(&results) {
        return Ok(Some(results));
    }
    // One that failed serves by its own generation again.
    let changed = |result: &Result<crate::apply::HostOutcome>| {
        result.as_ref().is_ok_and(|outcome| outcome.end.exit == Exit::Done && outcome.end.changed)
    };
    let back: Vec<bool> = results.iter().map(|(_, result)| changed(result)).collect();
    let others = results.into_iter().map(|(_, result)| result).enumerate().filter(|(at, _)| !back[*at]);
    let mut results = go(&|at| Some(parts[at].now.number), others.collect())?;
    for ((_, result), _) in results.iter_mut().zip(back).filter(|(_, back)| *back) {
        if let Ok(outcome) = result
            && outcome.end.exit == Exit::Done
        {
            (outcome.end.exit, outcome.end.changed) = (Exit::RolledBack, false);
            outcome.end.message = format!("as before, as another host failed: {}", outcome.end.message);
        }
    }
    Ok(Some(results))
}

/// Place of the head in the list, where the parts are all of one plan's.
fn head_of_whole(parts: &[PartOfWhole]) -> Option<usize> {
    let hosts = &parts.first()?.hosts;
    let mut places: Vec<usize> = parts.iter().map(|part| part.place).collect();
    places.sort_unstable();
    let are_all = parts.iter().all(|part| part.hosts == *hosts) && places.into_iter().eq(0..hosts.len());
    are_all.then(|| parts.iter().position(|part| part.place == 0)).flatten()
}

/// Generation that each host goes to, so that all are of the plan that the head had before; `None` for one that is already.
fn targets(parts: &[PartOfWhole], head: usize) -> Result<Vec<Option<u64>>> {
    let refuse = |why: String| {
        Failure::failed(why).hint(
            "apply the plan you want to all of them: `agi-provision apply --hosts`; every host is as it was",
        )
    };
    let Some(before) = &parts[head].before else {
        let serves = parts[head].now.number;
        return Err(refuse(format!("the head has no generation before {serves}, which serves")).into());
    };
    let Some(wanted) = &before.whole else {
        return Err(refuse("the head had no plan over several hosts before".to_string()).into());
    };
    let target = |(at, part): (usize, &PartOfWhole)| {
        let of_it = |step: &&crate::wire::peers::Step| step.whole.as_ref() == Some(wanted);
        match part.before.as_ref().filter(of_it) {
            _ if at != head && part.now.whole.as_ref() == Some(wanted) => Ok(None),
            Some(step) => Ok(Some(step.number)),
            None => {
                let name = &part.hosts[part.place];
                Err(refuse(format!("{name} has no generation of the plan that the head had before")).into())
            }
        }
    };
    parts.iter().enumerate().map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint;
    use crate::hash::sha256;
    use crate::wire::peers::Step;

    fn step((number, plan): (u64, &str)) -> Step {
        Step { number, whole: (!plan.is_empty()).then(|| sha256(plan.as_bytes())) }
    }

    fn part(place: usize, now: (u64, &str), before: Option<(u64, &str)>) -> PartOfWhole {
        let hosts = ["a", "b", "c"].map(str::to_string).to_vec();
        PartOfWhole { hosts, place, now: step(now), before: before.map(step) }
    }

    #[test]
    fn all_hosts_of_a_plan_are_a_whole_in_any_order_and_no_others() {
        let whole = |places: &[usize]| {
            head_of_whole(&places.iter().map(|place| part(*place, (1, "x"), None)).collect::<Vec<_>>())
        };
        assert_eq!(whole(&[0, 1, 2]), Some(0));
        assert_eq!(whole(&[2, 0, 1]), Some(1));
        for places in [&[][..], &[0], &[1, 2], &[0, 1], &[0, 1, 1], &[0, 1, 2, 2]] {
            assert_eq!(whole(places), None, "{places:?}");
        }
        let stranger =
            PartOfWhole { hosts: vec!["a".to_string(), "d".to_string()], ..part(1, (1, "x"), None) };
        assert_eq!(head_of_whole(&[part(0, (1, "x"), None), part(2, (1, "x"), None), stranger]), None);
    }

    #[test]
    fn every_host_goes_to_the_plan_that_the_head_had_before_or_none_does() {
        let new = |place, number| part(place, (number, "new"), Some((number - 1, "old")));
        let with = |other: PartOfWhole| [new(0, 5), new(1, 3), other];
        for (other, want) in [
            (new(2, 4), Ok(vec![Some(4), Some(2), Some(3)])),
            // Only the head's model file changed by the last apply, which no worker has.
            (part(2, (4, "old"), Some((3, "older"))), Ok(vec![Some(4), Some(2), None])),
            (part(2, (4, "new"), Some((3, "older"))), Err("c has no generation of the plan")),
            (part(2, (4, "new"), None), Err("c has no generation of the plan")),
        ] {
            match (targets(&with(other), 0), want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want),
                (Err(error), Err(want)) => {
                    assert!(error.to_string().contains(want), "{error}");
                    assert!(hint(&error).is_some_and(|hint| hint.contains("every host is as it was")));
                }
                (found, want) => panic!("{found:?} {want:?}"),
            }
        }
        for (before, want) in
            [(None, "no generation before 5"), (Some((4, "")), "no plan over several hosts before")]
        {
            let refused = targets(&[part(0, (5, "new"), before), new(1, 3), new(2, 4)], 0).unwrap_err();
            assert!(refused.to_string().contains(want), "{refused}");
        }
    }
}
