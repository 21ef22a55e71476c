//! Qwen 4's layers: residual streams that each half of a layer reads a gated mean of, and adds what it gives to
//! (src/models/qwen4exp.cpp of llama.cpp).

use super::alloc::Id;
use super::attention::Attention;
use super::recurrent::States;
use super::tensors::{Batch, Graph, Part};
use super::{delta, feed_forward, ngrams};
use crate::model::shape::{GatedStreams, Shape};

/// All layers on the embedding, to the gated mean of the streams of the tokens that `out_ids` picks: it is the last norm.
pub(super) fn build(
    graph: &mut Graph,
    shape: &Shape,
    (batch, attention): (&Batch, &Attention),
    n_layer: usize,
    streams: GatedStreams,
    (embedded, out_ids): (Id, Id),
) -> Id {
    let GatedStreams { count, rank } = streams;
    let (width, tokens) = (shape.n_embd, batch.tokens);
    let states = States::new(graph, batch);
    let rows = shape.ngrams.map(|ngrams| (ngrams, ngrams::rows(graph, &ngrams, tokens)));
    let one = graph.reshape(embedded, [width, 1, tokens, 1]);
    let mut x = graph.op([width, count, tokens, 1], &[one]);
    graph.expand(x);
    let run = shape.layers.iter().take(n_layer).filter(|layer| !layer.drafts).count();
    for index in 0..run {
        graph.part = Part::Layer(index);
        if let Some((ngrams, rows)) = rows.filter(|(ngrams, _)| ngrams.layer == index as u64) {
            x = ngrams::add(graph, &ngrams, batch, &states, rows, x);
        }
        let (mean, mut share) = gather(graph, x, rank);
        graph.expand(mean);
        let mut given = match &shape.delta {
            Some(delta) if shape.layers[index].state > 0 => {
                delta::build(graph, width, batch, delta, &states, mean)
            }
            _ => attention.build(graph, index, mean),
        };
        let last = index + 1 == run;
        if last {
            [given, share] = [given, share].map(|part| graph.get_rows(part, out_ids));
            let flat = graph.reshape(x, [width * count, tokens, 1, 1]);
            let flat = graph.get_rows(flat, out_ids);
            x = graph.reshape(flat, [width, count, batch.outputs, 1]);
        }
        x = spread(graph, given, x, share);
        let (mean, share) = gather(graph, x, rank);
        let fed = match &shape.experts {
            Some(experts) => feed_forward::experts(graph, shape, batch, experts, mean, last),
            None => feed_forward::dense(graph, shape, mean, shape.layers[index].ff),
        };
        x = spread(graph, fed, x, share);
    }
    graph.part = Part::Output;
    let (flat, gate) = gate(graph, x, rank);
    mean(graph, x, flat, gate)
}

/// The streams normed, side by side, and a gate of each of their elements.
fn gate(graph: &mut Graph, x: Id, rank: u64) -> (Id, Id) {
    let [width, count, tokens, _] = graph.dims(x);
    let normed = ngrams::normed(graph, x);
    let flat = graph.reshape(normed, [width * count, tokens, 1, 1]);
    let low = graph.mul_mat(rank, flat);
    let low = graph.scale(low);
    let low = graph.unary(low);
    (flat, graph.mul_mat(width * count, low))
}

/// The gated mean of the streams, in one operation, and the share of each in what comes of it.
fn gather(graph: &mut Graph, x: Id, rank: u64) -> (Id, Id) {
    let dims = graph.dims(x);
    let (flat, gate) = gate(graph, x, rank);
    let both = [flat, gate].map(|part| graph.reshape(part, dims));
    let mean = graph.op([dims[0], dims[2], 1, 1], &both);
    (mean, graph.mul_mat(dims[1], flat))
}

/// The same mean, node by node.
fn mean(graph: &mut Graph, x: Id, flat: Id, gate: Id) -> Id {
    let [width, count, tokens, _] = graph.dims(x);
    let open = graph.unary(gate);
    let gated = graph.times(flat, open);
    let gated = graph.reshape(gated, [width, count, tokens, 1]);
    let one = [width, tokens, 1, 1];
    let first = graph.columns(gated, width, one);
    let mut sum = graph.op(one, &[first]);
    for _ in 1..count {
        let next = graph.columns(gated, width, one);
        sum = graph.add(sum, next);
    }
    graph.scale(sum)
}

/// The streams, each with its share of what a half of a layer gave.
fn spread(graph: &mut Graph, given: Id, x: Id, share: Id) -> Id {
    let dims = graph.dims(x);
    let share = graph.scale(share);
    let share = graph.unary(share);
    let share = graph.scale(share);
    graph.op(dims, &[given, x, share])
}
