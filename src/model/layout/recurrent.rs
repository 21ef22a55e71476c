//! Tensors of layers that keep a state.

use super::part::Parts;
use crate::model::dimensions::{Dimensions, State};

pub fn push(d: &Dimensions, out: &mut Parts) {
    let Some(state) = &d.state else { return };
    match d.architecture.as_str() {
        "qwen3next" | "qwen35" | "qwen35moe" => delta_net(d, state, out),
        "kimi-linear" => kimi(d, state, out),
        "lfm2" | "lfm2moe" => short_convolution(d, state, out),
        _ => mamba2(d, state, out),
    }
}

fn mamba2(d: &Dimensions, s: &State, out: &mut Parts) {
    let mixed = s.inner + 2 * s.groups * s.size;
    out.push("ssm_in.weight", &[d.n_embd, s.inner + mixed + s.heads]);
    out.push("ssm_conv1d.weight", &[s.conv, mixed]);
    out.push("ssm_conv1d.bias", &[mixed]);
    out.push("ssm_dt.bias", &[s.heads]);
    out.push("ssm_a", &[1, s.heads]);
    out.push("ssm_d", &[1, s.heads]);
    // Falcon-H1 is published without a norm of its states.
    if d.architecture != "falcon-h1" {
        out.push("ssm_norm.weight", &[s.inner / s.groups, s.groups]);
    }
    out.push("ssm_out.weight", &[s.inner, d.n_embd]);
}

fn delta_net(d: &Dimensions, s: &State, out: &mut Parts) {
    let mixed = 2 * s.groups * s.size + s.inner;
    out.push("attn_qkv.weight", &[d.n_embd, mixed]);
    out.push("attn_gate.weight", &[d.n_embd, s.inner]);
    out.push("ssm_conv1d.weight", &[s.conv, mixed]);
    out.push("ssm_dt.bias", &[s.heads]);
    out.push("ssm_a", &[s.heads]);
    if d.architecture == "qwen3next" {
        out.push("ssm_ba.weight", &[d.n_embd, 2 * s.heads]);
    } else {
        out.push("ssm_beta.weight", &[d.n_embd, s.heads]);
        out.push("ssm_alpha.weight", &[d.n_embd, s.heads]);
    }
    out.push("ssm_norm.weight", &[s.size]);
    out.push("ssm_out.weight", &[s.inner, d.n_embd]);
}

fn kimi(d: &Dimensions, s: &State, out: &mut Parts) {
    let all = d.n_head * s.size;
    for name in ["attn_q.weight", "attn_k.weight", "attn_v.weight"] {
        out.push(name, &[d.n_embd, all]);
    }
    for name in ["ssm_conv1d_q.weight", "ssm_conv1d_k.weight", "ssm_conv1d_v.weight"] {
        out.push(name, &[s.conv, 1, all]);
    }
    out.push("ssm_f_a.weight", &[d.n_embd, s.size]);
    out.push("ssm_f_b.weight", &[s.size, all]);
    out.push("ssm_beta.weight", &[d.n_embd, d.n_head]);
    out.push("ssm_a", &[1, d.n_head]);
    out.push("ssm_dt.bias", &[all]);
    out.push("ssm_g_a.weight", &[d.n_embd, s.size]);
    out.push("ssm_g_b.weight", &[s.size, all]);
    out.push("ssm_norm.weight", &[s.size]);
    out.push("attn_output.weight", &[all, d.n_embd]);
}

fn short_convolution(d: &Dimensions, s: &State, out: &mut Parts) {
    out.push("shortconv.conv.weight", &[s.conv, d.n_embd]);
    out.push("shortconv.in_proj.weight", &[d.n_embd, 3 * d.n_embd]);
    out.push("shortconv.out_proj.weight", &[d.n_embd, d.n_embd]);
}
