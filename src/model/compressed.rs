//! Dimensions of DeepSeek V4's compressed attention and hyper-connections (src/models/deepseek4.cpp of llama.cpp).

use super::keys::Keys;

/// Copies of the hidden state that layers read from and write to; llama.cpp knows no other number.
pub(crate) const CONNECTIONS: u64 = 4;

/// Tokens in a compressed cell that overlaps with the one before, and that an indexer chooses from. Others are read whole.
pub(crate) const CHOSEN_FROM: u64 = 4;

/// Returns the compressed cells of a context of so many tokens, which are padded to 256.
pub(crate) fn compressed_cells(context: u64, ratio: u64) -> u64 {
    context.div_ceil(ratio).next_multiple_of(256)
}

/// Attention to a window and to compressed cells of all before, in layers that are joined by hyper-connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compressed {
    pub q_rank: u64,
    /// Groups of heads, each with a projection to `out_rank` of its own.
    pub groups: u64,
    pub out_rank: u64,
    /// First layers whose experts are looked up by the token.
    pub hashed: u64,
}

pub(super) fn compressed(keys: &Keys) -> Option<Compressed> {
    (keys.architecture == "deepseek4").then_some(())?;
    keys.optional("hyper_connection.count").filter(|n| *n == CONNECTIONS)?;
    let heads = keys.width("attention.head_count")?;
    Some(Compressed {
        q_rank: keys.width("attention.q_lora_rank")?,
        groups: keys.width("attention.output_group_count").filter(|n| heads.is_multiple_of(*n))?,
        out_rank: keys.width("attention.output_lora_rank")?,
        hashed: keys.optional("hash_layer_count").unwrap_or(0),
    })
}
