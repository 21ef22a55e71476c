//! Make of a model's layers, beyond their dimensions: read from the names of its tensors and
//! from the settings of its architecture, as src/models/*.cpp of llama.cpp b11434 does.

use super::delta::is_delta;
use super::gguf::Value;
use super::keys::Keys;
use std::collections::BTreeMap;

/// The parts of a layer that differ between architectures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Root-mean-square norms; layer norms otherwise.
    pub rms: bool,
    pub norm_bias: bool,
    pub fused_qkv: bool,
    pub qkv_bias: bool,
    pub qk_norm: Option<QkNorm>,
    /// That norm has a bias.
    pub qk_norm_bias: bool,
    pub rope: bool,
    /// Layers that look back over everything have no positions.
    pub rope_in_windows: bool,
    /// Numbers of a token's position: four where pictures have places (M-RoPE).
    pub positions: u64,
    pub rope_factors: RopeFactors,
    /// The query is scaled apart from the scores.
    pub q_scale: bool,
    pub attn_softcap: bool,
    pub out_bias: bool,
    pub attn_post_norm: bool,
    /// Attention and feed-forward each have a norm before them; after them alone otherwise.
    pub norms_before: bool,
    /// Attention and feed-forward each have a norm before their last matrix.
    pub sub_norms: bool,
    /// Attention and feed-forward read the same norm.
    pub parallel: bool,
    pub feed_forward: FeedForward,
    pub ff_bias: bool,
    pub ffn_post_norm: bool,
    /// Layers with experts have a feed-forward of their own too.
    pub experts_beside: bool,
    /// The value has a norm, without a weight.
    pub v_norm: bool,
    /// The last sum overwrites the residual, not what the feed-forward gave.
    pub residual_first: bool,
    pub embedding_scale: bool,
    /// A row of each position is added to the embedding.
    pub position_rows: bool,
    /// The embedding has a norm.
    pub embedding_norm: bool,
    /// The file has no embedding: the output's matrix is read in its place.
    pub embeds_by_output: bool,
    /// By a factor per token.
    pub embedding_scale_rows: bool,
    /// A query comes with a gate for what is attended to.
    pub gated_query: bool,
    pub attn_gate: Option<Gate>,
    pub sinks: bool,
    /// Place at which the tokens that give logits are picked.
    pub outputs: Outputs,
    /// A factor for what a layer gives.
    pub out_scale: bool,
    pub output_bias: bool,
    pub logit_softcap: bool,
}

/// Place at which the tokens that give logits are picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// In the last layer, after its attention.
    LastLayer,
    /// After the layers, whose last state is kept for a model that would draft tokens (`t_h_nextn`).
    AfterLayers,
    /// None is: every token gives logits.
    Never,
    /// After the last norm, whose result is kept for such a model.
    AfterNorm,
}

/// Layers whose positions have factors for each frequency (`rope_freqs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RopeFactors {
    None,
    All,
    /// Layers that look back over everything.
    NotInWindows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QkNorm {
    /// Over each head.
    Head,
    /// Over all heads together.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedForward {
    /// Gate and up side by side.
    Gated,
    /// Gate and up in one matrix.
    Fused,
    Plain,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Experts {
    pub count: u64,
    pub used: u64,
    /// Feed-forward of one expert.
    pub width: u64,
    /// Feed-forward of the shared experts together.
    pub shared_width: Option<u64>,
    pub shared_gate: bool,
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

/// Gate of what was attended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// One number of each head.
    Head,
    /// One of each of its elements.
    Element,
}

/// Sparse attention's way to choose the tokens that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indexer {
    pub heads: u64,
    /// Elements of its key.
    pub key: u64,
    /// Tokens that are looked at.
    pub top: u64,
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
    })
}

/// Tensor names without their layer, with dimensions.
pub(super) struct Names<'a>(BTreeMap<&'a str, &'a [u64]>);

impl<'a> Names<'a> {
    pub fn of(tensors: impl Iterator<Item = (&'a str, &'a [u64])>) -> Names<'a> {
        let part = |name: &'a str| name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
        let mut names = BTreeMap::new();
        // One by one: nearly all are of a layer whose names are known from the one before.
        for (name, dims) in tensors {
            names.insert(part(name).map_or(name, |(_, part)| part), dims);
        }
        Names(names)
    }

    pub fn all(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// With the usual suffix or, as PLaMo 2 has some, without.
    fn has_named(&self, name: &str) -> bool {
        self.has(name) || self.has(&format!("{name}.weight"))
    }

    pub(super) fn dim(&self, name: &str, index: usize) -> Option<u64> {
        self.0.get(name)?.get(index).copied()
    }
}

/// Architectures whose positions are rows that are added, or a bias of the scores.
const UNPLACED: &[&str] = &["bloom", "gpt2", "jais", "mpt", "starcoder"];

/// Architectures that gate what is attended to before its last projection.
const GATED: &[&str] = &["afmoe", "hrm_text", "laguna", "muse-glimmer", "spark2_5", "step35"];

pub(super) fn block(keys: &Keys, names: &Names, head_dim: u64) -> Block {
    let arch = keys.architecture;
    let gemma = matches!(arch, "gemma" | "gemma2" | "gemma3");
    let qk_norm = names.dim("attn_q_norm.weight", 0).map(|n| match arch {
        "olmoe" | "olmo2" => QkNorm::All,
        _ if n == head_dim => QkNorm::Head,
        _ => QkNorm::All,
    });
    let gated = names.has("ffn_gate.weight");
    let up = names.dim("ffn_up.weight", 1);
    let down = names.dim("ffn_down.weight", 0);
    let fused = !gated && up.is_some() && up == down.map(|n| n.saturating_mul(2));
    let positive = |key: &str| match keys.header.metadata.get(&keys.name(key)) {
        Some(Value::Float(x)) => *x > 0.0,
        _ => false,
    };
    let flag_is =
        |key: &str, value: bool| keys.header.metadata.get(&keys.name(key)) == Some(&Value::Bool(value));
    // Granite's converter turns positions off by this setting.
    let unplaced = UNPLACED.contains(&arch)
        || matches!(arch, "jamba" | "kimi-linear" | "nemotron_h" | "nemotron_h_moe")
        || (arch.starts_with("granite") && flag_is("rope.scaling.finetuned", false));
    // These call the norm before their feed-forward by other architectures' name.
    let post = arch != "gpt-oss" && !is_delta(arch);
    // Chameleon's larger model calls the norms behind attention and feed-forward by the names of those before them.
    let swin = arch == "chameleon" && flag_is("swin_norm", true);
    Block {
        // Nemotron H names the other norm's epsilon too.
        rms: arch.starts_with("nemotron_h")
            || (arch != "phi2"
                && !keys.header.metadata.contains_key(&keys.name("attention.layer_norm_epsilon"))),
        norm_bias: names.has("attn_norm.bias"),
        // A gated delta net has one too.
        fused_qkv: names.has("attn_qkv.weight") && !is_delta(arch) && arch != "minimax-01",
        qkv_bias: names.has("attn_qkv.bias") || names.has("attn_q.bias"),
        qk_norm,
        qk_norm_bias: names.has("attn_q_norm.bias"),
        rope: !unplaced,
        rope_in_windows: arch == "cohere2",
        positions: match arch {
            "qwen2vl" | "paddleocr" | "qwen3vl" | "qwen3vlmoe" | "qwen35" | "qwen35moe" | "qwen4exp" => 4,
            "glm4" | "glm4moe" | "hunyuan_vl"
                if keys.header.metadata.contains_key(&keys.name("rope.dimension_sections")) =>
            {
                4
            }
            _ => 1,
        },
        rope_factors: match arch {
            _ if !(names.has("rope_freqs.weight") || names.has("rope_factors_long.weight")) => {
                RopeFactors::None
            }
            "gemma4" => RopeFactors::NotInWindows,
            _ => RopeFactors::All,
        },
        q_scale: gemma || matches!(arch, "phi2" | "phi3" | "phimoe"),
        attn_softcap: arch == "gemma2",
        out_bias: names.has("attn_output.bias"),
        attn_post_norm: swin || (post && names.has_named("post_attention_norm")),
        norms_before: !(swin || matches!(arch, "exaone4" | "olmo2")),
        sub_norms: names.has("attn_sub_norm.weight"),
        parallel: post
            && names.has("attn_norm.weight")
            && !names.has("ffn_norm.weight")
            && matches!(arch, "phi2" | "falcon" | "cohere2" | "command-r"),
        feed_forward: if fused {
            FeedForward::Fused
        } else if gated || up.is_none() {
            FeedForward::Gated
        } else {
            FeedForward::Plain
        },
        ff_bias: names.has("ffn_up.bias"),
        ffn_post_norm: swin || names.has_named("post_ffw_norm"),
        experts_beside: names.has("pre_ffw_norm_2.weight"),
        v_norm: matches!(arch, "gemma3n" | "gemma4"),
        residual_first: matches!(arch, "lfm2" | "lfm2moe" | "phi3" | "phimoe"),
        position_rows: names.has("position_embd.weight") && UNPLACED.contains(&arch),
        embedding_norm: names.has("token_embd_norm.weight") && UNPLACED.contains(&arch),
        embeds_by_output: arch == "codeshell" && !names.has("token_embd.weight"),
        embedding_scale: matches!(arch, "gemma" | "gemma2" | "minicpm3") || positive("embedding_scale"),
        embedding_scale_rows: matches!(arch, "gemma3" | "gemma3n"),
        gated_query: is_delta(arch),
        sinks: names.has("attn_sinks.weight"),
        attn_gate: names.dim("attn_gate.weight", 1).filter(|_| GATED.contains(&arch)).map(|n| {
            let by_element = n >= head_dim.saturating_mul(2).max(256);
            if by_element { Gate::Element } else { Gate::Head }
        }),
        outputs: match arch {
            "cogvlm" => Outputs::Never,
            "gpt-oss" | "step35" => Outputs::AfterLayers,
            "bailingmoe3" | "cohere2moe" | "gemma4" | "hy_v3" | "nemotron_h" | "nemotron_h_moe" => {
                Outputs::AfterNorm
            }
            _ if is_delta(arch) => Outputs::AfterNorm,
            _ => Outputs::LastLayer,
        },
        out_scale: names.has("layer_output_scale.weight"),
        output_bias: names.has("output.bias"),
        logit_softcap: matches!(arch, "gemma2" | "gemma3n") || positive("final_logit_softcapping"),
    }
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
        gating: match (arch, keys.optional("expert_gating_func")) {
            ("gpt-oss", _) | (_, Some(3)) => Gating::SoftmaxOfChosen,
            ("nemotron_h_moe", _) => Gating::Sigmoid,
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
