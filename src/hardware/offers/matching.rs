//! Matches offers to profiles: an offer is for a profile whose promises its machine keeps.

use super::offer::Machine;
use crate::hardware::cards;
use crate::hardware::link::Link;
use crate::hardware::profiles::{GpuSpec, Profile};
use crate::processor::Processor;

/// A machine sold as 32 GB may have a little less, or count in 10^9 bytes.
const RAM_SOLD: f64 = 0.93;
/// Cards of one size report a little more or less.
const VRAM_SOLD: f64 = 0.98;

/// A machine without the words around it, so that a large file can be sifted without copying it.
#[derive(Clone, Copy, Debug)]
pub struct Has<'a> {
    pub processor: Processor,
    pub vcpu: Option<f64>,
    pub ram_gib: Option<f64>,
    pub disk_gb: Option<f64>,
    /// Count, nvidia-smi's name, MiB of one card, link.
    pub gpus: Option<(u64, &'a str, u64, Option<Link>)>,
}

impl Machine {
    pub(crate) fn has(&self) -> Has<'_> {
        let gpus = self.gpus.as_ref().map(|g| (g.count, g.name.as_str(), g.vram_mib, g.link));
        Has { processor: self.processor, vcpu: self.vcpu, ram_gib: self.ram_gib, disk_gb: self.disk_gb, gpus }
    }
}

pub fn fits(machine: &Machine, profile: &Profile) -> bool {
    keeps(machine.has(), profile)
}

/// The promised processor; cores, RAM and disk at least as promised, where the source says them; exactly as many cards, each at
/// least as large and as fast in memory as promised; NVLink where it is promised, and then said by the
/// source. A machine with cards is not for a profile without.
pub fn keeps(has: Has, profile: &Profile) -> bool {
    let at_least = |has: Option<f64>, promised: f64| has.is_none_or(|has| has >= promised);
    let gpus = match (has.gpus, profile.gpus.as_slice()) {
        (None, []) => true,
        (Some((count, name, vram_mib, link)), specs) => {
            count == specs.len() as u64
                && (!profile.nvlink || link == Some(Link::Nvlink))
                && specs.iter().all(|spec| card_keeps(name, vram_mib, spec))
        }
        _ => false,
    };
    gpus && profile.is_rented()
        && has.processor == profile.processor
        && at_least(has.vcpu, profile.cpu_cores as f64)
        && at_least(has.ram_gib, profile.ram_gib as f64 * RAM_SOLD)
        && at_least(has.disk_gb, profile.disk_gb as f64)
}

/// Decode is bound by memory, so its size and bandwidth are what the promise is.
fn card_keeps(name: &str, vram_mib: u64, spec: &GpuSpec) -> bool {
    let large = vram_mib as f64 >= spec.vram_mib as f64 * VRAM_SOLD;
    let known = || name == spec.name || spec.or_better.iter().any(|better| better == name);
    let fast = || cards::bandwidth(name).is_some_and(|bandwidth| bandwidth >= spec.memory_bandwidth_gb_s);
    large && (known() || fast())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    /// Ids of the profiles that a machine is for: vCPU, GiB, and cards as (count, name, MiB, link).
    fn profiles_of(vcpu: f64, ram_gib: f64, gpus: Option<(u64, &str, u64, Option<Link>)>) -> Vec<String> {
        let zero_is_unsaid = |value: f64| Some(value).filter(|value| *value > 0.0);
        let (vcpu, ram_gib) = (zero_is_unsaid(vcpu), zero_is_unsaid(ram_gib));
        let has = Has { processor: Processor::default(), vcpu, ram_gib, disk_gb: None, gpus };
        profiles::all().into_iter().filter(|profile| keeps(has, profile)).map(|profile| profile.id).collect()
    }

    #[test]
    fn machines_are_for_the_profiles_whose_promises_they_keep() {
        let (nvlink, pcie) = (Some(Link::Nvlink), Some(Link::Pcie));
        let (a100, a100_pcie) = ("NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe");
        let rtx3090 = "NVIDIA GeForce RTX 3090";
        type Row<'a> = (f64, f64, Option<(u64, &'a str, u64, Option<Link>)>, &'a [&'a str]);
        let table: &[Row] = &[
            (8.0, 32.0, None, &["cpu-vps-32gb"]),
            (16.0, 30.0, None, &["cpu-vps-32gb"]),
            (16.0, 64.0, None, &["cpu-vps-32gb", "cpu-vps-64gb"]),
            (4.0, 16.0, None, &[]),
            (8.0, 29.0, None, &[]),
            (0.0, 0.0, Some((1, "NVIDIA GeForce RTX 4060", 8188, None)), &["gpu-8gb"]),
            (0.0, 0.0, Some((1, "NVIDIA GeForce RTX 3060", 12288, None)), &["gpu-8gb"]),
            // One name, two sizes.
            (0.0, 0.0, Some((1, "NVIDIA GeForce RTX 4060 Ti", 8188, None)), &["gpu-8gb"]),
            (0.0, 0.0, Some((1, "NVIDIA GeForce RTX 4060 Ti", 16380, None)), &["gpu-8gb", "gpu-16gb"]),
            (0.0, 0.0, Some((1, rtx3090, 24576, None)), &["gpu-8gb", "gpu-16gb", "gpu-24gb"]),
            // Larger, but slower than a 3090.
            (0.0, 0.0, Some((1, "NVIDIA A40", 46068, None)), &["gpu-8gb", "gpu-16gb"]),
            (5.0, 29.0, Some((1, "NVIDIA GeForce RTX 4090", 24564, None)), &["gpu-8gb"]),
            (0.0, 0.0, Some((1, "NVIDIA Something New", 99999, None)), &[]),
            (22.0, 120.0, Some((1, a100, 81920, nvlink)), &["gpu-8gb", "gpu-16gb", "gpu-24gb"]),
            // NVLink is promised by the source or not at all.
            (44.0, 240.0, Some((2, a100, 81920, nvlink)), &["2x3090-nvlink", "2xa100-nvlink"]),
            (44.0, 240.0, Some((2, a100, 81920, None)), &[]),
            (16.0, 234.0, Some((2, a100_pcie, 81920, pcie)), &[]),
            (16.0, 234.0, Some((2, a100_pcie, 81920, None)), &[]),
            // Bridged plug-in cards are NVLink, but not the SXM board's speed.
            (60.0, 240.0, Some((2, a100_pcie, 81920, nvlink)), &["2x3090-nvlink"]),
            (16.0, 64.0, Some((2, rtx3090, 24576, None)), &[]),
            (16.0, 64.0, Some((2, rtx3090, 24576, nvlink)), &["2x3090-nvlink"]),
            (88.0, 480.0, Some((4, a100, 81920, nvlink)), &[]),
        ];
        for (vcpu, ram, gpus, wanted) in table {
            assert_eq!(profiles_of(*vcpu, *ram, *gpus), *wanted, "{vcpu} {ram} {gpus:?}");
        }
    }

    #[test]
    fn nothing_is_rented_for_a_laptop_or_a_machine_that_is_there() {
        let has =
            Has { processor: Processor::default(), vcpu: None, ram_gib: None, disk_gb: None, gpus: None };
        let mut host = profiles::find("cpu-vps-32gb").unwrap();
        assert!(keeps(has, &host) && !keeps(has, &profiles::find("laptop-cpu-16gb").unwrap()));
        let other = Has { processor: Processor::Aarch64, ..has };
        assert!(!keeps(other, &host), "its programs are for another processor");
        host.sold_ram_bytes = Some(32 << 30);
        assert!(!keeps(has, &host));
    }
}
