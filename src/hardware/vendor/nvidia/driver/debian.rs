//! Debian's own packages. The module is built on the host, by DKMS.

use super::chips::Needs;
use super::parts::{Flavour, Release, flavour_of, of, texts};
use crate::error::Failure;
use crate::hardware::vendor::driver::Driver;

/// bookworm has 535.261.03 and trixie 550.163.01, without what a server has no use for: no X server.
pub fn driver(release: Release, chips: &Needs, kernel: &str) -> Result<Driver, Failure> {
    let branch = if release == Release::Debian12 { 535 } else { 550 };
    let flavour = chips.flavour(branch);
    let module = match flavour {
        Flavour::Open => "nvidia-open-kernel-dkms",
        Flavour::Closed => "nvidia-kernel-dkms",
    };
    let mut driver = of(release, branch, flavour, "the distribution");
    driver.components = texts(["contrib", "non-free", "non-free-firmware"]);
    driver.packages = texts([
        module,
        "nvidia-smi",
        "nvidia-modprobe",
        "nvidia-persistenced",
        "libcuda1",
        "libnvidia-cfg1",
        "nvidia-vulkan-icd",
    ]);
    driver.packages.push(format!("linux-headers-{kernel}"));
    driver.follows = format!("linux-headers-{}", flavour_of(kernel));
    Ok(driver)
}
