//! A gated delta net (src/models/qwen35.cpp, qwen3next.cpp and delta-net-base.cpp of llama.cpp), as its fused operation.

use super::alloc::Id;
use super::recurrent::States;
use super::tensors::{Batch, Graph};
use crate::model::shape::Delta;

/// The recurrent layer on the normed input.
pub(super) fn build(
    graph: &mut Graph,
    n_embd: u64,
    batch: &Batch,
    delta: &Delta,
    states: &States,
    normed: Id,
) -> Id {
    let Delta { channels, inner, heads, key_heads, key, kernel, .. } = *delta;
    let (tokens, sequences) = (batch.tokens, batch.slots);
    let each = tokens / sequences;
    let value = inner / heads;
    graph.expand(normed);
    let (mixed, z) = if delta.joined {
        joined(graph, batch, delta, normed)
    } else {
        let mixed = graph.mul_mat(channels, normed);
        let mixed = graph.reshape(mixed, [channels, each, sequences, 1]);
        (mixed, graph.mul_mat(inner, normed))
    };
    let (beta, alpha) = gates(graph, batch, delta, normed);
    let biased = graph.add_weight(alpha);
    let gate = graph.unary(biased);
    let gate = graph.add_weight(gate);
    let gate = graph.reshape(gate, [1, heads, each, sequences]);
    let kept = kernel - 1;
    let before = states.load(graph, kept * channels);
    let before = graph.reshape(before, [kept, channels, sequences, 1]);
    let turned = graph.view(mixed, [each, channels, sequences, 1]);
    let input = match delta.copies {
        true => states.with_copied_last(graph, before, turned),
        false => states.with_last(graph, before, turned),
    };
    let state = states.load(graph, value * value * heads);
    let state = graph.reshape(state, [value, value, heads, sequences]);
    let weight = graph.float_weight(kernel * channels);
    let convolved = graph.op([channels, each, sequences, 1], &[input, weight]);
    let convolved = graph.unary(convolved);
    let [mut q, mut k] = [(); 2].map(|()| graph.view(convolved, [key, key_heads, each, sequences]));
    let v = graph.view(convolved, [value, heads, each, sequences]);
    for x in [&mut q, &mut k] {
        *x = graph.unary(*x);
        *x = graph.scale(*x);
    }
    if delta.repeats && heads != key_heads {
        for x in [&mut q, &mut k] {
            let apart = graph.reshape(*x, [key, 1, key_heads, tokens]);
            let repeated = graph.op([key, heads / key_heads, key_heads, tokens], &[apart]);
            *x = graph.reshape(repeated, [key, heads, each, sequences]);
        }
    }
    let result = graph.op([inner, tokens + value * sequences, 1, 1], &[q, k, v, gate, beta, state]);
    let output = graph.view(result, [value, heads, each, sequences]);
    let state = graph.view(result, [value, value, heads, sequences]);
    states.store(graph, state);
    let z = graph.reshape(z, [value, heads, each, sequences]);
    let normed = graph.norm(output, true, false);
    let open = graph.unary(z);
    let gated = graph.over(normed, &[normed, open]);
    let gated = graph.reshape(gated, [inner, each, sequences, 1]);
    let out = graph.mul_mat(n_embd, gated);
    graph.reshape(out, [n_embd, tokens, 1, 1])
}

/// The strength of a write and of forgetting, of each head.
fn gates(graph: &mut Graph, batch: &Batch, delta: &Delta, normed: Id) -> (Id, Id) {
    let (heads, sequences) = (delta.heads, batch.slots);
    let each = batch.tokens / sequences;
    if !delta.repeats {
        let beta = graph.mul_mat(heads, normed);
        let beta = graph.reshape(beta, [1, heads, each, sequences]);
        let beta = graph.unary(beta);
        let alpha = graph.mul_mat(heads, normed);
        return (beta, graph.reshape(alpha, [heads, each, sequences, 1]));
    }
    let both = graph.mul_mat(2 * heads, normed);
    let halves = [heads / delta.key_heads.max(1), delta.key_heads, each, sequences];
    let [beta, alpha] = [(); 2].map(|()| graph.view(both, halves));
    let beta = graph.op(halves, &[beta]);
    let beta = graph.unary(beta);
    let beta = graph.reshape(beta, [1, heads, each, sequences]);
    (beta, graph.op([heads, each, sequences, 1], &[alpha]))
}

/// Query, key and value, and the gate of the output, of one matrix.
fn joined(graph: &mut Graph, batch: &Batch, delta: &Delta, normed: Id) -> (Id, Id) {
    let (sequences, keys) = (batch.slots, delta.key * delta.key_heads);
    let each = batch.tokens / sequences;
    let all = graph.mul_mat(2 * keys + 2 * delta.inner, normed);
    let part = |graph: &mut Graph, width: u64| {
        let part = graph.view(all, [width / delta.key_heads.max(1), delta.key_heads, each, sequences]);
        graph.op([width, each, sequences, 1], &[part])
    };
    let z = part(graph, delta.inner);
    let [q, k, v] = [keys, keys, delta.inner].map(|width| part(graph, width));
    let keys = graph.op([2 * keys, each, sequences, 1], &[q, k]);
    (graph.op([delta.channels, each, sequences, 1], &[keys, v]), z)
}
