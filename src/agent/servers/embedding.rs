//! The embedding server beside the model: a second unit, on the host only while the plan that serves
//! has `rag`. [`follow`] brings it to what a plan says, whichever way the host came to that plan.

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
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::{DeviceLedger, Rag};
use crate::render::manifest::{ROOTFS, host_path};
use crate::render::render;
use crate::wire::protocol::START_TIMEOUT;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// What the receipt says of it.
#[derive(Clone, Debug, Serialize)]
pub struct EmbeddingProof {
    pub start_seconds: f64,
    pub answer: Embedded,
    /// Buffers that it reported at its start, and those parts of the plan's ledger; bytes. The output
    /// buffer, which grows with the first long text, is not among them.
    pub buffers: Part,
    pub memory: Option<Memory>,
}

/// Its unit is on this host.
pub fn is_installed() -> bool {
    let path = Path::new(paths::EMBED_UNIT_FILE);
    path.exists() && made::is_ours(path).unwrap_or(false)
}

/// Stops it, now and at the next boot.
pub fn stop() -> Result<()> {
    if is_installed() {
        service::stop(paths::EMBED_UNIT)?;
        service::disable(paths::EMBED_UNIT)?;
    }
    Ok(())
}

/// Stops it and takes its unit away.
pub fn retire() -> Result<()> {
    let (unit, folder) = (Path::new(paths::EMBED_UNIT_FILE), Path::new(paths::EMBED_UNIT_DROP_IN));
    stop()?;
    service::remove_drop_in(folder)?;
    if made::is_ours(folder)? {
        made::remove_folder(folder)?;
    }
    if made::is_ours(unit)? {
        files::remove(unit)?;
    }
    service::reload()
}

/// Whether a server that was started by the ledger `old` takes more of any device than `new` keeps for one.
fn outgrows(old: &[DeviceLedger], new: &[DeviceLedger]) -> bool {
    let kept = |device: &str| new.iter().find(|ledger| ledger.device == device).map_or(0, |l| l.rag_bytes);
    old.iter().any(|ledger| ledger.rag_bytes > kept(&ledger.device))
}

/// Whether the server that runs has to go before the model of `new` is loaded, so that both fit: `new`
/// keeps less for one. `old`: the plan it was started by, if that is known.
pub fn is_in_the_way(old: Option<&Plan>, new: &Plan) -> Result<bool> {
    let outgrown = old.is_none_or(|old| outgrows(&old.memory, &new.memory));
    Ok(outgrown && is_installed() && service::state(paths::EMBED_UNIT)?.is_running())
}

/// Before the model of `new` is loaded: takes the server away where `new` has none, and stops one that is
/// in the way of it.
pub fn make_room(old: Option<&Plan>, new: &Plan) -> Result<()> {
    match new.rag {
        None => follow(new, |_| Ok(())),
        Some(_) if is_in_the_way(old, new)? => service::stop(paths::EMBED_UNIT),
        Some(_) => Ok(()),
    }
}

/// Starts it by the generation that serves and waits until it is ready.
pub fn start(rag: &Rag, silence: Duration, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    service::start(paths::EMBED_UNIT)?;
    wait_until_ready(&Api::of_embedding(rag)?, Loading::of(rag.model.size_bytes, silence), tick)
}

/// As `plan`, whose generation serves, has it: gone, or installed, started anew and ready.
pub fn follow(plan: &Plan, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let Some(rag) = &plan.rag else {
        let traces = is_installed() || Path::new(paths::EMBED_UNIT_DROP_IN).exists();
        return if traces { retire() } else { Ok(()) };
    };
    install(plan)?;
    start(rag, START_TIMEOUT, tick).context("starting the embedding server")
}

/// A vector of a short text, of as many numbers as the plan says.
pub fn ask(rag: &Rag, patience: Patience) -> Result<Embedded> {
    let text = "Where does comfort end, and where does compromise begin?";
    let embedded = Api::of_embedding(rag)?.embed(&key::read()?, text, patience)?;
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

/// Its unit and the link to the generation's limits, as an apply of `plan` puts them there.
fn install(plan: &Plan) -> Result<()> {
    let bundle = render(plan)?;
    let unit = bundle.file(&format!("{ROOTFS}{}", paths::EMBED_UNIT_FILE));
    made::add([Thing::unit_file(paths::EMBED_UNIT_FILE)?, Thing::link(paths::EMBED_WANTS)?])?;
    files::write(Path::new(paths::EMBED_UNIT_FILE), unit.context("rendering the unit")?, 0o644)?;
    made::folder(Path::new(paths::EMBED_UNIT_DROP_IN), 0o755)?;
    let links = bundle.links().iter().filter_map(|link| Some((host_path(&link.path)?, &link.target)));
    for (path, target) in links.filter(|(path, _)| path.starts_with(paths::EMBED_UNIT_DROP_IN)) {
        made::add([Thing::drop_in(path)?])?;
        files::link(Path::new(path), Path::new(target))?;
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
