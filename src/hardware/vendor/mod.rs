//! Makers of graphics cards, one folder or file each; docs/add-gpu-vendor.md says how to add one.

mod amd;
mod bus;
mod intel;
mod kernel;
mod maker;
mod names;
mod nvidia;
mod scan;

pub use bus::Bus;
pub use maker::{Least, Maker, UnitDevices};
pub use nvidia::read_nvidia_smi;
pub use scan::cards;

use super::facts::Vendor;

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

#[cfg(test)]
mod tests;
