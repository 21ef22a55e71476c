//! Attention over a cache (`build_qkv`, `build_attn`, `build_attn_mha` of llama-graph.cpp).

use super::alloc::{Id, Place};
use super::blocks::Blocks;
use super::cache::{CacheInputs, cached, cached_in, rope, rope_with, rotate, store, store_in};
use super::chooser::{Chooser, unmask};
use super::low_rank;
use super::tensors::{Batch, F32, Graph, Kind, Op, Part};
use crate::model::shape::{Gate, Latent, LayerKv, QkNorm, RopeFactors, Shape};
use std::cell::Cell;

pub struct Attention<'a> {
    shape: &'a Shape,
    batch: &'a Batch,
    pub(super) positions: Id,
    pub(super) full: CacheInputs,
    window: CacheInputs,
    chooser: Option<Chooser>,
    blocks: Option<Blocks>,
    /// The last choice, which layers without an indexer of their own use.
    chosen: Cell<Option<Id>>,
}

impl<'a> Attention<'a> {
    pub fn new(graph: &mut Graph, shape: &'a Shape, batch: &'a Batch) -> Attention<'a> {
        let positions = graph.input(F32, [batch.tokens * shape.block.positions, 1, 1, 1]);
        let full = CacheInputs::new(graph, shape, batch, false);
        let window = CacheInputs::new(graph, shape, batch, true);
        let chooser = shape.indexer.filter(|indexer| indexer.block.is_none());
        let chooser = chooser.map(|indexer| Chooser::new(graph, &indexer, batch));
        let blocks = shape.indexer.and_then(|indexer| Some((indexer, indexer.block?)));
        let blocks = blocks.map(|(indexer, size)| Blocks::new(graph, &indexer, size, batch));
        Attention { shape, batch, positions, full, window, chooser, blocks, chosen: Cell::new(None) }
    }

    /// The attention of layer `index` on the normed input.
    pub fn build(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        let layer = &self.shape.layers[index];
        let inputs = self.inputs(layer);
        match (&self.shape.latent, self.shape.lender(index)) {
            (Some(latent), _) => self.latent(graph, latent, layer, inputs, normed),
            (None, Some(lender)) => self.borrowing(graph, index, lender, inputs, normed),
            (None, None) => self.plain(graph, index, normed),
        }
    }

    /// The inputs of a layer's cache.
    fn inputs(&self, layer: &LayerKv) -> &CacheInputs {
        if layer.window { &self.window } else { &self.full }
    }

    /// Factors of a layer's positions, where the model has them.
    fn factors(&self, graph: &mut Graph, index: usize) -> Option<Id> {
        let layer = &self.shape.layers[index];
        let has = match self.shape.block.rope_factors {
            RopeFactors::None => false,
            RopeFactors::All => true,
            RopeFactors::NotInWindows => !layer.window,
        };
        has.then(|| {
            let factors = graph.elsewhere(Part::Positions(index), layer.head_k.saturating_mul(2));
            graph.as_floats(factors)
        })
    }

    /// A query of its own to the keys and values of the layer `lender`.
    fn borrowing(
        &self,
        graph: &mut Graph,
        index: usize,
        lender: usize,
        inputs: &CacheInputs,
        normed: Id,
    ) -> Id {
        let (s, batch) = (self.shape, self.batch);
        let (layer, lends) = (s.layers[index], s.layers[lender]);
        let q = graph.mul_mat(layer.head_k * layer.heads, normed);
        let mut q = graph.reshape(q, [layer.head_k, layer.heads, batch.tokens, 1]);
        if s.block.qk_norm.is_some() {
            q = graph.norm(q, s.block.rms, false);
        }
        let factors = self.factors(graph, index);
        q = rope_with(graph, self.positions, factors, q);
        if let Some(rotation) = inputs.k_rotation {
            q = rotate(graph, rotation, q, true);
        }
        graph.expand(q);
        let (heads_k, heads_v) = (lends.k / lends.head_k.max(1), lends.v / lends.head_v.max(1));
        let cache = Part::Cache(lender);
        let (cells, streams) = (inputs.cells, batch.streams);
        let k = cached_in(graph, cache, batch.k_type, [lends.head_k, heads_k, cells, streams]);
        let v = cached_in(graph, cache, batch.v_type, [lends.head_v, heads_v, cells, streams]);
        let mut out = self.heads(graph, inputs.mask, cells, q, k, v, lends.head_v, None);
        if let Some(rotation) = inputs.v_rotation {
            out = rotate(graph, rotation, out, true);
        }
        graph.mul_mat(s.n_embd, out)
    }

    fn plain(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        let (s, tokens) = (self.shape, self.batch.tokens);
        let layer = s.layers[index];
        let (heads_k, heads_v) = (layer.k / layer.head_k.max(1), layer.v / layer.head_v.max(1));
        let q_dims = [layer.head_k, layer.heads, tokens, 1];
        let k_dims = [layer.head_k, heads_k, tokens, 1];
        let v_dims = [layer.head_v, heads_v, tokens, 1];
        let b = &s.block;
        let mut mask = self.inputs(&layer).mask;
        if let Some(blocks) = self.blocks.as_ref().filter(|_| layer.index_k > 0) {
            mask = blocks.choose(graph, self.batch, self.positions, normed, mask);
        }
        let (mut q, mut k, v);
        let joint;
        let mut v_is_whole = true;
        if let Some(low) = &s.low_rank {
            let factors = self.factors(graph, index);
            [q, k, v] = low_rank::project(graph, low, &layer, (self.positions, factors), normed);
            joint = q;
        } else if b.fused_qkv {
            let mut qkv = graph.mul_mat(layer.head_k * layer.heads + layer.k + layer.v, normed);
            if b.qkv_bias {
                qkv = graph.add_weight(qkv);
            }
            q = graph.columns(qkv, layer.head_k * layer.heads, q_dims);
            joint = qkv;
            k = graph.columns(qkv, layer.k, k_dims);
            v = graph.view(qkv, v_dims);
            // The copy would reach from the first row's value to the last row's end.
            let before = 4 * (layer.head_k * layer.heads + layer.k);
            graph.nodes[v].bytes = graph.nodes[qkv].bytes.saturating_sub(before);
            v_is_whole = false;
        } else {
            let project = |graph: &mut Graph, rows: u64| {
                let x = graph.mul_mat(rows, normed);
                if b.qkv_bias { graph.add_weight(x) } else { x }
            };
            q = project(graph, layer.head_k * layer.heads * if b.gated_query { 2 } else { 1 });
            joint = q;
            k = project(graph, layer.k);
            let v_flat = project(graph, layer.v);
            if b.qk_norm == Some(QkNorm::All) {
                q = graph.norm(q, b.rms, false);
                k = graph.norm(k, b.rms, false);
            }
            q = if b.gated_query { graph.view(q, q_dims) } else { graph.reshape(q, q_dims) };
            k = graph.reshape(k, k_dims);
            v = graph.reshape(v_flat, v_dims);
        }
        if matches!(b.qk_norm, Some(QkNorm::Head | QkNorm::OwnOfHead)) {
            q = self.head_norm(graph, q);
            k = self.head_norm(graph, k);
        }
        let mut v = v;
        if b.v_norm {
            v = graph.unary(v);
            graph.named(v, Op::RmsNorm);
        }
        if b.rope && s.low_rank.is_none() && (layer.window || !b.rope_in_windows) {
            let factors = self.factors(graph, index);
            q = rope_with(graph, self.positions, factors, q);
            k = rope_with(graph, self.positions, factors, k);
        }
        if b.q_scale {
            q = graph.scale(q);
        }
        let mut out = self.over_masked(graph, index, mask, [q, k, v], v_is_whole);
        if b.gated_query {
            let dims = graph.dims(out);
            let gate = graph.view(joint, q_dims);
            let gate = graph.op(dims, &[gate]);
            let gate = graph.unary(gate);
            out = graph.over(out, &[out, gate]);
        }
        if let Some(each) = b.attn_gate {
            out = gated(graph, normed, each, &layer, out);
        }
        if b.sub_norms {
            out = graph.norm(out, b.rms, false);
        }
        out = graph.mul_mat(s.n_embd, out);
        if b.out_bias { graph.add_weight(out) } else { out }
    }

    /// The position of each token, applied to `x`.
    pub fn placed(&self, graph: &mut Graph, x: Id) -> Id {
        if self.shape.block.rope { rope(graph, self.positions, x) } else { x }
    }

    /// Query, key and value by way of the cache of layer `index`, without the last projection.
    pub fn over_cache(&self, graph: &mut Graph, index: usize, parts: [Id; 3], v_is_whole: bool) -> Id {
        let mask = self.inputs(&self.shape.layers[index]).mask;
        self.over_masked(graph, index, mask, parts, v_is_whole)
    }

    /// The same with the cells that `mask` lets through.
    fn over_masked(
        &self,
        graph: &mut Graph,
        index: usize,
        mask: Id,
        [mut q, mut k, mut v]: [Id; 3],
        mut v_is_whole: bool,
    ) -> Id {
        let (s, tokens) = (self.shape, self.batch.tokens);
        let layer = &s.layers[index];
        let inputs = self.inputs(layer);
        let (heads_k, heads_v) = (layer.k / layer.head_k.max(1), layer.v / layer.head_v.max(1));
        if let Some(rotation) = inputs.k_rotation {
            q = rotate(graph, rotation, q, true);
            k = rotate(graph, rotation, k, true);
        }
        if let Some(rotation) = inputs.v_rotation {
            v = rotate(graph, rotation, v, v_is_whole);
            v_is_whole = true;
        }
        if s.window.is_some() {
            [q, k, v].into_iter().for_each(|id| graph.expand(id));
        } else {
            [q, v, k].into_iter().for_each(|id| graph.expand(id));
        }
        let k_row = graph.view(k, [layer.k, tokens, 1, 1]);
        // The cache of this time, where a layer is gone through several times.
        let (cache, streams) = (Part::Cache(index), self.batch.streams);
        store_in(graph, cache, k_row, inputs.k_index, streams);
        let v_row = if !self.batch.flash_attn && !v_is_whole {
            graph.op([layer.v, tokens, 1, 1], &[v])
        } else {
            graph.view(v, [layer.v, tokens, 1, 1])
        };
        store_in(graph, cache, v_row, inputs.v_index, streams);
        let k = cached_in(graph, cache, self.batch.k_type, [layer.head_k, heads_k, inputs.cells, streams]);
        let v = cached_in(graph, cache, self.batch.v_type, [layer.head_v, heads_v, inputs.cells, streams]);
        let mut out = self.heads(graph, mask, inputs.cells, q, k, v, layer.head_v, None);
        if let Some(rotation) = inputs.v_rotation {
            out = rotate(graph, rotation, out, true);
        }
        out
    }

    /// The norm of each head of a query or key.
    fn head_norm(&self, graph: &mut Graph, x: Id) -> Id {
        let b = &self.shape.block;
        if b.qk_norm != Some(QkNorm::OwnOfHead) {
            return graph.norm(x, b.rms, false);
        }
        let [size, heads, ..] = graph.dims(x);
        let weight = graph.float_weight(size * heads);
        let normed = graph.norm_by(x, weight, false);
        if !b.qk_norm_bias {
            return normed;
        }
        let bias = graph.float_weight(size * heads);
        graph.add(normed, bias)
    }

    /// Scores that attention goes to where no token has any, where the model has them.
    fn sinks(&self, graph: &mut Graph, heads: u64) -> Option<Id> {
        self.shape.block.sinks.then(|| graph.float_weight(heads))
    }

    /// Multi-head latent attention with the absorbed key projection (src/models/deepseek2.cpp).
    fn latent(
        &self,
        graph: &mut Graph,
        latent: &Latent,
        layer: &LayerKv,
        inputs: &CacheInputs,
        normed: Id,
    ) -> Id {
        let (s, tokens) = (self.shape, self.batch.tokens);
        let heads = layer.heads;
        let mut q = normed;
        if let Some(rank) = latent.q_rank {
            q = graph.mul_mat(rank, q);
            q = graph.norm(q, true, false);
        }
        let chosen = match &self.chooser {
            Some(chooser) if layer.index_k > 0 => {
                let chosen = chooser.choose(graph, self.batch, self.positions, q, normed);
                self.chosen.set(Some(chosen));
                Some(chosen)
            }
            Some(chooser) if chooser.indexer.shared => self.chosen.get(),
            _ => None,
        };
        q = graph.mul_mat(heads * latent.head_k, q);
        q = graph.view(q, [latent.head_k, heads, tokens, 1]);
        let joint = graph.mul_mat(latent.kv_rank + latent.rope, normed);
        let low = graph.view(joint, [latent.kv_rank, tokens, 1, 1]);
        let k_rope = graph.view(joint, [latent.rope, 1, tokens, 1]);
        let k_rope = self.placed(graph, k_rope);
        let low = graph.norm(low, true, false);
        let nope = latent.head_k - latent.rope;
        let q_nope = graph.view(q, [nope, heads, tokens, 1]);
        let q_rope = graph.view(q, [latent.rope, heads, tokens, 1]);
        let q_rope = self.placed(graph, q_rope);
        let q_nope = graph.view(q_nope, [nope, tokens, heads, 1]);
        let absorbed = graph.mul_mat_by_head(latent.kv_rank, q_nope);
        let absorbed = graph.view(absorbed, [latent.kv_rank, heads, tokens, 1]);
        let width = latent.kv_rank + latent.rope;
        let q = graph.op([width, heads, tokens, 1], &[absorbed, q_rope]);
        let v = graph.view(low, [latent.kv_rank, 1, tokens, 1]);
        let k = graph.op([width, 1, tokens, 1], &[v, k_rope]);
        [q, v, k].into_iter().for_each(|id| graph.expand(id));
        let row = graph.view(k, [width, tokens, 1, 1]);
        store(graph, row, inputs.k_index, self.batch.streams);
        let k = cached(graph, self.batch.k_type, [width, 1, inputs.cells, self.batch.streams]);
        let v = graph.view(k, [latent.kv_rank, 1, inputs.cells, self.batch.streams]);
        // A copy would reach from the first row to the last.
        graph.nodes[v].bytes = graph.nodes[k].bytes;
        let mask = chosen.map_or(inputs.mask, |chosen| unmask(graph, inputs, self.batch, chosen));
        let mut out = self.heads(graph, mask, inputs.cells, q, k, v, latent.kv_rank, Some(latent.head_v));
        if s.block.attn_gate.is_some() {
            let gate = graph.mul_mat(heads * latent.head_v, normed);
            let gate = graph.unary(gate);
            out = graph.times(out, gate);
        }
        graph.mul_mat(s.n_embd, out)
    }

    /// `build_attn_mha`; `decompressed` is the head size after a latent value's own projection.
    #[expect(clippy::too_many_arguments, reason = "llama.cpp's function has them")]
    pub(super) fn heads(
        &self,
        graph: &mut Graph,
        mask: Id,
        cells: u64,
        q: Id,
        k: Id,
        v: Id,
        value: u64,
        decompressed: Option<u64>,
    ) -> Id {
        let (tokens, streams) = (self.batch.tokens, self.batch.streams);
        let each = tokens / streams;
        let [width, heads, ..] = graph.dims(q);
        let q = graph.view(q, [width, heads, each, streams]);
        let q = graph.view(q, [width, each, heads, streams]);
        let (k_dims, v_dims) = (graph.dims(k), graph.dims(v));
        let k = graph.view(k, k_dims);
        let v = graph.view(v, v_dims);
        let out = if self.batch.flash_attn {
            let out = match self.sinks(graph, heads) {
                None => graph.op([value, heads, each, streams], &[q, k, v, mask]),
                Some(sinks) => graph.op([value, heads, each, streams], &[q, k, v, mask, sinks]),
            };
            graph.kinds[out].0 = Kind::Free;
            match decompressed {
                None => graph.view(out, [value * heads, tokens, 1, 1]),
                Some(size) => {
                    let out = graph.view(out, [value, each, heads, streams]);
                    let out = graph.mul_mat_by_head(size, out);
                    let out = graph.view(out, [size, heads, each, streams]);
                    let out = graph.op([size, heads, each, streams], &[out]);
                    graph.view(out, [size * heads, tokens, 1, 1])
                }
            }
        } else {
            let mut scores = graph.op([cells, each, heads, streams], &[k, q]);
            if self.shape.block.attn_softcap {
                scores = graph.scale(scores);
                scores = graph.scale(scores);
                scores = graph.scale(scores);
            }
            let scores = match self.sinks(graph, heads) {
                None => graph.over(scores, &[scores, mask]),
                Some(sinks) => graph.over(scores, &[scores, mask, sinks]),
            };
            let v = if decompressed.is_some() {
                // The value is a window on the keys, so it is transposed by a copy.
                let turned = graph.view(v, v_dims);
                let dims = [cells, value, 1, streams];
                graph.push(Place::Own, false, self.batch.v_type.bytes.min(4) as u8, dims, &[turned])
            } else {
                v
            };
            let mut out = graph.op([value, each, heads, streams], &[v, scores]);
            let mut size = value;
            if let Some(full) = decompressed {
                out = graph.mul_mat_by_head(full, out);
                size = full;
            }
            let out = graph.view(out, [size, heads, each, streams]);
            graph.op([size * heads, tokens, 1, 1], &[out])
        };
        graph.expand(out);
        out
    }
}

/// Lets what was attended to through by a gate of each head or of each element (src/models/laguna.cpp).
fn gated(graph: &mut Graph, normed: Id, each: Gate, layer: &LayerKv, out: Id) -> Id {
    let (dims, tokens) = (graph.dims(out), graph.dims(out)[1]);
    let width = match each {
        Gate::Head => layer.heads,
        Gate::Element => layer.heads * layer.head_v,
    };
    let gate = graph.mul_mat(width, normed);
    let gate = graph.unary(gate);
    let (gate, out) = match each {
        Gate::Element => (gate, out),
        Gate::Head => (
            graph.reshape(gate, [1, layer.heads, tokens, 1]),
            graph.reshape(out, [layer.head_v, layer.heads, tokens, 1]),
        ),
    };
    let product = graph.times(out, gate);
    graph.reshape(product, dims)
}
