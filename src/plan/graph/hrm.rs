//! HRM-Text: two stacks of layers that a token goes through in turns (src/models/hrm-text.cpp of llama.cpp). Their weights are
//! read again each time, their caches are not.

use super::alloc::Id;
use super::attention::Attention;
use super::feed_forward;
use super::tensors::{Graph, Part};
use crate::model::shape::{Hrm, Shape};

/// The state after all turns, for the embedding of a batch.
pub(super) fn build(graph: &mut Graph, shape: &Shape, attention: &Attention, hrm: &Hrm, embedded: Id) -> Id {
    let mut turns =
        Turns { shape, attention, stack: hrm.stack, slot: 0, weights: vec![Vec::new(); 2 * hrm.stack] };
    graph.part = Part::Layer(0);
    let (mut high, mut low) = (embedded, graph.float_weight(shape.n_embd));
    for _ in 0..hrm.high {
        for _ in 0..hrm.low {
            let sum = graph.add(high, low);
            low = turns.through(graph, 0, sum);
        }
        let sum = graph.add(high, low);
        high = turns.through(graph, hrm.stack, sum);
    }
    high
}

struct Turns<'a> {
    shape: &'a Shape,
    attention: &'a Attention<'a>,
    stack: usize,
    /// The next cache.
    slot: usize,
    /// Weights of each layer, once they were read.
    weights: Vec<Vec<Id>>,
}

impl Turns<'_> {
    /// Once through the stack that starts with layer `first`.
    fn through(&mut self, graph: &mut Graph, first: usize, mut x: Id) -> Id {
        for layer in first..first + self.stack {
            graph.part = Part::Layer(layer);
            graph.again = Some((std::mem::take(&mut self.weights[layer]), 0));
            let normed = graph.unweighted_norm(x);
            let attended = self.attention.build(graph, self.slot, normed);
            let middle = graph.add(attended, x);
            let normed = graph.unweighted_norm(middle);
            let fed = feed_forward::dense(graph, self.shape, normed, self.shape.layers[self.slot].ff);
            x = graph.add(fed, middle);
            self.weights[layer] = graph.again.take().map(|(weights, _)| weights).unwrap_or_default();
            self.slot += 1;
        }
        graph.unweighted_norm(x)
    }
}
