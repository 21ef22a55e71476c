//! Streams of one token that predict and correct each other (AltUp), with a learned residual beside attention (Laurel):
//! src/models/gemma3n.cpp of llama.cpp.

use super::alloc::Id;
use super::attention::Attention;
use super::per_layer::Inputs;
use super::tensors::{Batch, Graph, Op, Part};
use crate::model::Shape;

/// Streams that a token runs in; the first is the one that layers work on.
const STREAMS: u64 = 4;
/// Rank of the learned residual.
const LAUREL: u64 = 64;
/// First layers, whose feed-forward keeps only its largest activations.
const SPARSE_LAYERS: usize = 10;

/// All layers of `shape` on the embedding, and the streams merged again.
pub(super) fn build(graph: &mut Graph, shape: &Shape, batch: &Batch, attention: &Attention, x: Id) -> Id {
    let inputs = Inputs::new(graph, shape, batch, x);
    let wide = Wide { embd: shape.n_embd, tokens: batch.tokens };
    let mut streams = wide.stack(graph, x);
    for (index, layer) in shape.layers.iter().enumerate() {
        graph.part = Part::Layer(index);
        let router = Router::new(graph, shape.n_embd);
        let predicted = wide.predict(graph, &router, streams);
        let active = wide.slice(graph, predicted);
        let done = worked_on(graph, shape, attention, index, layer.ff, active);
        let corrected = wide.correct(graph, &router, predicted, done);
        streams = wide.with_inputs(graph, inputs.as_ref(), corrected);
    }
    graph.part = Part::Output;
    wide.merge(graph, streams)
}

/// Attention, residual and feed-forward of one layer on the active stream.
fn worked_on(
    graph: &mut Graph,
    shape: &Shape,
    attention: &Attention,
    index: usize,
    ff: u64,
    active: Id,
) -> Id {
    let normed = graph.norm(active, true, false);
    let low = graph.mul_mat(LAUREL, normed);
    let learned = graph.mul_mat(shape.n_embd, low);
    let learned = graph.norm(learned, true, false);
    let learned = graph.add(learned, normed);
    let attended = attention.build(graph, index, normed);
    let attended = graph.norm(attended, true, false);
    let attended = graph.add(attended, active);
    let both = graph.add(attended, learned);
    let both = graph.scale(both);
    let normed = graph.norm(both, true, false);
    let up = graph.mul_mat(ff, normed);
    let mut gate = graph.mul_mat(ff, normed);
    if index < SPARSE_LAYERS {
        gate = largest(graph, gate);
    }
    let gate = graph.unary(gate);
    let fed = graph.times(up, gate);
    let fed = graph.mul_mat(shape.n_embd, fed);
    // Not told to be of this layer, unlike other norms.
    let fed = graph.unweighted_norm(fed);
    let fed = graph.mul_weight(fed);
    graph.add(fed, both)
}

/// Activations above a threshold that follows from their mean and spread (`gaussian_topk`).
fn largest(graph: &mut Graph, x: Id) -> Id {
    let columns = graph.dims(x)[1];
    let mean = graph.op([1, columns, 1, 1], &[x]);
    let apart = graph.over(x, &[x, mean]);
    let squared = graph.over(apart, &[apart]);
    let sum = graph.op([1, columns, 1, 1], &[squared]);
    graph.named(sum, Op::SumRows);
    let spread = graph.scale(sum);
    let spread = graph.over(spread, &[spread]);
    let spread = graph.scale(spread);
    let threshold = graph.add(mean, spread);
    let above = graph.over(x, &[x, threshold]);
    graph.unary(above)
}

/// Weights of a layer that say, from the active stream, how much of each stream counts. They are read twice.
struct Router {
    norm: Id,
    matrix: Id,
}

impl Router {
    fn new(graph: &mut Graph, embd: u64) -> Router {
        Router { norm: graph.float_weight(embd), matrix: graph.weight(STREAMS.saturating_mul(embd)) }
    }

    /// `altup_compute_router_modalities`, and the projection of what it gives.
    fn coefficients(&self, graph: &mut Graph, active: Id, count: u64) -> Id {
        let read = graph.norm_by(active, self.norm, true);
        let read = graph.scale(read);
        let routed = graph.mul_mat_by(self.matrix, STREAMS, read);
        let routed = graph.unary(routed);
        graph.mul_mat(count, routed)
    }
}

/// Widths that all streams share.
#[derive(Clone, Copy)]
struct Wide {
    embd: u64,
    tokens: u64,
}

impl Wide {
    fn all(self, streams: u64) -> [u64; 4] {
        [self.embd, self.tokens, streams, 1]
    }

    /// A window on one stream.
    fn slice(self, graph: &mut Graph, streams: Id) -> Id {
        graph.view(streams, self.all(1))
    }

    /// The other streams projected by matrices that lie with the output, as large as `target` is.
    fn projected(self, graph: &mut Graph, x: Id, target: Id) -> Id {
        let square = self.embd.saturating_mul(self.embd);
        let weight = graph.elsewhere(Part::Output, square.saturating_mul(4 * (STREAMS - 1)));
        let projected = graph.mul_mat_by(weight, self.embd, x);
        let size = magnitude(graph, projected);
        let scaled = graph.times(projected, target);
        let scaled = graph.over(scaled, &[scaled, size]);
        graph.named(scaled, Op::Div)
    }

    /// Streams made of the embedding.
    fn stack(self, graph: &mut Graph, x: Id) -> Id {
        let target = magnitude(graph, x);
        let repeated = graph.op(self.all(STREAMS - 1), &[x]);
        let others = self.projected(graph, repeated, target);
        graph.op(self.all(STREAMS), &[x, others])
    }

    fn predict(self, graph: &mut Graph, router: &Router, streams: Id) -> Id {
        let active = self.slice(graph, streams);
        let coefficients = router.coefficients(graph, active, STREAMS * STREAMS);
        let coefficients = graph.reshape(coefficients, [STREAMS, STREAMS, self.tokens, 1]);
        let turned = [STREAMS, self.embd, self.tokens, 1];
        let view = graph.view(streams, turned);
        let turned = graph.op(turned, &[view]);
        let predicted = graph.op([self.embd, STREAMS, self.tokens, 1], &[turned, coefficients]);
        graph.named(predicted, Op::MulMat);
        let view = graph.view(predicted, self.all(STREAMS));
        let predicted = graph.op(self.all(STREAMS), &[view]);
        graph.add(predicted, streams)
    }

    fn correct(self, graph: &mut Graph, router: &Router, predicted: Id, done: Id) -> Id {
        let coefficients = router.coefficients(graph, done, STREAMS);
        let before = self.slice(graph, predicted);
        let new = graph.over(done, &[done, before]);
        let coefficients = graph.scale(coefficients);
        let view = graph.view(coefficients, [self.tokens, STREAMS, 1, 1]);
        let coefficients = graph.op([1, self.tokens, STREAMS, 1], &[view]);
        let repeated = graph.op(self.all(STREAMS), &[new]);
        let weighed = graph.times(repeated, coefficients);
        graph.add(weighed, predicted)
    }

    /// Adds the layer's own inputs to all streams but the first.
    fn with_inputs(self, graph: &mut Graph, inputs: Option<&Inputs>, corrected: Id) -> Id {
        let Some(inputs) = inputs else { return corrected };
        let active = self.slice(graph, corrected);
        let scaled = graph.mul_weight(active);
        let added = inputs.gated(graph, self.embd, scaled);
        let first = self.slice(graph, corrected);
        let others = graph.view(corrected, self.all(STREAMS - 1));
        let others = graph.add(others, added);
        graph.op(self.all(STREAMS), &[first, others])
    }

    /// The mean of all streams.
    fn merge(self, graph: &mut Graph, streams: Id) -> Id {
        let active = self.slice(graph, streams);
        let target = magnitude(graph, active);
        let others = graph.view(streams, self.all(STREAMS - 1));
        let others = self.projected(graph, others, target);
        let mut sum = self.slice(graph, streams);
        for _ in 1..STREAMS {
            let other = self.slice(graph, others);
            sum = graph.add(sum, other);
        }
        graph.scale(sum)
    }
}

/// Root of the sum of squares of each row.
fn magnitude(graph: &mut Graph, x: Id) -> Id {
    let [_, columns, streams, _] = graph.dims(x);
    let squared = graph.over(x, &[x]);
    let sum = graph.op([1, columns, streams, 1], &[squared]);
    graph.named(sum, Op::SumRows);
    graph.over(sum, &[sum])
}
