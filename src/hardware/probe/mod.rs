//! Reads the facts of the machine this process runs on. Never changes it; under 2 s where every tool
//! answers, and bounded where one hangs.

mod containers;
mod cpu;
mod disk;
mod gpu;
mod measure;
mod memory;
mod os;
mod ports;
mod upkeep;

use super::facts::{Clock, Facts, Gaps, Memory, SCHEMA, Upkeep};
use crate::paths;
use std::path::Path;
use std::time::Instant;

pub use gpu::wait_for_gpus;
pub use os::note_sudo_password;
pub use ports::{listening, sockets};

/// Returns the state of this machine's clock; `None` where it may not be read.
pub fn clock() -> Option<Clock> {
    os::clock(&mut Gaps::default())
}

/// Every place this tool writes to on a host.
const PLACES: [&str; 4] = ["/", paths::VAR, "/usr/local", "/tmp"];

/// Reads every fact. `storage` is the directory whose file system will hold the models; it need not
/// exist yet. Nothing here fails as a whole: what could not be read is listed in `failed`.
pub fn probe(storage: &Path) -> Facts {
    let start = Instant::now();
    let mut gaps = Gaps::default();
    let mut facts = Facts {
        schema: SCHEMA.to_string(),
        os: os::probe(&mut gaps),
        cpu: cpu::probe(&mut gaps),
        memory: memory::probe(&mut gaps),
        disk: disk::probe(storage, &mut gaps),
        mounts: disk::mounts(&PLACES, &mut gaps),
        ports: ports::probe(&mut gaps),
        package_lock: os::package_lock(&mut gaps),
        upkeep: upkeep::probe(&mut gaps),
        sudo: os::sudo().to_string(),
        ..Facts::default()
    };
    gpu::probe(&mut facts, &mut gaps);
    gaps.unsupported("measured", "only with --measure");
    facts.probe_seconds = start.elapsed().as_secs_f64();
    with(facts, gaps)
}

/// `apt-get (pid 12)`: who holds the locks of apt-get and dpkg.
pub fn package_lock() -> Option<String> {
    os::package_lock(&mut Gaps::default())
}

/// Returns the memory of this machine and the limit that holds for the service.
pub fn memory() -> Memory {
    memory::probe(&mut Gaps::default())
}

/// Returns the system's own work of this moment; runs no program.
pub fn upkeep() -> Upkeep {
    upkeep::probe(&mut Gaps::default())
}

/// Reads the facts that the service's gate compares at every start, and nothing that takes time: runs no program
/// but a GPU maker's tool, and that only for a plan with GPUs. It may run in the unit's sandbox.
pub fn probe_for_start(storage: &Path, gpus: bool) -> Facts {
    let start = Instant::now();
    let mut gaps = Gaps::default();
    let mut facts = Facts {
        schema: SCHEMA.to_string(),
        os: os::essentials(&mut gaps),
        cpu: cpu::probe(&mut gaps),
        memory: memory::of_this_process(&mut gaps),
        disk: disk::probe_sandboxed(storage, &mut gaps),
        ports: ports::probe(&mut gaps),
        ..Facts::default()
    };
    if gpus {
        gpu::probe(&mut facts, &mut gaps);
    }
    facts.probe_seconds = start.elapsed().as_secs_f64();
    with(facts, gaps)
}

/// Works like [`probe`], and measures memory bandwidth and the disk's speed, which takes a few seconds.
pub fn probe_and_measure(storage: &Path) -> Facts {
    let mut facts = probe(storage);
    let mut gaps = Gaps::default();
    facts.unsupported.remove("measured");
    facts.measured = Some(measure::measure(storage, &facts, &mut gaps));
    measure::mounts(&mut facts, storage);
    with(facts, gaps)
}

fn with(mut facts: Facts, gaps: Gaps) -> Facts {
    facts.failed.extend(gaps.failed);
    facts.unsupported.extend(gaps.unsupported);
    facts
}

#[cfg(test)]
mod tests;
