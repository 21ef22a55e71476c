//! GLM-5.3-Flash's layers: Kimi's delta attention, and latent attention without positions to the tokens of chosen pools
//! (src/models/glm5-next.cpp of llama.cpp).

use super::alloc::Id;
use super::attention::Attention;
use super::cache::{cached, store};
use super::kda;
use super::pool_choice::PoolChoice;
use super::recurrent::States;
use super::tensors::{Batch, Graph, Kind, Op};
use crate::model::shape::{Latent, Pools, Shape};
use std::cell::Cell;

/// Most tokens of `--ubatch-size` with which the rows that are looked at are gathered. A batch may have a few more.
const GATHERS: u64 = 16;

pub(super) struct Mixed<'a> {
    shape: &'a Shape,
    batch: &'a Batch,
    states: States,
    attention: Attention<'a>,
    choice: Option<PoolChoice>,
    gathers: bool,
    /// The last choice, which layers without an indexer of their own use.
    chosen: Cell<Option<Id>>,
}

impl<'a> Mixed<'a> {
    pub fn new(graph: &mut Graph, shape: &'a Shape, pools: &Pools, batch: &'a Batch) -> Mixed<'a> {
        let states = States::new(graph, batch);
        let attention = Attention::new(graph, shape, batch);
        let choice = shape.indexer.map(|indexer| PoolChoice::new(graph, &indexer, pools, batch));
        let top = shape.indexer.map_or(0, |indexer| indexer.top);
        let gathers =
            batch.tokens < GATHERS + batch.slots && batch.cells * batch.streams > top + pools.tokens - 1;
        Mixed { shape, batch, states, attention, choice, gathers, chosen: Cell::new(None) }
    }

    /// The attention of layer `index` on the normed input.
    pub fn build(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        graph.expand(normed);
        let layer = &self.shape.layers[index];
        match (&self.shape.kda, &self.shape.latent, &self.choice) {
            (Some(kda), ..) if layer.state > 0 => {
                kda::build(graph, self.shape.n_embd, self.batch, (kda, layer.heads), &self.states, normed)
            }
            (_, Some(latent), Some(choice)) => {
                self.sparse(graph, latent, choice, (layer.heads, layer.index_k > 0), normed)
            }
            _ => normed,
        }
    }

    fn sparse(
        &self,
        graph: &mut Graph,
        latent: &Latent,
        choice: &PoolChoice,
        (heads, chooses): (u64, bool),
        normed: Id,
    ) -> Id {
        let (batch, tokens, rank) = (self.batch, self.batch.tokens, latent.kv_rank);
        let low = graph.mul_mat(latent.q_rank.unwrap_or(0), normed);
        let low = graph.norm(low, true, false);
        let q = graph.mul_mat(heads * latent.head_k, low);
        let q = graph.reshape(q, [latent.head_k, heads, tokens, 1]);
        let kv = graph.mul_mat(rank, normed);
        let kv = graph.norm(kv, true, false);
        let kv = graph.reshape(kv, [rank, 1, tokens, 1]);
        let q = graph.view(q, [latent.head_k, tokens, heads, 1]);
        let q = graph.mul_mat_by_head(rank, q);
        let q = graph.view(q, [rank, heads, tokens, 1]);
        let mask = self.attention.full.mask;
        if chooses {
            let cells = choice.choose(graph, batch, low, normed);
            let chosen = match self.gathers {
                true => cells,
                false => choice.unmask(graph, mask, batch.mask_width(), cells),
            };
            self.chosen.set(Some(chosen));
        }
        [q, kv].into_iter().for_each(|id| graph.expand(id));
        let row = graph.view(kv, [rank, tokens, 1, 1]);
        store(graph, row, self.attention.full.k_index, batch.streams);
        let out = match self.chosen.get() {
            Some(cells) if self.gathers => self.gathered(graph, latent, choice, q, cells),
            chosen => {
                let masked = chosen.map(|chosen| graph.reshape(chosen, graph.dims(mask)));
                let dims = [rank, 1, batch.cells, batch.streams];
                let k = cached(graph, batch.k_type, dims);
                let v = graph.view(k, dims);
                let (mask, size) = (masked.unwrap_or(mask), Some(latent.head_v));
                self.attention.heads(graph, mask, batch.cells, q, k, v, rank, size)
            }
        };
        graph.mul_mat(self.shape.n_embd, out)
    }

    /// Attention to the rows of the chosen cells, which are copied for each token.
    fn gathered(&self, graph: &mut Graph, latent: &Latent, choice: &PoolChoice, q: Id, cells: Id) -> Id {
        let (batch, tokens, rank, most) = (self.batch, self.batch.tokens, latent.kv_rank, choice.looked_at);
        let heads = graph.dims(q)[1];
        graph.expand(self.attention.full.mask);
        let all = cached(graph, batch.k_type, [rank, batch.cells * batch.streams, 1, 1]);
        let flat = graph.reshape(cells, [most * tokens, 1, 1, 1]);
        let rows = graph.get_rows(all, flat);
        let k = graph.reshape(rows, [rank, most, 1, tokens]);
        let q = graph.view(q, [rank, 1, heads, tokens]);
        let scores = graph.op([most, 1, heads, tokens], &[k, q]);
        graph.named(scores, Op::MulMat);
        let scores = graph.over(scores, &[scores, choice.live]);
        graph.named(scores, Op::SoftMax);
        let turned = graph.view(k, [most, rank, 1, tokens]);
        let v = graph.op([most, rank, 1, tokens], &[turned]);
        let out = graph.op([rank, 1, heads, tokens], &[v, scores]);
        graph.named(out, Op::MulMat);
        let out = graph.mul_mat_by_head(latent.head_v, out);
        graph.kinds[out].0 = Kind::Batch(1);
        let out = graph.view(out, [latent.head_v, heads, 1, tokens]);
        let out = graph.op([latent.head_v, heads, 1, tokens], &[out]);
        graph.reshape(out, [latent.head_v * heads, tokens, 1, 1])
    }
}
