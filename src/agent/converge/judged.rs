//! The host judged by the plan, without what our own servers use of it.

use crate::agent::host::service;
use crate::agent::servers::form;
use crate::agent::servers::owner::{self, Owner};
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::engine::server::ServerName;
use crate::error::{Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::probe::probe;
use crate::lang::Lang;
use crate::paths;
use crate::plan::Plan;
use crate::report;
use crate::verify::links::Links;
use crate::verify::{self, Held, Report};
use crate::wire::protocol::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Judges the host by `plan`, and by the links of the generation that serves.
pub fn judge(plan: &Plan, facts: &Facts, held: Held, strict: bool, allow: &[String]) -> Report {
    let mut report = verify::check(&plan.requirements, facts, &held);
    // The links must be those of the generation that serves; a new generation starts from what the host has.
    if !plan.profile.gpus.is_empty() {
        report.lines.extend(generation::current_links().compare(facts));
    }
    if strict { report.strict() } else { report }.allow(allow)
}

/// Returns the resources that our own servers use on the host, and the state of the chat server's unit.
pub fn own_use(disk_bytes: u64) -> Result<(Held, service::State)> {
    let (mut serving, mut listening) = (BTreeMap::new(), BTreeSet::new());
    let mut chat = service::State::default();
    for server in ServerName::all().filter(|server| form::has_unit(*server)) {
        let state = service::state(&server.unit())?;
        if state.is_running() {
            serving.insert(server, state.pid);
            // A port that another program has stays taken, whether our unit runs or not.
            if owner::of(server.port(), &server.unit(), state.pid) == Owner::Ours {
                listening.insert(server);
            }
        }
        if server == ServerName::CHAT {
            chat = state;
        }
    }
    // Memory that the old service uses on the fullest card, by its own ledger.
    let ours = serving.contains_key(&ServerName::CHAT);
    let gpu_bytes = if ours { generation::current_plan().map_or(0, |plan| fullest_gpu(&plan)) } else { 0 };
    Ok((Held { disk_bytes, serving, listening, gpu_bytes }, chat))
}

fn fullest_gpu(plan: &Plan) -> u64 {
    plan.memory
        .iter()
        .skip(1)
        .filter(|device| !device.is_remote())
        .map(|gpu| gpu.total_bytes)
        .max()
        .unwrap_or(0)
}

/// Judges the host again, now that it has its driver.
///
/// # Errors
/// Exit 4: it does not meet the plan.
pub fn with_driver(desired: &mut Desired, run: &mut Run) -> Result<()> {
    let facts = probe(Path::new(paths::MODELS));
    let (held, _) = own_use(desired.held_bytes())?;
    let report = judge(&desired.plan, &facts, held, desired.strict, &desired.record.allowed);
    desired.links = Links::of(&facts);
    run.event(&Event::Facts { facts: Box::new(facts) })?;
    run.event(&Event::Verified { report: report.clone() })?;
    let refusals = report::verify::refusals(&report, Lang::English);
    run.notes.verification = Some(report);
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::HostDoesNotMeetPlan,
            format!("the driver works, and the host does not meet the plan: {}", refusals.join("; ")),
        )
        .hint("plan for what this host has: agi-provision plan --host; the driver stays")
        .into()),
    }
}
