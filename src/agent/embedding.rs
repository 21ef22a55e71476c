//! The embedding server beside the model: a second unit, on the host only while the plan that serves
//! has `rag`. [`follow`] brings it to what a plan says, whichever way the host came to that plan.

use super::api::{Api, Embedded};
use super::service;
use super::steps::{read_key, wait_until_ready};
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::Rag;
use crate::render::manifest::{ROOTFS, host_path};
use crate::render::render;
use std::path::Path;
use std::time::Duration;

/// Its unit is on this host.
pub fn is_installed() -> bool {
    Path::new(paths::EMBED_UNIT_FILE).exists()
}

/// Loading reads the model from disk, at worst at 50 MB/s; a GPU may be waited for 120 s before.
pub fn start_limit(rag: &Rag) -> Duration {
    Duration::from_secs(180 + rag.model.size_bytes / 50_000_000)
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
    stop()?;
    super::remove::remove_drop_in(paths::EMBED_UNIT_DROP_IN)?;
    files::remove(Path::new(paths::EMBED_UNIT_FILE))?;
    service::reload()
}

/// Starts it by the generation that serves and waits until it is ready.
pub fn start(rag: &Rag, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    service::start(paths::EMBED_UNIT)?;
    wait_until_ready(&Api::of_embedding(rag)?, start_limit(rag), tick)
}

/// As `plan`, whose generation serves, has it: gone, or installed, started anew and ready.
pub fn follow(plan: &Plan, tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let Some(rag) = &plan.rag else {
        let traces = is_installed() || Path::new(paths::EMBED_UNIT_DROP_IN).exists();
        return if traces { retire() } else { Ok(()) };
    };
    install(plan)?;
    start(rag, tick).context("starting the embedding server")
}

/// A vector of a short text, of as many numbers as the plan says.
pub fn ask(rag: &Rag) -> Result<Embedded> {
    let text = "Where does comfort end, and where does compromise begin?";
    let embedded = Api::of_embedding(rag)?.embed(&read_key()?, text, Duration::from_secs(120))?;
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
    files::write(Path::new(paths::EMBED_UNIT_FILE), unit.context("rendering the unit")?, 0o644)?;
    files::directory(Path::new(paths::EMBED_UNIT_DROP_IN), 0o755)?;
    let links = bundle.links().iter().filter_map(|link| Some((host_path(&link.path)?, &link.target)));
    for (path, target) in links.filter(|(path, _)| path.starts_with(paths::EMBED_UNIT_DROP_IN)) {
        files::link(Path::new(path), Path::new(target))?;
    }
    service::reload()
}
