//! Adapters of a model that chooses one of them for each token (src/models/granite-switch.cpp of llama.cpp).

use super::keys::Keys;
use super::names::Names;

/// Adapters that lie stacked in each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch {
    /// Columns of an adapter's first matrix.
    pub rank: u64,
    /// Adapters, the empty one included.
    pub slots: u64,
}

pub(super) fn switch(keys: &Keys, names: &Names) -> Option<Switch> {
    let dim = |index: usize| names.dim("attn_q.lora_a", index).filter(|n| (1..=1 << 16).contains(n));
    (keys.architecture == "graniteswitch").then_some(())?;
    Some(Switch { rank: dim(1)?, slots: dim(2)? })
}
