//! The part of an apply that changes the host. It runs in a transient systemd unit, so it goes on
//! when the connection ends, and writes only its journal.

pub mod before;
mod follow;
pub mod receipt;

use self::follow::Watched;
use crate::agent::converge::{Ran, converge, remove};
use crate::agent::host::lock::{self, Holder};
use crate::agent::host::service;
use crate::agent::steps::run::{Run, receipt_facts};
use crate::agent::store::desired::Desired;
use crate::agent::store::journal::{Follower, Journal};
use crate::agent::store::look::{self, Preflight};
use crate::agent::store::made::{self, Made};
use crate::agent::store::prune::prune;
use crate::agent::store::staged::{self, InUse};
use crate::agent::store::{generation, handover, receive, resume};
use crate::error::{Context, Exit, Failure, Result};
use crate::fetch::route::Route;
use crate::hardware::facts::Facts;
use crate::hardware::vendor::driver::Driver;
use crate::outside::{self, Kind};
use crate::render::Bundle;
use crate::verify::Report;
use crate::verify::links::Links;
use crate::wire::protocol::{Apply, End, Event, Events, JOURNAL_SCHEMA};
use crate::wire::secrets::Secrets;
use crate::{files, paths, process};
use base64::Engine;
use before::Before;
use receipt::Receipt;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Input of a job, kept on disk.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub apply: Apply,
    pub facts: Facts,
    pub report: Report,
    pub holder: Holder,
    /// Whether the executable stays when a first apply fails.
    pub keeps_agent: bool,
    pub before: Before,
    /// The way to the internet that was found.
    #[serde(default)]
    pub route: Route,
    /// Whether an earlier apply was cut off; `before` is then the state that it found.
    #[serde(default)]
    pub carries_on: bool,
    /// The driver that the host is to get before all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
}

fn job_path() -> PathBuf {
    Path::new(paths::JOB).join("job.json")
}

fn journal_path() -> PathBuf {
    Path::new(paths::JOB).join("journal.jsonl")
}

/// Reads the bundle of an apply. Refuses one with files that are not as its plan makes them, unless the
/// user trusts those: the client looked as well, but nobody here knows which program that was.
pub fn bundle(apply: &Apply) -> Result<Bundle> {
    let tar =
        base64::engine::general_purpose::STANDARD.decode(&apply.bundle).context("decoding the bundle")?;
    let bundle = Bundle::from_tar(&tar)?;
    if !apply.trust_edits {
        let edits = bundle.edits()?;
        if !edits.is_empty() {
            return Err(edits.refusal("the bundle", TRUST).into());
        }
    }
    Ok(bundle)
}

/// Flags with which an edited bundle is applied all the same.
const TRUST: &str = "--trust-edits applies it as it is, as root, and only where you know who edited it";

/// Writes the job; the caller has the lock.
pub fn write(job: &Job) -> Result<()> {
    files::directory(Path::new(paths::VAR), 0o755)?;
    files::directory(Path::new(paths::JOB), 0o700)?;
    files::remove(&journal_path())?;
    let schema = JOURNAL_SCHEMA.to_string();
    let bundle = job.holder.bundle.clone();
    Journal::create(&journal_path())?.send(&Event::Journal { schema, bundle })?;
    files::write(&job_path(), &serde_json::to_vec(job)?, 0o600)
}

/// Starts the written job's unit. The caller has given up the lock.
pub fn start(secrets: &Secrets) -> Result<()> {
    handover::leave(secrets)?;
    let executable = staged::executable()?;
    let unit = format!("--unit={}", paths::JOB_UNIT);
    let description = "--description=agi-provision apply";
    let executable = executable.to_string_lossy();
    let mut args = vec!["--quiet", "--collect", &unit, description];
    args.extend(resume::BOUNDS.iter().flat_map(|bound| ["--property", bound]));
    args.extend([&*executable, "agent", "run"]);
    let outcome = process::run("systemd-run", &args, Duration::from_secs(30))?;
    match outcome.success {
        true => Ok(()),
        false => {
            handover::leave(&Secrets::default())?;
            Err(Failure::failed(format!("starting the job: {}", outcome.stderr.trim()))
                .hint("`journalctl -b -n 50` on the host has more; the same apply begins again")
                .into())
        }
    }
}

/// Runs the job; it is the main program of its unit.
pub fn run() -> Result<Exit> {
    let using = InUse::enter()?;
    let resumed = resumed()?;
    if matches!(resumed, Resumed::AtItsEnd) {
        resume::disable()?;
        return Ok(Exit::Done);
    }
    let mut journal = Journal::create(&journal_path())?;
    let (end, resumable) = match perform(&mut journal, resumed == Resumed::InTheMiddle) {
        Ok(Ran::Ended(end, resumable)) => (end, resumable),
        Ok(Ran::Restarts) => return Ok(Exit::Done),
        Err(error) => (End::failed(&error), false),
    };
    resume::disable()?;
    // Removes the secrets that no step took.
    handover::leave(&Secrets::default())?;
    // For the system's journal, where the next one to ask finds it even when nothing else is left.
    if let Some(failure) = end.failure() {
        say!("{failure}");
    }
    // A client that followed it to a restart of the host comes back to hear the end, and takes the rest away.
    let heard = !restarted()?;
    let removed = end.exit != Exit::Done && generation::is_none() && !resumable && heard;
    let exit = end.exit;
    // Read before it may go.
    let keeps_agent = read_job().is_ok_and(|job| job.keeps_agent);
    let sent = journal.send(&Event::End(end));
    // The first boot that brought it did not live to see the end.
    if exit == Exit::Done && !heard {
        files::remove(Path::new(paths::FIRST_BOOT))?;
    }
    if removed {
        remove::data()?;
        if !keeps_agent && let Some(using) = using {
            using.leave()?;
        }
    }
    sent?;
    Ok(exit)
}

fn read_job() -> Result<Job> {
    let text = outside::read_bounded(&job_path(), outside::TABLE, Kind::Regular)
        .with_context(|| format!("reading {}", job_path().display()))?;
    Ok(serde_json::from_slice(&text)?)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resumed {
    No,
    /// An earlier run did a part of the job.
    InTheMiddle,
    /// An earlier run did all of it but the last tidying up.
    AtItsEnd,
}

/// Whether this job restarted the host.
fn restarted() -> Result<bool> {
    let mut follower = Follower::open(&journal_path())?;
    while let Some(event) = follower.next_event()? {
        if matches!(event, Event::Restarting { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads from the journal whether an earlier part of this job was cut off.
fn resumed() -> Result<Resumed> {
    drop(Journal::create(&journal_path())?);
    let mut follower = Follower::open(&journal_path())?;
    let mut found = Resumed::No;
    while let Some(event) = follower.next_event()? {
        match event {
            Event::Journal { .. } => {}
            Event::End(_) => return Ok(Resumed::AtItsEnd),
            _ => found = Resumed::InTheMiddle,
        }
    }
    Ok(found)
}

/// Returns the state of the host before a job that never came to its end: its agent was killed, or the host went down
/// and did not resume it. The caller has the lock, so that job is over.
pub fn unfinished() -> Option<Before> {
    // The unit that would resume it is there from its beginning to its end.
    if !Path::new(paths::RESUME_FILE).exists() {
        return None;
    }
    let job = read_job().ok()?;
    (resumed().ok()? == Resumed::InTheMiddle).then_some(job.before)
}

/// Returns whether an apply was cut off and none is under way.
pub fn cut_off() -> bool {
    Path::new(paths::RESUME_FILE).exists() && !is_running().unwrap_or(true)
}

/// Returns the step that the journal says is running.
pub fn running_step() -> Option<(String, String)> {
    let mut follower = Follower::open(&journal_path()).ok()?;
    begun(std::iter::from_fn(|| follower.next_event().ok().flatten()))
}

/// Returns why a job failed that restarted the host, and that nobody has come back to.
pub fn failed_after_restart() -> Option<String> {
    if !restarted().ok()? {
        return None;
    }
    let mut follower = Follower::open(&journal_path()).ok()?;
    let ends = std::iter::from_fn(|| follower.next_event().ok().flatten()).filter_map(|event| match event {
        Event::End(end) => end.failure().map(|failure| failure.to_string()),
        _ => None,
    });
    ends.last()
}

/// Returns the step that began last and has not ended, with its changes.
fn begun(events: impl IntoIterator<Item = Event>) -> Option<(String, String)> {
    events.into_iter().fold(None, |running, event| match event {
        Event::Step { name, what } => Some((name, what)),
        Event::StepDone { .. } | Event::End(_) => None,
        _ => running,
    })
}

/// Returns who applies while the job's unit has been started and does not have the lock yet.
pub fn starting() -> Result<Option<Holder>> {
    Ok(if is_running()? { read_job().ok().map(|job| job.holder) } else { None })
}

fn perform(journal: &mut Journal, resumed: bool) -> Result<Ran> {
    let job = read_job()?;
    let token = handover::take_token()?;
    let holder = Holder { pid: std::process::id(), job: true, ..job.holder.clone() };
    // The session that started this one lets go of the lock about now.
    let lock = lock::take(&holder, Duration::from_secs(10))?;
    let _lock = match lock {
        Ok(lock) => lock,
        Err(other) => return Ok(Ran::Ended(End::failed(&held_by(&other).into()), false)),
    };
    let bundle = bundle(&job.apply)?;
    let preflight = Preflight::new(Some(&bundle))?;
    // A part of this job may be done already, and is not looked at again.
    if let Some(refusal) = preflight.refusal().filter(|_| !resumed && !job.carries_on) {
        return Ok(Ran::Ended(End::failed(&refusal.into()), false));
    }
    preflight.take()?;
    made::add(look::claims(&bundle)?)?;
    match (resumed, resume::enable()) {
        (true, _) => journal.send(&Event::Resumed { since: job.holder.since.clone() })?,
        (false, Ok(())) => {}
        (false, Err(error)) => {
            let text = format!("a restart of the host would end this job: {error:#}");
            journal.send(&Event::Warning { text })?;
        }
    }
    let links = Links::of(&job.facts);
    let driver = job.driver.clone();
    let mut desired = Desired { links, driver, ..Desired::new(&job.apply, bundle, &job.facts)? };
    let mut run = Run::new(journal);
    run.token = token;
    run.route = job.route.clone();
    if resumed || job.carries_on {
        run.undo = job.before.undo()?;
        run.past.cut_off = true;
        run.notes.packages = installed_since(job.before.made.as_ref())?;
    }
    if job.apply.turns && !resumed {
        run.takes_turns();
    }
    run.past.served = job.before.generation.clone();
    let started = jiff::Timestamp::now();
    let (mut end, resumable) = match converge(&mut desired, job.before.is_first(), &mut run) {
        Ran::Ended(end, resumable) => (end, resumable),
        Ran::Restarts => return Ok(Ran::Restarts),
    };
    if end.exit != Exit::Done {
        made::restore(job.before.made.as_ref())?;
    }
    if end.exit == Exit::Done {
        let receipt = receipt(&job, &desired, &run, started);
        let json = serde_json::to_vec_pretty(&receipt)?;
        // It serves; without its receipt it still does.
        if let Err(error) = files::write(Path::new(paths::RECEIPT), &json, 0o644) {
            journal.send(&Event::Warning { text: format!("the receipt was not kept: {error:#}") })?;
        }
        end.receipt = Some(receipt);
        // It serves; an old file more or less does not matter to that.
        if let Err(error) = prune() {
            journal.send(&Event::Warning { text: format!("old generations were not removed: {error:#}") })?;
        }
    }
    Ok(Ran::Ended(end, resumable))
}

/// Packages that an earlier part of the job installed.
fn installed_since(before: Option<&Made>) -> Result<Vec<String>> {
    let known = before.map(Made::packages).unwrap_or_default();
    let mut packages = Made::read()?.map(|made| made.packages()).unwrap_or_default();
    packages.retain(|name| !known.contains(name));
    Ok(packages)
}

/// Returns what the last receipt says of the servers, if it is of the generation that served before this run.
fn earlier_facts(run: &Run) -> Option<serde_json::Value> {
    let mut receipt: serde_json::Value = generation::read_note(Path::new(paths::RECEIPT))?;
    let served = generation::record(run.past.served.as_deref()?)?;
    (receipt["bundle"] == served.bundle.as_str()).then(|| receipt["measured"].take())
}

fn receipt(job: &Job, desired: &Desired, run: &Run, started: jiff::Timestamp) -> serde_json::Value {
    let receipt = Receipt {
        schema: receipt::SCHEMA,
        tool_version: env!("CARGO_PKG_VERSION"),
        applied_by: &job.holder.client,
        started: started.to_string(),
        finished: jiff::Timestamp::now().to_string(),
        bundle: &desired.record.bundle,
        model: &desired.record.models,
        runtime: &desired.record.runtime,
        llama_build: &desired.record.llama_build,
        facts_before: &job.facts,
        verification: run.notes.verification.as_ref().unwrap_or(&job.report),
        allowed: &job.apply.allow,
        trusted_edits: &desired.record.edited,
        packages_installed: &run.notes.packages,
        warnings: &run.notes.warnings,
        measured: receipt_facts(&desired.plan, &run.notes, earlier_facts(run).as_ref()),
    };
    serde_json::json!(receipt)
}

/// Returns the failure that names who holds the host, with exit code 7.
pub fn held_by(holder: &Holder) -> Failure {
    let who = if holder.client.is_empty() {
        "another agent".to_string()
    } else {
        format!("{} (since {})", holder.client, holder.since)
    };
    Failure::new(Exit::Held, format!("the host is held by {who}"))
        .hint("wait until that apply has ended; applying the same bundle again shows its progress")
}

/// Goes on showing the apply of `bundle` after the host was restarted for it. Begins nothing: where that apply left no
/// journal, nobody knows how it ended.
pub fn rejoin(bundle: &str, events: &mut dyn Events) -> Result<End> {
    let first = Follower::open(&journal_path()).and_then(|mut follower| follower.next_event());
    match first {
        Ok(Some(Event::Journal { bundle: known, .. })) if known == bundle => {}
        _ => {
            return Err(Failure::failed("the apply is no longer on the host, which was restarted for it")
                .hint(
                    "`journalctl -u agi-provision-resume` there says how it ended; apply again to begin anew",
                )
                .into());
        }
    }
    let end = follow(events)?;
    if end.exit != Exit::Done && generation::is_none() && !receive::holds_whole() {
        remove::data()?;
    }
    Ok(end)
}

/// Passes the job's events on until it ends.
pub fn follow(events: &mut dyn Events) -> Result<End> {
    let mut job = Running { journal: Follower::open(&journal_path())?, since: Instant::now() };
    let end = follow::follow(&mut job, events)?;
    wait_for_unit();
    Ok(end)
}

/// Job of this host, for its follower.
struct Running {
    journal: Follower,
    since: Instant,
}

impl Watched for Running {
    fn next_event(&mut self) -> Result<Option<Event>> {
        self.journal.next_event()
    }

    fn is_running(&mut self) -> Result<bool> {
        is_running()
    }

    fn now(&mut self) -> Duration {
        self.since.elapsed()
    }

    fn sleep(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

fn is_running() -> Result<bool> {
    let outcome = service::systemctl(&["is-active", paths::JOB_UNIT, paths::RESUME_UNIT])?;
    Ok(outcome.stdout.lines().any(|state| matches!(state.trim(), "active" | "activating" | "deactivating")))
}

/// Waits a moment while the job tidies up after its last event.
fn wait_for_unit() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) && is_running().unwrap_or(false) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::protocol::Unit;

    #[test]
    fn the_running_step_is_the_one_that_began_and_has_not_ended() {
        let begins = |name: &str| Event::Step { name: name.into(), what: format!("change {name}") };
        let ends = |name: &str| Event::StepDone { name: name.into(), seconds: 1.0, failed: false };
        let progress = || Event::Progress { done: 1, total: None, unit: Unit::Seconds };
        for (events, running) in [
            (vec![], None),
            (vec![begins("user")], Some("user")),
            (vec![begins("user"), ends("user")], None),
            (vec![begins("user"), ends("user"), begins("model"), progress()], Some("model")),
            (vec![begins("model"), Event::End(End::done(true, ""))], None),
        ] {
            let found = begun(events);
            assert_eq!(found.as_ref().map(|(name, _)| name.as_str()), running);
            assert!(found.is_none_or(|(name, what)| what == format!("change {name}")));
        }
    }
}
