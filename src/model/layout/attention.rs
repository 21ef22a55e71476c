//! Tensors of attention.

use super::make::{Make, QkNorm};
use super::part::Parts;
use crate::model::dimensions::{Dimensions, Latent};

pub fn push(d: &Dimensions, make: &Make, layer: u64, out: &mut Parts) {
    match &d.latent {
        Some(latent) => push_latent(d, latent, out),
        None => push_heads(d, make, layer, out),
    }
}

fn push_heads(d: &Dimensions, make: &Make, layer: u64, out: &mut Parts) {
    let (mut head, mut heads_kv) = (d.head_dim(), d.heads_kv());
    let (mut keys, mut values) = (true, true);
    if let Some(gemma) = d.gemma.as_ref().filter(|_| d.architecture == "gemma4") {
        if d.is_full(layer) {
            (head, heads_kv) = (gemma.full_head_dim, gemma.full_head_kv);
            values = !gemma.keys_are_values;
        }
        keys = layer < d.n_layer - gemma.shared_kv;
        values &= keys;
    }
    let (q, kv) = (d.n_head * head, heads_kv * head);
    let width = if make.gated_query { 2 * q } else { q };
    if make.fused_qkv {
        out.push("attn_qkv.weight", &[d.n_embd, q + 2 * kv]);
        if make.qkv_bias {
            out.push("attn_qkv.bias", &[q + 2 * kv]);
        }
    } else {
        out.push("attn_q.weight", &[d.n_embd, width]);
        if keys {
            out.push("attn_k.weight", &[d.n_embd, kv]);
        }
        if values {
            out.push("attn_v.weight", &[d.n_embd, kv]);
        }
        if make.qkv_bias {
            out.push("attn_q.bias", &[q]);
            out.push("attn_k.bias", &[kv]);
            out.push("attn_v.bias", &[kv]);
        }
    }
    out.push("attn_output.weight", &[q, d.n_embd]);
    if make.out_bias {
        out.push("attn_output.bias", &[d.n_embd]);
    }
    let norms: Option<([u64; 2], [u64; 2], usize)> = match make.qk_norm {
        QkNorm::None => None,
        QkNorm::Head => Some(([head, 1], [head, 1], 1)),
        QkNorm::All => Some(([q, 1], [kv, 1], 1)),
        QkNorm::Each => Some(([head, d.n_head], [head, heads_kv], 2)),
    };
    if let Some((of_q, of_k, n)) = norms {
        out.push("attn_q_norm.weight", &of_q[..n]);
        if keys {
            out.push("attn_k_norm.weight", &of_k[..n]);
        }
    }
    if make.sinks {
        out.push("attn_sinks.weight", &[d.n_head]);
    }
}

fn push_latent(d: &Dimensions, latent: &Latent, out: &mut Parts) {
    let key = latent.nope + latent.rope;
    match latent.q_rank {
        Some(rank) => {
            out.push("attn_q_a_norm.weight", &[rank]);
            out.push("attn_q_a.weight", &[d.n_embd, rank]);
            out.push("attn_q_b.weight", &[rank, d.n_head * key]);
        }
        None => out.push("attn_q.weight", &[d.n_embd, d.n_head * key]),
    }
    out.push("attn_kv_a_norm.weight", &[latent.kv_rank]);
    out.push("attn_kv_a_mqa.weight", &[d.n_embd, latent.kv_rank + latent.rope]);
    if latent.joint {
        out.push("attn_kv_b.weight", &[latent.kv_rank, d.n_head * (latent.nope + latent.value)]);
    } else {
        out.push("attn_k_b.weight", &[latent.nope, latent.kv_rank, d.n_head]);
        out.push("attn_v_b.weight", &[latent.kv_rank, latent.value, d.n_head]);
    }
    out.push("attn_output.weight", &[d.n_head * latent.value, d.n_embd]);
    if let Some([heads, width, _]) = latent.indexer {
        out.push("indexer.k_norm.weight", &[width]);
        out.push("indexer.k_norm.bias", &[width]);
        out.push("indexer.proj.weight", &[d.n_embd, heads]);
        out.push("indexer.attn_k.weight", &[d.n_embd, width]);
        out.push("indexer.attn_q_b.weight", &[latent.q_rank.unwrap_or(d.n_embd), heads * width]);
    }
}
