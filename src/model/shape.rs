//! Properties of a model that the ledger needs: its dimensions ([`Shape`]) and what its tensors weigh
//! where ([`Weights`]). Both come from a real header or, for the registry's models, from the
//! published dimensions and a `recipe`.

use super::compressed;
pub(crate) use super::compressed::{CHOSEN_FROM, CONNECTIONS, Compressed, compressed_cells};
use super::delta;
pub(crate) use super::delta::Delta;
use super::followed;
use super::gguf::Header;
use super::hrm;
pub(crate) use super::hrm::Hrm;
use super::kda;
pub(crate) use super::kda::Kda;
use super::keys::Keys;
pub use super::keys::ShapeError;
pub use super::layers::LayerKv;
use super::layers::{self, drafting_layers};
use super::make::{self, Names};
pub(crate) use super::make::{
    Block, Experts, FeedForward, Gate, Gating, Indexer, Latent, LowRank, Outputs, QkNorm, RopeFactors,
};
use super::mamba;
pub(crate) use super::mamba::Mamba;
use super::place::End;
pub(crate) use super::place::{Piece, Place};
use super::rwkv;
pub(crate) use super::rwkv::Rwkv;
use super::switch;
pub(crate) use super::switch::Switch;
use super::tensor_type::TensorType;
use super::window;
use std::collections::BTreeMap;

/// Dimensions and make of a decoder-only transformer, in llama.cpp's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// The ledger is checked against llama.cpp for this architecture; for others it is an upper bound.
    pub known: bool,
    /// Hidden states of a batch that llama.cpp's graph may keep longer than ours.
    pub slack: u64,
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
    /// An adapter is chosen for each token.
    pub(crate) switch: Option<Switch>,
}

/// Bytes of the tensors, each padded to 32 as llama.cpp's buffers do.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `Q4_K_M`, `F16`, …
    pub quant: String,
    /// Elements of all tensors.
    pub parameters: u64,
    /// All tensors.
    pub total_bytes: u64,
    /// `token_embd` stays on the host however many layers are offloaded.
    pub embedding_bytes: u64,
    /// Other tables that are read by rows and stay on the host as well.
    pub input_bytes: u64,
    /// `output` and `output_norm`; goes with the last layer. A tied embedding is counted here too
    /// on a GPU, which is what llama.cpp does.
    pub output_bytes: u64,
    /// The embedding is the output's matrix too.
    pub tied: bool,
    /// Bytes of each layer.
    pub layer_bytes: Vec<u64>,
    /// Part of those that the routed experts take.
    pub expert_bytes: Vec<u64>,
    /// Part of those that every card needs whole where matrices are split by rows: norms, biases, routers.
    pub mirrored_bytes: Vec<u64>,
    /// Most bytes that an element of a layer's matrix takes.
    pub matrix_width: f64,
    /// Bytes of the largest tensor.
    pub largest_bytes: u64,
}

/// One tensor as dimensions and type; what shapes and headers have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name, `blk.7.attn_q.weight`.
    pub name: String,
    /// Elements along each dimension, fastest first.
    pub dims: Vec<u64>,
    /// Type of its elements.
    pub kind: TensorType,
}

impl Weights {
    /// Returns the weights of `tensors`, which belong to a model of `layers` layers at quantisation `quant`.
    pub fn of(quant: &str, tensors: &[Tensor], layers: usize) -> Weights {
        let pieces = tensors.iter().map(|t| {
            let place = Place::of(&t.name, t.dims.len());
            Piece { layer: layer_of(&t.name), place, dims: &t.dims, kind: t.kind }
        });
        Weights::sum(quant, layers, pieces)
    }

    /// Returns the weights of these tensors.
    pub(crate) fn sum<'a>(quant: &str, layers: usize, pieces: impl Iterator<Item = Piece<'a>>) -> Weights {
        let mut weights = Weights {
            quant: quant.to_string(),
            parameters: 0,
            total_bytes: 0,
            embedding_bytes: 0,
            input_bytes: 0,
            output_bytes: 0,
            tied: true,
            layer_bytes: vec![0; layers],
            expert_bytes: vec![0; layers],
            mirrored_bytes: vec![0; layers],
            matrix_width: 0.0,
            largest_bytes: 0,
        };
        for Piece { layer, place, dims, kind } in pieces {
            let elements: u64 = dims.iter().product();
            let bytes = kind.tensor_bytes(dims[0], elements).unwrap_or(0).next_multiple_of(32);
            weights.parameters += elements;
            weights.total_bytes += bytes;
            weights.largest_bytes = weights.largest_bytes.max(bytes);
            weights.tied &= place.end != End::Output;
            let layer = if place.end == End::FirstLayer { Some(0) } else { layer };
            match (layer.filter(|layer| *layer < layers), place.end) {
                (Some(layer), _) => {
                    weights.layer_bytes[layer] += bytes;
                    if place.routed {
                        weights.expert_bytes[layer] += bytes;
                    }
                    if place.mirrored {
                        weights.mirrored_bytes[layer] += bytes;
                    } else if !place.floats {
                        let width = kind.bytes as f64 / kind.block as f64;
                        weights.matrix_width = weights.matrix_width.max(width);
                    }
                }
                (None, End::Embedding) => weights.embedding_bytes += bytes,
                (None, End::Input) => weights.input_bytes += bytes,
                (None, End::Output | End::FirstLayer | End::Other) => weights.output_bytes += bytes,
            }
        }
        if weights.tied {
            weights.output_bytes += weights.embedding_bytes;
        }
        weights
    }

    /// The same tensors in other types, which take `total` bytes together: layers grow or shrink alike.
    pub fn scaled_to(self, quant: &str, total: u64) -> Weights {
        let ends = self.total_bytes - self.layer_bytes.iter().sum::<u64>();
        let of_layers = (self.total_bytes - ends).max(1);
        let wanted = total.saturating_sub(ends);
        let scale =
            |bytes: u64| (u128::from(bytes) * u128::from(wanted)).div_ceil(u128::from(of_layers)) as u64;
        let all = |bytes: Vec<u64>| bytes.into_iter().map(scale).collect::<Vec<_>>();
        let layer_bytes = all(self.layer_bytes);
        Weights {
            quant: quant.to_string(),
            total_bytes: ends + layer_bytes.iter().sum::<u64>(),
            layer_bytes,
            expert_bytes: all(self.expert_bytes),
            largest_bytes: scale(self.largest_bytes).max(self.largest_bytes),
            matrix_width: self.matrix_width * wanted as f64 / of_layers as f64,
            ..self
        }
    }
}

/// `blk.7.attn_q.weight` → 7.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("blk.")?.split('.').next()?.parse().ok()
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
        let latent = make::latent(&keys);
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
        let slack = followed::slack(&keys, &names);
        let slack = slack.filter(|_| compressed.is_some() || architecture != "deepseek4");
        Ok(Shape {
            architecture: architecture.to_string(),
            known: slack.is_some(),
            slack: slack.unwrap_or(0),
            n_embd,
            n_ff: (0..n_layer).filter_map(keys.by_layer("feed_forward_length")).max().unwrap_or(4 * n_embd),
            n_vocab: n_vocab.min(1 << 32),
            n_head,
            n_ctx_train: header.number(&keys.name("context_length")).unwrap_or(2048).min(1 << 32),
            head_dim,
            head_dim_v,
            layers,
            window: window.map(|window| window.tokens),
            block: make::block(&keys, &names, head_dim),
            experts: make::experts(&keys, &names),
            dense_lead: keys.optional("leading_dense_block_count").unwrap_or(0) as usize,
            latent,
            low_rank: make::low_rank(&keys),
            indexer: make::indexer(&keys),
            compressed,
            per_layer: keys
                .width("embedding_length_per_layer_input")
                // Gemma 3n's is llama.cpp's own number.
                .or_else(|| (architecture == "gemma3n").then_some(256))
                .filter(|_| names.has("per_layer_token_embd.weight")),
            delta: delta::delta(&keys, names.has("ssm_in.weight")),
            kda: kda::kda(&keys, &names),
            rwkv: rwkv::rwkv(&keys, &names),
            short_conv: keys.optional("shortconv.l_cache").filter(|n| (2..=256).contains(n)),
            mamba: mamba::mamba(&keys, &names),
            hrm: hrm::hrm(&keys, n_layer),
            switch: switch::switch(&keys, &names),
        })
    }

    /// Fewest key heads of a layer with a cache.
    pub fn heads_kv(&self) -> u64 {
        let heads = |layer: &LayerKv| layer.k / self.head_dim.max(1);
        self.layers.iter().map(heads).filter(|heads| *heads > 0).min().unwrap_or(1)
    }

    /// llama.cpp turns flash attention off for it, whatever is asked.
    pub fn never_flash(&self) -> bool {
        self.architecture == "grok"
    }

    /// Numbers of 32 bits for every pair of a token and a cell that sparse attention holds at once, where its graph
    /// is not followed.
    pub fn score_planes(&self, flash_attn: bool) -> u64 {
        let heads = self.indexer.map_or(0, |indexer| indexer.heads);
        match self.architecture.as_str() {
            _ if self.known => 0,
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
        known || self.rwkv.is_some() || self.kda.is_some() || self.architecture == "minimax-01"
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

/// The weights of a real file. `quant` is named by `general.file_type`, or by the type that holds
/// most bytes.
pub fn weights_of(header: &Header, layers: usize) -> Weights {
    let trunk = layers - (drafting_layers(header) as usize).min(layers);
    let tensors: Vec<Tensor> = header
        .tensors
        .iter()
        .filter(|t| layer_of(&t.name).is_none_or(|layer| layer < trunk || layer >= layers))
        .map(|t| Tensor { name: t.name.clone(), dims: t.dims.clone(), kind: t.kind })
        .collect();
    let mut weights = Weights::of(&quant_name(header), &tensors, layers);
    match header.text("general.architecture") {
        // The output is computed with the embedding itself, where that lies.
        Some("bitnet") if weights.tied => {
            weights.output_bytes -= weights.embedding_bytes;
            weights.tied = false;
        }
        // The embedding is a second tensor of the output's, beside it.
        Some("codeshell") if weights.embedding_bytes == 0 => weights.output_bytes *= 2,
        _ => {}
    }
    weights
}

fn quant_name(header: &Header) -> String {
    let by_file_type = header.number("general.file_type").and_then(file_type);
    by_file_type.map(str::to_string).unwrap_or_else(|| {
        let mut bytes = BTreeMap::<&str, u64>::new();
        for tensor in &header.tensors {
            *bytes.entry(tensor.kind.name).or_default() += tensor.bytes;
        }
        bytes.into_iter().max_by_key(|(_, bytes)| *bytes).map_or("unknown", |(name, _)| name).to_string()
    })
}

/// `LLAMA_FTYPE_*` of llama.h at b11434, as file names spell it.
fn file_type(id: u64) -> Option<&'static str> {
    Some(match id {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        39 => "NVFP4",
        40 => "Q1_0",
        _ => return None,
    })
}
