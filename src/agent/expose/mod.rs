//! The API for other hosts. The server stays on 127.0.0.1; a unit of its own ends TLS in front of it
//! ([`front`]) and has nftables let in the plan's ranges and nobody else. It starts and stops with the
//! server, so a rollback, a reboot and a removal need nothing of their own.
//!
//! Rules are loaded when they were confirmed before, or during a trial: a timer that is armed first
//! ends it after a minute, unless the client has come back over a new connection by then. Then those
//! hold again that did before (`holding`).

pub(crate) mod certificate;
pub(crate) mod firewall;
pub mod front;
pub(crate) mod holding;

use crate::agent::host::service::systemctl;
use crate::agent::store::{generation, staged};
use crate::error::{Context, Exit, Failure, Result};
use crate::plan::expose::{Exposure, Range};
use crate::wire::certificate::ShownCertificate;
use crate::wire::protocol::End;
use crate::{files, paths, process, render};
use holding::{Holding, RuleFiles};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Returns the rules of the generation that serves; `None` where its plan lets nobody in.
pub fn rules() -> Option<Vec<u8>> {
    fs::read(Path::new(paths::GENERATION).join(paths::generation::EXPOSE)).ok()
}

fn same(path: &str, rules: &[u8]) -> bool {
    fs::read(path).is_ok_and(|found| found == rules)
}

/// Returns whether a new connection has confirmed exactly these rules.
pub fn is_confirmed(rules: &[u8]) -> bool {
    same(paths::EXPOSE_CONFIRMED, rules)
}

/// Returns the exit status of the check that the unit makes before it loads the rules: 1 skips its start.
pub fn allowed() -> Exit {
    if RuleFiles::here().holding() == Holding::Nobody { Exit::Failed } else { Exit::Done }
}

/// Loads the rules that hold.
pub fn load() -> Result<Exit> {
    let path = match RuleFiles::here().holding() {
        Holding::Plan => Path::new(paths::GENERATION).join(paths::generation::EXPOSE),
        Holding::Earlier(_) => PathBuf::from(paths::EXPOSE_CONFIRMED),
        Holding::Nobody => return Err(Failure::failed("no rules are confirmed or being tried").into()),
    };
    let outcome = process::run("/usr/sbin/nft", &["--file", &path.to_string_lossy()], LIMIT)?;
    match outcome.success {
        true => Ok(Exit::Done),
        false => Err(Failure::failed(format!("loading {}: {}", path.display(), outcome.stderr.trim()))
            .hint(format!("`nft --check --file {}` on the host shows the line", path.display()))
            .into()),
    }
}

/// Returns whether the unit that lets other hosts in runs.
pub fn is_running() -> Result<bool> {
    Ok(systemctl(&["is-active", "--quiet", paths::EXPOSE_UNIT])?.success)
}

/// Opens the port for `bound` seconds at most, unless [`confirm`] comes. Who may enter again after that.
pub fn begin_trial(rules: &[u8], port: u16, bound: u64) -> Result<Option<Exposure>> {
    end_timer();
    let earlier = holding::remember(rules, port)?;
    let executable = staged::executable()?;
    let unit = format!("--unit={}", paths::EXPOSE_REVERT);
    let after = format!("--on-active={bound}s");
    let executable = executable.to_string_lossy();
    let precise = "--timer-property=AccuracySec=100ms";
    let args = ["--quiet", "--collect", &unit, &after, precise, &executable, "agent", "expose-revert"];
    let outcome = process::run("systemd-run", &args, LIMIT)?;
    if !outcome.success {
        return Err(Failure::failed(format!("arming the timer: {}", outcome.stderr.trim()))
            .hint("`journalctl -b -n 50` on the host has more")
            .into());
    }
    // The TLS front, which does not run as root, reads it too.
    files::write(Path::new(paths::EXPOSE_TRIAL), rules, 0o644)?;
    start()?;
    Ok(earlier)
}

/// Opens the port at once, where nobody is there who could confirm or be locked out.
pub fn open_unasked(rules: &[u8], exposure: &Exposure, port: u16) -> Result<()> {
    end_timer();
    holding::confirm(rules, exposure, port)?;
    start()
}

/// Starts the unit by the files as they are now.
pub fn start() -> Result<()> {
    let _ = systemctl(&["reset-failed", paths::EXPOSE_UNIT]);
    let outcome = systemctl(&["restart", paths::EXPOSE_UNIT])?;
    if outcome.success {
        return Ok(());
    }
    let unit = paths::EXPOSE_UNIT;
    let args = ["-u", unit, "-n", "8", "-o", "cat", "--no-pager", "-q"];
    let said = process::run("journalctl", &args, LIMIT).map(|outcome| outcome.stdout).unwrap_or_default();
    let said: Vec<&str> = said.lines().map(str::trim).collect();
    Err(Failure::failed(format!("{unit} did not start: {}", said.join("; ")))
        .hint(format!("`journalctl -u {unit}` on the host has more"))
        .into())
}

/// Makes the rules stay, as a new connection confirmed them.
pub fn confirm() -> Result<End> {
    let rules = rules().ok_or_else(|| {
        Failure::failed("the plan that serves lets no other host in").hint("apply a plan with --expose first")
    })?;
    let on_trial = same(paths::EXPOSE_TRIAL, &rules);
    if !on_trial && !is_confirmed(&rules) {
        return Err(Failure::failed("the confirmation came too late: the port is closed again")
            .hint("apply again")
            .into());
    }
    let plan = generation::current_plan().context("reading the plan that serves")?;
    let exposure = plan.expose.as_ref().context("the plan that serves lets no other host in")?;
    holding::confirm(&rules, exposure, render::port(&plan))?;
    end_timer();
    files::remove(Path::new(paths::EXPOSE_TRIAL))?;
    Ok(End::done(on_trial, english!("end-port-stays")))
}

/// Ends a trial that nobody confirmed: the rules that held before hold again, or the port is closed.
pub fn revert() -> Result<Exit> {
    let confirmed = rules().is_some_and(|rules| is_confirmed(&rules));
    files::remove(Path::new(paths::EXPOSE_TRIAL))?;
    if !confirmed {
        match RuleFiles::here().holding() {
            Holding::Earlier(earlier) => {
                say!("no new connection confirmed the rules: back to {earlier}")
            }
            _ => say!("no new connection confirmed the rules: closing the port"),
        }
        settle()?;
    }
    Ok(Exit::Done)
}

/// Opens to whom the files say, or to nobody.
pub fn settle() -> Result<()> {
    match RuleFiles::here().holding() {
        Holding::Nobody => close(),
        Holding::Plan | Holding::Earlier(_) => start(),
    }
}

/// Stops the unit, which takes its rules along.
pub fn close() -> Result<()> {
    if Path::new(paths::EXPOSE_FILE).exists() {
        systemctl(&["stop", paths::EXPOSE_UNIT])?;
        let _ = systemctl(&["reset-failed", paths::EXPOSE_UNIT]);
    }
    Ok(())
}

fn end_timer() {
    // Mostly there is none.
    let _ = systemctl(&["stop", &format!("{}.timer", paths::EXPOSE_REVERT)]);
}

/// Takes everything of this off the host but what lies in the configuration's folder.
pub fn remove() -> Result<()> {
    if Path::new(paths::EXPOSE_FILE).exists() {
        end_timer();
        close()?;
    }
    for path in [paths::EXPOSE_FILE, paths::EXPOSE_TRIAL, paths::TLS_GIVEN] {
        files::remove(Path::new(path))?;
    }
    Ok(())
}

/// The way in for other hosts.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Exposed {
    /// Ranges of addresses by the plan.
    pub ranges: Vec<Range>,
    /// Ranges that are let in at this moment.
    pub open_to: Vec<Range>,
    pub port: u16,
    /// A new connection has confirmed the rules.
    pub confirmed: bool,
    /// The unit that ends TLS runs.
    pub serves: bool,
    /// The rules are in the kernel.
    pub rules_loaded: bool,
    pub certificate: Option<ShownCertificate>,
}

/// Looks at the exposure; `None` where the plan lets nobody in.
pub(crate) fn look() -> Option<Exposed> {
    let plan = generation::current_plan()?;
    let exposure = plan.expose.clone()?;
    let rules = rules()?;
    let certificate = certificate::current().ok().flatten();
    let open_to = match RuleFiles::here().holding() {
        Holding::Nobody => Vec::new(),
        Holding::Plan => exposure.ranges.clone(),
        Holding::Earlier(earlier) => earlier.ranges,
    };
    Some(Exposed {
        ranges: exposure.ranges,
        open_to,
        port: render::port(&plan),
        confirmed: is_confirmed(&rules),
        serves: is_running().unwrap_or(false),
        rules_loaded: firewall::is_loaded(),
        certificate: certificate.map(|certificate| certificate.shown()),
    })
}
