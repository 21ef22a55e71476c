//! The packages that bring NVIDIA's driver to a host, by its distribution, cards, kernel and Secure Boot.
//!
//! Sources, read on 28 November 2026: Debian's package lists of bookworm and trixie; packages.ubuntu.com for jammy and
//! noble; NVIDIA's Driver Installation Guide (kernel modules, version locking, compute-only installation, package
//! renames of branch 590).

mod chips;
mod debian;
mod parts;
mod repository;
mod ubuntu;

use super::super::driver::{Driver, DriverHost, Origin, SecureBoot};
use crate::error::Failure;
use crate::hardware::facts::PciCard;
pub use parts::Release;
use parts::refused;
pub use repository::keyring;

/// Virtualization whose guests share a kernel that is not theirs to load modules into.
const WITHOUT_KERNEL: [&str; 6] = ["lxc", "openvz", "docker", "podman", "wsl", "proot"];

/// Chooses the driver. `wanted`: the least version that the plan's runtime works with.
///
/// # Errors
/// Exit 4 with the reason and the way out: nothing fits this host.
pub fn choose(host: &DriverHost, origin: Origin, wanted: Option<&str>) -> Result<Driver, Failure> {
    let virtualization = host.os.virtualization.as_deref().unwrap_or_default();
    if WITHOUT_KERNEL.contains(&virtualization) {
        return Err(refused(format!(
            "this host is a container ({virtualization}), which has no kernel of its own"
        ))
        .hint("install the driver on the machine that runs it, and give the container its devices"));
    }
    if let Some((card, given)) = host.cards.iter().find_map(|card| Some((card, given_away(card)?))) {
        return Err(refused(format!("{card} is given to a virtual machine ({given})"))
            .hint("take it back from the virtual machine, or apply to that machine"));
    }
    let release = Release::of(host)?;
    let chips = chips::needs(&host.cards, &host.os.arch)?;
    let wanted = wanted.and_then(branch_of).unwrap_or(0);
    let driver = match origin {
        Origin::Distribution => match release {
            Release::Debian12 | Release::Debian13 => debian::driver(release, &chips, &host.os.kernel)?,
            Release::Ubuntu2204 | Release::Ubuntu2404 => ubuntu::driver(release, &chips, &host.os.kernel),
        },
        Origin::Nvidia => {
            repository::driver(release, &chips, &host.os.kernel, &host.os.arch, wanted.max(chips.least))?
        }
    };
    let least = wanted.max(chips.least);
    if driver.branch < least {
        let why = match chips.least > driver.branch {
            true => format!("{} works from driver {} on", chips.newest, chips.least),
            false => format!("the plan's runtime works from driver {wanted} on"),
        };
        let message = format!("{} has driver {}, and {why}", release.title(), driver.branch);
        return Err(refused(message).hint(match origin {
            Origin::Distribution => "--driver nvidia takes it from NVIDIA's repository",
            Origin::Nvidia => "plan for another runtime (--runtime-archive), or for fewer cards",
        }));
    }
    if driver.builds && host.secure_boot == SecureBoot::On {
        return Err(unsigned(release, origin));
    }
    Ok(driver)
}

/// The driver that keeps a card for virtual machines.
fn given_away(card: &PciCard) -> Option<&str> {
    card.driver.as_deref().filter(|driver| ["vfio-pci", "pci-stub", "xen-pciback"].contains(driver))
}

/// Secure Boot keeps a module from loading that is built on the host.
fn unsigned(release: Release, origin: Origin) -> Failure {
    let signed = matches!(release, Release::Ubuntu2204 | Release::Ubuntu2404) && origin == Origin::Nvidia;
    let other = match signed {
        true => "Ubuntu's own modules are signed: --driver distribution. Or ",
        false => "",
    };
    refused(
        "Secure Boot is on: the kernel loads signed modules only, and this driver's would be built on the host and \
         signed with a key that the firmware does not know",
    )
    .hint(format!(
        "{other}enrol the key of DKMS: `apt install dkms mokutil openssl`, `dkms generate_mok`, `mokutil --import \
         /var/lib/dkms/mok.pub`, restart the host and confirm the key on its console; or turn Secure Boot off in the \
         firmware. Then apply again"
    ))
}

/// `570.26` is of branch 570.
fn branch_of(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests;
