//! Sparse attention's choice of the tokens to look at (the lightning indexer of src/models/deepseek32.cpp).

use super::alloc::{Id, Place};
use super::cache::{CacheInputs, cached, rope, store};
use super::tensors::{Batch, F16, F32, Graph, I64, Kind};
use crate::model::shape::Indexer;

/// The inputs of the cache of keys that are only for choosing.
pub(super) struct Chooser {
    pub indexer: Indexer,
    k_index: Id,
    mask: Id,
    rotation: Id,
}

impl Chooser {
    pub fn new(graph: &mut Graph, indexer: &Indexer, batch: &Batch) -> Chooser {
        let side = indexer.side();
        Chooser {
            indexer: *indexer,
            k_index: graph.input(I64, [batch.tokens, 1, 1, 1]),
            mask: graph.input(F16, [batch.cells, batch.tokens / batch.streams, 1, batch.streams]),
            rotation: graph.input(F32, [side, side, 1, 1]),
        }
    }

    /// Indices of the tokens that each token looks at; `low` is the query before its last projection.
    pub fn choose(&self, graph: &mut Graph, batch: &Batch, positions: Id, low: Id, normed: Id) -> Id {
        let i = self.indexer;
        let (tokens, streams) = (batch.tokens, batch.streams);
        let turn = |graph: &mut Graph, x: Id| {
            let dims = graph.dims(x);
            let turned = graph.op(dims, &[self.rotation, x]);
            graph.kinds[turned].0 = Kind::Batch(dims[1]);
            turned
        };
        let q = graph.mul_mat(i.heads * i.key, low);
        let q = graph.view(q, [i.key, i.heads, tokens, 1]);
        let q = rope(graph, positions, q);
        let k = graph.mul_mat(i.key, normed);
        let k = graph.norm(k, false, true);
        let k = graph.view(k, [i.key, 1, tokens, 1]);
        let k = rope(graph, positions, k);
        let (q, k) = if i.turned { (turn(graph, q), turn(graph, k)) } else { (q, k) };
        let row = graph.view(k, [i.key, tokens, 1, 1]);
        store(graph, row, self.k_index, streams);
        let weights = graph.mul_mat(i.heads, normed);
        let k = cached(graph, batch.k_type, [i.key, 1, batch.cells, streams]);
        let q = graph.view(q, [i.key, i.heads, tokens / streams, streams]);
        let weights = graph.view(weights, [i.heads, tokens / streams, 1, streams]);
        let weights = graph.scale(weights);
        let score = graph.op([batch.cells, tokens / streams, 1, streams], &[q, k, weights, self.mask]);
        let most = i.top.min(batch.cells);
        let top = graph.op([most, tokens / streams, 1, streams], &[score]);
        graph.op([most, tokens / streams, 1, streams], &[top])
    }
}

/// The mask with all but the chosen tokens masked.
pub(super) fn unmask(graph: &mut Graph, inputs: &CacheInputs, batch: &Batch, chosen: Id) -> Id {
    let width = batch.mask_width();
    only_chosen(graph, inputs.mask, width, F32, chosen)
}

/// The same of any mask of so wide elements; those of the chosen are `zero_width` wide before they are put in.
pub(super) fn only_chosen(graph: &mut Graph, mask: Id, width: u8, zero_width: u8, chosen: Id) -> Id {
    let [most, each, _, streams] = graph.dims(chosen);
    let dims = graph.dims(mask);
    let filled = graph.push(Place::Own, true, width, dims, &[mask]);
    let spread = graph.view(filled, [1, dims[0], dims[1], dims[3]]);
    let chosen = graph.view(chosen, [most, each, streams, 1]);
    let zeros = graph.scratch(zero_width, [1, most, each, streams]);
    let zeros = graph.push(Place::Own, true, zero_width, [1, most, each, streams], &[zeros]);
    let set = graph.view_with(spread, [1, dims[0], dims[1], dims[3]], &[zeros, chosen, spread]);
    let set = graph.view(set, dims);
    graph.push(Place::Own, true, width, dims, &[set, mask])
}
