//! Gated delta nets: layers that keep a matrix for each head instead of a cache (src/models/qwen35.cpp of llama.cpp).

use super::keys::Keys;

/// Sizes of the layers of one model that are gated delta nets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeltaNet {
    /// Elements that the convolution goes over: queries, keys and values.
    pub mixed: u64,
    /// Elements of the values, all heads together.
    pub inner: u64,
    /// Elements of the queries, as of the keys.
    pub keys: u64,
    /// Value heads.
    pub heads: u64,
    /// Tokens before its own that a convolution sees.
    pub before: u64,
    /// Elements of the matrices that are kept, all heads together.
    pub state: u64,
}

/// Widest layer believed, elements.
const MAX_WIDTH: u64 = 1 << 24;

impl DeltaNet {
    /// Reads the sizes from a header; `None` for an architecture without such layers.
    pub fn of(keys: &Keys) -> Option<DeltaNet> {
        if !["qwen3next", "qwen35", "qwen35moe"].contains(&keys.architecture) {
            return None;
        }
        let of = |key: &str| keys.optional(key).filter(|n| *n <= MAX_WIDTH);
        let (inner, head) = (of("ssm.inner_size")?, of("ssm.state_size")?);
        let width = of("ssm.group_count")?.saturating_mul(head);
        Some(DeltaNet {
            mixed: inner.saturating_add(2 * width),
            inner,
            keys: width,
            heads: of("ssm.time_step_rank")?,
            before: of("ssm.conv_kernel")?.saturating_sub(1),
            state: inner.saturating_mul(head),
        })
    }
}
