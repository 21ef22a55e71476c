//! Layers of MiniMax-01: lightning attention, which keeps a matrix of each head, and full attention in every eighth
//! (src/models/minimax-01.cpp of llama.cpp).

use super::alloc::Id;
use super::attention::Attention;
use super::feed_forward;
use super::recurrent::States;
use super::tensors::{Batch, F32, Graph, Op};
use crate::model::Shape;
use crate::model::shape::LayerKv;

/// Decays that all layers share.
pub(super) struct Lightning {
    slopes: Id,
    query: Id,
    key: Id,
    diagonal: Id,
}

impl Lightning {
    /// `None` for a model without.
    pub fn new(graph: &mut Graph, shape: &Shape, batch: &Batch) -> Option<Lightning> {
        if !shape.block.lightning {
            return None;
        }
        let (heads, sequences) = (shape.n_head, batch.slots);
        let each = batch.tokens / sequences;
        Some(Lightning {
            slopes: graph.input(F32, [heads, 1, 1, 1]),
            query: graph.input(F32, [1, heads, each, sequences]),
            key: graph.input(F32, [1, heads, each, sequences]),
            diagonal: graph.input(F32, [each, each, heads, sequences]),
        })
    }

    /// One layer, whose residuals are what its norms give.
    #[expect(clippy::too_many_arguments, reason = "a layer reads all of them")]
    pub fn layer(
        &self,
        graph: &mut Graph,
        shape: &Shape,
        batch: &Batch,
        (attention, states): (&Attention, &States),
        index: usize,
        input: Id,
        out_ids: Option<Id>,
    ) -> Id {
        let normed = graph.norm(input, true, false);
        let sizes = &shape.layers[index];
        let mut x = match sizes.cached {
            true => attention.build(graph, index, normed),
            false => self.linear(graph, shape.n_embd, batch, sizes, states, normed),
        };
        let mut residual = normed;
        if let Some(ids) = out_ids {
            x = graph.get_rows(x, ids);
            residual = graph.get_rows(residual, ids);
        }
        let residual = graph.scale(residual);
        let middle = graph.add(x, residual);
        let normed = graph.norm(middle, true, false);
        let fed = match &shape.experts {
            Some(experts) if sizes.experts => {
                feed_forward::experts(graph, shape, batch, experts, normed, out_ids.is_some())
            }
            _ => feed_forward::dense(graph, shape, normed, sizes.ff),
        };
        let residual = graph.scale(normed);
        graph.add(fed, residual)
    }

    fn linear(
        &self,
        graph: &mut Graph,
        n_embd: u64,
        batch: &Batch,
        sizes: &LayerKv,
        states: &States,
        normed: Id,
    ) -> Id {
        let (heads, head, sequences) = (sizes.heads, sizes.head_k, batch.slots);
        let each = batch.tokens / sequences;
        let (by_token, by_head) = ([head, heads, each, sequences], [head, each, heads, sequences]);
        let turned = [each, head, heads, sequences];
        // Empty: the layer has no convolution.
        states.load(graph, 0);
        let slope = graph.scale(self.slopes);
        let normed = graph.reshape(normed, [n_embd, each, 1, sequences]);
        let joint = graph.mul_mat(3 * heads * head, normed);
        let joint = graph.unary(joint);
        let joint = graph.reshape(joint, [3 * head, heads, each, sequences]);
        let [q, k, v] = [(); 3].map(|()| graph.view(joint, by_token));
        let old = states.load(graph, head * head * heads);
        let old = graph.reshape(old, [head, head, heads, sequences]);
        let decay = |graph: &mut Graph, of: Id| {
            let scaled = graph.scale(of);
            graph.unary(scaled)
        };
        let [query, key, diagonal] = [self.query, self.key, self.diagonal].map(|of| decay(graph, of));
        let product = |graph: &mut Graph, dims: [u64; 4], a: Id, b: Id| {
            let product = graph.op(dims, &[a, b]);
            graph.named(product, Op::MulMat)
        };
        // By the state before.
        let decayed = graph.times(q, query);
        let decayed = graph.view(decayed, by_head);
        let before = product(graph, by_head, old, decayed);
        // Within the batch.
        let [q, turned_k] = [q, k].map(|x| graph.view(x, by_head));
        let scores = product(graph, [each, each, heads, sequences], turned_k, q);
        let scores = graph.times(scores, diagonal);
        let turned_v = graph.view(v, turned);
        let turned_v = graph.op(turned, &[turned_v]);
        let within = product(graph, by_head, turned_v, scores);
        let both = graph.add(before, within);
        graph.expand(both);
        let slope = graph.scale(slope);
        let slope = graph.unary(slope);
        let slope = graph.reshape(slope, [1, 1, heads, 1]);
        let kept = graph.times(old, slope);
        let decayed = graph.times(k, key);
        let decayed = graph.view(decayed, turned);
        let decayed = graph.op(turned, &[decayed]);
        let new = product(graph, [head, head, heads, sequences], decayed, turned_v);
        let new = graph.add(kept, new);
        states.store(graph, new);
        let both = graph.view(both, by_token);
        let both = graph.op(by_token, &[both]);
        let both = graph.reshape(both, [head * heads, each, 1, sequences]);
        let both = graph.norm(both, true, false);
        let gate = graph.mul_mat(head * heads, normed);
        let gate = graph.unary(gate);
        let gated = graph.times(gate, both);
        let out = graph.mul_mat(n_embd, gated);
        graph.reshape(out, [n_embd, batch.tokens, 1, 1])
    }
}
