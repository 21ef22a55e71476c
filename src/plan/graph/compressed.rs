//! DeepSeek V4's attention: to a window of keys, which are the values too, and to compressed cells of all before, of which
//! an indexer chooses some (src/models/deepseek4.cpp of llama.cpp).

use super::alloc::{Id, Place};
use super::cache::{Rotation, cached, rope, rotate, store};
use super::chooser::only_chosen;
use super::pool::Pool;
use super::tensors::{Batch, F16, F32, Graph, I64, Kind, Op};
use crate::model::shape::{CHOSEN_FROM, Compressed, Indexer, Shape};
use crate::model::tensor_type::TensorType;

/// Tokens in a compressed cell of those that are read whole.
const WHOLE: u64 = 128;

pub(super) struct Attention<'a> {
    shape: &'a Shape,
    sizes: &'a Compressed,
    batch: &'a Batch,
    positions: Id,
    index: Id,
    mask: Id,
    rotation: Option<Rotation>,
    chosen: Pool,
    whole: Pool,
    /// Keys of the indexer, a cell for each of `chosen`.
    chooser: Option<(Indexer, Pool)>,
}

impl<'a> Attention<'a> {
    pub fn new(
        graph: &mut Graph,
        shape: &'a Shape,
        sizes: &'a Compressed,
        batch: &'a Batch,
    ) -> Attention<'a> {
        let head = shape.head_dim;
        let mask_width = batch.mask_width();
        let positions = graph.input(F32, [batch.tokens, 1, 1, 1]);
        let index = graph.input(I64, [batch.tokens, 1, 1, 1]);
        let mask =
            graph.input(mask_width, [batch.window_cells, batch.tokens / batch.streams, 1, batch.streams]);
        graph.expand(mask);
        let like_indexer = shape.indexer.is_some_and(|indexer| indexer.key == head);
        let turned = like_indexer || (batch.k_type.block > 1 && head.is_multiple_of(64));
        let side = turned.then(|| Indexer::side_of(head));
        let rotation = side.map(|side| Rotation::given(graph, side));
        let chooser = shape.indexer.map(|indexer| {
            let rotation = Rotation::given(graph, indexer.side());
            (indexer, Pool::new(graph, batch, CHOSEN_FROM, indexer.key, F16, Some(rotation)))
        });
        let [chosen, whole] = [CHOSEN_FROM, WHOLE].map(|ratio| {
            let rotation = side.map(|side| Rotation::given(graph, side));
            Pool::new(graph, batch, ratio, head, mask_width, rotation)
        });
        Attention { shape, sizes, batch, positions, index, mask, rotation, chosen, whole, chooser }
    }

    /// The attention of layer `index` on the normed input.
    pub fn build(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        let (s, tokens, layer) = (self.shape, self.batch.tokens, self.shape.layers[index]);
        let (head, heads) = (layer.head_k, layer.heads);
        let low = graph.mul_mat(self.sizes.q_rank, normed);
        let low = graph.norm(low, true, false);
        let q = graph.mul_mat(head * heads, low);
        let q = graph.reshape(q, [head, heads, tokens, 1]);
        let q = graph.unweighted_norm(q);
        let q = rope(graph, self.positions, q);
        let kv = graph.mul_mat(head, normed);
        let kv = graph.norm(kv, true, false);
        let kv = graph.reshape(kv, [head, 1, tokens, 1]);
        let kv = rope(graph, self.positions, kv);
        let mut top = None;
        let pool = match layer.ratio {
            CHOSEN_FROM => {
                self.chosen.keep(graph, self.batch, normed);
                if let Some((indexer, pool)) = &self.chooser {
                    pool.keep(graph, self.batch, normed);
                    top = Some(self.choose(graph, indexer, pool, low, normed));
                }
                Some(&self.chosen)
            }
            0 => None,
            _ => {
                self.whole.keep(graph, self.batch, normed);
                Some(&self.whole)
            }
        };
        let turn = |graph: &mut Graph, x: Id| match self.rotation {
            Some(rotation) => rotate(graph, rotation, x, true),
            None => x,
        };
        let [q, kv] = [q, kv].map(|x| turn(graph, x));
        [q, kv].into_iter().for_each(|id| graph.expand(id));
        let row = graph.view(kv, [head, tokens, 1, 1]);
        store(graph, row, self.index, self.batch.streams);
        let out = self.attend(graph, head, q, pool, top);
        let out = turn(graph, out);
        let out = graph.reshape(out, [head, heads, tokens, 1]);
        let out = rope(graph, self.positions, out);
        let (groups, rank) = (self.sizes.groups, self.sizes.out_rank);
        let out = graph.reshape(out, [head * heads / groups, groups, tokens, 1]);
        let out = graph.view(out, [head * heads / groups, tokens, groups, 1]);
        let low = graph.mul_mat_by_head(rank, out);
        let low = graph.view(low, [rank, groups, tokens, 1]);
        let low = graph.op([rank * groups, tokens, 1, 1], &[low]);
        graph.mul_mat(s.n_embd, low)
    }

    /// Compressed cells that each token looks at.
    fn choose(&self, graph: &mut Graph, i: &Indexer, pool: &Pool, low: Id, normed: Id) -> Id {
        let (tokens, streams) = (self.batch.tokens, self.batch.streams);
        let each = tokens / streams;
        let q = graph.mul_mat(i.heads * i.key, low);
        let q = graph.reshape(q, [i.key, i.heads, tokens, 1]);
        let q = rope(graph, self.positions, q);
        let q = pool.turn(graph, q);
        let weights = graph.mul_mat(i.heads, normed);
        let weights = graph.scale(weights);
        let k = cached(graph, self.batch.k_type, [i.key, 1, pool.cells, streams]);
        let q = graph.view(q, [i.key, i.heads, each, streams]);
        let weights = graph.view(weights, [i.heads, each, 1, streams]);
        let score = graph.op([pool.cells, each, 1, streams], &[q, k, weights, pool.mask]);
        let dims = [i.top.min(pool.cells), each, 1, streams];
        let top = graph.op(dims, &[score]);
        graph.op(dims, &[top])
    }

    /// `build_attn_mha` over the window's cells and those of `pool`, of which `top` are chosen.
    fn attend(&self, graph: &mut Graph, head: u64, q: Id, pool: Option<&Pool>, top: Option<Id>) -> Id {
        let batch = self.batch;
        let (tokens, streams, kind) = (batch.tokens, batch.streams, batch.k_type);
        let (each, window) = (tokens / streams, batch.window_cells);
        let mask_width = batch.mask_width();
        let own = |graph: &mut Graph, kind: TensorType, dims: [u64; 4], sources: &[Id]| {
            let id = graph.op(dims, sources);
            graph.nodes[id].bytes = kind.bytes_of(dims.iter().fold(1u64, |all, n| all.saturating_mul(*n)));
            id
        };
        let raw = cached(graph, kind, [head, 1, window, streams]);
        let (k, mask, cells) = match pool {
            None => (raw, self.mask, window),
            Some(pool) => {
                let cells = window + pool.cells;
                let rest = cached(graph, kind, [head, 1, pool.cells, streams]);
                let k = own(graph, kind, [head, 1, cells, streams], &[raw, rest]);
                let mask = match top {
                    None => pool.mask,
                    Some(top) => only_chosen(graph, pool.mask, mask_width, mask_width, top),
                };
                let dims = [cells, each, 1, streams];
                (k, graph.push(Place::Own, false, mask_width, dims, &[self.mask, mask]), cells)
            }
        };
        let heads = graph.dims(q)[1];
        let q = graph.view(q, [head, heads, each, streams]);
        let q = graph.view(q, [head, each, heads, streams]);
        let dims = [head, cells, 1, streams];
        let [mut k, mut v] = [(); 2].map(|()| graph.view(k, dims));
        let out = if batch.flash_attn {
            if kind.name == "F32" {
                [k, v] = [k, v].map(|x| graph.push(Place::Own, false, F16, dims, &[x]));
            }
            let sinks = graph.float_weight(heads);
            let out = graph.op([head, heads, each, streams], &[q, k, v, mask, sinks]);
            graph.kinds[out].0 = Kind::Free;
            graph.reshape(out, [head * heads, tokens, 1, 1])
        } else {
            let scores = graph.op([cells, each, heads, streams], &[k, q]);
            graph.named(scores, Op::MulMat);
            let sinks = graph.float_weight(heads);
            let scores = graph.over(scores, &[scores, mask, sinks]);
            graph.named(scores, Op::SoftMax);
            let v = graph.view(v, [cells, head, 1, streams]);
            let v = own(graph, kind, [cells, head, 1, streams], &[v]);
            let out = graph.op([head, each, heads, streams], &[v, scores]);
            graph.named(out, Op::MulMat);
            let out = graph.view(out, [head, heads, each, streams]);
            graph.op([head * heads, tokens, 1, 1], &[out])
        };
        graph.expand(out);
        out
    }
}
