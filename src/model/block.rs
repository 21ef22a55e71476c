//! The make of a model's layers, beyond their dimensions: read from the names of its tensors and
//! from the settings of its architecture, as src/models/*.cpp of llama.cpp b11434 does.

use super::delta::is_delta;
use super::gguf::Value;
use super::keys::Keys;
use super::names::Names;

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
    pub parallel: Option<Parallel>,
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
    /// The file has no output's matrix: the embedding is, where it lies.
    pub output_by_embedding: bool,
    /// The graph has a branch for a batch of tokens and vectors.
    pub mixed_inputs: bool,
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
    /// Tokens that are pieces of pictures, whose logits are put down.
    pub picture_tokens: u64,
    /// Layers may have one matrix for an attention, or no feed-forward.
    pub may_lack_parts: bool,
    pub feeds_on: FeedsOn,
    /// Layers work on several streams that predict and correct each other.
    pub altup: bool,
    /// Layers are lightning attention, and full attention in each eighth.
    pub lightning: bool,
    pub flash: Flash,
}

/// States that a feed-forward reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedsOn {
    /// The sum of residual and attention, normed.
    NormedSum,
    Sum,
    /// Attention, without the residual.
    Attention,
    /// The norm that attention reads too, beside it.
    SameNorm,
}

/// Use of flash attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flash {
    Taken,
    /// llama.cpp turns it off, whatever is asked.
    Off,
    /// llama.cpp cannot start with it.
    Refused,
}

/// Order in which attention, feed-forward and residual are added where the first two read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parallel {
    AttentionFirst,
    FeedForwardFirst,
    ResidualSecond,
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
    /// A layer norm over each head, with weights of its own.
    OwnOfHead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedForward {
    /// Gate and up side by side.
    Gated,
    /// Gate and up in one matrix.
    Fused,
    Plain,
}

/// Gate of what was attended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// One number of each head.
    Head,
    /// One of each of its elements.
    Element,
}

/// Numbers of Chameleon's tokens that are pieces of pictures.
const PICTURE_TOKENS: u64 = 8192;

/// Architectures whose positions are rows that are added, or a bias of the scores.
const UNPLACED: &[&str] = &["bloom", "gpt2", "jais", "mpt", "starcoder"];

/// Architectures that gate what is attended to before its last projection.
const GATED: &[&str] = &["afmoe", "hrm_text", "hy_v4", "laguna", "muse-glimmer", "spark2_5", "step35"];

pub(super) fn block(keys: &Keys, names: &Names, head_dim: u64) -> Block {
    let arch = keys.architecture;
    let gemma = matches!(arch, "gemma" | "gemma2" | "gemma3");
    let qk_norm = names.dim("attn_q_norm.weight", 0).map(|n| match arch {
        "olmoe" | "olmo2" => QkNorm::All,
        "chameleon" if n == head_dim => QkNorm::OwnOfHead,
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
        || (matches!(arch, "granite" | "granitehybrid" | "graniteswitch")
            && flag_is("rope.scaling.finetuned", false));
    // These call the norm before their feed-forward by other architectures' name.
    let post = arch != "gpt-oss" && !is_delta(arch);
    // Chameleon's larger model calls the norms behind attention and feed-forward by the names of those before them.
    let swin = arch == "chameleon" && flag_is("swin_norm", true);
    Block {
        // These name the other norm's epsilon too.
        rms: arch.starts_with("nemotron_h")
            || arch == "glm5-next"
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
        parallel: match arch {
            _ if !post || !names.has("attn_norm.weight") || names.has("ffn_norm.weight") => None,
            "phi2" => Some(Parallel::AttentionFirst),
            "falcon" | "plamo" => Some(Parallel::FeedForwardFirst),
            "cohere2" | "command-r" => Some(Parallel::ResidualSecond),
            _ => None,
        },
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
        output_by_embedding: arch == "bitnet",
        mixed_inputs: !matches!(arch, "cogvlm" | "deepseek4" | "graniteswitch"),
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
            "qwen4exp" => Outputs::LastLayer,
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
        picture_tokens: if arch == "chameleon" { PICTURE_TOKENS } else { 0 },
        may_lack_parts: arch == "deci",
        feeds_on: match arch {
            _ if swin => FeedsOn::Attention,
            "exaone4" | "olmo2" => FeedsOn::Sum,
            "stablelm" if !names.has("ffn_norm.weight") => FeedsOn::SameNorm,
            _ => FeedsOn::NormedSum,
        },
        altup: arch == "gemma3n",
        lightning: arch == "minimax-01",
        flash: match arch {
            "grok" => Flash::Off,
            "plm" => Flash::Refused,
            _ => Flash::Taken,
        },
    }
}
