//! Dimensions of Mamba layers, which keep a state (src/models/mamba-base.cpp of llama.cpp).

use super::keys::Keys;
use super::names::Names;

/// Layers that keep a state in place of a cache, or beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mamba {
    /// Elements of a token in such a layer.
    pub inner: u64,
    /// Elements of a state.
    pub state: u64,
    /// Heads; in the first version the rank of the step.
    pub heads: u64,
    /// Groups of heads that share the projections into and out of the state.
    pub groups: u64,
    /// Tokens that the convolution covers.
    pub kernel: u64,
    pub second: bool,
    /// Step, in and out of one matrix, each with a norm, as PLaMo 2 has them: elements of the step.
    pub plamo: Option<u64>,
    /// A norm of each group's result; in the first version of the projections.
    pub norm: bool,
    /// The layer is nothing but this, or one of attention and feed-forward.
    pub bare: bool,
}

/// Architectures whose recurrent layers these are.
const FIRST: &[&str] = &["mamba", "jamba"];
const SECOND: &[&str] = &["mamba2", "falcon-h1", "granitehybrid", "nemotron_h", "nemotron_h_moe"];
const PLAMO: &str = "plamo2";
const BARE: &[&str] = &["mamba", "mamba2", "nemotron_h", "nemotron_h_moe"];

pub(super) fn mamba(keys: &Keys, names: &Names) -> Option<Mamba> {
    let arch = keys.architecture;
    let small = |key: &str| keys.optional(key).filter(|n| (1..=1 << 20).contains(n));
    let second = SECOND.contains(&arch);
    if !second && !FIRST.contains(&arch) && arch != PLAMO {
        return None;
    }
    let (inner, heads) = (small("ssm.inner_size")?, small("ssm.time_step_rank")?);
    Some(Mamba {
        inner,
        state: small("ssm.state_size")?,
        plamo: (arch == PLAMO).then(|| (keys.width("embedding_length").unwrap_or(0) / 16).max(64)),
        heads: Some(heads).filter(|heads| (!second && arch != PLAMO) || inner.is_multiple_of(*heads))?,
        groups: small("ssm.group_count").unwrap_or(1),
        kernel: small("ssm.conv_kernel").filter(|n| *n <= 256)?,
        second,
        norm: names.has(if second { "ssm_norm.weight" } else { "ssm_dt_norm.weight" })
            || keys.optional("ssm.dt_b_c_rms") == Some(1),
        bare: BARE.contains(&arch),
    })
}
