//! Tensors of a feed-forward, dense or of experts.

use super::make::{FeedForward, Make};
use super::part::Parts;
use crate::model::dimensions::{Dimensions, Experts};

pub fn push(d: &Dimensions, make: &Make, layer: u64, out: &mut Parts) {
    let experts = d.experts.as_ref().filter(|_| d.has_experts(layer));
    // Gemma 4 has its experts beside a dense feed-forward.
    if experts.is_none() || d.architecture == "gemma4" {
        dense(d, make, layer, out);
    }
    if let Some(experts) = experts {
        routed(d, make, experts, out);
    }
}

fn dense(d: &Dimensions, make: &Make, layer: u64, out: &mut Parts) {
    let shares = |shared: u64| layer >= d.n_layer - shared;
    let wide = d.gemma.as_ref().is_some_and(|gemma| gemma.wide_shared && shares(gemma.shared_kv));
    let ff = if wide { 2 * d.n_ff } else { d.n_ff };
    let up = if make.feed_forward == FeedForward::Fused { 2 * ff } else { ff };
    if make.feed_forward == FeedForward::Gated {
        out.push("ffn_gate.weight", &[d.n_embd, ff]);
    }
    out.push("ffn_up.weight", &[d.n_embd, up]);
    out.push("ffn_down.weight", &[ff, d.n_embd]);
    if make.ff_bias {
        out.push("ffn_up.bias", &[up]);
        out.push("ffn_down.bias", &[d.n_embd]);
    }
}

fn routed(d: &Dimensions, make: &Make, experts: &Experts, out: &mut Parts) {
    let (n, width) = (experts.count, experts.width);
    let inside = experts.latent.unwrap_or(d.n_embd);
    let gated = make.feed_forward == FeedForward::Gated;
    out.push("ffn_gate_inp.weight", &[d.n_embd, n]);
    if experts.choice_bias {
        out.push("exp_probs_b.bias", &[n]);
    }
    if experts.latent.is_some() {
        out.push("ffn_latent_down.weight", &[d.n_embd, inside]);
        out.push("ffn_latent_up.weight", &[inside, d.n_embd]);
    }
    if d.architecture == "gemma4" {
        out.push("ffn_gate_inp.scale", &[d.n_embd]);
        for norm in ["pre_ffw_norm_2.weight", "post_ffw_norm_1.weight", "post_ffw_norm_2.weight"] {
            out.push(norm, &[d.n_embd]);
        }
        out.push("ffn_gate_up_exps.weight", &[inside, 2 * width, n]);
        out.push("ffn_down_exps.scale", &[n]);
    } else {
        if gated {
            out.push("ffn_gate_exps.weight", &[inside, width, n]);
        }
        out.push("ffn_up_exps.weight", &[inside, width, n]);
    }
    out.push("ffn_down_exps.weight", &[width, inside, n]);
    if make.expert_bias {
        out.push("ffn_gate_inp.bias", &[n]);
        out.push("ffn_gate_exps.bias", &[width, n]);
        out.push("ffn_up_exps.bias", &[width, n]);
        out.push("ffn_down_exps.bias", &[d.n_embd, n]);
    }
    let Some(shared) = experts.shared else { return };
    if gated {
        out.push("ffn_gate_shexp.weight", &[d.n_embd, shared]);
    }
    out.push("ffn_up_shexp.weight", &[d.n_embd, shared]);
    out.push("ffn_down_shexp.weight", &[shared, d.n_embd]);
    if make.shared_gate {
        out.push("ffn_gate_inp_shexp.weight", &[d.n_embd]);
    }
}
