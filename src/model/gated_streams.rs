//! Residual streams of Qwen 4's layers, read and written through gates of low rank (src/models/qwen4exp.cpp of llama.cpp).

use super::keys::Keys;

/// Streams that each half of a layer reads a gated mean of, and adds what it gives to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GatedStreams {
    pub count: u64,
    /// Elements between the two matrices of a gate.
    pub rank: u64,
}

pub(super) fn gated_streams(keys: &Keys) -> Option<GatedStreams> {
    (keys.architecture == "qwen4exp").then_some(())?;
    Some(GatedStreams {
        count: keys.optional("hyper_connection.count").filter(|n| (2..=16).contains(n))?,
        rank: keys.width("hyper_connection.low_rank")?,
    })
}
