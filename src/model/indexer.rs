//! The lightning indexer of sparse attention (src/models/deepseek32.cpp of llama.cpp b11434).

use super::keys::Keys;
use super::layers::LayerKv;

/// Largest block believed, tokens: Qwen3.8 Flash has 4.
const MAX_BLOCK: u64 = 256;
/// Layers that are asked for the size of a block.
const MAX_LAYERS: u64 = 512;

/// Sparse attention's way to choose the tokens that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indexer {
    pub heads: u64,
    /// Elements of its key.
    pub key: u64,
    /// Tokens that are looked at.
    pub top: u64,
    /// Queries and keys are turned by a matrix.
    pub turned: bool,
    /// Layers without an indexer of their own use the last choice.
    pub shared: bool,
    /// Tokens of a block, which is chosen whole by one key pooled from theirs (src/models/qwen4exp.cpp).
    pub block: Option<u64>,
}

impl Indexer {
    /// Side of the matrix that turns its keys: the largest power of two, from 64, that divides them.
    pub fn side(&self) -> u64 {
        Indexer::side_of(self.key)
    }

    /// The same for a key of so many elements.
    pub fn side_of(key: u64) -> u64 {
        let mut side = 64;
        while key > 0 && key.is_multiple_of(2 * side) {
            side *= 2;
        }
        side
    }
}

pub(super) fn indexer(keys: &Keys) -> Option<Indexer> {
    let small = |key: &str| keys.width(key).filter(|n| *n <= 1 << 16);
    Some(Indexer {
        heads: small("attention.indexer.head_count")?,
        key: small("attention.indexer.key_length")?,
        top: keys.optional("attention.indexer.top_k").filter(|n| *n > 0)?,
        turned: keys.architecture != "hy_v4",
        shared: matches!(keys.architecture, "glm-dsa" | "hy_v4"),
        block: block(keys),
    })
}

/// Tokens of a block in those layers that choose any; llama.cpp takes one number for all.
pub(super) fn block(keys: &Keys) -> Option<u64> {
    (keys.architecture == "qwen4exp").then_some(())?;
    let ratios = keys.by_layer("attention.compress_ratios");
    (0..keys.optional("block_count")?.min(MAX_LAYERS))
        .find_map(|layer| ratios(layer).filter(|n| (2..=MAX_BLOCK).contains(n)))
}

/// All layers with an indexer choose such blocks.
pub(super) fn in_blocks(keys: &Keys, layers: &[LayerKv]) -> bool {
    let (size, ratios) = (block(keys), keys.by_layer("attention.compress_ratios"));
    let chosen = |(layer, kv): (usize, &LayerKv)| kv.index_k == 0 || ratios(layer as u64) == size;
    size.is_some() && layers.iter().enumerate().all(chosen)
}
