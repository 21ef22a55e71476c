//! The packages that bring NVIDIA's driver to a host, by its distribution, cards, kernel and Secure Boot.
//!
//! Sources, read on 28 November 2026: Debian's package lists of bookworm and trixie; packages.ubuntu.com for jammy and
//! noble; NVIDIA's Driver Installation Guide (kernel modules, version locking, compute-only installation, package
//! renames of branch 590).

mod chips;
mod debian;
mod repository;
mod ubuntu;

use super::super::driver::{Driver, DriverHost, Origin, SecureBoot};
use crate::error::{Exit, Failure};
use crate::hardware::facts::PciCard;
use chips::Flavour;

/// Distributions that packages are known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Debian12,
    Debian13,
    Ubuntu2204,
    Ubuntu2404,
}

impl Release {
    const ALL: [(Release, &'static str, &'static str); 4] = [
        (Release::Debian12, "debian", "12"),
        (Release::Debian13, "debian", "13"),
        (Release::Ubuntu2204, "ubuntu", "22.04"),
        (Release::Ubuntu2404, "ubuntu", "24.04"),
    ];

    fn of(host: &DriverHost) -> Result<Release, Failure> {
        let is = |(_, id, version): &&(Release, &str, &str)| host.os.id == *id && host.os.version == *version;
        let found = Release::ALL.iter().find(is).map(|(release, ..)| *release);
        found.ok_or_else(|| {
            refused(format!(
                "the packages of NVIDIA's driver are known for Debian 12 and 13, Ubuntu 22.04 and 24.04, and this \
                 host is {} {}",
                host.os.id, host.os.version
            ))
            .hint("install the driver as that distribution says, restart the host, and apply without --driver")
        })
    }

    fn title(self) -> &'static str {
        match self {
            Release::Debian12 => "Debian 12",
            Release::Debian13 => "Debian 13",
            Release::Ubuntu2204 => "Ubuntu 22.04",
            Release::Ubuntu2404 => "Ubuntu 24.04",
        }
    }
}

/// Virtualization whose guests share a kernel that is not theirs to load modules into.
const WITHOUT_KERNEL: [&str; 6] = ["lxc", "openvz", "docker", "podman", "wsl", "proot"];

/// From this branch on the open modules are NVIDIA's own choice for every card that they work on; before, they were
/// finished for some cards only.
const OPEN_BY_CHOICE: u64 = 560;

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
        "{other}enrol the key of DKMS: `apt install dkms mokutil`, `dkms generate_mok`, `mokutil --import \
         /var/lib/dkms/mok.pub`, restart the host and confirm the key on its console; or turn Secure Boot off in the \
         firmware. Then apply again"
    ))
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Exit::HostDoesNotMeetPlan, message)
}

/// `570.26` is of branch 570.
fn branch_of(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

/// A driver without its packages.
fn of(release: Release, branch: u64, flavour: Flavour, from: &str) -> Driver {
    let modules = match flavour {
        Flavour::Open => "open",
        Flavour::Closed => "closed",
    };
    Driver {
        title: format!(
            "NVIDIA's driver {branch} from {from} for {}, with the {modules} kernel modules",
            release.title()
        ),
        branch,
        builds: true,
        components: Vec::new(),
        keyring: None,
        first: Vec::new(),
        packages: Vec::new(),
        follows: String::new(),
        module: "nvidia".into(),
        instead_of: vec!["nouveau".into(), "nova_core".into()],
        persistence: Some("nvidia-persistenced.service".into()),
        held: HELD.map(String::from).to_vec(),
    }
}

/// How the names of the driver's packages begin, of Debian, Ubuntu and NVIDIA.
const HELD: [&str; 12] = [
    "nvidia-",
    "libnvidia-",
    "libcuda1",
    "libglx-nvidia",
    "libegl-nvidia",
    "libgl1-nvidia",
    "libgles-nvidia",
    "firmware-nvidia-",
    "linux-modules-nvidia-",
    "linux-objects-nvidia-",
    "xserver-xorg-video-nvidia",
    "cuda-drivers",
];

/// A kernel's release without its numbers: `6.1.0-28-cloud-XXX` is `cloud-XXX`, `6.12.117+deb13-XXX` is `XXX`.
fn flavour_of(kernel: &str) -> String {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = kernel.split('-').skip(1).collect();
    let rest = if parts.first().is_some_and(|part| is_number(part)) { &parts[1..] } else { &parts[..] };
    rest.join("-")
}

fn texts<const N: usize>(all: [&str; N]) -> Vec<String> {
    all.map(String::from).to_vec()
}

#[cfg(test)]
mod tests;
