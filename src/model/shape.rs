//! What the ledger needs to know of a model: its dimensions ([`Shape`]) and what its tensors weigh
//! where ([`Weights`]). Both come from a real header or, for the registry's models, from the
//! published dimensions and a [recipe](super::recipe).

use super::gguf::Header;
use super::tensor_type::TensorType;
use std::collections::BTreeMap;

/// Dimensions of a transformer, in llama.cpp's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// The ledger's formulas are checked for this architecture; for others they are an upper bound.
    pub known: bool,
    pub n_embd: u64,
    /// Widest feed-forward of any layer.
    pub n_ff: u64,
    pub n_vocab: u64,
    pub n_head: u64,
    pub n_ctx_train: u64,
    /// Elements of one attention head's key.
    pub head_dim: u64,
    pub layers: Vec<LayerKv>,
}

/// Elements that one token adds to a layer's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerKv {
    pub k: u64,
    pub v: u64,
}

/// Bytes of the tensors, each padded to 32 as llama.cpp's buffers do.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `Q4_K_M`, `F16`, …
    pub quant: String,
    pub parameters: u64,
    /// All tensors.
    pub total_bytes: u64,
    /// `token_embd` stays on the host however many layers are offloaded.
    pub embedding_bytes: u64,
    /// `output` and `output_norm`; goes with the last layer. A tied embedding is counted here too
    /// on a GPU, which is what llama.cpp does.
    pub output_bytes: u64,
    pub layer_bytes: Vec<u64>,
}

/// One tensor as dimensions and type; what shapes and headers have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    pub dims: Vec<u64>,
    pub kind: TensorType,
}

impl Weights {
    pub fn of(quant: &str, tensors: &[Tensor], layers: usize) -> Weights {
        let mut weights = Weights {
            quant: quant.to_string(),
            parameters: 0,
            total_bytes: 0,
            embedding_bytes: 0,
            output_bytes: 0,
            layer_bytes: vec![0; layers],
        };
        let mut separate_output = false;
        for tensor in tensors {
            let elements: u64 = tensor.dims.iter().product();
            let bytes = tensor.kind.tensor_bytes(tensor.dims[0], elements).unwrap_or(0).next_multiple_of(32);
            weights.parameters += elements;
            weights.total_bytes += bytes;
            separate_output |= tensor.name == "output.weight";
            match layer_of(&tensor.name).and_then(|layer| weights.layer_bytes.get_mut(layer)) {
                Some(layer) => *layer += bytes,
                None if tensor.name.starts_with("token_embd") => weights.embedding_bytes += bytes,
                None => weights.output_bytes += bytes,
            }
        }
        if !separate_output {
            weights.output_bytes += weights.embedding_bytes;
        }
        weights
    }

    pub fn bits_per_weight(&self) -> f64 {
        self.total_bytes as f64 * 8.0 / self.parameters.max(1) as f64
    }
}

/// `blk.7.attn_q.weight` → 7.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("blk.")?.split('.').next()?.parse().ok()
}

/// Architectures whose ledger is checked against llama.cpp.
const CHECKED: &[&str] = &["llama", "phi2"];

/// Most layers believed; the deepest published model has about 130.
const MAX_LAYERS: u64 = 4096;

#[derive(Debug, thiserror::Error)]
pub enum ShapeError {
    #[error("the header has no {0}")]
    Missing(String),
    #[error("the header's {key} is {value}, which no model has")]
    Absurd { key: String, value: u64 },
}

impl Shape {
    pub fn from_header(header: &Header) -> Result<Shape, ShapeError> {
        let missing = |key: &str| ShapeError::Missing(key.to_string());
        let architecture =
            header.text("general.architecture").ok_or_else(|| missing("general.architecture"))?;
        let key = |name: &str| format!("{architecture}.{name}");
        let number = |name: &str| -> Result<u64, ShapeError> {
            let key = key(name);
            let value = header.number(&key).ok_or_else(|| missing(&key))?;
            if value == 0 || value > 1 << 32 { Err(ShapeError::Absurd { key, value }) } else { Ok(value) }
        };
        let n_layer = number("block_count")?;
        if n_layer > MAX_LAYERS {
            return Err(ShapeError::Absurd { key: key("block_count"), value: n_layer });
        }
        let n_embd = number("embedding_length")?;
        let per_layer =
            |name: &str, layer: u64| header.per_layer(&key(name), layer as usize).filter(|n| *n <= 1 << 20);
        let heads = |layer| per_layer("attention.head_count", layer).unwrap_or(1);
        let n_head = (0..n_layer).map(heads).max().unwrap_or(1).max(1);
        let k_width = header.number(&key("attention.key_length")).unwrap_or(n_embd / n_head).min(1 << 20);
        let v_width = header.number(&key("attention.value_length")).unwrap_or(n_embd / n_head).min(1 << 20);
        let layers = (0..n_layer)
            .map(|layer| {
                let kv = per_layer("attention.head_count_kv", layer).unwrap_or_else(|| heads(layer));
                LayerKv { k: kv * k_width, v: kv * v_width }
            })
            .collect();
        let embedding = header.tensors.iter().find(|t| t.name == "token_embd.weight");
        let n_vocab = embedding.and_then(|t| t.dims.get(1).copied());
        let n_vocab = n_vocab
            .or_else(|| header.number(&key("vocab_size")))
            .or_else(|| header.length("tokenizer.ggml.tokens"))
            .ok_or_else(|| missing("token_embd.weight"))?;
        Ok(Shape {
            architecture: architecture.to_string(),
            known: CHECKED.contains(&architecture),
            n_embd,
            n_ff: (0..n_layer)
                .filter_map(|layer| header.per_layer(&key("feed_forward_length"), layer as usize))
                .max()
                .unwrap_or(4 * n_embd)
                .min(1 << 32),
            n_vocab: n_vocab.min(1 << 32),
            n_head,
            n_ctx_train: header.number(&key("context_length")).unwrap_or(2048).min(1 << 32),
            head_dim: k_width,
            layers,
        })
    }
}

/// The weights of a real file. `quant` is named by `general.file_type`, or by the type that holds
/// most bytes.
pub fn weights_of(header: &Header, layers: usize) -> Weights {
    let tensors: Vec<Tensor> = header
        .tensors
        .iter()
        .map(|t| Tensor { name: t.name.clone(), dims: t.dims.clone(), kind: t.kind })
        .collect();
    Weights::of(&quant_name(header), &tensors, layers)
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
