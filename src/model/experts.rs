//! Experts of a layer, and how they are chosen (`build_moe_ffn` of llama.cpp b11434's llama-graph.cpp).

use super::delta::is_delta;
use super::gguf::Value;
use super::keys::Keys;
use super::names::Names;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Experts {
    pub count: u64,
    pub used: u64,
    /// Feed-forward of one expert.
    pub width: u64,
    /// Feed-forward of the shared experts together.
    pub shared_width: Option<u64>,
    pub shared_gate: bool,
    /// That gate's sigmoid is a SiLU over its logit.
    pub shared_gate_by_silu: bool,
    pub gating: Gating,
    /// The chosen experts' weights are normed to one.
    pub normed: bool,
    pub scaled: bool,
    pub gate_bias: bool,
    /// A bias for choosing only.
    pub choice_bias: bool,
    pub bias: bool,
    pub merged_gate: bool,
    /// One matrix before the function, and none beside it.
    pub ungated: bool,
    /// Each expert has a factor for what it gives.
    pub scaled_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gating {
    Softmax,
    Sigmoid,
    RootOfSoftplus,
    SoftmaxOfChosen,
}

/// Most experts that work on one token believed; published models have up to 22.
const MAX_USED: u64 = 64;

pub(super) fn experts(keys: &Keys, names: &Names) -> Option<Experts> {
    let count = keys.optional("expert_count").filter(|n| (1..=1 << 16).contains(n))?;
    let used = keys.optional("expert_used_count").unwrap_or(1).clamp(1, count).min(MAX_USED);
    let merged_gate = names.has("ffn_gate_up_exps.weight");
    let arch = keys.architecture;
    let flag = |key: &str| matches!(keys.header.metadata.get(&keys.name(key)), Some(Value::Bool(true)));
    let scale = match keys.header.metadata.get(&keys.name("expert_weights_scale")) {
        Some(Value::Float(x)) => *x,
        _ => 0.0,
    };
    Some(Experts {
        count,
        used,
        width: names
            .dim("ffn_down_exps.weight", 0)
            .or_else(|| keys.optional("expert_feed_forward_length"))?,
        shared_width: names.dim("ffn_up_shexp.weight", 1),
        shared_gate: names.has("ffn_gate_inp_shexp.weight"),
        shared_gate_by_silu: arch == "qwen2moe",
        gating: match (arch, keys.optional("expert_gating_func")) {
            ("gpt-oss", _) | (_, Some(3)) => Gating::SoftmaxOfChosen,
            ("nemotron_h_moe", _) | ("glm5-next", None | Some(0)) => Gating::Sigmoid,
            (_, Some(2)) => Gating::Sigmoid,
            ("deepseek4", _) => Gating::RootOfSoftplus,
            _ => Gating::Softmax,
        },
        normed: matches!(arch, "gemma4" | "lfm2moe" | "llama" | "minimax-01" | "phimoe" | "qwen3moe")
            || is_delta(arch)
            || flag("expert_weights_norm"),
        scaled: scale != 0.0 && scale != 1.0,
        gate_bias: names.has("ffn_gate_inp.bias"),
        choice_bias: names.has("exp_probs_b.bias") || names.has("exp_probs_b"),
        bias: names.has("ffn_up_exps.bias"),
        merged_gate,
        ungated: !merged_gate && !names.has("ffn_gate_exps.weight"),
        scaled_out: names.has("ffn_down_exps.scale"),
    })
}
