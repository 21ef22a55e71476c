//! The tensors of a model of given dimensions, as llama.cpp's converter writes them
//! (`conversion/` and `src/models/` at b11434).

mod attention;
mod encoder;
mod feed_forward;
mod gemma;
mod make;
mod part;
mod recurrent;

pub use part::{Category, Full, Part};

use super::dimensions::Dimensions;
use make::{Make, Norms};
use part::Parts;

/// Every tensor of the model; `None` for an architecture whose tensors are not known.
pub fn parts(d: &Dimensions) -> Option<Vec<Part>> {
    let mut out = Parts::default();
    if encoder::writes(&d.architecture) {
        encoder::push(d, &mut out);
        return Some(out.done());
    }
    let make = make::of(d)?;
    ends(d, &make, &mut out);
    for layer in 0..d.n_layer {
        out.layer(layer);
        block(d, &make, layer, &mut out);
    }
    Some(out.done())
}

fn ends(d: &Dimensions, make: &Make, out: &mut Parts) {
    out.push("token_embd.weight", &[d.n_embd, d.n_vocab]);
    // LFM2 calls the norm before its output by another name.
    let norm = if make.embedding_norm { "token_embd_norm.weight" } else { "output_norm.weight" };
    out.push(norm, &[d.n_embd]);
    if make.norm_bias {
        out.push("output_norm.bias", &[d.n_embd]);
    }
    if !d.tied {
        out.push("output.weight", &[d.n_embd, d.n_vocab]);
    }
    if make.output_bias {
        out.push("output.bias", &[d.n_vocab]);
    }
    if let Some(labels) = d.labels {
        out.push("cls.output.weight", &[d.n_embd, labels]);
    }
    gemma::ends(d, out);
}

fn block(d: &Dimensions, make: &Make, layer: u64, out: &mut Parts) {
    let norms = &make.norms;
    if norms.contains(Norms::ATTENTION) {
        out.push("attn_norm.weight", &[d.n_embd]);
        if make.norm_bias {
            out.push("attn_norm.bias", &[d.n_embd]);
        }
    }
    if norms.contains(Norms::POST_ATTENTION) {
        out.push("post_attention_norm.weight", &[d.n_embd]);
    }
    if norms.contains(Norms::FEED_FORWARD) {
        out.push("ffn_norm.weight", &[d.n_embd]);
        if make.norm_bias {
            out.push("ffn_norm.bias", &[d.n_embd]);
        }
    }
    if norms.contains(Norms::POST_FEED_FORWARD) {
        out.push("post_ffw_norm.weight", &[d.n_embd]);
    }
    let alone = d.is_feed_forward(layer);
    let attends = d.attends(layer);
    if !alone {
        if attends {
            attention::push(d, make, layer, out);
        }
        if d.state.is_some() && layer < d.n_trunk() && (!attends || make.both) {
            recurrent::push(d, out);
        }
    }
    if alone || !make.alone {
        feed_forward::push(d, make, layer, out);
    }
    gemma::layer(d, out);
    if layer >= d.n_trunk() {
        out.push("nextn.eh_proj.weight", &[2 * d.n_embd, d.n_embd]);
        for norm in ["nextn.enorm.weight", "nextn.hnorm.weight", "nextn.shared_head_norm.weight"] {
            out.push(norm, &[d.n_embd]);
        }
        if make.nextn_embeds {
            out.push("nextn.embed_tokens.weight", &[d.n_embd, d.n_vocab]);
            out.push("nextn.shared_head_head.weight", &[d.n_embd, d.n_vocab]);
        }
    }
}
