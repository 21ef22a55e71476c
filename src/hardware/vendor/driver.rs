//! The driver of a maker's cards as packages: what a host tells to choose them by, and what is chosen. Pure.

use crate::checked::{Checksum, DownloadUrl};
use crate::hardware::facts::{Facts, Os, PciCard, Vendor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a driver's packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The distribution's archive.
    Distribution,
    /// NVIDIA's own repository for the distribution.
    Nvidia,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Distribution => "distribution",
            Origin::Nvidia => "nvidia",
        })
    }
}

/// Whether the firmware lets the kernel load modules that nobody it trusts has signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecureBoot {
    /// Any module is loaded.
    #[default]
    Off,
    /// Only signed ones are, and the key that DKMS signs with is not enrolled.
    On,
    /// Only signed ones are, and the key that DKMS signs with is enrolled.
    KeyEnrolled,
}

/// Facts that a driver is chosen by.
#[derive(Clone, Debug)]
pub struct DriverHost<'a> {
    /// Distribution, its version and the running kernel.
    pub os: &'a Os,
    /// All cards of the maker on the bus.
    pub cards: Vec<&'a PciCard>,
    /// State of Secure Boot.
    pub secure_boot: SecureBoot,
}

impl<'a> DriverHost<'a> {
    /// Returns what `facts` say for the cards of a maker.
    pub fn of(facts: &'a Facts, maker: Vendor, secure_boot: SecureBoot) -> DriverHost<'a> {
        let own = |card: &&PciCard| card.vendor == maker && !card.integrated;
        DriverHost { os: &facts.os, cards: facts.pci_cards.iter().filter(own).collect(), secure_boot }
    }
}

/// The package that makes a repository known to apt, with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyring {
    /// Address of the package.
    pub url: DownloadUrl,
    /// Digest of the package.
    pub sha256: Checksum,
    /// Name of the package.
    pub package: String,
}

/// A driver as packages of one distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// Name for people: `NVIDIA's driver 535 from Debian 12, with the closed kernel modules`.
    pub title: String,
    /// First number of its version.
    pub branch: u64,
    /// Whether its module is built on the host; it is signed there with the host's own key, if at all.
    pub builds: bool,
    /// Components of the distribution's archive that have the packages.
    pub components: Vec<String>,
    /// Package that makes a further repository known; `None`: the distribution's archive has all.
    pub keyring: Option<Keyring>,
    /// Packages that are installed before the others, as they decide which versions apt takes of those.
    pub first: Vec<String>,
    /// The packages.
    pub packages: Vec<String>,
    /// The package that brings the module, or what it is built from, with each new kernel; installed where apt knows
    /// it.
    pub follows: String,
    /// The kernel module's name for modprobe.
    pub module: String,
    /// Other drivers that must leave the cards alone.
    pub instead_of: Vec<String>,
    /// The unit that keeps the driver loaded while no program uses a card.
    pub persistence: Option<String>,
    /// How the names of packages begin that must not change by themselves while the driver is loaded.
    pub held: Vec<String>,
}
