//! The lightning indexer of sparse attention (src/models/deepseek32.cpp of llama.cpp b11434).

use super::keys::Keys;

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
    })
}
