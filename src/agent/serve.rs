//! What the unit runs: verifies this machine against the generation's plan, at every start, and then
//! becomes llama-server.

use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::probe::{probe, wait_for_gpus};
use crate::paths;
use crate::plan::Plan;
use crate::plan::requirements::ids;
use crate::report;
use crate::verify::{self, Held};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A GPU or a mount may be late at boot.
const PATIENCE: Duration = Duration::from_secs(120);

/// Exit status when a GPU came late: systemd starts the unit again, now with access to its device.
const STARTED_TOO_EARLY: Exit = Exit::Failed;

/// Returns only when it refuses or fails; the exit code 4 keeps systemd from trying again.
pub fn serve() -> Result<Exit> {
    let folder = Path::new(paths::GENERATION);
    let path = folder.join(paths::generation::PLAN);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let plan = Plan::from_json(&text)?;
    let gpus = plan.profile.gpus.len();
    let mut facts = probe(Path::new(paths::MODELS));
    if facts.gpus.len() < gpus {
        eprintln!("waiting up to {} s for {gpus} GPU(s); {} seen", PATIENCE.as_secs(), facts.gpus.len());
        wait_for_gpus(gpus, PATIENCE);
        facts = probe(Path::new(paths::MODELS));
        if facts.gpus.len() >= gpus {
            eprintln!("the GPU came late: starting again, so that its device is open to the service");
            return Ok(STARTED_TOO_EARLY);
        }
    }
    // The model and the runtime are on the disk already, which the unit sees as read-only.
    let requirements: Vec<_> = plan.requirements.iter().filter(|r| r.id != ids::DISK).cloned().collect();
    let report = verify::check(&requirements, &facts, Held::default());
    for line in report.warnings() {
        eprintln!("warning: {}: promised {}, found {}", line.id, line.needed, line.found);
    }
    if !report.passes() {
        for line in report::verify::refusals(&report) {
            eprintln!("refused: {line}");
        }
        let failure =
            Failure::new(Exit::HostDoesNotMeetPlan, "this machine no longer meets the plan; not starting");
        return Err(failure.hint("`agi-provision verify` shows every requirement").into());
    }
    let server = folder.join(paths::generation::RUNTIME).join("llama-server");
    let error = Command::new(&server).args(&plan.llama_server.args).exec();
    Err(error).with_context(|| format!("starting {}", server.display()))
}
