//! Hardware profiles: `profiles/hardware.toml`, compiled in.

use super::cards::{self, Unsure};
use super::cpus::CpuClass;
use super::facts::Vendor;
use super::generation::Generation;
use crate::error::{Failure, Result};
use crate::model::registry::nearest;
use crate::processor::Processor;
use serde::Deserialize;

/// Bytes of a MiB.
pub const MIB: u64 = 1 << 20;
/// Bytes of a GiB.
pub const GIB: u64 = 1 << 30;

/// A class of machine that one can rent or own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name that `--profile` takes, `cpu-vps-32gb`.
    pub id: String,
    /// Description for people.
    pub title: String,
    /// Chosen without being asked for; nobody rents a laptop.
    pub rented: bool,
    /// Instruction set that its programs are for; x86-64 where the profile names none.
    #[serde(default)]
    pub processor: Processor,
    /// Virtual CPUs, or cores of a machine that is owned.
    pub cpu_cores: u64,
    /// RAM that such a machine is sold with, GiB.
    pub ram_gib: u64,
    /// Memory that a probed host was probably sold with, bytes.
    #[serde(skip)]
    pub sold_ram_bytes: Option<u64>,
    /// Disk in the unit of sellers, 10^9 bytes.
    pub disk_gb: u64,
    /// Theoretical peak of the host's memory, 10^9 bytes/s.
    pub memory_bandwidth_gb_s: f64,
    /// Rate of the CPU's matrices while it decodes, 10^12 operations/s.
    pub tflops: f64,
    /// Read off a host that was probed; `None` for a class of machines.
    #[serde(skip)]
    pub found: Option<FoundCpu>,
    /// Promised, 10^6 bits/s.
    pub network_mbit_s: u64,
    /// Promised for reading in order, 10^6 bytes/s.
    pub disk_read_mb_s: u64,
    /// Promises an NVLink between every pair of its cards.
    #[serde(default)]
    pub nvlink: bool,
    /// Places of its cards among all that a server would see, in the order of the bus, where the host has others that
    /// its server must leave alone.
    #[serde(skip)]
    pub among: Option<Vec<usize>>,
    /// Any machine with one card of this size is called by it, whatever the card's speed.
    #[serde(default)]
    pub by_size: bool,
    /// Graphics cards, one entry each; empty: the model runs on the CPU.
    #[serde(default, rename = "gpu")]
    pub gpus: Vec<GpuSpec>,
}

/// A graphics card that a profile promises.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuSpec {
    /// Maker of the card; NVIDIA where the profile names none.
    #[serde(default)]
    pub vendor: Vendor,
    /// Name that its driver reports.
    pub name: String,
    /// Cards that keep the promise as well.
    #[serde(default)]
    pub or_better: Vec<String>,
    /// Memory that the driver reports, MiB.
    pub vram_mib: u64,
    /// Theoretical peak of the card's memory, 10^9 bytes/s.
    pub memory_bandwidth_gb_s: f64,
    /// Upper bound of what a CUDA process takes before any tensor, MiB; `profiles/hardware.toml` has the
    /// measurements.
    pub cuda_context_mib: u64,
    /// Figures that are not known for certain: `profiles/cards.csv` says which, or they are a card's like it.
    #[serde(skip)]
    pub unsure: Unsure,
    /// From `profiles/cards.csv`, as `tops` is.
    #[serde(skip)]
    pub generation: Generation,
    /// Dense peak of the instructions that multiply quantised matrices, 10^12 operations/s.
    #[serde(skip)]
    pub tops: f64,
}

/// A CPU that was probed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundCpu {
    /// Instruction set, as far as speed differs by it.
    pub class: CpuClass,
    /// Threads that llama.cpp works with.
    pub threads: u64,
    /// Sockets or other parts with memory of their own.
    pub numa_nodes: u64,
    /// The kernel lists one node, and the cores are those of several sockets: a virtual machine hides them.
    pub hidden: bool,
    /// The bandwidth of its memory was measured, not assumed.
    pub measured: bool,
    /// The engine can be kept on one node.
    pub keeps: bool,
}

impl Profile {
    /// Returns the RAM, bytes: of a probed host the size that it was probably sold with, else `ram_gib`.
    pub fn ram_bytes(&self) -> u64 {
        self.sold_ram_bytes.unwrap_or(self.ram_gib * GIB)
    }

    /// Returns the disk, bytes.
    pub fn disk_bytes(&self) -> u64 {
        self.disk_gb * 1_000_000_000
    }

    /// Offers are for it: a class of machines that are rented, not one that is there already.
    pub fn is_rented(&self) -> bool {
        self.rented && !self.is_there()
    }

    /// A host that was probed, not a class of machines.
    pub fn is_there(&self) -> bool {
        self.sold_ram_bytes.is_some()
    }
}

/// Every profile, smallest first.
pub fn all() -> Vec<Profile> {
    #[derive(Deserialize)]
    struct File {
        profile: Vec<Profile>,
    }
    let text = include_str!("../../profiles/hardware.toml");
    let mut all = toml::from_str::<File>(text).expect("the embedded profiles are checked by a test").profile;
    for gpu in all.iter_mut().flat_map(|profile| &mut profile.gpus) {
        let card = cards::named(&gpu.name).expect("a test holds every card to profiles/cards.csv");
        (gpu.unsure, gpu.generation, gpu.tops) = (card.unsure, card.generation, card.tops);
    }
    all
}

/// The profile called `id`. Unknown: exit 2 with the nearest names.
pub fn find(id: &str) -> Result<Profile> {
    let all = all();
    if let Some(profile) = all.iter().find(|profile| profile.id.eq_ignore_ascii_case(id)) {
        return Ok(profile.clone());
    }
    let near = nearest(id, all.iter().map(|profile| profile.id.as_str()));
    let lead = if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
    Err(Failure::usage(format!("no hardware profile is called {id:?}"))
        .hint(format!("{lead}`agi-provision profiles` lists them"))
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_profiles_read() {
        let ids: Vec<String> = all().into_iter().map(|profile| profile.id).collect();
        assert_eq!(
            ids,
            [
                "laptop-cpu-16gb",
                "cpu-vps-32gb",
                "cpu-vps-64gb",
                "gpu-8gb",
                "gpu-16gb",
                "gpu-24gb",
                "2x3090-nvlink",
                "2xa100-nvlink",
                "h100-80gb"
            ]
        );
        assert!(find("gpu-24").unwrap_err().downcast_ref::<Failure>().unwrap().hint.is_some());
    }
}
