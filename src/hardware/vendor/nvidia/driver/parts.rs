//! Parts that the packages of every origin share: the distribution's release, the driver without its packages, refusals.

use crate::error::{Exit, Failure};
use crate::hardware::vendor::driver::{Driver, DriverHost};

/// Distributions that packages are known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
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

    pub fn of(host: &DriverHost) -> Result<Release, Failure> {
        Release::named(&host.os.id, &host.os.version).ok_or_else(|| {
            refused(format!(
                "the packages of NVIDIA's driver are known for Debian 12 and 13, Ubuntu 22.04 and 24.04, and this \
                 host is {} {}",
                host.os.id, host.os.version
            ))
            .hint("install the driver as that distribution says, restart the host, and apply without --driver")
        })
    }

    /// By its names in os-release.
    pub fn named(id: &str, version: &str) -> Option<Release> {
        let is = |(_, own, of): &&(Release, &str, &str)| id == *own && version == *of;
        Release::ALL.iter().find(is).map(|(release, ..)| *release)
    }

    pub fn title(self) -> &'static str {
        match self {
            Release::Debian12 => "Debian 12",
            Release::Debian13 => "Debian 13",
            Release::Ubuntu2204 => "Ubuntu 22.04",
            Release::Ubuntu2404 => "Ubuntu 24.04",
        }
    }
}

/// From this branch on the open modules are NVIDIA's own choice for every card that they work on; before, they were
/// finished for some cards only.
pub const OPEN_BY_CHOICE: u64 = 560;

/// The two flavours of the driver's kernel modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Open,
    Closed,
}

pub fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Exit::HostDoesNotMeetPlan, message)
}

/// A driver without its packages.
pub fn of(release: Release, branch: u64, flavour: Flavour, from: &str) -> Driver {
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
pub fn flavour_of(kernel: &str) -> String {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = kernel.split('-').skip(1).collect();
    let rest = if parts.first().is_some_and(|part| is_number(part)) { &parts[1..] } else { &parts[..] };
    rest.join("-")
}

pub fn texts<const N: usize>(all: [&str; N]) -> Vec<String> {
    all.map(String::from).to_vec()
}
