//! Holds what a machine's first boot from user-data depends on besides the plan: where the program comes from, and the
//! cloud that hands the user-data over. It is in the manifest, so that the same bundle can be made again.

use super::broken::broken;
use super::clouds::Cloud;
use crate::checked::{Checksum, DownloadUrl};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most addresses of the program.
pub const MOST_URLS: usize = 8;
/// Largest program, bytes.
pub const MOST_BYTES: u64 = 1 << 30;

/// Choices for user-data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstBoot {
    /// The program, where user-data fetches it; `None`: the machine's image carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<PinnedProgram>,
    /// The cloud that takes the user-data; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<&'static Cloud>,
}

/// The agi-provision executable for a machine, by its content, with where it can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedProgram {
    /// Addresses, tried in this order.
    pub urls: Vec<DownloadUrl>,
    /// SHA-256 of the file.
    pub sha256: Checksum,
    /// Size of the file, bytes.
    pub size_bytes: u64,
}

impl FirstBoot {
    /// Returns whether nothing was chosen.
    pub fn is_default(&self) -> bool {
        *self == FirstBoot::default()
    }

    pub(super) fn check(&self) -> Result<()> {
        let Some(program) = &self.program else { return Ok(()) };
        let urls: BTreeSet<&DownloadUrl> = program.urls.iter().collect();
        if urls.is_empty() || urls.len() != program.urls.len() || urls.len() > MOST_URLS {
            return Err(broken(format!("the program's addresses are not one to {MOST_URLS} different ones")));
        }
        if !(1..=MOST_BYTES).contains(&program.size_bytes) {
            return Err(broken(format!("the program's size is {} bytes", program.size_bytes)));
        }
        Ok(())
    }
}
