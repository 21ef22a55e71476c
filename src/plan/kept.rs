//! Memory that layers keep between batches: the KV cache, and the states of recurrent layers.

use super::document::Workload;
use crate::engine::llama_cpp::build::Build;
use crate::model::Shape;
use crate::model::shape::{LayerKv, compressed_cells};
use crate::model::tensor_type::TensorType;

/// llama.cpp pads the context of a sequence to this many tokens.
pub(super) const CONTEXT_PAD: u64 = 256;

/// Memory that one layer keeps between batches: rows of bytes, cells, and a part that does not grow with the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub k_row: u64,
    pub v_row: u64,
    pub cells: u64,
    /// Bytes of a row of the cache that chooses which tokens are looked at.
    pub index_row: u64,
    pub index_cells: u64,
    pub streams: u64,
    pub rotation: u64,
    pub state: u64,
}

impl Kept {
    pub fn bytes(&self) -> u64 {
        let rows = (self.k_row + self.v_row) * self.cells + self.index_row * self.index_cells;
        rows * self.streams + self.rotation + self.state
    }
}

/// Properties that the caches of all layers share.
pub(super) struct Caches {
    k: TensorType,
    v: TensorType,
    cells: u64,
    window_cells: u64,
    streams: u64,
    slots: u64,
    /// Bytes of the matrices of a layer that looks back over everything, and of one with a window.
    rotation: [u64; 2],
    /// A joint key for all heads is cached, and no value.
    latent: bool,
    /// Elements of every layer's value where it is transposed for want of flash attention.
    transposed: Option<u64>,
}

impl Caches {
    pub fn of(shape: &Shape, workload: &Workload, build: &Build) -> Caches {
        let (cells, streams) = streams(shape, workload);
        let (k, v) = (cache_type(&workload.kv_type_k), cache_type(&workload.kv_type_v));
        let rotation = |window: bool| {
            if !build.quantised_kv_rotation {
                return 0;
            }
            let [k_side, v_side] = shape.rotations(window, k.block > 1, v.block > 1);
            4 * (k_side * k_side + v_side * v_side)
        };
        Caches {
            k,
            v,
            cells,
            window_cells: window_cells(shape, workload),
            streams,
            slots: workload.slots.max(1),
            rotation: [rotation(false), rotation(true)],
            latent: shape.latent.is_some(),
            transposed: (!flash_attn(shape, workload)).then(|| shape.widest_v()),
        }
    }

    /// Memory that `layer` keeps between batches.
    pub fn kept(&self, layer: &LayerKv) -> Kept {
        Kept {
            k_row: self.k.bytes_of(layer.k),
            v_row: self.v.bytes_of(self.v_width(layer)),
            cells: if layer.window { self.window_cells } else { self.cells },
            index_row: self.k.bytes_of(layer.index_k) + self.v.bytes_of(layer.index_v),
            index_cells: match layer.ratio {
                0 => self.cells,
                ratio => compressed_cells(self.cells, ratio),
            },
            streams: self.streams,
            rotation: if layer.k > 0 { self.rotation[usize::from(layer.window)] } else { 0 },
            // A recurrent layer keeps floats, and one state of each slot.
            state: 4 * layer.state * self.slots,
        }
    }

    /// Elements of a layer's value in its cache: transposed for want of flash attention, as many in every layer.
    pub fn v_width(&self, layer: &LayerKv) -> u64 {
        match self.transposed {
            _ if self.latent => 0,
            None => layer.v,
            Some(widest) if layer.cached => widest,
            Some(_) => 0,
        }
    }
}

/// Tokens of context of one stream, as llama.cpp pads them, and the number of streams.
pub(super) fn streams(shape: &Shape, workload: &Workload) -> (u64, u64) {
    let sequences = workload.slots.max(1);
    let shares = if workload.kv_unified { 1 } else { sequences };
    let streams = if unified(shape, workload) { 1 } else { sequences };
    ((workload.n_ctx / shares).next_multiple_of(CONTEXT_PAD), streams)
}

/// All sequences share one cache. DeepSeek V4 has one for each of them, each as large as the one that is asked for.
fn unified(shape: &Shape, workload: &Workload) -> bool {
    workload.kv_unified && shape.compressed.is_none()
}

/// Cells of one stream's sliding-window cache.
pub(super) fn window_cells(shape: &Shape, workload: &Workload) -> u64 {
    let (cells, _) = streams(shape, workload);
    let sequences = if unified(shape, workload) { workload.slots.max(1) } else { 1 };
    let looks_back = shape.window.unwrap_or(0).saturating_mul(sequences);
    cells.min(looks_back.saturating_add(workload.ubatch)).next_multiple_of(CONTEXT_PAD)
}

pub(super) fn cache_type(name: &str) -> TensorType {
    TensorType::by_name(name).expect("cache types are checked on entry")
}

pub(super) fn flash_attn(shape: &Shape, workload: &Workload) -> bool {
    workload.flash_attn && !shape.never_flash()
}
