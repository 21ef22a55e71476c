//! Facts about what the system does on its own account.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Upkeep of the system by itself, and what an installation on it would go through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Upkeep {
    /// Work that is under way.
    #[serde(default)]
    pub at_work: Vec<Work>,
    /// Packages that ask for a restart, perhaps without their names; null: none is pending.
    #[serde(default)]
    pub reboot_for: Option<Vec<String>>,
}

/// Work of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Work {
    /// Program that does it.
    pub by: Worker,
    /// The stage of cloud-init, or the process.
    pub at: String,
}

/// Parts of a system that work by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Worker {
    /// cloud-init, at a first boot.
    CloudInit,
    /// An upgrade of packages that nobody asked for.
    Upgrades,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            Worker::CloudInit => write!(f, "cloud-init is at work ({})", self.at),
            Worker::Upgrades => write!(f, "{} upgrades packages", self.at),
        }
    }
}
