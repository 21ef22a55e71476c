//! Looks, before anything is sent, at what an apply needs of the host beside its plan; waits for work of the
//! system's own.

use crate::agent::host::{packages, podman};
use crate::agent::store::runtime;
use crate::elf::{self, Image, Lacking, Needs, Search};
use crate::error::Result;
use crate::hardware::backend::Backend;
use crate::hardware::facts::Facts;
use crate::hardware::probe;
use crate::hardware::vendor;
use crate::plan::Plan;
use crate::plan::runtime::glibc_of;
use crate::processor::Processor;
use crate::verify::host::{Ground, Wants, at_work};
use crate::wire::needs::RuntimeNeeds;
use crate::wire::protocol::{Blob, Event, Events};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often the system is looked at, and how often the client hears that it still is.
const LOOK: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(5);

/// Disk that an image takes, in bytes of its archive: that itself, podman's copy of its layers while it reads them, and what
/// they unpack to, which is about twice as much.
const DISK_OF_IMAGE: u64 = 4;

/// The llama.cpp that an apply brings to the host or finds there.
#[derive(Clone, Copy, Default)]
pub struct Coming<'a> {
    /// An archive that the client read.
    pub needs: Option<&'a RuntimeNeeds>,
    /// It is built on the host, with the host's own libraries.
    pub built: bool,
    /// The program on the host that is used instead.
    pub installed: Option<&'a Path>,
    /// The file that is meant; it may be in place already.
    pub blob: Option<&'a Blob>,
    /// The archive of a container image that the client sends.
    pub image: Option<&'a Blob>,
}

/// Looks at the host's libraries, or at what it has for a container.
pub fn look(plan: &Plan, facts: &Facts, coming: Coming) -> Ground {
    let cards = plan.cards() > 0;
    let in_place = coming.blob.is_some_and(|blob| runtime::noted(blob).is_some());
    if plan.container().is_some() {
        let archive = coming.image.filter(|_| !in_place).map_or(0, |archive| archive.size_bytes);
        let podman = podman::offered(&facts.os).filter(|_| facts.os.podman.is_none());
        let image_bytes = archive.saturating_mul(DISK_OF_IMAGE);
        return Ground { runtime: None, cards, podman, image_bytes };
    }
    let backends = if cards { vendor::of(plan.profile.vendor()).backends() } else { &[] };
    let known = in_place || !plan.llama_server.packages.is_empty();
    let runtime = if known { None } else { wants(plan, coming, backends) };
    Ground { runtime, cards, ..Ground::default() }
}

fn wants(plan: &Plan, coming: Coming, backends: &[Backend]) -> Option<Wants> {
    let program = plan.engine().program();
    if coming.built {
        return None;
    }
    if let Some(path) = coming.installed {
        let loaded = elf::resolve(path, &Search::of_host()).ok()?;
        let glibc = Image::read(path).ok()?.glibc_needed();
        return Some(with_packages(program, glibc, loaded.lacking));
    }
    if let Some(needs) = coming.needs {
        let needs: Needs = needs.with(backends);
        return Some(with_packages(program, needs.glibc(), needs.lacking(&Search::of_host())));
    }
    // The release's own archives say it by their names.
    let url = plan.llama_server.runtime.as_ref()?.url.to_string();
    let name = url.split('?').next()?.rsplit('/').next()?;
    let glibc = glibc_of(name, &plan.llama_server.build, Processor::own())?;
    Some(with_packages(program, Some((glibc.0 as u32, glibc.1 as u32)), Vec::new()))
}

fn with_packages(program: &str, glibc: Option<(u32, u32)>, lacking: Vec<Lacking>) -> Wants {
    let missing = lacking.iter().filter_map(|lacking| match lacking {
        Lacking::Library(name) => Some(name.clone()),
        Lacking::Version { .. } | Lacking::Processor(_) => None,
    });
    let missing: Vec<String> = missing.collect();
    Wants { glibc, lacking, packages: packages::ways(program, &missing) }
}

/// Waits until the system is at rest, at most `limit`; says once for what. Returns whether there was anything to wait
/// for.
pub fn wait(facts: &Facts, limit: Duration, in_cloud_init: bool, output: &mut dyn Events) -> Result<bool> {
    let mut work = at_work(facts, in_cloud_init);
    if work.is_empty() {
        return Ok(false);
    }
    let text = format!("{}; waiting for that, {} s at most", work.join(", "), limit.as_secs());
    output.send(&Event::Warning { text })?;
    let (began, mut said) = (Instant::now(), Instant::now());
    while !work.is_empty() && began.elapsed() < limit {
        std::thread::sleep(LOOK);
        if said.elapsed() >= BEAT {
            output.send(&Event::Alive)?;
            said = Instant::now();
        }
        work = at_work(&Facts { upkeep: probe::upkeep(), ..Facts::default() }, in_cloud_init);
    }
    Ok(true)
}
