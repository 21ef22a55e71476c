//! Tensors that only Gemma 3n and 4 have: inputs of each layer, and 3n's alternating updates.

use super::part::Parts;
use crate::model::dimensions::Dimensions;

/// Streams that a token runs in, and the rank of its learned residual, in Gemma 3n.
const STREAMS: u64 = 4;
const LAUREL: u64 = 64;

pub fn ends(d: &Dimensions, out: &mut Parts) {
    if d.architecture == "gemma-embedding" {
        out.push("dense_2.weight", &[d.n_embd, 4 * d.n_embd]);
        out.push("dense_3.weight", &[4 * d.n_embd, d.n_embd]);
    }
    let Some(gemma) = &d.gemma else { return };
    if gemma.per_layer > 0 {
        let all = gemma.per_layer * d.n_layer;
        out.push("per_layer_token_embd.weight", &[all, d.n_vocab]);
        out.push("per_layer_model_proj.weight", &[d.n_embd, all]);
        out.push("per_layer_proj_norm.weight", &[gemma.per_layer]);
    }
    if d.architecture == "gemma3n" {
        out.push("altup_proj.weight", &[d.n_embd, d.n_embd, STREAMS - 1]);
        out.push("altup_unembd_proj.weight", &[d.n_embd, d.n_embd, STREAMS - 1]);
    }
    if d.architecture == "gemma4" {
        out.push("rope_freqs.weight", &[gemma.full_head_dim / 2]);
    }
}

pub fn layer(d: &Dimensions, out: &mut Parts) {
    let Some(gemma) = &d.gemma else { return };
    if gemma.per_layer > 0 {
        out.push("inp_gate.weight", &[d.n_embd, gemma.per_layer]);
        out.push("proj.weight", &[gemma.per_layer, d.n_embd]);
        out.push("post_norm.weight", &[d.n_embd]);
    }
    if d.architecture == "gemma4" {
        out.push("layer_output_scale.weight", &[1]);
    }
    if d.architecture == "gemma3n" {
        out.push("altup_correct_coef.weight", &[STREAMS, STREAMS]);
        out.push("altup_correct_scale.weight", &[d.n_embd]);
        out.push("altup_predict_coef.weight", &[STREAMS, STREAMS * STREAMS]);
        out.push("altup_router.weight", &[d.n_embd, STREAMS]);
        out.push("altup_router_norm.weight", &[d.n_embd]);
        out.push("laurel_l.weight", &[d.n_embd, LAUREL]);
        out.push("laurel_r.weight", &[LAUREL, d.n_embd]);
        out.push("laurel_post_norm.weight", &[d.n_embd]);
    }
}
