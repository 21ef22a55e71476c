//! Turns that HRM-Text's two stacks of layers take (src/models/hrm-text.cpp of llama.cpp).

use super::keys::Keys;

/// Two stacks of layers that a token goes through again and again, each time with caches of their own: the first `low` times,
/// then the second once, and all of it `high` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hrm {
    /// Layers of a stack.
    pub stack: usize,
    pub high: usize,
    pub low: usize,
}

/// Returns the turns of a model of `n_layer` caches; `None` where they are not as many as the turns need.
pub(super) fn hrm(keys: &Keys, n_layer: u64) -> Option<Hrm> {
    let count = |key: &str| keys.optional(key).filter(|n| (1..=n_layer).contains(n));
    (keys.architecture == "hrm_text").then_some(())?;
    let [stack, high, low] = ["hrm.layers_per_stack", "hrm.h_cycles", "hrm.l_cycles"].map(count);
    let (stack, high, low) = (stack?, high?, low?);
    (stack * high * (low + 1) == n_layer).then_some(Hrm {
        stack: stack as usize,
        high: high as usize,
        low: low as usize,
    })
}
