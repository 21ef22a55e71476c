//! Kimi's delta attention: a gated delta net whose query, key and value each have a convolution of their own
//! (src/models/kimi-linear.cpp of llama.cpp).

use super::alloc::Id;
use super::recurrent::States;
use super::tensors::{Batch, Graph};
use crate::model::shape::Kda;

/// The recurrent layer of `heads` heads on the normed input.
pub(super) fn build(
    graph: &mut Graph,
    n_embd: u64,
    batch: &Batch,
    (kda, heads): (&Kda, u64),
    states: &States,
    normed: Id,
) -> Id {
    let Kda { head, kernel, forget, gate, bounded } = *kda;
    let (tokens, sequences) = (batch.tokens, batch.slots);
    let (each, inner, kept) = (tokens / sequences, head * heads, kernel - 1);
    let (wide, by_head) = ([inner, each, sequences, 1], [head, heads, each, sequences]);
    graph.expand(normed);
    let before = states.load(graph, 3 * kept * inner);
    let [q, k, v] = [(); 3].map(|()| {
        let before = graph.columns(before, kept * inner, [kept, inner, sequences, 1]);
        let x = graph.mul_mat(inner, normed);
        let x = graph.reshape(x, wide);
        let turned = graph.view(x, [each, inner, sequences, 1]);
        let input = states.with_last(graph, before, turned);
        let weight = graph.reshaped_weight([kernel, inner, 1, 1]);
        let convolved = graph.op(wide, &[input, weight]);
        let convolved = graph.reshape(convolved, [inner, tokens, 1, 1]);
        let active = graph.unary(convolved);
        graph.reshape(active, by_head)
    });
    let low = |graph: &mut Graph, rank: u64| {
        let low = graph.mul_mat(rank, normed);
        graph.mul_mat(inner, low)
    };
    let decay = low(graph, forget);
    let decay = graph.add_weight(decay);
    let decay = if bounded { decay } else { graph.unary(decay) };
    let decay = graph.reshape(decay, [head, heads, tokens, 1]);
    let factor = graph.reshaped_weight([1, heads, 1, 1]);
    let mut decay = graph.times(decay, factor);
    if bounded {
        decay = graph.scale(decay);
        decay = graph.unary(decay);
        decay = graph.scale(decay);
    }
    let decay = graph.reshape(decay, by_head);
    let strength = graph.mul_mat(heads, normed);
    let strength = graph.reshape(strength, [1, heads, each, sequences]);
    let strength = graph.unary(strength);
    let state = states.load(graph, head * inner);
    let state = graph.reshape(state, [head, head, heads, sequences]);
    let [q, k] = [q, k].map(|x| {
        let x = graph.unary(x);
        graph.scale(x)
    });
    let result = graph.op([inner, tokens + head * sequences, 1, 1], &[q, k, v, decay, strength, state]);
    let output = graph.view(result, by_head);
    let output = graph.op(by_head, &[output]);
    let state = graph.view(result, [head, head, heads, sequences]);
    states.store(graph, state);
    let open = low(graph, gate);
    let open = graph.reshape(open, [head, heads, tokens, 1]);
    let output = graph.reshape(output, [head, heads, tokens, 1]);
    let output = graph.norm(output, true, false);
    let open = graph.unary(open);
    let gated = graph.times(output, open);
    let gated = graph.op([inner, tokens, 1, 1], &[gated]);
    graph.mul_mat(n_embd, gated)
}
