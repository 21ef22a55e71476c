//! Dimensions of a gated delta net: recurrent layers of Qwen3-Next, Qwen3.5 and Qwen 4 (src/models/qwen35.cpp of llama.cpp).

use super::keys::Keys;

/// Layers that keep a matrix per head instead of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    /// Elements of a token's query, key and value together: channels of the convolution.
    pub channels: u64,
    /// Elements of a token's value, all heads together.
    pub inner: u64,
    /// Heads of the value.
    pub heads: u64,
    /// Heads of query and key.
    pub key_heads: u64,
    /// Elements of a head's query or key.
    pub key: u64,
    /// Tokens that the convolution covers.
    pub kernel: u64,
    /// One matrix for beta and alpha, and each query repeated for the heads that share it (Qwen3-Next).
    pub repeats: bool,
    /// One matrix for query, key, value and gate, as converters wrote Qwen3-Next at first.
    pub joined: bool,
    /// The last inputs of the convolution are copied before they are kept.
    pub copies: bool,
}

/// Architectures whose recurrent layers are gated delta nets.
const DELTA: &[&str] = &["qwen35", "qwen35moe", "qwen3next", "qwen4exp"];

/// The architecture's other layers gate what they attend to, and call the norm of their feed-forward
/// `post_attention_norm`.
pub(super) fn is_delta(architecture: &str) -> bool {
    DELTA.contains(&architecture)
}

/// `joined` as in [`Delta`].
pub(super) fn delta(keys: &Keys, joined: bool) -> Option<Delta> {
    let small = |key: &str| keys.optional(key).filter(|n| (1..=1 << 20).contains(n));
    if !is_delta(keys.architecture) {
        return None;
    }
    let (inner, key, key_heads) =
        (small("ssm.inner_size")?, small("ssm.state_size")?, small("ssm.group_count")?);
    Some(Delta {
        channels: inner + 2 * key * key_heads,
        inner,
        heads: small("ssm.time_step_rank").filter(|heads| inner.is_multiple_of(*heads))?,
        key_heads,
        key,
        kernel: small("ssm.conv_kernel").filter(|n| *n <= 256)?,
        repeats: keys.architecture == "qwen3next",
        joined,
        copies: keys.architecture == "qwen4exp",
    })
}
