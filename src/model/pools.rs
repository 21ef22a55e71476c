//! Pools of tokens that an indexer chooses from (src/models/glm5-next.cpp of llama.cpp).

use super::compressed::CONNECTIONS;
use super::gguf::Value;
use super::keys::Keys;

/// Keys of a few tokens in a row are pooled, and sparse attention chooses whole pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pools {
    /// Tokens in a pool.
    pub tokens: u64,
    /// Tokens behind the last whole pool are looked at too.
    pub tail: bool,
}

impl Pools {
    /// Pools of caches of so many cells for each of so many sequences.
    pub fn whole(&self, cells: u64, sequences: u64) -> u64 {
        (cells / self.tokens).saturating_mul(sequences)
    }
}

/// Most tokens in a pool believed.
const MAX_TOKENS: u64 = 1 << 10;

pub(super) fn pools(keys: &Keys) -> Option<Pools> {
    (keys.architecture == "glm5-next").then_some(())?;
    keys.optional("hyper_connection.count").filter(|n| *n == CONNECTIONS)?;
    let tail = keys.header.metadata.get(&keys.name("attention.indexer.kpool_select_tail"));
    Some(Pools {
        tokens: keys.optional("attention.indexer.kpool").filter(|n| (2..=MAX_TOKENS).contains(n))?,
        tail: tail == Some(&Value::Bool(true)),
    })
}
