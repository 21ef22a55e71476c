//! What the units run: verifies this machine against the generation's plan, at every start, and then
//! becomes llama-server.

use crate::agent::store::generation::{self, Record};
use crate::agent::store::{key, runtime};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::probe::{probe_for_start, sockets, wait_for_gpus};
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::{Bound, ModelFile, Requirement};
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

/// Which of a plan's servers a unit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Chat,
    Embedding,
}

/// Returns only when it refuses or fails; the exit code 4 keeps systemd from trying again.
pub fn serve(which: Which) -> Result<Exit> {
    let start = Instant::now();
    let folder = Path::new(paths::GENERATION);
    let path = folder.join(paths::generation::PLAN);
    let text = outside::text(&path, outside::DOCUMENT, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))?;
    // Exit 2: a plan that is refused does not mend itself.
    let plan = Plan::from_json(&text)
        .map_err(|error| Failure::usage(format!("{} is refused: {error:#}", path.display())))?;
    let (gpus, args, files) = match (which, &plan.rag) {
        (Which::Chat, _) => (plan.profile.gpus.len(), &plan.llama_server.args, &plan.model.files),
        // Its unit shows it one card at most.
        (Which::Embedding, Some(rag)) => ((rag.device != "host") as usize, &rag.args, &rag.model.files),
        (Which::Embedding, None) => {
            return Err(Failure::usage(format!("{} has no embedding server", path.display())).into());
        }
    };
    let look = || probe_for_start(Path::new(paths::MODELS), gpus > 0);
    let mut facts = look();
    if facts.gpus.len() < gpus && patience() > Duration::ZERO {
        say!("waiting up to {} s for {gpus} GPU(s); {} seen", patience().as_secs(), facts.gpus.len());
        wait_for_gpus(gpus, patience());
        facts = look();
        if facts.gpus.len() >= gpus {
            say!("the GPU came late: starting again, so that its device is open to the service");
            return Ok(STARTED_TOO_EARLY);
        }
    }
    wait_for_model(files)?;
    let report = judge(which, &plan, &facts);
    for line in report.warnings() {
        say!("warning: {}: promised {}, found {}", line.id, line.needed, line.found);
    }
    for line in report.allowed() {
        say!("allowed: {}: needed {}, found {}", line.id, line.needed, line.found);
    }
    if !report.passes() {
        // One line, which `systemctl status` and `agi-provision status` show.
        let why = report::verify::refusals(&report).join("; ");
        let failure = Failure::new(Exit::HostDoesNotMeetPlan, format!("{REFUSAL}{why}"));
        return Err(failure.into());
    }
    let record = generation::read_note::<Record>(&folder.join(paths::generation::RECORD));
    if let Some(Err(altered)) = record.map(|record| runtime::find(&record.runtime)) {
        return Err(not_as_applied(altered.as_deref()).into());
    }
    say!("this host meets the plan (checked in {} ms)", start.elapsed().as_millis());
    let server = folder.join(paths::generation::RUNTIME).join("llama-server");
    // The buffers and offloaded layers, which the proof after the start compares with the ledger, are
    // told from verbosity 4 on. It tells nothing of what users ask; an argument of the plan would win.
    let mut command = Command::new(&server);
    command.args(args.to_argv()).env("LLAMA_ARG_LOG_VERBOSITY", "4");
    // At that verbosity it tells the last characters of its key, if it has one key; of two it tells that
    // they are two (server-http.cpp). The second one is random, and nobody has it.
    command.env("LLAMA_API_KEY", key::random()?.expose());
    let error = command.exec();
    Err(error).with_context(|| format!("starting {}", server.display()))
}

/// A runtime that someone else may have written is not started.
fn not_as_applied(altered: Option<&str>) -> Failure {
    let why = format!(
        "{REFUSAL}runtime: llama-server is not the one that was applied: {}",
        altered.unwrap_or("its note is gone")
    );
    Failure::new(Exit::HostDoesNotMeetPlan, why)
        .hint("apply again with --runtime-archive or --runtime-path; `agi-provision rollback` goes back to the generation before")
}

/// How the line of a refusal begins.
pub const REFUSAL: &str = "not starting, as this host no longer meets the plan: ";

/// The plan's requirements, but the disk's: model and runtime are on it already, and what is left is
/// little. What was allowed when the generation was applied stays allowed.
fn judge(which: Which, plan: &Plan, facts: &Facts) -> Report {
    let mut requirements = requirements(which, plan);
    requirements.push(Requirement {
        id: ids::DISK.to_string(),
        need: Some(Bound::AtLeast(DISK_AT_START)),
        promise: None,
        unit: "bytes".to_string(),
        why: "the log and the cache".to_string(),
    });
    let record = Path::new(paths::GENERATION).join(paths::generation::RECORD);
    let allowed = generation::read_note::<Record>(&record).map(|record| record.allowed).unwrap_or_default();
    // The other server may be up already, and what it has of a card is in the plan's ledger.
    // Both run as the user that this is; a process of its own cannot be looked into from here.
    let own = rustix::process::geteuid().as_raw();
    let beside = plan.rag.is_some() && sockets::are_of_user(paths::EMBED_PORT, own);
    let gpu_bytes = if beside { plan.memory.get(1).map_or(0, |gpu| gpu.rag_bytes) } else { 0 };
    let mut report = verify::check(&requirements, facts, Held { gpu_bytes, ..Held::default() });
    if which == Which::Chat && !plan.profile.gpus.is_empty() {
        report.lines.extend(generation::current_links().compare(facts));
    }
    report.allow(&allowed)
}

/// Those of one server: the other may have its own port, and one of the cards' memory, by then.
fn requirements(which: Which, plan: &Plan) -> Vec<Requirement> {
    let of_chat = |id: &str| !matches!(id, ids::DISK | ids::RAG_PORT);
    let of_embedding =
        |id: &str| !matches!(id, ids::DISK | ids::PORT | ids::NVLINK) && !id.starts_with("gpu-");
    let wanted = |id: &str| match which {
        Which::Chat => of_chat(id),
        Which::Embedding => of_embedding(id),
    };
    let mut all: Vec<Requirement> = plan.requirements.iter().filter(|r| wanted(&r.id)).cloned().collect();
    if which == Which::Embedding && plan.rag.as_ref().is_some_and(|rag| rag.device != "host") {
        all.push(Requirement {
            id: ids::GPU_COUNT.to_string(),
            need: Some(Bound::AtLeast(1)),
            promise: None,
            unit: "GPUs".to_string(),
            why: "the embedding model's layers are on it".to_string(),
        });
    }
    all
}

/// How long something may still be late: nothing is once the machine has been up for a while.
fn patience() -> Duration {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let up = text.split('.').next().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    BOOTING.saturating_sub(up.unwrap_or(BOOTING)).min(PATIENCE)
}

/// The model's first file; it may lie on a mount that is late.
fn wait_for_model(files: &[ModelFile]) -> Result<()> {
    let Some(file) = files.first() else { return Ok(()) };
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
