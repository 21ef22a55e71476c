//! Parts of a layer, by architecture.

use crate::model::dimensions::Dimensions;

/// Norms of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Norms(u8);

impl Norms {
    pub const ATTENTION: Norms = Norms(1);
    pub const POST_ATTENTION: Norms = Norms(2);
    pub const FEED_FORWARD: Norms = Norms(4);
    pub const POST_FEED_FORWARD: Norms = Norms(8);

    const fn and(self, other: Norms) -> Norms {
        Norms(self.0 | other.0)
    }

    pub fn contains(self, other: Norms) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum QkNorm {
    None,
    /// Over each head, with one set of weights.
    Head,
    /// Over all heads together.
    All,
    /// Over each head, with weights of its own.
    Each,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FeedForward {
    Gated,
    /// Gate and up in one matrix.
    Fused,
    Plain,
}

pub struct Make {
    pub norms: Norms,
    pub norm_bias: bool,
    pub fused_qkv: bool,
    pub qkv_bias: bool,
    pub out_bias: bool,
    pub qk_norm: QkNorm,
    /// Queries carry a gate of their own size.
    pub gated_query: bool,
    pub sinks: bool,
    pub feed_forward: FeedForward,
    pub ff_bias: bool,
    /// Experts have a bias.
    pub expert_bias: bool,
    /// The shared expert is weighed.
    pub shared_gate: bool,
    /// A layer attends and keeps a state.
    pub both: bool,
    /// A layer is one of attention, state and feed-forward.
    pub alone: bool,
    pub output_bias: bool,
    pub embedding_norm: bool,
    /// Layers that predict further tokens bring embeddings of their own.
    pub nextn_embeds: bool,
}

const TWO: Norms = Norms::ATTENTION.and(Norms::FEED_FORWARD);
const FOUR: Norms = TWO.and(Norms::POST_ATTENTION).and(Norms::POST_FEED_FORWARD);
/// The norm before the feed-forward goes by the name of one after attention.
const AFTER: Norms = Norms::ATTENTION.and(Norms::POST_ATTENTION);
const ONLY_AFTER: Norms = Norms::POST_ATTENTION.and(Norms::POST_FEED_FORWARD);

/// `None`: not known here.
pub fn of(d: &Dimensions) -> Option<Make> {
    let usual = Make {
        norms: TWO,
        norm_bias: false,
        fused_qkv: false,
        qkv_bias: d.qkv_bias,
        out_bias: false,
        qk_norm: if d.qk_norm { QkNorm::Head } else { QkNorm::None },
        gated_query: false,
        sinks: false,
        feed_forward: FeedForward::Gated,
        ff_bias: false,
        expert_bias: false,
        shared_gate: false,
        both: false,
        alone: false,
        output_bias: false,
        embedding_norm: false,
        nextn_embeds: false,
    };
    Some(match d.architecture.as_str() {
        "llama" | "llama4" | "mistral3" | "granite" | "granitemoe" | "smollm3" | "deepseek" | "deepseek2"
        | "deepseek32" | "kimi-linear" | "granitehybrid" | "ernie4_5" | "ernie4_5-moe" | "gemma"
        | "minicpm" | "glm-dsa" => usual,
        "qwen2" => Make { qkv_bias: true, ..usual },
        "qwen2moe" => Make { qkv_bias: true, shared_gate: true, ..usual },
        "qwen3" | "qwen3moe" | "qwen3vl" | "qwen3vlmoe" | "hunyuan-dense" | "hunyuan-moe" | "dots1" => {
            Make { qk_norm: QkNorm::Head, ..usual }
        }
        "qwen3next" | "qwen35" | "qwen35moe" => {
            Make { norms: AFTER, qk_norm: QkNorm::Head, gated_query: true, shared_gate: true, ..usual }
        }
        "phi2" => Make {
            norms: Norms::ATTENTION,
            norm_bias: true,
            fused_qkv: true,
            qkv_bias: true,
            out_bias: true,
            feed_forward: FeedForward::Plain,
            ff_bias: true,
            output_bias: true,
            ..usual
        },
        "phi3" => Make { fused_qkv: true, feed_forward: FeedForward::Fused, ..usual },
        "gemma2" => Make { norms: FOUR, ..usual },
        "gemma3" | "gemma3n" | "gemma4" | "gemma-embedding" => {
            Make { norms: FOUR, qk_norm: QkNorm::Head, ..usual }
        }
        "olmo2" => Make { norms: ONLY_AFTER, qk_norm: QkNorm::All, ..usual },
        "olmoe" | "minimax-m2" => Make { qk_norm: QkNorm::All, ..usual },
        "command-r" => Make {
            norms: Norms::ATTENTION,
            qk_norm: if d.qk_norm { QkNorm::Each } else { QkNorm::None },
            ..usual
        },
        "cohere2" => Make { norms: Norms::ATTENTION, ..usual },
        "exaone4" => Make { norms: ONLY_AFTER, qk_norm: QkNorm::Head, ..usual },
        "glm4" => Make { norms: FOUR, feed_forward: FeedForward::Fused, ..usual },
        "glm4moe" => Make { norms: AFTER, qkv_bias: true, nextn_embeds: true, ..usual },
        "gpt-oss" => {
            Make { norms: AFTER, qkv_bias: true, out_bias: true, sinks: true, expert_bias: true, ..usual }
        }
        "seed_oss" => Make { norms: AFTER, qkv_bias: true, ..usual },
        "bailingmoe2" => Make { fused_qkv: true, qk_norm: QkNorm::Head, ..usual },
        "falcon-h1" => Make { both: true, ..usual },
        "nemotron_h" | "nemotron_h_moe" => {
            Make { norms: Norms::ATTENTION, alone: true, feed_forward: FeedForward::Plain, ..usual }
        }
        "nemotron" => Make { norm_bias: true, feed_forward: FeedForward::Plain, ..usual },
        "apertus" => Make { qk_norm: QkNorm::Head, feed_forward: FeedForward::Plain, ..usual },
        "lfm2" | "lfm2moe" => Make { qk_norm: QkNorm::Head, embedding_norm: true, ..usual },
        _ => return None,
    })
}
