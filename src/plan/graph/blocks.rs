//! Attention's choice of blocks of tokens: each is scored by one key that is pooled from those of its tokens (`build_qsa_sel`
//! of src/models/qwen4exp.cpp and llama-memory-hybrid-idx.cpp of llama.cpp).

use super::alloc::{Id, Place};
use super::cache::{rope, store};
use super::tensors::{Batch, F16, F32, Graph, I64, Op};
use crate::model::shape::Indexer;

/// The inputs that all layers share: which cells make up which block.
pub(super) struct Blocks {
    indexer: Indexer,
    /// Tokens of a block.
    size: u64,
    /// Blocks that can be chosen.
    count: u64,
    /// Blocks whose keys are pooled anew: all of them in the largest batch.
    fresh: u64,
    k_index: Id,
    pooled_in: Id,
    members: Id,
    mask: Id,
    tail: Id,
    fresh_members: Id,
    written: Id,
    positions: Id,
}

/// Blocks are counted in steps of so many, and one is always free.
const STEP: u64 = 64;

impl Blocks {
    pub fn new(graph: &mut Graph, indexer: &Indexer, size: u64, batch: &Batch) -> Blocks {
        let real = batch.cells / size * batch.slots;
        let (count, fresh) = ((real + 1).next_multiple_of(STEP), real.max(1));
        let k_index = graph.input(I64, [batch.tokens, 1, 1, 1]);
        let pooled_in = graph.input(F32, [count, 1, 1, 1]);
        let members = graph.input(F32, [size, count, 1, 1]);
        let mask = graph.input(F16, [count, batch.tokens, 1, 1]);
        let tail = graph.input(F32, [size - 1, batch.tokens, 1, 1]);
        [pooled_in, members, mask, tail].into_iter().for_each(|id| graph.expand(id));
        Blocks {
            indexer: *indexer,
            size,
            count,
            fresh,
            k_index,
            pooled_in,
            members,
            mask,
            tail,
            fresh_members: graph.input(F32, [size, fresh, 1, 1]),
            written: graph.input(I64, [fresh, 1, 1, 1]),
            positions: graph.input(F32, [4 * fresh, 1, 1, 1]),
        }
    }

    /// The mask `whole` with all but the chosen blocks of each token masked, and those after the last whole block.
    pub fn choose(&self, graph: &mut Graph, batch: &Batch, positions: Id, normed: Id, whole: Id) -> Id {
        let Indexer { heads, key, top, .. } = self.indexer;
        let tokens = batch.tokens;
        let keys = self.keys(graph, batch, normed);
        let q = graph.mul_mat(heads * key, normed);
        let q = graph.reshape(q, [key, heads, tokens, 1]);
        let q = graph.norm(q, true, false);
        let q = rope(graph, positions, q);
        let weights = graph.filled(F32, [heads, tokens, 1, 1]);
        let score = graph.op([self.count, tokens, 1, 1], &[q, keys, weights, self.mask]);
        let most = (top / self.size).min(self.count);
        let best = graph.op([most, tokens, 1, 1], &[score]);
        let flat = graph.reshape(best, [most * tokens, 1, 1, 1]);
        let chosen = graph.get_rows(self.members, flat);
        let chosen = graph.reshape(chosen, [self.size * most, tokens, 1, 1]);
        let all = [self.size * most + self.size - 1, tokens, 1, 1];
        let chosen = graph.op(all, &[chosen, self.tail]);
        graph.expand(chosen);
        let target = self.targets(graph, score, best, chosen);
        self.unmask(graph, batch, whole, target)
    }

    /// The pooled keys of all blocks, after those of the batch were put beside the keys of their tokens.
    fn keys(&self, graph: &mut Graph, batch: &Batch, normed: Id) -> Id {
        let (key, tokens, fresh) = (self.indexer.key, batch.tokens, self.fresh);
        let raw = graph.mul_mat(key, normed);
        let room = graph.filled(F32, [key, tokens, 1, 1]);
        let row = graph.op([2 * key, tokens, 1, 1], &[raw, room]);
        let row = graph.view(row, [2 * key, tokens, 1, 1]);
        store(graph, row, self.k_index, batch.streams);
        let cache = graph.cache();
        let cells = [key, batch.cells * batch.streams, 1, 1];
        let [raw, pooled] = [(); 2].map(|()| {
            let half = graph.view(cache, cells);
            // A copy would reach from the first row's half to the last's.
            let row = |width: u64| batch.k_type.bytes_of(width);
            graph.nodes[half].bytes = row(2 * key).saturating_mul(cells[1]).saturating_sub(row(key));
            half
        });
        let members = graph.reshape(self.fresh_members, [self.size * fresh, 1, 1, 1]);
        let rows = graph.get_rows(raw, members);
        let rows = graph.reshape(rows, [key, self.size, fresh, 1]);
        let first = graph.view(rows, [key, fresh, 1, 1]);
        let mut sum = graph.op([key, fresh, 1, 1], &[first]);
        for _ in 1..self.size {
            let next = graph.view(rows, [key, fresh, 1, 1]);
            sum = graph.add(sum, next);
        }
        let mean = graph.scale(sum);
        let mean = graph.norm(mean, true, false);
        let mean = graph.reshape(mean, [key, 1, fresh, 1]);
        let mean = rope(graph, self.positions, mean);
        let mean = graph.reshape(mean, [key, fresh, 1, 1]);
        let stored = graph.view_with(pooled, cells, &[mean, self.written, pooled]);
        graph.expand(stored);
        let keys = graph.get_rows(pooled, self.pooled_in);
        graph.reshape(keys, [key, 1, self.count, 1])
    }

    /// Rows of the mask to open: the chosen cells, and rows of its end for places that none takes.
    fn targets(&self, graph: &mut Graph, score: Id, best: Id, chosen: Id) -> Id {
        let ([most, tokens, ..], all) = (graph.dims(best), graph.dims(chosen));
        let numbers = graph.op(all, &[chosen]);
        let scores = graph.reshape(score, [1, self.count, tokens, 1]);
        let scores = graph.op([1, most, tokens, 1], &[scores, best]);
        let scores = graph.named(scores, Op::GetRows);
        let seen = between(graph, scores);
        let seen = graph.op([self.size, most, tokens, 1], &[seen]);
        let seen = graph.reshape(seen, [self.size * most, tokens, 1, 1]);
        let tail = graph.op([self.size - 1, tokens, 1, 1], &[self.tail]);
        let tail = between(graph, tail);
        let live = graph.op(all, &[seen, tail]);
        let ones = graph.over(live, &[live]);
        let places = graph.op(all, &[ones]);
        let places = graph.scale(places);
        let apart = graph.times(numbers, places);
        let apart = graph.times(apart, live);
        let target = graph.add(apart, places);
        let target = graph.op(all, &[target]);
        graph.reshape(target, all)
    }

    fn unmask(&self, graph: &mut Graph, batch: &Batch, whole: Id, target: Id) -> Id {
        let (width, dims) = (batch.mask_width(), graph.dims(whole));
        let [most, tokens, ..] = graph.dims(target);
        let rows = batch.cells + most;
        let all = graph.filled_rows(width, rows, tokens);
        let zeros = graph.filled_rows(width, most, tokens);
        let open = graph.view_with(all, [1, rows, tokens, 1], &[zeros, target, all]);
        let open = graph.view(open, dims);
        let mask = graph.push(Place::Own, true, width, dims, &[open, whole]);
        graph.reshape(mask, dims)
    }
}

/// Numbers put between 0 and 1.
fn between(graph: &mut Graph, x: Id) -> Id {
    let moved = graph.scale(x);
    let bounded = graph.scale(moved);
    graph.named(bounded, Op::Clamp)
}
