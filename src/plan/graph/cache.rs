//! Caches that attention reads from and writes to between batches.

use super::alloc::Id;
use super::tensors::{Batch, F32, Graph, I64, Kind, Op, Part};
use crate::model::shape::Shape;
use crate::model::tensor_type::TensorType;

/// The inputs of one cache: full or sliding window.
pub(super) struct CacheInputs {
    pub k_index: Id,
    pub v_index: Id,
    pub mask: Id,
    pub cells: u64,
    pub k_rotation: Option<Rotation>,
    pub v_rotation: Option<Rotation>,
}

/// A square matrix that keys or values are multiplied by before they are quantised.
#[derive(Clone, Copy)]
pub(super) struct Rotation {
    matrix: Id,
    side: u64,
}

impl Rotation {
    /// One that is among the inputs.
    pub fn given(graph: &mut Graph, side: u64) -> Rotation {
        Rotation { matrix: graph.input(F32, [side, side, 1, 1]), side }
    }
}

impl CacheInputs {
    pub fn new(graph: &mut Graph, shape: &Shape, batch: &Batch, window: bool) -> CacheInputs {
        let cells = if window { batch.window_cells } else { batch.cells };
        // Without flash attention the V cache is transposed and written element by element.
        let v_rows = if batch.flash_attn { batch.tokens } else { batch.tokens * shape.widest_v() };
        let mask = batch.mask_width();
        let rotation = |graph: &mut Graph, side: u64| match batch.rotation_apart {
            true => Rotation { matrix: graph.cache(), side },
            false => Rotation::given(graph, side),
        };
        let [k_side, v_side] = shape.rotations(window, batch.k_type.block > 1, batch.v_type.block > 1);
        CacheInputs {
            k_index: graph.input(I64, [batch.tokens, 1, 1, 1]),
            v_index: graph.input(I64, [v_rows, 1, 1, 1]),
            mask: graph.input(mask, [cells, batch.tokens / batch.streams, 1, batch.streams]),
            cells,
            k_rotation: (k_side > 0).then(|| rotation(graph, k_side)),
            v_rotation: (v_side > 0).then(|| rotation(graph, v_side)),
        }
    }
}

/// `llama_mul_mat_hadamard`.
pub(super) fn rotate(graph: &mut Graph, rotation: Rotation, x: Id, whole: bool) -> Id {
    let (n, dims) = (rotation.side, graph.dims(x));
    let flat = [n, dims.iter().product::<u64>() / n, 1, 1];
    let x = if whole { graph.reshape(x, flat) } else { graph.op(flat, &[x]) };
    let turned = graph.op(flat, &[rotation.matrix, x]);
    graph.named(turned, Op::MulMat);
    graph.reshape(turned, dims)
}

/// The position of each token, applied to `x`.
pub(super) fn rope(graph: &mut Graph, positions: Id, x: Id) -> Id {
    rope_with(graph, positions, None, x)
}

/// The same with factors for each frequency.
pub(super) fn rope_with(graph: &mut Graph, positions: Id, factors: Option<Id>, x: Id) -> Id {
    let turned = match factors {
        None => graph.over(x, &[x, positions]),
        Some(factors) => graph.over(x, &[x, positions, factors]),
    };
    graph.kinds[turned].0 = Kind::Free;
    graph.named(turned, Op::Rope)
}

/// Puts `row` into the cache of the layer under construction; several streams are stored to as one.
pub(super) fn store(graph: &mut Graph, row: Id, index: Id, streams: u64) {
    let cache = graph.cache();
    store_to(graph, cache, row, index, streams);
}

/// The same with the cache `part`.
pub(super) fn store_in(graph: &mut Graph, part: Part, row: Id, index: Id, streams: u64) {
    let cache = graph.elsewhere(part, 0);
    store_to(graph, cache, row, index, streams);
}

fn store_to(graph: &mut Graph, cache: Id, row: Id, index: Id, streams: u64) {
    let dims = graph.dims(row);
    let joined = if streams > 1 { graph.reshape(cache, dims) } else { cache };
    let stored = graph.view_with(cache, dims, &[row, index, joined]);
    graph.expand(stored);
}

/// A window on the layer's cache, as large as what would be copied to another device.
pub(super) fn cached(graph: &mut Graph, kind: TensorType, dims: [u64; 4]) -> Id {
    let cache = graph.cache();
    shown(graph, cache, kind, dims)
}

/// The same on the cache `part`, which may be another layer's.
pub(super) fn cached_in(graph: &mut Graph, part: Part, kind: TensorType, dims: [u64; 4]) -> Id {
    let cache = graph.elsewhere(part, 0);
    shown(graph, cache, kind, dims)
}

fn shown(graph: &mut Graph, cache: Id, kind: TensorType, dims: [u64; 4]) -> Id {
    let id = graph.view(cache, dims);
    graph.nodes[id].bytes = kind.bytes_of(dims.iter().fold(1u64, |all, n| all.saturating_mul(*n)));
    id
}
