//! Rows that one of Qwen 4's layers adds for each token and those before it (src/models/qwen4exp.cpp of llama.cpp).

use super::gated_streams;
use super::keys::Keys;

/// A table of rows that are looked up by the last tokens together, and a convolution over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ngrams {
    /// Layer that adds them.
    pub layer: u64,
    /// Rows of each token.
    pub rows: u64,
    /// Elements of a row.
    pub width: u64,
    /// Most tokens that a row is looked up by. The taps of the convolution are as far apart.
    pub tokens: u64,
    /// Taps of the convolution.
    pub taps: u64,
}

impl Ngrams {
    /// Tokens of the batch before that the convolution reads.
    pub fn kept(&self) -> u64 {
        (self.taps - 1) * self.tokens
    }
}

pub(super) fn ngrams(keys: &Keys) -> Option<Ngrams> {
    gated_streams::gated_streams(keys)?;
    let small = |key: &str, most: u64| keys.optional(key).filter(|n| (1..=most).contains(n));
    let tokens = small("ple.ngram_size", 64).filter(|n| *n > 1)?;
    Some(Ngrams {
        layer: keys.per_layer("ple.layers", 0)?,
        rows: (tokens - 1) * small("ple.heads_per_ngram", 1 << 10)?,
        width: keys.width("embedding_length_per_layer_input")?,
        tokens,
        taps: small("ple.conv_kernel", 256)?,
    })
}

/// Elements of the last inputs of that convolution which `layer` keeps of a slot.
pub(super) fn state(keys: &Keys, layer: u64, n_embd: u64) -> u64 {
    let streams = gated_streams::gated_streams(keys).map_or(0, |streams| streams.count);
    let kept = ngrams(keys).filter(|ngrams| ngrams.layer == layer).map_or(0, |ngrams| ngrams.kept());
    kept.saturating_mul(streams).saturating_mul(n_embd)
}
