//! Rows that are looked up by the last tokens together, which one layer gates, convolves over time and adds to its streams
//! (`build_ple` of src/models/qwen4exp.cpp of llama.cpp).

use super::alloc::{Id, Place};
use super::recurrent::States;
use super::tensors::{Batch, F16, F32, Graph, Op};
use crate::model::shape::Ngrams;

/// The rows of each token, side by side.
pub(super) fn rows(graph: &mut Graph, ngrams: &Ngrams, tokens: u64) -> Id {
    let ids = graph.input(F32, [ngrams.rows * tokens, 1, 1, 1]);
    let rows = graph.get_rows_of_width(ngrams.width, ids);
    let rows = graph.reshape(rows, [ngrams.width * ngrams.rows, tokens, 1, 1]);
    graph.expand(rows);
    rows
}

/// The streams `x` with what comes of the rows.
pub(super) fn add(graph: &mut Graph, ngrams: &Ngrams, batch: &Batch, states: &States, rows: Id, x: Id) -> Id {
    let wide = graph.dims(x);
    let [width, count, tokens, _] = wide;
    let channels = width * count;
    let key = graph.mul_mat(channels, rows);
    let value = graph.mul_mat(width, rows);
    let [key, query] = [key, x].map(|part| {
        let part = graph.reshape(part, wide);
        normed(graph, part)
    });
    let gate = gate(graph, key, query);
    let value = graph.reshape(value, [width, 1, tokens, 1]);
    let value = graph.op(wide, &[value]);
    let gated = graph.times(value, gate);
    let apart = graph.reshape(gated, wide);
    let normed = normed(graph, apart);
    let (sequences, kept) = (batch.slots, ngrams.kept());
    let each = tokens / sequences;
    let before = states.load(graph, kept * channels);
    let before = graph.reshape(before, [kept, channels, sequences, 1]);
    let turned = graph.view(normed, [each, channels, sequences, 1]);
    let input = states.with_copied_last(graph, before, turned);
    let convolved = convolved(graph, ngrams, input, [each, channels, sequences, 1]);
    let convolved = graph.reshape(convolved, wide);
    let more = graph.add(gated, convolved);
    graph.add(x, more)
}

/// The norm of each stream, by a weight of all of them.
pub(super) fn normed(graph: &mut Graph, x: Id) -> Id {
    let [width, count, ..] = graph.dims(x);
    let normed = graph.unweighted_norm(x);
    let weight = graph.float_weight(width * count);
    graph.times(normed, weight)
}

/// One number of each stream: the root of the product of both, with its sign.
fn gate(graph: &mut Graph, key: Id, query: Id) -> Id {
    let [_, count, tokens, _] = graph.dims(key);
    let product = graph.times(key, query);
    let sum = graph.op([1, count, tokens, 1], &[product]);
    let sum = graph.named(sum, Op::SumRows);
    let sum = graph.scale(sum);
    let size = graph.unary(sum);
    let size = graph.scale(size);
    let size = graph.named(size, Op::Clamp);
    let root = graph.unary(size);
    let sign = graph.unary(sum);
    let both = graph.times(sign, root);
    graph.unary(both)
}

/// A convolution of each channel, as a sum of shifted copies.
fn convolved(graph: &mut Graph, ngrams: &Ngrams, input: Id, turned: [u64; 4]) -> Id {
    let [each, channels, sequences, _] = turned;
    let dims = [channels, each, sequences, 1];
    let weight = graph.weight(ngrams.taps * channels);
    let mut sum = None;
    for _ in 0..ngrams.taps {
        let part = graph.view(input, turned);
        let part = graph.view(part, dims);
        let shifted = graph.op(dims, &[part]);
        let tap = graph.view(weight, [1, channels, 1, 1]);
        // A converter writes them as narrow as matrices.
        let narrow = graph.push(Place::Own, false, F16, [1, channels, 1, 1], &[tap]);
        let tap = graph.op([channels, 1, 1, 1], &[narrow]);
        let term = graph.times(shifted, tap);
        sum = Some(sum.map_or(term, |sum| graph.add(sum, term)));
    }
    let sum = sum.unwrap_or(input);
    let active = graph.unary(sum);
    graph.op(dims, &[active])
}
