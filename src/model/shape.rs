//! Dimensions and make of a model ([`Shape`]), from a real header or, for the registry's models, from the published
//! dimensions.

use super::block;
pub(crate) use super::block::{
    Block, FeedForward, FeedsOn, Flash, Gate, Outputs, Parallel, QkNorm, RopeFactors,
};
use super::compressed;
pub(crate) use super::compressed::{CHOSEN_FROM, CONNECTIONS, Compressed, compressed_cells};
use super::delta;
pub(crate) use super::delta::Delta;
use super::experts;
pub(crate) use super::experts::{Experts, Gating};
use super::followed;
pub use super::followed::Followed;
use super::gated_streams;
pub(crate) use super::gated_streams::GatedStreams;
use super::gguf::Header;
use super::hrm;
pub(crate) use super::hrm::Hrm;
use super::indexer;
pub(crate) use super::indexer::Indexer;
use super::kda;
pub(crate) use super::kda::Kda;
use super::keys::Keys;
pub use super::keys::ShapeError;
use super::latent;
pub(crate) use super::latent::{Latent, LowRank};
pub use super::layers::LayerKv;
use super::layers::{self, drafting_layers};
use super::mamba;
pub(crate) use super::mamba::Mamba;
use super::names::Names;
use super::ngrams;
pub(crate) use super::ngrams::Ngrams;
use super::pools;
pub(crate) use super::pools::Pools;
use super::rwkv;
pub(crate) use super::rwkv::Rwkv;
use super::switch;
pub(crate) use super::switch::Switch;
use super::window;

/// Dimensions and make of a decoder-only transformer, in llama.cpp's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// How closely llama.cpp's graph is followed; `None` where it is not, and the ledger an upper bound.
    pub followed: Option<Followed>,
    /// Width of a token's hidden state, elements.
    pub n_embd: u64,
    /// Widest dense feed-forward of any layer.
    pub n_ff: u64,
    /// Tokens of the vocabulary: rows of the embedding.
    pub n_vocab: u64,
    /// Most query heads of any layer.
    pub n_head: u64,
    /// Tokens of context that it was trained for; 2048 where the header does not say.
    pub n_ctx_train: u64,
    /// Elements of one attention head's key.
    pub head_dim: u64,
    /// Elements of one attention head's value.
    pub head_dim_v: u64,
    /// Every layer in the order in which a token goes through them, those that only draft tokens included.
    pub layers: Vec<LayerKv>,
    /// Tokens that sliding-window layers look back.
    pub window: Option<u64>,
    pub(crate) block: Block,
    pub(crate) experts: Option<Experts>,
    /// Layers before the first with experts.
    pub dense_lead: usize,
    /// Multi-head latent attention: one joint key for all heads is cached, and no value.
    pub(crate) latent: Option<Latent>,
    /// Keys and values come from a joint low rank, and are cached whole.
    pub(crate) low_rank: Option<LowRank>,
    pub(crate) indexer: Option<Indexer>,
    /// Layers are joined by hyper-connections, and attend to compressed cells.
    pub(crate) compressed: Option<Compressed>,
    /// Layers are joined by hyper-connections, and attend to the tokens of pools that are chosen.
    pub(crate) pools: Option<Pools>,
    /// Numbers of a token that each layer adds to its hidden state.
    pub(crate) per_layer: Option<u64>,
    /// Recurrent layers are gated delta nets.
    pub(crate) delta: Option<Delta>,
    /// Recurrent layers are Kimi's delta attention.
    pub(crate) kda: Option<Kda>,
    /// Recurrent layers are RWKV's.
    pub(crate) rwkv: Option<Rwkv>,
    /// Recurrent layers are convolutions over so many tokens.
    pub(crate) short_conv: Option<u64>,
    /// Recurrent layers are Mamba's.
    pub(crate) mamba: Option<Mamba>,
    /// Layers take turns.
    pub(crate) hrm: Option<Hrm>,
    /// Residual streams beside each other, which layers read a weighted sum of.
    pub(crate) streams: Option<u64>,
    /// The same, read and written through gates.
    pub(crate) gated_streams: Option<GatedStreams>,
    /// Rows that one layer adds for the last tokens.
    pub(crate) ngrams: Option<Ngrams>,
    /// An adapter is chosen for each token.
    pub(crate) switch: Option<Switch>,
}

/// Most layers believed; the deepest published model has about 130.
const MAX_LAYERS: u64 = 512;
impl Shape {
    /// Reads a shape from a header: from its settings, and where those leave it open from the names and
    /// dimensions of its tensors.
    pub fn from_header(header: &Header) -> Result<Shape, ShapeError> {
        let missing = |key: &str| ShapeError::Missing(key.to_string());
        let architecture =
            header.text("general.architecture").ok_or_else(|| missing("general.architecture"))?;
        let keys = Keys { header, architecture };
        let n_layer = keys.required("block_count")?;
        if n_layer > MAX_LAYERS {
            return Err(ShapeError::Absurd { key: keys.name("block_count"), value: n_layer });
        }
        let n_embd = keys.required("embedding_length")?;
        let listed = keys.by_layer("attention.head_count");
        let heads = |layer| listed(layer).unwrap_or(1);
        let n_head = (0..n_layer).map(heads).max().unwrap_or(1).max(1);
        let head_dim = keys.width("attention.key_length").unwrap_or(n_embd / n_head);
        let head_dim_v = keys.width("attention.value_length").unwrap_or(n_embd / n_head);
        let latent = latent::latent(&keys);
        let window = window::window(&keys, n_layer - drafting_layers(header).min(n_layer));
        let heads = [head_dim, head_dim_v];
        let layers = layers::layers(&keys, n_layer, heads, latent.as_ref(), window.as_ref(), n_embd, n_head);
        let embedding = header.tensors.iter().find(|t| t.name == "token_embd.weight");
        let n_vocab = embedding.and_then(|t| t.dims.get(1).copied());
        let n_vocab = n_vocab
            .or_else(|| header.number(&keys.name("vocab_size")))
            .or_else(|| header.length("tokenizer.ggml.tokens"))
            .ok_or_else(|| missing("token_embd.weight"))?;
        let names = Names::of(header.tensors.iter().map(|t| (t.name.as_str(), t.dims.as_slice())));
        let compressed = compressed::compressed(&keys);
        let followed = followed::followed(&keys, &names);
        let (gated_streams, pools) = (gated_streams::gated_streams(&keys), pools::pools(&keys));
        let followed = followed.filter(|_| match architecture {
            "deepseek4" => compressed.is_some(),
            "glm5-next" => pools.is_some(),
            "qwen4exp" => gated_streams.is_some() && indexer::in_blocks(&keys, &layers),
            _ => true,
        });
        Ok(Shape {
            architecture: architecture.to_string(),
            followed,
            n_embd,
            n_ff: (0..n_layer).filter_map(keys.by_layer("feed_forward_length")).max().unwrap_or(4 * n_embd),
            n_vocab: n_vocab.min(1 << 32),
            n_head,
            n_ctx_train: header.number(&keys.name("context_length")).unwrap_or(2048).min(1 << 32),
            head_dim,
            head_dim_v,
            layers,
            window: window.map(|window| window.tokens),
            block: block::block(&keys, &names, head_dim),
            experts: experts::experts(&keys, &names),
            dense_lead: keys.optional("leading_dense_block_count").unwrap_or(0) as usize,
            latent,
            low_rank: latent::low_rank(&keys),
            indexer: indexer::indexer(&keys),
            compressed,
            pools,
            per_layer: keys
                .width("embedding_length_per_layer_input")
                // Gemma 3n's is llama.cpp's own number.
                .or_else(|| (architecture == "gemma3n").then_some(256))
                .filter(|_| names.has("per_layer_token_embd.weight") && gated_streams.is_none()),
            delta: delta::delta(&keys, names.has("ssm_in.weight")),
            kda: kda::kda(&keys, &names),
            rwkv: rwkv::rwkv(&keys, &names),
            short_conv: keys.optional("shortconv.l_cache").filter(|n| (2..=256).contains(n)),
            mamba: mamba::mamba(&keys, &names),
            hrm: hrm::hrm(&keys, n_layer),
            streams: keys
                .optional("hyper_connection.count")
                .filter(|n| architecture == "hy_v4" && (1..=16).contains(n)),
            gated_streams,
            ngrams: ngrams::ngrams(&keys),
            switch: switch::switch(&keys, &names),
        })
    }

    /// The ledger is checked against llama.cpp for it; for others it is an upper bound.
    pub fn known(&self) -> bool {
        self.followed.is_some()
    }

    /// Fewest key heads of a layer with a cache.
    pub fn heads_kv(&self) -> u64 {
        let heads = |layer: &LayerKv| layer.k / self.head_dim.max(1);
        self.layers.iter().map(heads).filter(|heads| *heads > 0).min().unwrap_or(1)
    }

    /// llama.cpp turns flash attention off for it, whatever is asked.
    pub fn never_flash(&self) -> bool {
        self.block.flash == Flash::Off
    }

    /// Keys are the values too, in one cache of one type.
    pub fn keeps_no_values(&self) -> bool {
        self.latent.is_some() || self.layers.iter().any(|layer| layer.k > 0 && layer.v == 0)
    }

    /// Numbers of 32 bits for every pair of a token and a cell that sparse attention holds at once, where its graph
    /// is not followed.
    pub fn score_planes(&self, flash_attn: bool) -> u64 {
        let heads = self.indexer.map_or(0, |indexer| indexer.heads);
        match self.architecture.as_str() {
            _ if self.known() => 0,
            "minimax-m3" => 2 * heads + 2,
            // The scores of every head, of as many cells as the compressed cache has.
            "deepseek4" if !flash_attn => 3 + self.n_head.div_ceil(4),
            _ if heads > 0 => 3,
            _ => 0,
        }
    }

    /// Layers keep states that the graph follows.
    pub(crate) fn keeps_states(&self) -> bool {
        let known = self.delta.is_some() || self.mamba.is_some() || self.short_conv.is_some();
        known || self.rwkv.is_some() || self.kda.is_some() || self.block.lightning
    }

    /// Returns the layer whose cache layer `index` reads; `None` where it has its own, or none.
    pub(crate) fn lender(&self, index: usize) -> Option<usize> {
        let layer = self.layers.get(index)?;
        if layer.cached || !matches!(self.architecture.as_str(), "gemma3n" | "gemma4") {
            return None;
        }
        // The last layer with a cache looks back over everything, the one before it over the window.
        let last = self.layers[..index].iter().rposition(|layer| layer.cached)?;
        last.checked_sub(usize::from(layer.window))
    }

    /// Widest value of a layer.
    pub fn widest_v(&self) -> u64 {
        self.layers.iter().map(|layer| layer.v).max().unwrap_or(0)
    }

    /// Sides of the matrices that turn the keys and values of one cache before they are quantised, 0 where
    /// none does: heads of one size, a multiple of 64.
    pub fn rotations(&self, window: bool, k: bool, v: bool) -> [u64; 2] {
        if self.latent.is_some() {
            return [0, 0];
        }
        let side = |quantised: bool, head: fn(&LayerKv) -> u64, most: u64| {
            let mut sizes = self.layers.iter().filter(|l| l.cached && l.window == window).map(head);
            let first = sizes.next().unwrap_or(0);
            if !quantised || first == 0 || !first.is_multiple_of(64) || sizes.any(|size| size != first) {
                return 0;
            }
            let mut side = 64;
            while side < most && first.is_multiple_of(2 * side) {
                side *= 2;
            }
            side
        };
        [side(k, |layer| layer.head_k, u64::MAX), side(v, |layer| layer.head_v, 64)]
    }
}
