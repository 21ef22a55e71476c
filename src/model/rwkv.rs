//! Dimensions of RWKV's layers, which keep a matrix of each head (src/models/rwkv6-base.cpp and rwkv7-base.cpp of llama.cpp).

use super::keys::Keys;
use super::names::Names;

/// Layers of RWKV, of the sixth and the seventh version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rwkv {
    pub seventh: bool,
    /// RWKV's own norms and channels; a transformer's feed-forward otherwise.
    pub whole: bool,
    /// Elements of a head.
    pub head: u64,
    /// Elements of a token's key and value, all heads together.
    pub keys: u64,
    /// Rank of the mix of a token and the one before, of all parts together (sixth).
    pub mix: u64,
    /// Ranks of decay, of the rate of learning, of the first value's share, and of the gate.
    pub decay: u64,
    pub rate: u64,
    pub value: u64,
    pub gate: Option<u64>,
    /// The factors of the mix are one tensor.
    pub fused: bool,
    pub bias: bool,
    /// Width of the channels.
    pub ff: u64,
    /// Halves the state after so many layers.
    pub rescale: u64,
}

pub(super) fn rwkv(keys: &Keys, names: &Names) -> Option<Rwkv> {
    let whole = match keys.architecture {
        "rwkv6" | "rwkv7" => true,
        "rwkv6qwen2" | "arwkv7" => false,
        _ => return None,
    };
    let rank = |name: &str| names.dim(name, 1).filter(|n| *n <= 1 << 20);
    let seventh = keys.architecture.ends_with('7');
    let n_embd = keys.required("embedding_length").ok()?;
    Some(Rwkv {
        seventh,
        whole,
        head: keys.width("wkv.head_size").filter(|head| n_embd.is_multiple_of(*head))?,
        keys: rank("time_mix_key.weight")?.max(1),
        mix: rank("time_mix_w1.weight").filter(|rank| seventh || *rank >= 5)?,
        decay: rank(if seventh { "time_mix_w1.weight" } else { "time_mix_decay_w1.weight" })?,
        rate: rank("time_mix_a1.weight").unwrap_or(0),
        value: rank("time_mix_v1.weight").unwrap_or(0),
        gate: rank("time_mix_g1.weight"),
        fused: names.has("time_mix_lerp_fused.weight"),
        bias: names.has("time_mix_key.bias"),
        ff: rank("channel_mix_key.weight").unwrap_or(0),
        rescale: keys.optional("rescale_every_n_layers").unwrap_or(0),
    })
}
