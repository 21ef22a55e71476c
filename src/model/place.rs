//! Tells by a tensor's name where it lies and what kind it is.

use super::tensor_type::TensorType;

/// One tensor, as far as weights are counted.
pub(crate) struct Piece<'a> {
    /// Layer that it belongs to, from 0.
    pub layer: Option<usize>,
    pub place: Place,
    /// Elements along each dimension, fastest first.
    pub dims: &'a [u64],
    pub kind: TensorType,
}

/// Place of a tensor, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// A matrix of the routed experts.
    pub(super) routed: bool,
    /// `--split-mode tensor` splits the matrices, and neither this nor the router.
    pub(super) mirrored: bool,
    /// Floats of 32 bits in every file, though of two dimensions.
    pub(super) floats: bool,
    /// Its role outside of the layers.
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Embedding,
    /// Tables of llama.cpp's input layer beside the embedding (`LLM_TENSOR_LAYER_INPUT` of llama-arch.cpp).
    Input,
    /// Lies with the first layer, whatever its name (`LLM_TENSOR_LAYER_REPEATING` and no number).
    FirstLayer,
    Output,
    Other,
}

impl Place {
    /// Returns the place of a tensor by its name, with or without its layer, and its number of dimensions.
    pub fn of(name: &str, n_dims: usize) -> Place {
        let starts = |tables: &[&str]| tables.iter().any(|table| name.starts_with(table));
        let end = match name {
            "output.weight" => End::Output,
            _ if starts(&["token_embd."]) => End::Embedding,
            _ if starts(&["position_embd.", "token_types.", "per_layer_token_embd."]) => End::Input,
            _ if starts(&["per_layer_model_proj.", "per_layer_proj_norm.", "hrm.z_l_init"]) => {
                End::FirstLayer
            }
            _ => End::Other,
        };
        let floats = [
            "shortconv.conv.weight",
            "ssm_norm.weight",
            "time_mix_w1.weight",
            "time_mix_w2.weight",
            "ssm_a",
            "ssm_d",
        ];
        Place {
            routed: name.contains("exps."),
            mirrored: n_dims == 1 || name.contains("gate_inp"),
            floats: ["ssm_conv1d", "_lerp", "hc_attn_", "hc_ffn_", "indexer_compressor_"]
                .iter()
                .any(|part| name.contains(part))
                || floats.iter().any(|floats| name.ends_with(floats))
                || ["_norm.weight", "_norm.bias"].iter().any(|norm| name.ends_with(norm)),
            end,
        }
    }
}
