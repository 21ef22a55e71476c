//! Needs of a runtime's archive, which the client reads before anything is sent.

use crate::elf::Needs;
use crate::hardware::backend::Backend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Needs of an archive of llama.cpp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeNeeds {
    /// Needs of the program and of its backends for CPUs.
    pub server: Needs,
    /// Needs of the backends for cards that it brings.
    #[serde(default)]
    pub backends: BTreeMap<Backend, Needs>,
}

impl RuntimeNeeds {
    /// Returns the needs where these backends compute.
    pub fn with(&self, backends: &[Backend]) -> Needs {
        let mut all = self.server.clone();
        backends.iter().filter_map(|backend| self.backends.get(backend)).for_each(|needs| all.add(needs));
        all
    }
}
