//! Choice of pools of tokens to look at: keys and gates of a few tokens in a row are pooled into one key, and an indexer ranks
//! the pools (`build_kpool_select` of src/models/glm5-next.cpp of llama.cpp).

use super::alloc::{Id, Place};
use super::cache::store;
use super::tensors::{Batch, F16, F32, Graph, I64, Kind, Op};
use crate::model::shape::{Indexer, Pools};

/// Pools are padded to a multiple of this, with one of them unused.
const PADDED_TO: u64 = 64;

/// The inputs of the choice, and its sizes.
pub(super) struct PoolChoice {
    indexer: Indexer,
    pools: Pools,
    /// Pools, padded, and those that one batch completes.
    padded: u64,
    new: u64,
    /// Tokens that one token looks at.
    pub looked_at: u64,
    k_index: Id,
    pool_cells: Id,
    members: Id,
    mask: Id,
    tail: Id,
    /// Masks the places that have no token.
    pub live: Id,
    new_members: Id,
    new_cells: Id,
}

impl PoolChoice {
    pub fn new(graph: &mut Graph, indexer: &Indexer, pools: &Pools, batch: &Batch) -> PoolChoice {
        let Pools { tokens: each, tail: with_tail } = *pools;
        let whole = pools.whole(batch.cells, batch.slots);
        let (padded, new) = ((whole + 1).next_multiple_of(PADDED_TO), whole.max(1));
        let k_index = graph.input(I64, [batch.tokens, 1, 1, 1]);
        let pool_cells = graph.input(F32, [padded, 1, 1, 1]);
        let members = graph.input(F32, [each, padded, 1, 1]);
        let mask = graph.input(F16, [padded, batch.tokens, 1, 1]);
        let tail = graph.input(F32, [each - 1, batch.tokens, 1, 1]);
        let looked_at = each * padded.min(indexer.top / each) + if with_tail { each - 1 } else { 0 };
        let live = graph.input(F32, [looked_at, 1, 1, batch.tokens]);
        [pool_cells, members, mask, tail, live].into_iter().for_each(|id| graph.expand(id));
        let new_members = graph.input(F32, [each, new, 1, 1]);
        let new_cells = graph.input(I64, [new, 1, 1, 1]);
        let (indexer, pools) = (*indexer, *pools);
        PoolChoice {
            indexer,
            pools,
            padded,
            new,
            looked_at,
            k_index,
            pool_cells,
            members,
            mask,
            tail,
            live,
            new_members,
            new_cells,
        }
    }

    /// Cells that each token looks at; `low` is the query before its last projection.
    pub fn choose(&self, graph: &mut Graph, batch: &Batch, low: Id, normed: Id) -> Id {
        let (i, each, tokens) = (self.indexer, self.pools.tokens, batch.tokens);
        let q = graph.mul_mat(i.heads * i.key, low);
        let q = graph.reshape(q, [i.key, i.heads, tokens, 1]);
        let pooled = self.pooled(graph, batch, normed);
        let weights = graph.mul_mat(i.heads, normed);
        let weights = graph.scale(weights);
        let score = graph.op([self.padded, tokens, 1, 1], &[q, pooled, weights, self.mask]);
        let most = self.padded.min(i.top / each);
        let top = graph.op([most, tokens, 1, 1], &[score]);
        let top = self.by_rank(graph, score, top);
        let flat = graph.reshape(top, [most * tokens, 1, 1, 1]);
        let cells = graph.get_rows(self.members, flat);
        let cells = graph.reshape(cells, [each * most, tokens, 1, 1]);
        if self.pools.tail { graph.op([self.looked_at, tokens, 1, 1], &[cells, self.tail]) } else { cells }
    }

    /// Keeps each token's key and gate, pools those of the pools that the batch completes, and returns the keys of all pools.
    fn pooled(&self, graph: &mut Graph, batch: &Batch, normed: Id) -> Id {
        let (key, each, tokens, new) = (self.indexer.key, self.pools.tokens, batch.tokens, self.new);
        let k = graph.mul_mat(key, normed);
        let k = graph.norm(k, false, true);
        let weight = graph.float_weight(key.saturating_mul(graph.dims(normed)[0]));
        let gate = graph.mul_mat_by(weight, key, normed);
        let none = graph.scratch(F32, [key, tokens, 1, 1]);
        let none = graph.over(none, &[none]);
        let both = graph.op([2 * key, tokens, 1, 1], &[k, gate]);
        let all = graph.op([3 * key, tokens, 1, 1], &[both, none]);
        let all = graph.reshape(all, [3 * key, 1, tokens, 1]);
        let row = graph.view(all, [3 * key, tokens, 1, 1]);
        store(graph, row, self.k_index, batch.streams);
        let cache = graph.cache();
        let cells = batch.cells * batch.streams;
        // A copy on another device reaches from the first row's part to the last row's.
        let part = |graph: &mut Graph, width: u64| {
            let part = graph.view(cache, [width, cells, 1, 1]);
            let left_out = batch.k_type.bytes_of(3 * key - width);
            graph.nodes[part].bytes = batch.k_type.bytes_of(3 * key * cells).saturating_sub(left_out);
            part
        };
        let (of_tokens, of_pools) = (part(graph, 2 * key), part(graph, key));
        let members = graph.reshape(self.new_members, [each * new, 1, 1, 1]);
        let rows = graph.get_rows(of_tokens, members);
        let rows = graph.reshape(rows, [2 * key, each, new, 1]);
        let [keys, gates] = [(); 2].map(|()| graph.columns(rows, key, [key, each, new, 1]));
        let places = graph.float_weight(key * each);
        let gates = graph.add(gates, places);
        let [gates, keys] = [gates, keys].map(|x| {
            let turned = graph.view(x, [each, key, new, 1]);
            graph.op([each, key, new, 1], &[turned])
        });
        let flat = graph.reshape(gates, [each, key * new, 1, 1]);
        let shares = graph.scale(flat);
        graph.named(shares, Op::SoftMax);
        let shares = graph.reshape(shares, [each, key, new, 1]);
        let shared = graph.times(shares, keys);
        let sum = graph.op([1, key, new, 1], &[shared]);
        graph.named(sum, Op::SumRows);
        let sum = graph.reshape(sum, [key, new, 1, 1]);
        let kept = graph.view_with(of_pools, [key, cells, 1, 1], &[sum, self.new_cells, of_pools]);
        graph.expand(kept);
        let all = graph.get_rows(of_pools, self.pool_cells);
        graph.reshape(all, [key, 1, self.padded, 1])
    }

    /// The chosen pools, the best first.
    fn by_rank(&self, graph: &mut Graph, score: Id, top: Id) -> Id {
        let [most, tokens, ..] = graph.dims(top);
        let picked = |graph: &mut Graph, from: Id, which: Id| {
            let dims = graph.dims(from);
            let apart = graph.reshape(from, [1, dims[0], tokens, 1]);
            let rows = graph.op([1, most, tokens, 1], &[apart, which]);
            graph.kinds[rows].0 = Kind::Batch(0);
            graph.named(rows, Op::GetRows);
            graph.reshape(rows, [most, tokens, 1, 1])
        };
        let copied = |graph: &mut Graph, x: Id| graph.op([most, tokens, 1, 1], &[x]);
        let scores = picked(graph, score, top);
        let order = graph.op([most, tokens, 1, 1], &[scores]);
        graph.named(order, Op::ArgSort);
        let numbers = copied(graph, top);
        let ranked = picked(graph, numbers, order);
        let ranked = copied(graph, ranked);
        copied(graph, ranked)
    }

    /// `mask` with all cells masked but those that are `chosen`: places without a token write to rows behind the cells.
    pub fn unmask(&self, graph: &mut Graph, mask: Id, width: u8, chosen: Id) -> Id {
        let ([most, tokens, ..], cells) = (graph.dims(chosen), graph.dims(mask)[0]);
        graph.expand(chosen);
        let all = graph.filled_rows(width, cells + most, tokens);
        let none = graph.filled_rows(width, most, tokens);
        let live = graph.reshape(self.live, [most, tokens, 1, 1]);
        let live = graph.unary(live);
        let behind = graph.op([most, 1, 1, 1], &[]);
        let index = graph.op([most, tokens, 1, 1], &[chosen]);
        let index = graph.times(index, behind);
        let index = graph.times(index, live);
        let index = graph.add(index, behind);
        let index = graph.op([most, tokens, 1, 1], &[index]);
        let index = graph.reshape(index, [most, tokens, 1, 1]);
        let set = graph.view_with(all, [1, cells + most, tokens, 1], &[none, index, all]);
        let set = graph.view(set, [cells, tokens, 1, 1]);
        let flat = graph.reshape(mask, [cells, tokens, 1, 1]);
        // A copy on a card may be written over.
        graph.nodes[flat].layout.0 = width;
        let unmasked = graph.push(Place::Own, true, width, [cells, tokens, 1, 1], &[set, flat]);
        graph.named(unmasked, Op::Add)
    }
}
