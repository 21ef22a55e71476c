//! Short convolutions over the last tokens, gated on both sides (src/models/lfm2.cpp of llama.cpp).

use super::alloc::Id;
use super::recurrent::States;
use super::tensors::{Batch, Graph, Op};

/// The recurrent layer on the normed input; the convolution covers `kernel` tokens.
pub(super) fn build(
    graph: &mut Graph,
    n_embd: u64,
    batch: &Batch,
    kernel: u64,
    states: &States,
    normed: Id,
) -> Id {
    let sequences = batch.slots;
    let each = batch.tokens / sequences;
    let (wide, kept) = ([n_embd, each, sequences, 1], kernel - 1);
    let normed = graph.reshape(normed, wide);
    let joint = graph.mul_mat(3 * n_embd, normed);
    let [b, c, x] = [(); 3].map(|()| graph.columns(joint, n_embd, wide));
    let gated = graph.times(b, x);
    let turned = graph.view(gated, [each, n_embd, sequences, 1]);
    let before = states.load(graph, kept * n_embd);
    let before = graph.reshape(before, [kept, n_embd, sequences, 1]);
    let input = states.with_last(graph, before, turned);
    let weight = graph.float_weight(kernel * n_embd);
    let convolved = graph.op(wide, &[input, weight]);
    let gated = graph.over(convolved, &[c, convolved]);
    graph.named(gated, Op::Mul);
    let out = graph.mul_mat(n_embd, gated);
    graph.reshape(out, [n_embd, batch.tokens, 1, 1])
}
