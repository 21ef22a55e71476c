//! Inputs that each layer has of its own beside the hidden state (`project_per_layer_inputs` of gemma4.cpp and gemma3n.cpp).

use super::alloc::Id;
use super::tensors::{Batch, Graph, Op, Part};
use crate::model::Shape;

/// Inputs of `width` numbers a token, for every layer.
#[derive(Clone, Copy)]
pub(super) struct Inputs {
    all: Id,
    width: u64,
}

impl Inputs {
    /// From the tokens and their embedding; `None` for a model without.
    pub fn new(graph: &mut Graph, shape: &Shape, batch: &Batch, embedded: Id) -> Option<Inputs> {
        let width = shape.per_layer?;
        let (tokens, layers) = (batch.tokens, shape.layers.len() as u64);
        let ids = graph.input(super::tensors::F32, [tokens, 1, 1, 1]);
        let rows = graph.get_rows_of_width(width * layers, ids);
        let rows = graph.reshape(rows, [width, layers, tokens, 1]);
        let rows = graph.scale(rows);
        graph.expand(rows);
        // Its weights lie with the first layer.
        graph.part = Part::Layer(0);
        let projected = graph.mul_mat(width * layers, embedded);
        let projected = graph.scale(projected);
        let projected = graph.reshape(projected, [width, layers, tokens, 1]);
        let normed = graph.unary(projected);
        graph.named(normed, Op::RmsNorm);
        let normed = graph.mul_weight(normed);
        let sum = graph.add(normed, rows);
        let sum = graph.scale(sum);
        let all = graph.op([width, tokens, layers, 1], &[sum]);
        Some(Inputs { all, width })
    }

    /// Adds the part of the layer under construction to its result.
    pub fn add(&self, graph: &mut Graph, n_embd: u64, x: Id) -> Id {
        let out = self.gated(graph, n_embd, x);
        graph.add(x, out)
    }

    /// The part of the layer under construction, as far as its result `x` lets it through.
    pub fn gated(&self, graph: &mut Graph, n_embd: u64, x: Id) -> Id {
        let columns = graph.dims(x)[1];
        let gate = graph.mul_mat(self.width, x);
        let gate = graph.unary(gate);
        let part = graph.view(self.all, [self.width, columns, 1, 1]);
        let gated = graph.times(gate, part);
        let out = graph.mul_mat(n_embd, gated);
        graph.norm(out, true, false)
    }
}
