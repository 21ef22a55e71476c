//! Bytes of a model's tensors, and where they lie ([`Weights`]): of a real header or, for the registry's models, of
//! tensors that a `recipe` gives.

use super::gguf::Header;
use super::layers::drafting_layers;
use super::place::{End, Piece, Place};
use super::tensor_type::TensorType;
use std::collections::BTreeMap;

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
