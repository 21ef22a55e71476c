//! Tensors of encoders, which read a text at once and keep no cache.

use super::part::Parts;
use crate::model::dimensions::Dimensions;

pub fn writes(architecture: &str) -> bool {
    matches!(architecture, "bert" | "nomic-bert" | "nomic-bert-moe" | "jina-bert-v3")
}

pub fn push(d: &Dimensions, out: &mut Parts) {
    let (n, ff) = (d.n_embd, d.n_ff);
    let arch = d.architecture.as_str();
    out.push("token_embd.weight", &[n, d.n_vocab]);
    if let Some(kinds) = d.n_token_types {
        out.push("token_types.weight", &[n, kinds]);
    }
    if arch == "bert" {
        out.push("position_embd.weight", &[n, d.n_ctx_train]);
    }
    out.push("token_embd_norm.weight", &[n]);
    out.push("token_embd_norm.bias", &[n]);
    if let Some(labels) = d.labels {
        out.push("cls.weight", &[n, n]);
        out.push("cls.bias", &[n]);
        out.push("cls.output.weight", &[n, labels]);
        out.push("cls.output.bias", &[labels]);
    }
    // Nomic's first encoder has no biases and a gate; its queries, keys and values lie in one matrix.
    let plain = arch == "nomic-bert";
    for layer in 0..d.n_layer {
        out.layer(layer);
        if arch == "bert" {
            for (weight, bias) in [
                ("attn_q.weight", "attn_q.bias"),
                ("attn_k.weight", "attn_k.bias"),
                ("attn_v.weight", "attn_v.bias"),
            ] {
                out.push(weight, &[n, n]);
                out.push(bias, &[n]);
            }
        } else {
            out.push("attn_qkv.weight", &[n, 3 * n]);
            if !plain {
                out.push("attn_qkv.bias", &[3 * n]);
            }
        }
        out.push("attn_output.weight", &[n, n]);
        if !plain {
            out.push("attn_output.bias", &[n]);
        }
        for (weight, bias) in [
            ("attn_output_norm.weight", "attn_output_norm.bias"),
            ("layer_output_norm.weight", "layer_output_norm.bias"),
        ] {
            out.push(weight, &[n]);
            out.push(bias, &[n]);
        }
        if let Some(experts) = d.experts.as_ref().filter(|_| d.has_experts(layer)) {
            out.push("ffn_gate_inp.weight", &[n, experts.count]);
            out.push("ffn_up_exps.weight", &[n, experts.width, experts.count]);
            out.push("ffn_down_exps.weight", &[experts.width, n, experts.count]);
            continue;
        }
        if plain {
            out.push("ffn_gate.weight", &[n, ff]);
        }
        out.push("ffn_up.weight", &[n, ff]);
        out.push("ffn_down.weight", &[ff, n]);
        if !plain {
            out.push("ffn_up.bias", &[ff]);
            out.push("ffn_down.bias", &[n]);
        }
    }
}
