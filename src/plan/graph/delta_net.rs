//! A layer that is a gated delta net (`build_layer_attn_linear` of src/models/qwen35.cpp, in its fused form).

use super::alloc::Id;
use super::tensors::{Batch, Graph, Kind, Op};
use crate::model::delta_net::DeltaNet;

/// The layer on its normed input.
pub(super) fn build(graph: &mut Graph, net: &DeltaNet, batch: &Batch, n_embd: u64, normed: Id) -> Id {
    let (tokens, slots) = (batch.tokens, batch.streams);
    let each = tokens / slots;
    let kept = net.before * net.mixed;
    let copied = |graph: &mut Graph, elements: u64| {
        let cache = graph.cache();
        let states = graph.op([elements, slots, 1, 1], &[cache]);
        graph.kinds[states].0 = Kind::Batch(0);
        graph.named(states, Op::GetRows);
        graph.expand(states);
        states
    };
    let store = |graph: &mut Graph, from: Id, elements: u64| {
        let last = graph.view(from, [elements, slots, 1, 1]);
        let cache = graph.cache();
        let stored = graph.view_with(cache, [elements, slots, 1, 1], &[last, cache]);
        graph.expand(stored);
    };
    let before = copied(graph, kept);
    let before = graph.view(before, [net.before, net.mixed, slots, 1]);
    let mixed = graph.mul_mat(net.mixed, normed);
    let turned = graph.view(mixed, [each, net.mixed, slots, 1]);
    let seen = graph.op([each + net.before, net.mixed, slots, 1], &[before, turned]);
    store(graph, seen, kept);
    let state = copied(graph, net.state);
    let filter = graph.weight(net.mixed * (net.before + 1));
    let folded = graph.op([net.mixed, each, slots, 1], &[seen, filter]);
    let folded = graph.unary(folded);
    let part = |graph: &mut Graph, elements: u64| graph.view(folded, [elements, each, slots, 1]);
    let to_length = |graph: &mut Graph, part: Id, elements: u64| {
        let normed = graph.op([elements, each, slots, 1], &[part]);
        graph.scale(normed)
    };
    let (q, k, v) = (part(graph, net.keys), part(graph, net.keys), part(graph, net.inner));
    let q = to_length(graph, q, net.keys);
    let k = to_length(graph, k, net.keys);
    let decay = graph.mul_mat(net.heads, normed);
    let decay = graph.add_weight(decay);
    let decay = graph.unary(decay);
    let decay = graph.add_weight(decay);
    let share = graph.mul_mat(net.heads, normed);
    let share = graph.unary(share);
    let result = graph.op([net.inner * tokens + net.state * slots, 1, 1, 1], &[q, k, v, decay, share, state]);
    store(graph, result, net.state);
    let out = graph.view(result, [net.inner, tokens, 1, 1]);
    let out = graph.norm(out, true, false);
    let gate = graph.mul_mat(net.inner, normed);
    let gate = graph.unary(gate);
    let out = graph.over(out, &[out, gate]);
    let out = graph.named(out, Op::Mul);
    graph.mul_mat(n_embd, out)
}
