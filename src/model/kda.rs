//! Dimensions of Kimi's delta attention (src/models/kimi-linear.cpp and glm5-next.cpp of llama.cpp).

use super::keys::Keys;
use super::names::Names;

/// Layers of Kimi's delta attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kda {
    /// Elements of a head.
    pub head: u64,
    /// Tokens that the convolutions cover.
    pub kernel: u64,
    /// Ranks of the gate of forgetting and of that of the output.
    pub forget: u64,
    pub gate: u64,
    /// Forgetting has a lower bound.
    pub bounded: bool,
}

pub(super) fn kda(keys: &Keys, names: &Names) -> Option<Kda> {
    let rank = |name: &str| names.dim(name, 1).filter(|n| *n <= 1 << 20);
    matches!(keys.architecture, "glm5-next" | "kimi-linear").then_some(())?;
    let bound = keys.header.metadata.contains_key(&keys.name("kda.gate_lower_bound"));
    Some(Kda {
        head: keys.width("kda.head_dim")?,
        kernel: keys.optional("ssm.conv_kernel").filter(|n| (2..=256).contains(n))?,
        forget: rank("ssm_f_a.weight")?,
        gate: rank("ssm_g_a.weight")?,
        bounded: bound && keys.architecture != "kimi-linear",
    })
}
