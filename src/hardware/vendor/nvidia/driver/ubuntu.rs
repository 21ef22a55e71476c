//! Ubuntu's own packages. The modules are built by Ubuntu for each of its kernels, and signed.

use super::chips::Needs;
use super::parts::{Flavour, Release, flavour_of, of, texts};
use crate::hardware::vendor::driver::Driver;

/// The branch for servers that both releases have for all their kernels, with both flavours.
const BRANCH: u64 = 580;

pub fn driver(release: Release, chips: &Needs, kernel: &str) -> Driver {
    let flavour = chips.flavour(BRANCH);
    let open = if flavour == Flavour::Open { "-open" } else { "" };
    let mut driver = of(release, BRANCH, flavour, "the distribution");
    driver.builds = false;
    driver.components = texts(["restricted", "multiverse"]);
    driver.packages = vec![
        format!("linux-modules-nvidia-{BRANCH}-server{open}-{kernel}"),
        format!("nvidia-headless-no-dkms-{BRANCH}-server{open}"),
        format!("nvidia-utils-{BRANCH}-server"),
        format!("nvidia-compute-utils-{BRANCH}-server"),
        format!("libnvidia-gl-{BRANCH}-server"),
        "nvidia-modprobe".into(),
    ];
    driver.follows = format!("linux-modules-nvidia-{BRANCH}-server{open}-{}", kernels(release, kernel));
    driver
}

/// The line of kernels that the running one is of, as Ubuntu's packages name it.
pub fn kernels(release: Release, kernel: &str) -> String {
    let flavour = flavour_of(kernel);
    let (first, version) = match release {
        Release::Ubuntu2204 => ("5.15.", "22.04"),
        _ => ("6.8.", "24.04"),
    };
    match flavour == "generic" && !kernel.starts_with(first) {
        true => format!("{flavour}-hwe-{version}"),
        false => flavour,
    }
}
