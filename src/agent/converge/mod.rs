//! Runs the steps, and takes back what they changed when one fails.

pub mod judged;
mod kept;
pub mod plan;
pub mod remove;

use self::kept::Kept;
use crate::agent::host::{disk, restart, service};
use crate::agent::servers::api::Api;
use crate::agent::servers::beside;
use crate::agent::servers::readiness::{Loading, wait_until_ready};
use crate::agent::steps;
use crate::agent::steps::resource::{Change, Id, Observed, Past, Resource};
use crate::agent::steps::run::{How, Run, Undo};
use crate::agent::steps::told::told;
use crate::agent::store::desired::Desired;
use crate::agent::store::{generation, receive};
use crate::engine::server::ServerName;
use crate::error::{Context, Exit, Result, exit_code};
use crate::fetch::Unfinished;
use crate::outside::{self, Kind};
use crate::wire::protocol::{End, Event, START_TIMEOUT};
use crate::{files, paths};
use plan::Planned;
use std::collections::BTreeSet;
use std::path::Path;

fn resources(desired: &Desired) -> Vec<Box<dyn Resource>> {
    steps::all(&desired.plan, &beside::installed())
}

/// Lists the changes that an apply would make now.
pub fn differences(desired: &Desired, past: &Past) -> Result<Vec<Planned>> {
    let observe =
        |resource: Box<dyn Resource>| Ok((resource.id(), observe(resource.as_ref(), desired, past)?));
    let observed = resources(desired).into_iter().map(observe).collect::<Result<Vec<_>>>()?;
    Ok(plan::plan(observed, past.cut_off))
}

/// Lists what other hands changed since the apply of `desired`. A resource that cannot tell is not as it was either.
pub fn drift(desired: &Desired, past: &Past) -> Vec<Planned> {
    let can_drift = resources(desired).into_iter().filter(|resource| resource.id().can_drift());
    let observed = can_drift.map(|resource| {
        let observed = observe(resource.as_ref(), desired, past);
        let unclear = |error| vec![Change::Unclear(format!("{error:#}"))].into();
        (resource.id(), observed.unwrap_or_else(unclear))
    });
    plan::plan(observed, past.cut_off)
}

fn observe(resource: &dyn Resource, desired: &Desired, past: &Past) -> Result<Observed> {
    resource.observe(desired, past).with_context(|| format!("checking {}", resource.id().name()))
}

/// How far a run came.
pub enum Ran {
    /// To its end. With it: whether arrived files stay, or a part of a download.
    Ended(End, bool),
    /// To a restart of the host, which goes down any moment; the job goes on at the next boot.
    Restarts,
}

/// Brings the host to `desired`. The outcome is in the [`End`], whatever happened; after a failure
/// the host is as before: on a first apply without a trace but for files that the next one can use, later
/// with the old generation serving.
pub fn converge(desired: &mut Desired, first: bool, run: &mut Run) -> Ran {
    let serves = running_steps(desired, run);
    let desired = &*desired;
    let error = match serves {
        Ok(Some(changed)) => return Ran::Ended(End::done(changed, message(desired, run)), false),
        Ok(None) => return Ran::Restarts,
        Err(error) => error,
    };
    // Read before anything is stopped or removed.
    let log =
        started(run).map_or_else(Vec::new, |since| service::last_lines(&beside::units(), 60, Some(since)));
    let mut end = match first {
        true => take_back_all(&error, desired, run),
        false => take_back_changes(&error, desired, run),
    };
    end.log = log;
    Ran::Ended(end, resumable(&error) || receive::holds_whole())
}

/// Returns when this run first started a server, if it did.
fn started(run: &Run) -> Option<jiff::Timestamp> {
    run.undo.iter().find_map(|undo| match undo.how {
        How::Started { since } => Some(since),
        _ => None,
    })
}

/// Observes each resource when those before it are in place, and applies its changes. Returns whether any changed;
/// `None`: the host restarts before the others.
fn running_steps(desired: &mut Desired, run: &mut Run) -> Result<Option<bool>> {
    let mut done: Vec<Planned> = Vec::new();
    for resource in resources(desired) {
        if resource.id() == Id::Expose {
            run.end_turn()?;
        }
        let planned = |desired: &Desired, run: &Run| -> Result<Option<Planned>> {
            let observed = observe(resource.as_ref(), desired, &run.past)?;
            Ok(plan::planned(resource.id(), observed, &done, run.past.cut_off))
        };
        let mut changes = planned(desired, run)?;
        // The generation that serves goes on doing so until the turn comes, which may take a while.
        if changes.is_some() && resource.id() >= Id::Configuration && run.begin_turn()? {
            changes = planned(desired, run)?;
        }
        if let Some(planned) = changes {
            run.current = Some(planned.id);
            apply(resource.as_ref(), desired, &planned.changes, run)?;
            run.current = None;
            done.push(planned);
        }
        if let Some(why) = run.restart.take() {
            run.event(&Event::Restarting { why })?;
            restart::restart()?;
            return Ok(None);
        }
        if resource.id() == Id::Driver && desired.driver.is_some() {
            judged::with_driver(desired, run)?;
        }
    }
    Ok(Some(!done.is_empty()))
}

fn apply(resource: &dyn Resource, desired: &Desired, changes: &[Change], run: &mut Run) -> Result<()> {
    let name = resource.id().name();
    let what: Vec<String> = changes.iter().map(Change::to_string).collect();
    let work = |run: &mut Run| resource.apply(desired, run).map_err(disk::hinted);
    told(run, name, what.join("; "), work).with_context(|| format!("step {name}"))
}

fn message(desired: &Desired, run: &Run) -> String {
    let model = &desired.plan.model;
    let beside = beside::given(&desired.plan);
    match &run.notes.answer {
        Some(answer) => english!(
            "end-serves",
            model = &*model.id,
            quant = &model.quant,
            tokens = answer.generated_tokens,
            speed = format!("{:.1}", answer.decode_tok_s),
            beside = beside,
        ),
        None => english!("end-serves-unasked", model = &*model.id, quant = &model.quant, beside = beside),
    }
}

fn take_back_all(error: &anyhow::Error, desired: &Desired, run: &Run) -> End {
    let mut end = End::failed(error);
    let kept = Kept::of(error, desired, run);
    // Leaves what the image carried, or an earlier `remove --keep-models` left: it is not ours to take.
    let brought = run.undo.iter().filter_map(|undo| match &undo.how {
        How::Remove(path) if remove::is_shelved(path) && !kept.holds(&undo.how) => Some(path),
        _ => None,
    });
    let removed = brought.map(|path| files::remove(path)).collect::<Result<Vec<()>>>();
    // Gigabytes that came so far are worth more than a tidy disk.
    let resumable = resumable(error);
    let names = kept.names(&run.undo);
    let stay = |_| {
        if !resumable {
            kept.clear_arrivals()?;
            receive::clear_parts()?;
        }
        let arrived = (resumable || receive::holds_whole()).then_some(paths::INCOMING);
        let stay: Vec<&str> = remove::filled().into_iter().chain(arrived).collect();
        remove::everything_but_the_job(&stay, remove::Scope::Made)
    };
    let left = match removed.and_then(stay) {
        Ok(_) if resumable => "but for what was downloaded, the host is as it was".to_string(),
        Ok(left) if !left.is_empty() => format!("the host is as it was, but for {}", left.join(", ")),
        Ok(_) => "the host is as it was".to_string(),
        Err(undoing) => format!("taking it back failed too: {undoing:#}"),
    };
    let left = kept::sentence(&names).map_or(left.clone(), |stays| format!("{left}; {stays}"));
    end.message = format!("{}; {left}{}", end.message, kept_packages(run));
    end
}

/// A download stopped that the next apply goes on with.
pub fn resumable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Unfinished>().is_some_and(|unfinished| unfinished.have > 0)
}

fn kept_packages(run: &Run) -> String {
    match run.notes.packages.as_slice() {
        [] => String::new(),
        packages => format!(" (apart from the installed packages {})", packages.join(", ")),
    }
}

fn take_back_changes(error: &anyhow::Error, desired: &Desired, run: &mut Run) -> End {
    let servers: BTreeSet<ServerName> = run.undo.iter().filter_map(|undo| undo.by.server()).collect();
    let rolled_back = was_rolled_back(&run.undo);
    let mut failed = Vec::new();
    let kept = Kept::of(error, desired, run);
    let stays = kept::sentence(&kept.names(&run.undo)).map_or(String::new(), |stays| format!("; {stays}"));
    // Files that no step came to take.
    if let Err(undoing) = kept.clear_arrivals() {
        failed.push(format!("{undoing:#}"));
    }
    while let Some(undo) = run.undo.pop() {
        if kept.holds(&undo.how) {
            continue;
        }
        if let Err(undoing) = take_back(&undo) {
            failed.push(format!("{undoing:#}"));
        }
    }
    let mut end = End::failed(error);
    if !failed.is_empty() {
        end.message = format!("{}; taking it back failed too: {}", end.message, failed.join("; "));
        return end;
    }
    match old_serves(&servers) {
        Ok(()) if rolled_back => {
            end.exit = Exit::RolledBack;
            end.message = format!("{}; rolled back, the old generation serves again{stays}", end.message);
        }
        Ok(()) => {
            end.message =
                format!("{}; the old generation still serves{stays}{}", end.message, kept_packages(run));
        }
        Err(old) if servers.contains(&ServerName::CHAT) => {
            end.exit = exit_code(error);
            end.message =
                format!("{}; rolled back, but the old generation does not serve: {old:#}", end.message);
        }
        Err(old) => {
            end.message = format!("{}; the old embedding server does not serve: {old:#}", end.message);
        }
    }
    end
}

/// Returns whether a server ran by another generation than the one that serves after all was taken back. One that
/// was only started again by the same generation was not rolled back.
fn was_rolled_back(undo: &[Undo]) -> bool {
    let switched =
        undo.iter().any(|undo| undo.by == Id::Configuration && matches!(undo.how, How::Link { .. }));
    undo.iter().any(|undo| match undo.by {
        Id::Start(ServerName::CHAT) => true,
        Id::Start(_) => switched,
        _ => false,
    })
}

fn take_back(undo: &Undo) -> Result<()> {
    match &undo.how {
        How::Remove(path) => files::remove(path),
        How::File { path, content, mode } => files::write(path, content, *mode),
        How::Link { path, target } => files::link(path, target),
        How::Reload => service::reload(),
        // The old generation's servers are started once everything is back.
        How::Started { .. } | How::Stopped => match undo.by.server() {
            Some(server) if server != ServerName::CHAT => beside::stop(server),
            _ => Ok(()),
        },
    }
}

/// Starts `servers`, which a run started or stopped, by the generation that serves again, and waits until they are
/// ready.
fn old_serves(servers: &BTreeSet<ServerName>) -> Result<()> {
    if servers.is_empty() {
        return Ok(());
    }
    Desired::current().map_or(Ok(()), |old| steps::runtime::follow_packages(&old))?;
    if !servers.contains(&ServerName::CHAT) {
        let follow = |plan| beside::follow_some(&plan, |server| servers.contains(&server), |_| Ok(()));
        return generation::current_plan().map_or(Ok(()), follow);
    }
    let path = Path::new(paths::GENERATION).join(paths::generation::PLAN);
    let plan =
        crate::plan::Plan::from_json(&outside::text(path.as_ref(), outside::DOCUMENT, Kind::Regular)?)?;
    // Stops what the failed one had beside the model first, to make room.
    beside::make_room(None, &plan)?;
    service::start(paths::UNIT)?;
    wait_until_ready(&Api::of(&plan.chat())?, Loading::of(plan.model.size_bytes, START_TIMEOUT), |_| Ok(()))?;
    beside::follow(&plan, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_rollback_only_if_a_server_ran_by_the_new_generation() {
        let embed = Id::Start(ServerName::EMBEDDING);
        let started = |by| Undo { by, how: How::Started { since: jiff::Timestamp::UNIX_EPOCH } };
        let link = |by| Undo { by, how: How::Link { path: "a".into(), target: "b".into() } };
        for (undo, rolled_back) in [
            (vec![], false),
            (vec![link(Id::Configuration)], false),
            (vec![started(Id::Start(ServerName::CHAT))], true),
            (vec![started(embed)], false),
            (vec![link(Id::Agent), started(embed)], false),
            (vec![link(Id::Configuration), started(embed)], true),
            (
                vec![
                    link(Id::Configuration),
                    Undo { by: Id::Retire(ServerName::EMBEDDING), how: How::Stopped },
                ],
                false,
            ),
        ] {
            assert_eq!(was_rolled_back(&undo), rolled_back, "{undo:?}");
        }
    }
}
