//! The servers beside the model's own: each a unit, on the host only while the plan that serves has it.
//! [`follow`] brings them to what a plan says, whichever way the host came to that plan.

use super::api::{Api, Embedded};
use super::ask::Patience;
use super::proof::Part;
use super::readiness::{Loading, wait_until_ready};
use super::said::Memory;
use crate::agent::host::service;
use crate::agent::store::key;
use crate::agent::store::made::{self, Thing};
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::plan::Plan;
use crate::plan::document::{DeviceLedger, Rag};
use crate::plan::server::ServerName;
use crate::plan::servers::Server;
use crate::render::manifest::{ROOTFS, host_path};
use crate::render::render;
use crate::wire::protocol::START_TIMEOUT;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// What the receipt says of it.
#[derive(Clone, Debug, Serialize)]
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
    // What others put there is not ours to stop or remove.
    let has = |path: String| {
        let path = Path::new(&path);
        path.exists() && made::is_ours(path).unwrap_or(false)
    };
    let beside = ServerName::all().filter(|server| *server != ServerName::CHAT);
    beside.filter(|server| has(server.unit_file()) || has(server.drop_in())).collect()
}

/// The units of every server that may be on this host, for its log.
pub fn units() -> Vec<String> {
    std::iter::once(ServerName::CHAT).chain(installed()).map(ServerName::unit).collect()
}

/// Those of them that `plan` has not.
pub fn unplanned(plan: &Plan) -> Vec<ServerName> {
    installed().into_iter().filter(|server| plan.server(*server).is_none()).collect()
}

/// Stops it, now and at the next boot.
fn stop_one(server: ServerName) -> Result<()> {
    if Path::new(&server.unit_file()).exists() {
        service::stop(&server.unit())?;
        service::disable(&server.unit())?;
    }
    Ok(())
}

/// Stops all of them, now and at the next boot.
pub fn stop() -> Result<()> {
    installed().into_iter().try_for_each(stop_one)
}

/// Stops these and takes their units away.
pub fn retire(servers: &[ServerName]) -> Result<()> {
    if servers.is_empty() {
        return Ok(());
    }
    for server in servers {
        let (unit, folder) = (server.unit_file(), server.drop_in());
        let (unit, folder) = (Path::new(&unit), Path::new(&folder));
        stop_one(*server)?;
        service::remove_drop_in(folder)?;
        if made::is_ours(folder)? {
            made::remove_folder(folder)?;
        }
        if made::is_ours(unit)? {
            files::remove(unit)?;
        }
    }
    service::reload()
}

/// Whether servers that were started by the ledger `old` take more of any device than `new` keeps for them.
fn outgrows(old: &[DeviceLedger], new: &[DeviceLedger]) -> bool {
    let kept = |device: &str| new.iter().find(|ledger| ledger.device == device).map_or(0, |l| l.rag_bytes);
    old.iter().any(|ledger| ledger.rag_bytes > kept(&ledger.device))
}

/// Those that run and have to go before the model of `new` is loaded, so that all fit: `new` keeps less for
/// them. `old`: the plan they were started by, if that is known.
pub fn in_the_way(old: Option<&Plan>, new: &Plan) -> Result<Vec<ServerName>> {
    if old.is_some_and(|old| !outgrows(&old.memory, &new.memory)) {
        return Ok(Vec::new());
    }
    let mut running = Vec::new();
    for server in installed() {
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
    wait_until_ready(&Api::of(server.name)?, Loading::of(server.size_bytes, silence), tick)
}

/// As `plan`, whose generation serves, has them: gone, or installed, started anew and ready.
pub fn follow(plan: &Plan, mut tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    retire(&unplanned(plan))?;
    if plan.beside().next().is_some() {
        install(plan)?;
    }
    for server in plan.beside() {
        start(&server, START_TIMEOUT, &mut tick).context("starting the embedding server")?;
    }
    Ok(())
}

/// A vector of a short text, of as many numbers as the plan says.
pub fn ask(server: ServerName, rag: &Rag, patience: Patience) -> Result<Embedded> {
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

/// What each of a plan's embedding servers gives, for a message.
pub fn given(plan: &Plan) -> String {
    let of = |server: Server| {
        Some(format!("; {} gives vectors of {} numbers", server.id, server.embedding?.model.dimensions))
    };
    plan.beside().filter_map(of).collect()
}

/// Their units and the links to the generation's limits, as an apply of `plan` puts them there.
fn install(plan: &Plan) -> Result<()> {
    let bundle = render(plan)?;
    for server in plan.beside() {
        let (file, drop_in) = (server.name.unit_file(), server.name.drop_in());
        let unit = bundle.file(&format!("{ROOTFS}{file}"));
        made::add([Thing::unit_file(&file)?, Thing::link(server.name.wants())?])?;
        files::write(Path::new(&file), unit.context("rendering the unit")?, 0o644)?;
        made::folder(Path::new(&drop_in), 0o755)?;
        let links = bundle.links().iter().filter_map(|link| Some((host_path(&link.path)?, &link.target)));
        for (path, target) in links.filter(|(path, _)| Path::new(path).starts_with(&drop_in)) {
            made::add([Thing::drop_in(path)?])?;
            files::link(Path::new(path), Path::new(target))?;
        }
    }
    service::reload()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ledger(device: &str, rag_bytes: u64) -> DeviceLedger {
        let mut ledger = json!({"device": device, "rag_bytes": rag_bytes});
        for part in
            ["weights", "kv", "compute", "output", "runtime", "reserved", "total", "capacity", "headroom"]
        {
            ledger[format!("{part}_bytes")] = json!(0);
        }
        serde_json::from_value(ledger).unwrap()
    }

    #[test]
    fn an_old_server_stays_while_the_new_plan_has_its_room() {
        let host = |bytes| vec![ledger("host", bytes)];
        let both = |host, gpu| vec![ledger("host", host), ledger("gpu0", gpu)];
        for (old, new, goes) in [
            (host(7), host(7), false),
            (host(7), host(8), false),
            (host(8), host(7), true),
            (host(0), host(7), false),
            (both(1, 9), both(9, 9), false),
            (both(1, 9), both(9, 1), true),
            (both(1, 9), host(100), true),
            (host(7), both(1, 9), true),
        ] {
            assert_eq!(outgrows(&old, &new), goes, "{old:?} {new:?}");
        }
    }
}
