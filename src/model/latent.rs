//! Attention whose keys and values come from a joint low rank (src/models/deepseek2.cpp, minicpm3.cpp and plm.cpp of
//! llama.cpp b11434).

use super::keys::Keys;

/// Multi-head latent attention: one joint key for all heads is cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Latent {
    pub q_rank: Option<u64>,
    pub kv_rank: u64,
    /// Elements with a position.
    pub rope: u64,
    /// A head's key and value once decompressed.
    pub head_k: u64,
    pub head_v: u64,
}

/// Keys and values from a joint low rank that are cached whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LowRank {
    pub q_rank: Option<u64>,
    pub kv_rank: u64,
    /// Elements of a head's key with a position, which all heads share.
    pub rope: u64,
}

pub(super) fn low_rank(keys: &Keys) -> Option<LowRank> {
    let small = |key: &str| keys.width(key);
    matches!(keys.architecture, "minicpm3" | "plm").then_some(())?;
    let rope = small("rope.dimension_count")?;
    small("attention.key_length").filter(|head| rope <= *head)?;
    Some(LowRank { q_rank: small("attention.q_lora_rank"), kv_rank: small("attention.kv_lora_rank")?, rope })
}

pub(super) fn latent(keys: &Keys) -> Option<Latent> {
    let head_k = keys.optional("attention.key_length_mla").filter(|n| *n > 0)?;
    let rope = keys.optional("rope.dimension_count").unwrap_or(64);
    let small = |n: &u64| (1..=1 << 20).contains(n);
    Some(Latent {
        q_rank: keys.optional("attention.q_lora_rank").filter(small),
        kv_rank: keys.optional("attention.kv_lora_rank").filter(small)?,
        rope: rope.min(head_k),
        head_k: Some(head_k).filter(small)?,
        head_v: keys.optional("attention.value_length_mla").filter(small)?,
    })
}
