//! What the unit runs: verifies this machine against the generation's plan, at every start, and then
//! becomes llama-server.

use super::generation::{self, Record};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::probe::{probe_for_start, wait_for_gpus};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::{Bound, Requirement};
use crate::plan::requirements::ids;
use crate::report;
use crate::verify::{self, Held, Report};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A GPU or a mount may be late at boot, and at no other time.
const PATIENCE: Duration = Duration::from_secs(120);
const BOOTING: Duration = Duration::from_secs(300);

/// Exit status when a GPU came late: systemd starts the unit again, now with access to its device.
const STARTED_TOO_EARLY: Exit = Exit::Failed;

/// Free disk that the journal and the kernels' cache need; the model is in place. Bytes.
const DISK_AT_START: u64 = 16 << 20;

/// Returns only when it refuses or fails; the exit code 4 keeps systemd from trying again.
pub fn serve() -> Result<Exit> {
    let start = Instant::now();
    let folder = Path::new(paths::GENERATION);
    let path = folder.join(paths::generation::PLAN);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let plan = Plan::from_json(&text)?;
    let gpus = plan.profile.gpus.len();
    let look = || probe_for_start(Path::new(paths::MODELS), gpus > 0);
    let mut facts = look();
    if facts.gpus.len() < gpus && patience() > Duration::ZERO {
        eprintln!("waiting up to {} s for {gpus} GPU(s); {} seen", patience().as_secs(), facts.gpus.len());
        wait_for_gpus(gpus, patience());
        facts = look();
        if facts.gpus.len() >= gpus {
            eprintln!("the GPU came late: starting again, so that its device is open to the service");
            return Ok(STARTED_TOO_EARLY);
        }
    }
    wait_for_model(&plan)?;
    let report = judge(&plan, &facts);
    for line in report.warnings() {
        eprintln!("warning: {}: promised {}, found {}", line.id, line.needed, line.found);
    }
    for line in report.allowed() {
        eprintln!("allowed: {}: needed {}, found {}", line.id, line.needed, line.found);
    }
    if !report.passes() {
        // One line, which `systemctl status` and `agi-provision status` show.
        let why = report::verify::refusals(&report).join("; ");
        let failure = Failure::new(Exit::HostDoesNotMeetPlan, format!("{REFUSAL}{why}"));
        return Err(failure.into());
    }
    let record = generation::read_note::<Record>(&folder.join(paths::generation::RECORD));
    if record.is_some_and(|record| generation::runtime(&record.runtime).is_none()) {
        eprintln!("warning: llama-server is not the one that was applied");
    }
    eprintln!("this host meets the plan (checked in {} ms)", start.elapsed().as_millis());
    let server = folder.join(paths::generation::RUNTIME).join("llama-server");
    // The buffers and offloaded layers, which the proof after the start compares with the ledger, are
    // told from verbosity 4 on. It tells nothing of what users ask; an argument of the plan would win.
    let error =
        Command::new(&server).args(&plan.llama_server.args).env("LLAMA_ARG_LOG_VERBOSITY", "4").exec();
    Err(error).with_context(|| format!("starting {}", server.display()))
}

/// How the line of a refusal begins.
pub const REFUSAL: &str = "not starting, as this host no longer meets the plan: ";

/// The plan's requirements, but the disk's: model and runtime are on it already, and what is left is
/// little. What was allowed when the generation was applied stays allowed.
fn judge(plan: &Plan, facts: &Facts) -> Report {
    let mut requirements: Vec<_> = plan.requirements.iter().filter(|r| r.id != ids::DISK).cloned().collect();
    requirements.push(Requirement {
        id: ids::DISK.to_string(),
        need: Some(Bound::AtLeast(DISK_AT_START)),
        promise: None,
        unit: "bytes".to_string(),
        why: "the log and the cache".to_string(),
    });
    let record = Path::new(paths::GENERATION).join(paths::generation::RECORD);
    let allowed = generation::read_note::<Record>(&record).map(|record| record.allowed).unwrap_or_default();
    verify::check(&requirements, facts, Held::default()).allow(&allowed)
}

/// How long something may still be late: nothing is once the machine has been up for a while.
fn patience() -> Duration {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let up = text.split('.').next().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    BOOTING.saturating_sub(up.unwrap_or(BOOTING)).min(PATIENCE)
}

/// The model's first file; it may lie on a mount that is late.
fn wait_for_model(plan: &Plan) -> Result<()> {
    let Some(file) = plan.model.files.first() else { return Ok(()) };
    let path = Path::new(paths::GENERATION).join(paths::generation::MODEL).join(&file.name);
    let (start, limit) = (Instant::now(), patience());
    while !path.exists() {
        if start.elapsed() >= limit {
            let why = format!("{REFUSAL}model: needed {}, found nothing there", path.display());
            return Err(Failure::new(Exit::HostDoesNotMeetPlan, why).into());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}
