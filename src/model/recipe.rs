//! Computes the type that `llama-quantize` gives each tensor of a dense model, so that a published quantisation
//! weighs exactly what its file does. Follows `llama_tensor_get_type` of llama.cpp at b11434 for the
//! architectures of the registry (`llama`, `phi2`), without importance matrix. Files quantised by an
//! older llama.cpp can differ by a few tensors: the registry then carries the published size too.

use super::shape::{Block, FeedForward, LayerKv, Shape, Tensor};
use super::tensor_type::TensorType;

/// Bits that a quantisation is called by: `Q4_K_M` → 4. `None` for a name without a number.
pub fn nominal_bits(quant: &str) -> Option<u64> {
    let digits: String =
        quant.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Dimensions of a dense model of the registry.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    pub architecture: String,
    pub n_layer: u64,
    pub n_embd: u64,
    pub n_ff: u64,
    pub n_vocab: u64,
    pub n_head: u64,
    pub n_head_kv: u64,
    pub n_ctx_train: u64,
}

impl Dimensions {
    pub fn shape(&self) -> Shape {
        let head_dim = self.n_embd / self.n_head;
        let kv = self.n_head_kv * head_dim;
        let phi2 = self.architecture == "phi2";
        Shape {
            architecture: self.architecture.clone(),
            known: true,
            n_embd: self.n_embd,
            n_ff: self.n_ff,
            n_vocab: self.n_vocab,
            n_head: self.n_head,
            n_ctx_train: self.n_ctx_train,
            head_dim,
            head_dim_v: head_dim,
            layers: vec![
                LayerKv {
                    k: kv,
                    v: kv,
                    heads: self.n_head,
                    head_k: head_dim,
                    head_v: head_dim,
                    ff: self.n_ff,
                    cached: true,
                    ..LayerKv::default()
                };
                self.n_layer as usize
            ],
            window: None,
            block: Block {
                rms: !phi2,
                norm_bias: phi2,
                fused_qkv: phi2,
                qkv_bias: phi2,
                qk_norm: None,
                rope: true,
                q_scale: phi2,
                attn_softcap: false,
                out_bias: phi2,
                attn_post_norm: false,
                parallel: phi2,
                feed_forward: if phi2 { FeedForward::Plain } else { FeedForward::Gated },
                ff_bias: phi2,
                ffn_post_norm: false,
                residual_first: false,
                embedding_scale: false,
                embedding_scale_rows: false,
                outputs_after_layers: false,
                output_bias: phi2,
                logit_softcap: false,
            },
            experts: None,
            dense_lead: 0,
            latent: None,
            indexer: None,
        }
    }

    /// Every tensor of the model at `quant`; `None` for a quantisation the recipe does not know.
    pub fn tensors(&self, quant: &str) -> Option<Vec<Tensor>> {
        let plain = base_type(quant)?;
        let recipe = Recipe { quant, plain, n_layer: self.n_layer, n_gqa: self.n_head / self.n_head_kv };
        Some(self.names().into_iter().map(|(name, dims)| recipe.tensor(name, dims)).collect())
    }

    fn names(&self) -> Vec<(String, Vec<u64>)> {
        let (d, ff, v) = (self.n_embd, self.n_ff, self.n_vocab);
        let kv = d / self.n_head * self.n_head_kv;
        let phi2 = self.architecture == "phi2";
        let mut out = vec![
            ("token_embd.weight".to_string(), vec![d, v]),
            ("output_norm.weight".to_string(), vec![d]),
            ("output.weight".to_string(), vec![d, v]),
        ];
        if phi2 {
            out.push(("output_norm.bias".to_string(), vec![d]));
            out.push(("output.bias".to_string(), vec![v]));
        }
        for layer in 0..self.n_layer {
            let mut push =
                |name: &str, dims: &[u64]| out.push((format!("blk.{layer}.{name}"), dims.to_vec()));
            push("attn_norm.weight", &[d]);
            push("attn_output.weight", &[d, d]);
            push("ffn_up.weight", &[d, ff]);
            push("ffn_down.weight", &[ff, d]);
            if phi2 {
                push("attn_norm.bias", &[d]);
                push("attn_qkv.weight", &[d, 3 * d]);
                push("attn_qkv.bias", &[3 * d]);
                push("attn_output.bias", &[d]);
                push("ffn_up.bias", &[ff]);
                push("ffn_down.bias", &[d]);
            } else {
                push("ffn_norm.weight", &[d]);
                push("attn_q.weight", &[d, d]);
                push("attn_k.weight", &[d, kv]);
                push("attn_v.weight", &[d, kv]);
                push("ffn_gate.weight", &[d, ff]);
            }
        }
        out
    }
}

fn base_type(quant: &str) -> Option<&'static str> {
    Some(match quant {
        "F32" => "F32",
        "F16" => "F16",
        "Q8_0" => "Q8_0",
        "Q6_K" => "Q6_K",
        "Q5_K_M" | "Q5_K_S" => "Q5_K",
        "Q4_K_M" | "Q4_K_S" => "Q4_K",
        "Q4_0" => "Q4_0",
        "Q3_K_L" | "Q3_K_M" | "Q3_K_S" => "Q3_K",
        "Q2_K" => "Q2_K",
        _ => return None,
    })
}

struct Recipe<'a> {
    quant: &'a str,
    plain: &'static str,
    n_layer: u64,
    /// Query heads per key-value head.
    n_gqa: u64,
}

impl Recipe<'_> {
    fn tensor(&self, name: String, dims: Vec<u64>) -> Tensor {
        let kind = if dims.len() == 1 { "F32" } else { self.matrix(&name) };
        let mut kind = TensorType::by_name(kind).expect("the recipe names ggml types");
        if !dims[0].is_multiple_of(kind.block) {
            kind = TensorType::by_name(fallback(kind.name)).expect("the fallback names ggml types");
        }
        Tensor { name, dims, kind }
    }

    fn matrix(&self, name: &str) -> &'static str {
        if matches!(self.quant, "F32" | "F16" | "Q8_0") {
            return self.plain;
        }
        if name == "output.weight" {
            return "Q6_K";
        }
        let Some((layer, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
            return self.plain;
        };
        let layer: u64 = layer.parse().unwrap_or(0);
        // A fused projection is treated as its value part.
        let part = if part == "attn_qkv.weight" { "attn_v.weight" } else { part };
        match (part, self.quant) {
            ("attn_v.weight", "Q2_K") => {
                if self.n_gqa >= 4 {
                    "Q4_K"
                } else {
                    "Q3_K"
                }
            }
            ("attn_v.weight", "Q3_K_M") => {
                if layer < 2 {
                    "Q5_K"
                } else {
                    "Q4_K"
                }
            }
            ("attn_v.weight", "Q3_K_L") => "Q5_K",
            ("attn_v.weight", "Q4_K_S") if layer < 4 => "Q5_K",
            ("attn_v.weight", "Q4_K_M" | "Q5_K_M") if self.more_bits(layer) => "Q6_K",
            ("attn_output.weight", "Q2_K") => "Q3_K",
            ("attn_output.weight", "Q3_K_M") => "Q4_K",
            ("attn_output.weight", "Q3_K_L") => "Q5_K",
            ("ffn_down.weight", "Q2_K") => "Q3_K",
            ("ffn_down.weight", "Q3_K_M") => {
                if layer < self.n_layer / 16 {
                    "Q5_K"
                } else {
                    "Q4_K"
                }
            }
            ("ffn_down.weight", "Q3_K_L") => "Q5_K",
            ("ffn_down.weight", "Q4_K_S") if layer < self.n_layer / 8 => "Q5_K",
            ("ffn_down.weight", "Q4_K_M" | "Q5_K_M") if self.more_bits(layer) => "Q6_K",
            _ => self.plain,
        }
    }

    /// The first and last eighth of the layers and every third between them.
    fn more_bits(&self, layer: u64) -> bool {
        let n = self.n_layer;
        layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2
    }
}

/// Type that llama-quantize takes when a row is not whole 256-element blocks.
fn fallback(kind: &str) -> &'static str {
    match kind {
        "Q4_K" => "Q5_0",
        "Q5_K" => "Q5_1",
        "Q6_K" => "Q8_0",
        "Q2_K" | "Q3_K" => "Q4_0",
        _ => "F16",
    }
}
