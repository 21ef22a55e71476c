//! How the cards of a machine are connected.

use super::words::words;
use serde::{Deserialize, Serialize};

/// The fastest way between two cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// NVLink, without a way through the host.
    Nvlink,
    /// PCIe, through switches or the host's processor.
    Pcie,
}

words!(Link, "link", Nvlink = "nvlink", Pcie = "pcie");
