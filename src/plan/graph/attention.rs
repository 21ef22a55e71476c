//! Attention over a cache (`build_qkv`, `build_attn`, `build_attn_mha` of llama-graph.cpp).

use super::alloc::{Id, Place};
use super::tensors::{Batch, F16, F32, Graph, I64, Kind, Op};
use crate::model::shape::{Latent, QkNorm, Shape};
use crate::model::tensor_type::TensorType;

/// The inputs of one cache: full or sliding window.
struct CacheInputs {
    k_index: Id,
    v_index: Id,
    mask: Id,
    cells: u64,
    k_rotation: Option<Rotation>,
    v_rotation: Option<Rotation>,
}

/// A square matrix that keys or values are multiplied by before they are quantised.
#[derive(Clone, Copy)]
struct Rotation {
    matrix: Id,
    side: u64,
}

pub struct Attention<'a> {
    shape: &'a Shape,
    batch: &'a Batch,
    positions: Id,
    full: CacheInputs,
    window: CacheInputs,
}

impl<'a> Attention<'a> {
    pub fn new(graph: &mut Graph, shape: &'a Shape, batch: &'a Batch) -> Attention<'a> {
        let positions = graph.input(F32, [batch.tokens, 1, 1, 1]);
        let full = CacheInputs::new(graph, shape, batch, batch.cells);
        let window = CacheInputs::new(graph, shape, batch, batch.window_cells);
        Attention { shape, batch, positions, full, window }
    }

    /// The attention of layer `index` on the normed input.
    pub fn build(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        let window = self.shape.layers[index].window;
        let inputs = if window { &self.window } else { &self.full };
        match &self.shape.latent {
            Some(latent) => self.latent(graph, latent, inputs, normed),
            None => self.plain(graph, index, inputs, normed),
        }
    }

    fn rope(&self, graph: &mut Graph, x: Id) -> Id {
        let turned = graph.over(x, &[x, self.positions]);
        graph.kinds[turned].0 = Kind::Free;
        graph.named(turned, Op::Rope)
    }

    fn plain(&self, graph: &mut Graph, index: usize, inputs: &CacheInputs, normed: Id) -> Id {
        let (s, tokens) = (self.shape, self.batch.tokens);
        let layer = s.layers[index];
        let (heads_k, heads_v) = (layer.k / s.head_dim.max(1), layer.v / s.head_dim_v.max(1));
        let q_dims = [s.head_dim, s.n_head, tokens, 1];
        let k_dims = [s.head_dim, heads_k, tokens, 1];
        let v_dims = [s.head_dim_v, heads_v, tokens, 1];
        let b = &s.block;
        let (mut q, mut k, v);
        let mut v_is_whole = true;
        if b.fused_qkv {
            let mut qkv = graph.mul_mat(s.head_dim * s.n_head + layer.k + layer.v, normed);
            if b.qkv_bias {
                qkv = graph.add_weight(qkv);
            }
            q = graph.view(qkv, q_dims);
            k = graph.view(qkv, k_dims);
            v = graph.view(qkv, v_dims);
            // The copy would reach from the first row's value to the last row's end.
            let before = 4 * (s.head_dim * s.n_head + layer.k);
            graph.nodes[v].bytes = graph.nodes[qkv].bytes.saturating_sub(before);
            v_is_whole = false;
        } else {
            let project = |graph: &mut Graph, rows: u64| {
                let x = graph.mul_mat(rows, normed);
                if b.qkv_bias { graph.add_weight(x) } else { x }
            };
            q = project(graph, s.head_dim * s.n_head);
            k = project(graph, layer.k);
            let v_flat = project(graph, layer.v);
            if b.qk_norm == Some(QkNorm::All) {
                q = graph.norm(q, b.rms, false);
                k = graph.norm(k, b.rms, false);
            }
            q = graph.reshape(q, q_dims);
            k = graph.reshape(k, k_dims);
            v = graph.reshape(v_flat, v_dims);
        }
        if b.qk_norm == Some(QkNorm::Head) {
            q = graph.norm(q, b.rms, false);
            k = graph.norm(k, b.rms, false);
        }
        if b.rope {
            q = self.rope(graph, q);
            k = self.rope(graph, k);
        }
        if b.q_scale {
            q = graph.scale(q);
        }
        let mut v = v;
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
        self.store(graph, k_row, inputs.k_index);
        let v_row = if !self.batch.flash_attn && !v_is_whole {
            graph.op([layer.v, tokens, 1, 1], &[v])
        } else {
            graph.view(v, [layer.v, tokens, 1, 1])
        };
        self.store(graph, v_row, inputs.v_index);
        let k =
            self.cached(graph, self.batch.k_type, [s.head_dim, heads_k, inputs.cells, self.batch.streams]);
        let v =
            self.cached(graph, self.batch.v_type, [s.head_dim_v, heads_v, inputs.cells, self.batch.streams]);
        let mut out = self.heads(graph, inputs, q, k, v, s.head_dim_v, None);
        if let Some(rotation) = inputs.v_rotation {
            out = rotate(graph, rotation, out, true);
        }
        out = graph.mul_mat(s.n_embd, out);
        if b.out_bias { graph.add_weight(out) } else { out }
    }

    /// Multi-head latent attention with the absorbed key projection (src/models/deepseek2.cpp).
    fn latent(&self, graph: &mut Graph, latent: &Latent, inputs: &CacheInputs, normed: Id) -> Id {
        let (s, tokens) = (self.shape, self.batch.tokens);
        let heads = s.n_head;
        let mut q = normed;
        if let Some(rank) = latent.q_rank {
            q = graph.mul_mat(rank, q);
            q = graph.norm(q, true, false);
        }
        q = graph.mul_mat(heads * latent.head_k, q);
        q = graph.view(q, [latent.head_k, heads, tokens, 1]);
        let joint = graph.mul_mat(latent.kv_rank + latent.rope, normed);
        let low = graph.view(joint, [latent.kv_rank, tokens, 1, 1]);
        let k_rope = graph.view(joint, [latent.rope, 1, tokens, 1]);
        let k_rope = self.rope(graph, k_rope);
        let low = graph.norm(low, true, false);
        let nope = latent.head_k - latent.rope;
        let q_nope = graph.view(q, [nope, heads, tokens, 1]);
        let q_rope = graph.view(q, [latent.rope, heads, tokens, 1]);
        let q_rope = self.rope(graph, q_rope);
        let q_nope = graph.view(q_nope, [nope, tokens, heads, 1]);
        let absorbed = graph.mul_mat(latent.kv_rank, q_nope);
        let absorbed = graph.view(absorbed, [latent.kv_rank, heads, tokens, 1]);
        let width = latent.kv_rank + latent.rope;
        let q = graph.op([width, heads, tokens, 1], &[absorbed, q_rope]);
        let v = graph.view(low, [latent.kv_rank, 1, tokens, 1]);
        let k = graph.op([width, 1, tokens, 1], &[v, k_rope]);
        [q, v, k].into_iter().for_each(|id| graph.expand(id));
        let row = graph.view(k, [width, tokens, 1, 1]);
        self.store(graph, row, inputs.k_index);
        let k = self.cached(graph, self.batch.k_type, [width, 1, inputs.cells, self.batch.streams]);
        let v = graph.view(k, [latent.kv_rank, 1, inputs.cells, self.batch.streams]);
        let out = self.heads(graph, inputs, q, k, v, latent.kv_rank, Some(latent.head_v));
        graph.mul_mat(s.n_embd, out)
    }

    fn store(&self, graph: &mut Graph, row: Id, index: Id) {
        let dims = graph.dims(row);
        let cache = graph.cache();
        // The streams of a cache are stored to as one.
        let rows = if self.batch.streams > 1 { graph.reshape(cache, dims) } else { cache };
        let stored = graph.view_with(cache, dims, &[row, index, rows]);
        graph.expand(stored);
    }

    /// A window on the layer's cache, as large as what would be copied to another device.
    fn cached(&self, graph: &mut Graph, kind: TensorType, dims: [u64; 4]) -> Id {
        let cache = graph.cache();
        let id = graph.view(cache, dims);
        graph.nodes[id].bytes = kind.bytes_of(dims.iter().fold(1u64, |all, n| all.saturating_mul(*n)));
        id
    }

    /// `build_attn_mha`; `decompressed` is the head size after a latent value's own projection.
    #[expect(clippy::too_many_arguments, reason = "llama.cpp's function has them")]
    fn heads(
        &self,
        graph: &mut Graph,
        inputs: &CacheInputs,
        q: Id,
        k: Id,
        v: Id,
        value: u64,
        decompressed: Option<u64>,
    ) -> Id {
        let (tokens, streams, heads) = (self.batch.tokens, self.batch.streams, self.shape.n_head);
        let each = tokens / streams;
        let width = graph.dims(q)[0];
        let q = graph.view(q, [width, heads, each, streams]);
        let q = graph.view(q, [width, each, heads, streams]);
        let (k_dims, v_dims) = (graph.dims(k), graph.dims(v));
        let k = graph.view(k, k_dims);
        let v = graph.view(v, v_dims);
        let out = if self.batch.flash_attn {
            let sources = [q, k, v, inputs.mask];
            let out = graph.op([value, heads, each, streams], &sources);
            graph.kinds[out].0 = Kind::Free;
            match decompressed {
                None => graph.view(out, [value * heads, tokens, 1, 1]),
                Some(size) => {
                    let out = graph.view(out, [value, each, heads, streams]);
                    let out = graph.mul_mat(size, out);
                    let out = graph.view(out, [size, heads, each, streams]);
                    let out = graph.op([size, heads, each, streams], &[out]);
                    graph.view(out, [size * heads, tokens, 1, 1])
                }
            }
        } else {
            let mut scores = graph.op([inputs.cells, each, heads, streams], &[k, q]);
            if self.shape.block.attn_softcap {
                scores = graph.scale(scores);
                scores = graph.scale(scores);
                scores = graph.scale(scores);
            }
            let scores = graph.over(scores, &[scores, inputs.mask]);
            let v = if decompressed.is_some() {
                // The value is a window on the keys, so it is transposed by a copy.
                let turned = graph.view(v, v_dims);
                let dims = [inputs.cells, value, 1, streams];
                graph.push(Place::Own, false, self.batch.v_type.bytes.min(4) as u8, dims, &[turned])
            } else {
                v
            };
            let mut out = graph.op([value, each, heads, streams], &[v, scores]);
            let mut size = value;
            if let Some(full) = decompressed {
                out = graph.mul_mat(full, out);
                size = full;
            }
            let out = graph.view(out, [size, heads, each, streams]);
            graph.op([size * heads, tokens, 1, 1], &[out])
        };
        graph.expand(out);
        out
    }
}

impl CacheInputs {
    fn new(graph: &mut Graph, shape: &Shape, batch: &Batch, cells: u64) -> CacheInputs {
        let v_widest = shape.layers.iter().map(|layer| layer.v).max().unwrap_or(0);
        // Without flash attention the V cache is transposed and written element by element.
        let v_rows = if batch.flash_attn { batch.tokens } else { batch.tokens * v_widest };
        let mask = if batch.flash_attn { F16 } else { F32 };
        let rotation = |graph: &mut Graph, side: u64| {
            let matrix =
                if batch.rotation_apart { graph.cache() } else { graph.input(F32, [side, side, 1, 1]) };
            Rotation { matrix, side }
        };
        let plain = shape.latent.is_none();
        let k_rotated = plain && batch.k_type.block > 1 && shape.head_dim.is_multiple_of(64);
        let v_rotated = plain && batch.v_type.block > 1 && shape.head_dim_v.is_multiple_of(64);
        CacheInputs {
            k_index: graph.input(I64, [batch.tokens, 1, 1, 1]),
            v_index: graph.input(I64, [v_rows, 1, 1, 1]),
            mask: graph.input(mask, [cells, batch.tokens / batch.streams, 1, batch.streams]),
            cells,
            k_rotation: k_rotated.then(|| rotation(graph, shape.k_rotation())),
            v_rotation: v_rotated.then(|| rotation(graph, 64)),
        }
    }
}

/// `llama_mul_mat_hadamard`.
fn rotate(graph: &mut Graph, rotation: Rotation, x: Id, whole: bool) -> Id {
    let (n, dims) = (rotation.side, graph.dims(x));
    let flat = [n, dims.iter().product::<u64>() / n, 1, 1];
    let x = if whole { graph.view(x, flat) } else { graph.op(flat, &[x]) };
    let turned = graph.op(flat, &[rotation.matrix, x]);
    graph.view(turned, dims)
}
