//! Verifies this machine against the generation's plan, at every start of a unit, and then becomes its server.

use crate::agent::rpc;
use crate::agent::servers::front;
use crate::agent::store::generation::{self, Record};
use crate::agent::store::{key, runtime};
use crate::engine::kind::Variable;
use crate::engine::server::{Role, ServerName};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::probe::{probe_for_start, sockets, wait_for_gpus};
use crate::lang::Lang;
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::{Bound, ModelFile, Requirement};
use crate::plan::requirements::ids;
use crate::plan::servers::Server;
use crate::report;
use crate::secret::Secret;
use crate::verify::{self, Held, Report};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A GPU or a mount may be late at boot, and at no other time.
const PATIENCE: Duration = Duration::from_secs(120);
const BOOTING: Duration = Duration::from_secs(300);

/// Exit status when a GPU came late: systemd starts the unit again, now with access to its device.
const STARTED_TOO_EARLY: Exit = Exit::Failed;

/// Free disk that the journal and the kernels' cache need; the model is in place. Bytes.
const DISK_AT_START: u64 = 16 << 20;

/// Returns only when it refuses or fails; the exit code 4 keeps systemd from trying again.
pub fn serve(name: ServerName) -> Result<Exit> {
    let start = Instant::now();
    let folder = Path::new(paths::GENERATION);
    let path = folder.join(paths::generation::PLAN);
    let text = outside::text(&path, outside::DOCUMENT, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))?;
    // Exit 2: a plan that is refused does not mend itself.
    let plan = Plan::from_json(&text)
        .map_err(|error| Failure::usage(format!("{} is refused: {error:#}", path.display())))?;
    let server = plan.server(name).ok_or_else(|| {
        let what = match name.role() {
            Role::Chat => "server",
            Role::Embedding => "embedding server",
            Role::Worker => "worker",
        };
        Failure::usage(format!("{} has no {what} {name}", path.display()))
    })?;
    // Its unit shows it no other card.
    let gpus = server.cards;
    let look = || probe_for_start(Path::new(paths::MODELS), gpus > 0);
    let mut facts = look();
    if facts.gpus.len() < gpus && patience() > Duration::ZERO {
        say!("waiting up to {} s for {gpus} GPU(s); {} seen", patience().as_secs(), facts.gpus.len());
        wait_for_gpus(plan.profile.vendor(), gpus, patience());
        facts = look();
        if facts.gpus.len() >= gpus {
            say!("the GPU came late: starting again, so that its device is open to the service");
            return Ok(STARTED_TOO_EARLY);
        }
    }
    wait_for_model(server.files)?;
    let report = judge(&server, &plan, &facts);
    for line in report.warnings() {
        say!("warning: {}: promised {}, found {}", line.id, line.needed, line.found);
    }
    for line in report.allowed() {
        say!("allowed: {}: needed {}, found {}", line.id, line.needed, line.found);
    }
    if !report.passes() {
        // One line, which `systemctl status` and `agi-provision status` show.
        let why = report::verify::refusals(&report, Lang::English).join("; ");
        let failure = Failure::new(Exit::HostDoesNotMeetPlan, format!("{REFUSAL}{why}"));
        return Err(failure.into());
    }
    let record = generation::read_note::<Record>(&folder.join(paths::generation::RECORD));
    if let Some(Err(altered)) = record.map(|record| runtime::find(&record.runtime)) {
        return Err(not_as_applied(plan.engine().program(), altered.as_deref()).into());
    }
    say!("this host meets the plan (checked in {} ms)", start.elapsed().as_millis());
    let engine = server.engine();
    let program = folder.join(paths::generation::RUNTIME).join(server.program());
    let mut environment = Vec::new();
    for (name, value) in engine.environment() {
        let value = match value {
            Variable::Text(text) => Secret::from(*text),
            Variable::RandomKey => key::random()?,
        };
        environment.push((*name, value));
    }
    if let Some(front) = engine.front() {
        return front::run(front, name, &program, &server.args.to_argv(), environment);
    }
    if name.role() == Role::Worker {
        return rpc::relay::run(&program, &server.args.to_argv(), Vec::new());
    }
    let mut command = Command::new(&program);
    command.args(server.args.to_argv());
    command.envs(environment.iter().map(|(name, value)| (*name, value.expose())));
    if let Some(over) = plan.over_hosts.as_ref().filter(|_| name == ServerName::CHAT) {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        return rpc::head::run(over.workers().len(), command, |child| drop(front::follow(child, &[])));
    }
    let error = command.exec();
    Err(error).with_context(|| format!("starting {}", program.display()))
}

/// A runtime that someone else may have written is not started.
fn not_as_applied(program: &str, altered: Option<&str>) -> Failure {
    let why = format!(
        "{REFUSAL}runtime: {program} is not the one that was applied: {}",
        altered.unwrap_or("its note is gone")
    );
    Failure::new(Exit::HostDoesNotMeetPlan, why)
        .hint("apply its plan again, with the --runtime-archive or --runtime-path that it had; `agi-provision rollback` goes back to the generation before")
}

/// How the line of a refusal begins.
pub const REFUSAL: &str = "not starting, as this host no longer meets the plan: ";

/// The plan's requirements, but the disk's: model and runtime are on it already, and what is left is
/// little. What was allowed when the generation was applied stays allowed.
fn judge(server: &Server, plan: &Plan, facts: &Facts) -> Report {
    let mut requirements = requirements(server, plan);
    requirements.push(Requirement {
        id: ids::DISK.to_string(),
        need: Some(Bound::AtLeast(DISK_AT_START)),
        promise: None,
        unit: "bytes".to_string(),
        why: "the log and the cache".to_string(),
    });
    let record = Path::new(paths::GENERATION).join(paths::generation::RECORD);
    let allowed = generation::read_note::<Record>(&record).map(|record| record.allowed).unwrap_or_default();
    // Other servers may be up already, and what they have of a card is in the plan's ledger.
    // All run as the user that this is; a process of its own cannot be looked into from here.
    let own = rustix::process::geteuid().as_raw();
    let listens = |beside: &Server| sockets::are_of_user(beside.name.port(), own);
    let gpu_bytes = plan.beside().filter(listens).map(|beside| beside.gpu_bytes()).sum();
    let mut report = verify::check(&requirements, facts, &Held { gpu_bytes, ..Held::default() });
    if server.name == ServerName::CHAT && !plan.profile.gpus.is_empty() {
        report.lines.extend(generation::current_links().compare(facts));
    }
    report.allow(&allowed)
}

/// Returns the requirements of one server: another may have its own port, and one of the cards' memory, by then.
fn requirements(server: &Server, plan: &Plan) -> Vec<Requirement> {
    let others_port = |id: &str| ids::server_of(id).is_some_and(|other| other != server.name);
    let chats = |id: &str| id == ids::NVLINK || id.starts_with("gpu-");
    let wanted =
        |id: &str| id != ids::DISK && !others_port(id) && (server.name == ServerName::CHAT || !chats(id));
    let mut all: Vec<Requirement> = plan.requirements.iter().filter(|r| wanted(&r.id)).cloned().collect();
    if server.name != ServerName::CHAT && server.cards > 0 {
        all.push(Requirement {
            id: ids::GPU_COUNT.to_string(),
            need: Some(Bound::AtLeast(server.cards as u64)),
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
