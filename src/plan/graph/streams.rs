//! Hunyuan 4: several residual streams that each half of a layer reads a weighted sum of, and adds what it gives to
//! (src/models/hy-v4.cpp of llama.cpp).

use super::alloc::Id;
use super::attention::Attention;
use super::feed_forward;
use super::tensors::{Batch, Graph, Part};
use crate::model::shape::Shape;

/// All layers on the embedding, to the sum of the streams of the tokens that `out_ids` picks.
pub(super) fn build(
    graph: &mut Graph,
    shape: &Shape,
    (batch, attention): (&Batch, &Attention),
    n_layer: usize,
    streams: u64,
    (embedded, out_ids): (Id, Id),
) -> Id {
    let (width, tokens) = (shape.n_embd, batch.tokens);
    let one = graph.reshape(embedded, [width, 1, tokens, 1]);
    let mut x = graph.op([width, streams, tokens, 1], &[one]);
    let run = shape.layers.iter().take(n_layer).filter(|layer| !layer.drafts).count();
    for index in 0..run {
        graph.part = Part::Layer(index);
        let (sum, gate) = gather(graph, x);
        let normed = graph.norm(sum, true, false);
        let attended = attention.build(graph, index, normed);
        x = spread(graph, attended, x, gate);
        let (sum, gate) = gather(graph, x);
        let normed = graph.norm(sum, true, false);
        let layer = &shape.layers[index];
        let fed = match &shape.experts {
            Some(experts) if layer.experts => {
                feed_forward::experts(graph, shape, batch, experts, normed, false)
            }
            _ => feed_forward::dense(graph, shape, normed, layer.ff),
        };
        x = spread(graph, fed, x, gate);
    }
    let flat = graph.reshape(x, [width * streams, tokens, 1, 1]);
    let flat = graph.get_rows(flat, out_ids);
    let x = graph.reshape(flat, [width, streams, batch.outputs, 1]);
    graph.part = Part::Output;
    let mixes = mixes(graph, x, streams);
    let scale = graph.float_weight(1);
    let scaled = graph.times(mixes, scale);
    let weights = graph.add_weight(scaled);
    let weights = graph.unary(weights);
    let weights = graph.scale(weights);
    reduced(graph, x, weights)
}

/// A matrix on all streams of a token, normed together.
fn mixes(graph: &mut Graph, x: Id, rows: u64) -> Id {
    let [width, streams, tokens, _] = graph.dims(x);
    let flat = graph.reshape(x, [width * streams, tokens, 1, 1]);
    let normed = graph.unweighted_norm(flat);
    graph.mul_mat(rows, normed)
}

/// The weighted sum of the streams, and the gate of each for what comes of it.
fn gather(graph: &mut Graph, x: Id) -> (Id, Id) {
    let [_, streams, tokens, _] = graph.dims(x);
    let mixes = mixes(graph, x, 2 * streams);
    let part = |graph: &mut Graph, scales: usize| {
        let own = graph.columns(mixes, streams, [streams, tokens, 1, 1]);
        let scale = graph.reshaped_weight([1, 1, 1, 1]);
        let scaled = graph.times(own, scale);
        let base = graph.reshaped_weight([streams, 1, 1, 1]);
        let based = graph.add(scaled, base);
        let mut gate = graph.unary(based);
        for _ in 0..scales {
            gate = graph.scale(gate);
        }
        gate
    };
    let weights = part(graph, 1);
    let gate = part(graph, 2);
    (reduced(graph, x, weights), gate)
}

/// The streams by their weights, summed.
fn reduced(graph: &mut Graph, x: Id, weights: Id) -> Id {
    let dims = graph.dims(x);
    let [width, streams, tokens, _] = dims;
    let x = graph.op(dims, &[x]);
    let mut sum = None;
    for _ in 0..streams {
        let one = stream(graph, x);
        let weight = graph.columns(weights, 1, [1, tokens, 1, 1]);
        let weighted = graph.times(one, weight);
        sum = Some(match sum {
            None => weighted,
            Some(sum) => graph.add(sum, weighted),
        });
    }
    let sum = sum.unwrap_or(x);
    graph.op([width, tokens, 1, 1], &[sum])
}

/// A window on one of the streams. A copy on another device has room for all between its first row and its last.
fn stream(graph: &mut Graph, x: Id) -> Id {
    let [width, streams, tokens, _] = graph.dims(x);
    let one = graph.view(x, [width, tokens, 1, 1]);
    graph.nodes[one].bytes = graph.nodes[x].bytes.saturating_sub(4 * width * (streams - 1));
    one
}

/// Adds to each stream its share, by its gate, of the half layer's result.
fn spread(graph: &mut Graph, given: Id, streams: Id, gate: Id) -> Id {
    let dims = graph.dims(streams);
    let [width, count, tokens, _] = dims;
    let given = graph.op([width, tokens, 1, 1], &[given]);
    let gate_dims = graph.dims(gate);
    let gate = graph.op(gate_dims, &[gate]);
    let residual = graph.op(dims, &[streams]);
    let mut all: Option<Id> = None;
    for index in 0..count {
        let one = stream(graph, residual);
        let own = graph.columns(gate, 1, [1, tokens, 1, 1]);
        let gated = graph.times(given, own);
        let sum = graph.add(one, gated);
        let sum = graph.reshape(sum, [width, 1, tokens, 1]);
        all = Some(match all {
            None => sum,
            Some(all) => graph.op([width, index + 1, tokens, 1], &[all, sum]),
        });
    }
    let all = all.unwrap_or(residual);
    graph.op(dims, &[all])
}
