//! The servers beside the model's own: each is a unit that the host has only while the plan that serves has it.
//! [`follow`] brings them to a plan, whichever way the host came to that plan.

use super::api::{Api, Embedded};
use super::ask::Patience;
use super::form;
use super::proof::Part;
use super::readiness::{Loading, wait_until_ready};
use super::said::Memory;
use crate::agent::host::service;
use crate::agent::store::key;
use crate::agent::store::made;
use crate::engine::server::{Role, ServerName};
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::plan::Plan;
use crate::plan::document::Rag;
use crate::plan::servers::Server;
use crate::render::render;
use crate::wire::protocol::START_TIMEOUT;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Proof of an embedding server, as the receipt keeps it.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct EmbeddingProof {
    /// `embed`, `embed-2`.
    pub server: String,
    pub start_seconds: f64,
    pub answer: Embedded,
    /// Buffers that it reported at its start, and those parts of the plan's ledger; bytes. The output
    /// buffer, which grows with the first long text, is not among them.
    pub buffers: Part,
    pub memory: Option<Memory>,
}

/// Servers beside the model's own whose unit, or what is left of one, is on this host.
pub fn installed() -> Vec<ServerName> {
    // A unit that others put there is not ours to stop or remove.
    let has = |path: String| {
        let path = Path::new(&path);
        path.exists() && made::is_ours(path).unwrap_or(false)
    };
    let beside = ServerName::all().filter(|server| *server != ServerName::CHAT);
    let left = |server: &ServerName| [server.unit_file(), server.drop_in(), server.container_file()];
    beside.filter(|server| left(server).into_iter().any(has)).collect()
}

/// The units of every server that may be on this host, for its log.
pub fn units() -> Vec<String> {
    std::iter::once(ServerName::CHAT).chain(installed()).map(ServerName::unit).collect()
}

/// Returns those of them that `plan` does not have.
pub fn unplanned(plan: &Plan) -> Vec<ServerName> {
    installed().into_iter().filter(|server| plan.server(*server).is_none()).collect()
}

/// Stops it, now and at the next boot.
pub fn stop(server: ServerName) -> Result<()> {
    if form::has_unit(server) {
        service::stop(&server.unit())?;
    }
    // The unit of a container starts at boot for as long as its file is there.
    if Path::new(&server.unit_file()).exists() {
        service::disable(&server.unit())?;
    }
    Ok(())
}

/// Stops these and takes their units away.
pub fn retire(servers: &[ServerName]) -> Result<()> {
    if servers.is_empty() {
        return Ok(());
    }
    for server in servers {
        let (unit, folder) = (server.unit_file(), server.drop_in());
        let (unit, folder) = (Path::new(&unit), Path::new(&folder));
        let container = server.container_file();
        stop(*server)?;
        service::remove_drop_in(folder)?;
        if made::is_ours(folder)? {
            made::remove_folder(folder)?;
        }
        for unit in [unit, Path::new(&container)] {
            if made::is_ours(unit)? {
                files::remove(unit)?;
            }
        }
    }
    service::reload()
}

/// Returns the servers of `new` that have to stop before its model is loaded, so that all fit: those for which it
/// keeps less memory than `old`, by which they were started. None if the servers of `old` together fit into what `new`
/// keeps for them; all if the parts of a ledger do not explain its sum.
fn shrinking(old: &Plan, new: &Plan) -> Vec<ServerName> {
    let all = |plan: &Plan| plan.beside().map(|server| server.name).collect::<Vec<_>>();
    let kept = |plan: &Plan, device: &str| {
        plan.memory.iter().find(|ledger| ledger.device == device).map_or(0, |ledger| ledger.rag_bytes)
    };
    let share = |plan: &Plan, name: ServerName, device: &str| -> u64 {
        let embedding = plan.server(name).and_then(|server| server.embedding);
        let parts = embedding.iter().flat_map(|rag| &rag.memory).filter(|part| part.device == device);
        parts.map(|part| part.total_bytes).sum()
    };
    let mut stop = BTreeSet::new();
    for device in old.memory.iter().map(|ledger| ledger.device.as_str()) {
        let excess = kept(old, device).saturating_sub(kept(new, device));
        if excess == 0 {
            continue;
        }
        let freed = |name: &ServerName| share(old, *name, device).saturating_sub(share(new, *name, device));
        stop.extend(all(new).into_iter().filter(|name| freed(name) > 0));
        if all(old).iter().map(freed).sum::<u64>() < excess {
            return all(new);
        }
    }
    stop.into_iter().collect()
}

/// Returns the servers of `new` that run and have to stop before its model is loaded. `old` is the plan that they
/// were started by; without it, all that run.
pub fn in_the_way(old: Option<&Plan>, new: &Plan) -> Result<Vec<ServerName>> {
    let candidates = old.map_or_else(installed, |old| shrinking(old, new));
    let mut running = Vec::new();
    for server in candidates {
        if service::state(&server.unit())?.is_running() {
            running.push(server);
        }
    }
    Ok(running)
}

/// Before the model of `new` is loaded: takes away the servers that `new` has not, and stops those that are
/// in the way of it.
pub fn make_room(old: Option<&Plan>, new: &Plan) -> Result<()> {
    retire(&unplanned(new))?;
    in_the_way(old, new)?.into_iter().try_for_each(|server| service::stop(&server.unit()))
}

/// Starts it by the generation that serves and waits until it is ready.
pub fn start(server: &Server, silence: Duration, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    service::start(&server.name.unit())?;
    // systemd has waited until a worker listens.
    if server.name.role() == Role::Worker {
        return Ok(());
    }
    wait_until_ready(&Api::of(server)?, Loading::of(server.size_bytes, silence), tick)
}

/// Brings all servers beside the model's own to `plan`, whose generation serves: removes those that it does not have,
/// and installs and starts the others.
pub fn follow(plan: &Plan, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    follow_some(plan, |_| true, tick)
}

/// Does the same, but starts only the servers that `starts` names; the others go on.
pub fn follow_some(
    plan: &Plan,
    starts: impl Fn(ServerName) -> bool,
    mut tick: impl FnMut(u64) -> Result<()>,
) -> Result<()> {
    retire(&unplanned(plan))?;
    if plan.beside().any(|server| starts(server.name)) {
        install(plan)?;
    }
    for server in plan.beside().filter(|server| starts(server.name)) {
        let starting = || format!("starting {}", server.name.unit());
        start(&server, START_TIMEOUT, &mut tick).with_context(starting)?;
    }
    Ok(())
}

/// A vector of a short text, of as many numbers as the plan says.
pub fn ask(server: &Server, rag: &Rag, patience: Patience) -> Result<Embedded> {
    let text = "Where does comfort end, and where does compromise begin?";
    let embedded = Api::of(server)?.embed(&key::read_key()?, text, patience)?;
    if embedded.dimensions != rag.model.dimensions {
        return Err(Failure::failed(format!(
            "the embedding server gives vectors of {} numbers; the plan says {}",
            embedded.dimensions, rag.model.dimensions
        ))
        .hint("is the file another model than the one planned for?")
        .into());
    }
    Ok(embedded)
}

/// Returns a clause for each of a plan's embedding servers, with the length of its vectors, for a message.
pub fn given(plan: &Plan) -> String {
    let of = |server: Server| {
        let numbers = server.embedding?.model.dimensions;
        Some(english!("end-vectors", model = server.id, numbers = numbers))
    };
    plan.beside().filter_map(of).collect()
}

/// Their units and the links to the generation's limits, as an apply of `plan` puts them there.
fn install(plan: &Plan) -> Result<()> {
    let bundle = render(plan)?;
    plan.beside().try_for_each(|server| form::put(&bundle, &server))?;
    service::reload()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const THREE: &str = include_str!("../../../tests/golden/plans/three-servers.json");

    fn plan(change: impl FnOnce(&mut Value)) -> Plan {
        let mut plan: Value = serde_json::from_str(THREE).unwrap();
        change(&mut plan);
        Plan::from_json(&plan.to_string()).unwrap()
    }

    /// Adds to what the ledger of `device` keeps for all servers beside the model's own.
    fn keeps(plan: &mut Value, device: &str, more: i64) {
        for ledger in plan["memory"].as_array_mut().unwrap() {
            if ledger["device"] == device {
                for part in ["rag_bytes", "total_bytes"] {
                    ledger[part] = json!(ledger[part].as_i64().unwrap() + more);
                }
                ledger["headroom_bytes"] = json!(ledger["headroom_bytes"].as_i64().unwrap() - more);
            }
        }
    }

    /// Adds to the share of one server.
    fn takes(server: &mut Value, more: i64) -> String {
        let part = &mut server["memory"][0];
        part["total_bytes"] = json!(part["total_bytes"].as_i64().unwrap() + more);
        part["device"].as_str().unwrap().to_string()
    }

    #[test]
    fn servers_stop_for_a_plan_that_keeps_less_for_them_and_no_others_do() {
        let [first, second] = [ServerName::EMBEDDING, "embed-2".parse().unwrap()];
        let both = || vec![first, second];
        type Edit = fn(&mut Value);
        let same: Edit = |_| {};
        let table: [(Edit, Edit, Vec<ServerName>); 6] = [
            (same, same, vec![]),
            // The first takes 7 bytes more than the new plan keeps for it.
            (
                |plan| {
                    let device = takes(&mut plan["rag"], 7);
                    keeps(plan, &device, 7);
                },
                same,
                vec![first],
            ),
            (
                |plan| {
                    let device = takes(&mut plan["servers"][0], 7);
                    keeps(plan, &device, 7);
                },
                same,
                vec![second],
            ),
            // It takes less: it may grow when it starts again.
            (
                same,
                |plan| {
                    let device = takes(&mut plan["rag"], 7);
                    keeps(plan, &device, 7);
                },
                vec![],
            ),
            // The sum is more than its parts explain.
            (|plan| keeps(plan, "host", 7), same, both()),
            // A server that is removed frees what it had; the other stays.
            (
                same,
                |plan| {
                    let part = plan["servers"][0]["memory"][0].clone();
                    keeps(plan, part["device"].as_str().unwrap(), -part["total_bytes"].as_i64().unwrap());
                    plan["servers"] = json!([]);
                    plan["requirements"].as_array_mut().unwrap().retain(|line| line["id"] != "rag-port-2");
                },
                vec![],
            ),
        ];
        for (number, (old, new, stop)) in table.into_iter().enumerate() {
            assert_eq!(shrinking(&plan(old), &plan(new)), stop, "{number}");
        }
    }
}
