//! The part of an apply that changes the host. It runs in a transient systemd unit, so it goes on
//! when the connection ends, and writes only its journal.

use super::converge::{converge, is_first};
use super::generation::Desired;
use super::journal::{Follower, Journal};
use super::lock::{self, Holder};
use super::protocol::{Apply, End, Event, Events};
use super::remove;
use super::steps::{Run, receipt_facts};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::render::Bundle;
use crate::verify::Report;
use crate::{paths, process};
use base64::Engine;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Everything a job needs, on disk.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub apply: Apply,
    pub facts: Facts,
    pub report: Report,
    pub holder: Holder,
    /// The executable stays when a first apply fails.
    pub keeps_agent: bool,
}

fn job_path() -> PathBuf {
    Path::new(paths::JOB).join("job.json")
}

fn journal_path() -> PathBuf {
    Path::new(paths::JOB).join("journal.jsonl")
}

/// Reads the bundle of an apply.
pub fn bundle(apply: &Apply) -> Result<Bundle> {
    let tar =
        base64::engine::general_purpose::STANDARD.decode(&apply.bundle).context("decoding the bundle")?;
    Bundle::from_tar(&tar)
}

/// Writes the job; the caller has the lock.
pub fn write(job: &Job) -> Result<()> {
    super::files::directory(Path::new(paths::VAR), 0o755)?;
    super::files::directory(Path::new(paths::JOB), 0o700)?;
    super::files::remove(&journal_path())?;
    Journal::create(&journal_path())?;
    super::files::write(&job_path(), &serde_json::to_vec(job)?, 0o600)
}

/// Starts the written job's unit. The caller has given up the lock.
pub fn start() -> Result<()> {
    let executable = std::env::current_exe().context("finding this executable")?;
    let unit = format!("--unit={}", paths::JOB_UNIT);
    let description = "--description=agi-provision apply";
    let executable = executable.to_string_lossy();
    let args = ["--quiet", "--collect", &unit, description, &executable, "agent", "run"];
    let outcome = process::run("systemd-run", &args, Duration::from_secs(30))?;
    match outcome.success {
        true => Ok(()),
        false => Err(Failure::failed(format!("starting the job: {}", outcome.stderr.trim())).into()),
    }
}

/// The unit's main program.
pub fn run() -> Result<Exit> {
    let mut journal = Journal::create(&journal_path())?;
    let end = match perform(&mut journal) {
        Ok(end) => end,
        Err(error) => End::failed(&error),
    };
    let removed = end.exit != Exit::Done && is_first();
    let exit = end.exit;
    // Read before it may go.
    let keeps_agent = read().is_ok_and(|job| job.keeps_agent);
    let sent = journal.send(&Event::End(end));
    if removed {
        remove::data()?;
        if !keeps_agent {
            super::files::remove(Path::new(paths::LIB))?;
        }
    }
    sent?;
    Ok(exit)
}

fn read() -> Result<Job> {
    let text = std::fs::read(job_path()).with_context(|| format!("reading {}", job_path().display()))?;
    Ok(serde_json::from_slice(&text)?)
}

fn perform(journal: &mut Journal) -> Result<End> {
    let job = read()?;
    let holder = Holder { pid: std::process::id(), job: true, ..job.holder.clone() };
    // The session that started this one lets go of the lock about now.
    let lock = lock::take(&holder, Duration::from_secs(10))?;
    let _lock = match lock {
        Ok(lock) => lock,
        Err(other) => return Ok(End::failed(&held(&other).into())),
    };
    let desired = Desired::new(&job.apply, bundle(&job.apply)?)?;
    let first = is_first();
    let mut run = Run::new(journal);
    let started = jiff::Timestamp::now();
    let mut end = converge(&desired, first, &mut run);
    if end.exit == Exit::Done {
        let receipt = receipt(&job, &desired, &run, started);
        let json = serde_json::to_vec_pretty(&receipt)?;
        // It serves; without its receipt it still does.
        if let Err(error) = super::files::write(Path::new(paths::RECEIPT), &json, 0o644) {
            journal.send(&Event::Warning { text: format!("the receipt was not kept: {error:#}") })?;
        }
        end.receipt = Some(receipt);
    }
    Ok(end)
}

fn receipt(job: &Job, desired: &Desired, run: &Run, started: jiff::Timestamp) -> serde_json::Value {
    serde_json::json!({
        "schema": "agi-provision/receipt/1",
        "tool_version": env!("CARGO_PKG_VERSION"),
        "applied_by": job.holder.client,
        "started": started.to_string(),
        "finished": jiff::Timestamp::now().to_string(),
        "bundle": desired.record.bundle,
        "model": desired.record.models,
        "runtime": desired.record.runtime,
        "llama_build": desired.record.llama_build,
        "facts_before": job.facts,
        "verification": job.report,
        "packages_installed": run.notes.packages,
        "warnings": run.notes.warnings,
        "measured": receipt_facts(&desired.plan, &run.notes),
    })
}

/// Exit 7, naming who holds the host.
pub fn held(holder: &Holder) -> Failure {
    let who = if holder.client.is_empty() {
        "another agent".to_string()
    } else {
        format!("{} (since {})", holder.client, holder.since)
    };
    Failure::new(Exit::Held, format!("the host is held by {who}"))
        .hint("wait until that apply has ended; applying the same bundle again shows its progress")
}

/// Passes the job's events on until it ends.
pub fn follow(events: &mut dyn Events) -> Result<End> {
    let mut follower = Follower::open(&journal_path())?;
    let mut quiet = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        match follower.event()? {
            Some(Event::End(end)) => {
                wait_for_unit();
                return Ok(end);
            }
            Some(event) => {
                events.send(&event)?;
                quiet = Instant::now();
                pause = Duration::from_millis(2);
            }
            None => {
                if quiet.elapsed() > Duration::from_secs(3) {
                    if !is_running()? && follower.event()?.is_none() {
                        return Err(Failure::failed("the job ended without saying why")
                            .hint("`journalctl -u agi-provision-apply` on the host may know; apply again to carry on")
                            .into());
                    }
                    events.send(&Event::Alive)?;
                    quiet = Instant::now();
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
    }
}

fn is_running() -> Result<bool> {
    let outcome = super::service::systemctl(&["is-active", paths::JOB_UNIT])?;
    Ok(matches!(outcome.stdout.trim(), "active" | "activating" | "deactivating"))
}

/// After its last event the job tidies up; a moment.
fn wait_for_unit() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) && is_running().unwrap_or(false) {
        std::thread::sleep(Duration::from_millis(10));
    }
}
