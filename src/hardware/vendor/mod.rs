//! Makers of graphics cards, one folder or file each; docs/add-gpu-vendor.md says how to add one.

mod amd;
mod bus;
pub mod driver;
mod intel;
mod kernel;
mod maker;
pub mod modules;
mod names;
mod nvidia;
mod scan;
pub mod toolkit;

pub use bus::Bus;
pub use maker::{Icd, Maker, UnitDevices};
pub use nvidia::read_nvidia_smi;
pub use scan::cards;

use super::facts::{Facts, Gpu, Vendor};

/// Beginnings of the names of packages with a kernel or a card's driver in them: until the restart that they ask for,
/// the driver of the cards may be another than the programs beside it.
pub const RESTARTS: [&str; 7] =
    ["linux-image", "linux-modules", "nvidia", "libnvidia", "libcuda", "cuda-drivers", "amdgpu"];

/// Every maker, those with the faster backends first.
pub fn all() -> [&'static dyn Maker; 3] {
    [&nvidia::Nvidia, &amd::Amd, &intel::Intel]
}

/// The maker of that name.
pub fn of(vendor: Vendor) -> &'static dyn Maker {
    match vendor {
        Vendor::Nvidia => &nvidia::Nvidia,
        Vendor::Amd => &amd::Amd,
        Vendor::Intel => &intel::Intel,
    }
}

/// The cards of the maker whose cards have the most memory: one server's backend sees no others.
pub fn of_one_maker(facts: &Facts) -> impl Iterator<Item = &Gpu> {
    let memory = |maker: Vendor| -> u64 {
        facts.gpus.iter().filter(|gpu| gpu.vendor == maker).map(|gpu| gpu.memory_total_bytes).sum()
    };
    // The first of those that have the same.
    let maker = all().map(|maker| maker.id()).into_iter().rev().max_by_key(|maker| memory(*maker));
    facts.gpus.iter().filter(move |gpu| Some(gpu.vendor) == maker)
}

#[cfg(test)]
mod tests;
