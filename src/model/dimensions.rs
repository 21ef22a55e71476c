//! Dimensions of a model as its `config.json` or a published header gives them, in llama.cpp's words.

use super::pooling::Pooling;
use serde::Deserialize;

/// Dimensions that the tensors of a model follow from. With a quantisation they give its bytes exactly.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// GGUF `block_count`, layers that predict further tokens included.
    pub n_layer: u64,
    /// Width of a token's hidden state, elements; GGUF `embedding_length`.
    pub n_embd: u64,
    /// Feed-forward of a layer without experts; absent where every layer has them.
    #[serde(default)]
    pub n_ff: u64,
    /// Tokens of the vocabulary: rows of the embedding.
    pub n_vocab: u64,
    /// Query heads of a layer; GGUF `attention.head_count`.
    pub n_head: u64,
    /// Absent: one for each head.
    #[serde(default)]
    pub n_head_kv: u64,
    /// Tokens of context that it was trained for; GGUF `context_length`.
    pub n_ctx_train: u64,
    /// Absent: `n_embd / n_head`.
    pub head_dim: Option<u64>,
    /// The embedding is the output's matrix too.
    #[serde(default)]
    pub tied: bool,
    /// A bias on query, key and value, where the architecture leaves it open.
    #[serde(default)]
    pub qkv_bias: bool,
    /// A norm on queries and keys, where the architecture leaves it open.
    #[serde(default)]
    pub qk_norm: bool,
    /// Tokens that sliding-window layers look back.
    pub window: Option<u64>,
    /// Every n-th layer looks back over everything.
    pub window_every: Option<u64>,
    /// Layers with experts; absent: none has them.
    pub experts: Option<Experts>,
    /// Multi-head latent attention; absent: keys and values are cached as usual.
    pub latent: Option<Latent>,
    /// Recurrent layers, or short convolutions; absent: every layer attends.
    pub state: Option<State>,
    /// Layers at the end that predict further tokens.
    #[serde(default)]
    pub nextn: u64,
    /// Parts that only Gemma 3n and 4 have.
    pub gemma: Option<Gemma>,
    /// How an embedding model makes one vector; absent for a model that answers.
    pub pooling: Option<Pooling>,
    /// Kinds of text that an encoder tells apart; absent: no such rows.
    pub n_token_types: Option<u64>,
    /// Scores of a reranker.
    pub labels: Option<u64>,
}

/// Experts of a layer, in place of one feed-forward.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experts {
    /// Routed experts of a layer; GGUF `expert_count`.
    pub count: u64,
    /// Routed experts that work on one token; GGUF `expert_used_count`.
    pub used: u64,
    /// Feed-forward of one expert.
    pub width: u64,
    /// Feed-forward of the shared experts together.
    pub shared: Option<u64>,
    /// Layers without experts before the first with them.
    #[serde(default)]
    pub lead: u64,
    /// Every n-th layer has experts.
    pub every: Option<u64>,
    /// Chosen by a sigmoid; by a softmax otherwise.
    #[serde(default)]
    pub sigmoid: bool,
    /// A bias for choosing only.
    #[serde(default)]
    pub choice_bias: bool,
    /// Width of the latent space that routed experts work in.
    pub latent: Option<u64>,
}

/// Multi-head latent attention.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latent {
    /// Rank of the compressed queries; absent: queries are not compressed.
    pub q_rank: Option<u64>,
    /// Rank of the compressed keys and values.
    pub kv_rank: u64,
    /// Elements of a head's key with a position.
    pub rope: u64,
    /// Elements of a head's key without a position.
    pub nope: u64,
    /// Elements of a head's value.
    pub value: u64,
    /// Heads, their width and the tokens chosen by a sparse attention's indexer.
    pub indexer: Option<[u64; 3]>,
    /// Keys and values are decompressed by one matrix, as converters did before 2025.
    #[serde(default)]
    pub joint: bool,
}

/// Recurrent layers, or short convolutions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Tokens that the convolution covers; GGUF `ssm.conv_kernel` or `shortconv.l_cache`.
    pub conv: u64,
    /// Width of the recurrent part; GGUF `ssm.inner_size`.
    #[serde(default)]
    pub inner: u64,
    /// Elements of a state; GGUF `ssm.state_size`, or `kda.head_dim` of Kimi Linear.
    #[serde(default)]
    pub size: u64,
    /// Heads (`time_step_rank`).
    #[serde(default)]
    pub heads: u64,
    /// Groups of heads that share the projections into and out of the state; GGUF `ssm.group_count`.
    #[serde(default)]
    pub groups: u64,
    /// Every n-th layer attends.
    pub attention_every: Option<u64>,
    /// The layers that attend, where they follow no rule.
    #[serde(default)]
    pub attention: Vec<u64>,
    /// Layers that are a feed-forward alone.
    #[serde(default)]
    pub feed_forward: Vec<u64>,
}

/// Parts that only Gemma 3n and 4 have.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gemma {
    /// Numbers that each layer adds to a token.
    #[serde(default)]
    pub per_layer: u64,
    /// Layers at the end that use an earlier layer's keys and values.
    #[serde(default)]
    pub shared_kv: u64,
    /// Head width of the layers without a window, elements; 0 in Gemma 3n, whose layers are alike.
    #[serde(default)]
    pub full_head_dim: u64,
    /// Key and value heads of the layers without a window; 0 in Gemma 3n.
    #[serde(default)]
    pub full_head_kv: u64,
    /// Whether those layers take their keys as values.
    #[serde(default)]
    pub keys_are_values: bool,
    /// The layers that share have a feed-forward twice as wide.
    #[serde(default)]
    pub wide_shared: bool,
}

impl Dimensions {
    /// Returns the key and value heads of a layer: one for each query head where `n_head_kv` is absent.
    pub fn heads_kv(&self) -> u64 {
        if self.n_head_kv == 0 { self.n_head } else { self.n_head_kv }
    }

    /// Returns the elements of one head: `n_embd / n_head` where the field is absent.
    pub fn head_dim(&self) -> u64 {
        self.head_dim.unwrap_or(self.n_embd / self.n_head.max(1))
    }

    /// Layers without those that predict further tokens.
    pub fn n_trunk(&self) -> u64 {
        self.n_layer - self.nextn.min(self.n_layer)
    }

    /// Returns whether `layer`, from 0, has experts in place of one feed-forward.
    pub fn has_experts(&self, layer: u64) -> bool {
        self.experts.as_ref().is_some_and(|experts| {
            layer >= experts.lead && experts.every.is_none_or(|every| (layer + 1).is_multiple_of(every))
        })
    }

    /// Looks back over everything, where other layers have a window.
    pub fn is_full(&self, layer: u64) -> bool {
        self.window_every.is_none_or(|every| (layer + 1).is_multiple_of(every))
    }

    /// Returns whether `layer`, from 0, attends; the others keep a state, or are a feed-forward.
    pub fn attends(&self, layer: u64) -> bool {
        let Some(state) = &self.state else { return true };
        if layer >= self.n_trunk() || (state.attention.is_empty() && state.attention_every.is_none()) {
            return true;
        }
        state.attention.contains(&layer)
            || state.attention_every.is_some_and(|every| (layer + 1).is_multiple_of(every))
    }

    /// A feed-forward and nothing else.
    pub fn is_feed_forward(&self, layer: u64) -> bool {
        self.state.as_ref().is_some_and(|state| state.feed_forward.contains(&layer))
    }
}
