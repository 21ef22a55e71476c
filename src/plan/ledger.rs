//! The memory ledger: what llama.cpp takes on every device, in its own words (model, context,
//! compute, output) and the rest (CUDA context, process, prompt cache, the system's reserve).
//!
//! Checked against llama-fit-params of each build over the reference shapes (tests/oracle): weights
//! and context exact, compute never below and at most 8 MiB or 1 % above.

use super::build::Build;
use super::document::{DeviceLedger, Workload};
use super::graph::{self, Batch};
use crate::hardware::profiles::{GpuSpec, MIB, Profile};
use crate::model::shape::LayerKv;
use crate::model::tensor_type::TensorType;
use crate::model::{Shape, Weights};

/// llama-server before any model: code, threads, HTTP. Measured RSS of b11434 with a 600 KB model is
/// 60 MiB; with the CUDA runtime's host side about 300 MiB more.
pub(super) const PROCESS: u64 = 128 * MIB;
pub(super) const PROCESS_CUDA: u64 = 448 * MIB;

/// Kept for the system, its page cache of the model's hot pages and the repacking that doubles
/// part of a quantised CPU model while it loads (RSS 1199 MiB for 810 MiB of buffers, measured).
const RESERVE: u64 = 512 * MIB;

/// A machine sold with 64 GB may report 4 % less.
pub const REPORTED_RAM: f64 = 0.96;

/// llama.cpp pads the context of a sequence to this many tokens.
const CONTEXT_PAD: u64 = 256;

/// Added to the exact compute buffer: llama.cpp logs hundredths of a MiB, and no less is promised
/// than what is read there.
pub(super) const MARGIN: u64 = 64 << 10;

/// Everything a ledger follows from, apart from where the layers lie.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub shape: &'a Shape,
    pub weights: &'a Weights,
    pub workload: &'a Workload,
    pub build: &'a Build,
    /// [`compute_bytes`] of the shape and workload, which many subjects share.
    pub compute: Compute,
}

/// The compute buffer of a device that runs every layer, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    pub cpu: u64,
    /// A GPU's buffers are aligned more coarsely.
    pub gpu: u64,
}

/// Where the layers lie. llama.cpp fills from the back: the first layers stay on the host, the
/// output layer goes with the last GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Layers on each GPU, in order; empty on a CPU host.
    pub gpu_layers: Vec<u64>,
    pub host_layers: u64,
}

impl Placement {
    pub fn host_only(n_layer: u64) -> Placement {
        Placement { gpu_layers: Vec::new(), host_layers: n_layer }
    }

    /// `offloaded` layers and the output on `gpus` equal cards, as llama.cpp's layer split with equal
    /// shares does: item i of the offloaded ones goes to card ⌊i × gpus / items⌋.
    pub fn offload(n_layer: u64, offloaded: u64, gpus: u64) -> Placement {
        let items = offloaded + 1;
        let mut gpu_layers = vec![0; gpus as usize];
        (0..offloaded).for_each(|item| gpu_layers[(item * gpus / items) as usize] += 1);
        Placement { gpu_layers, host_layers: n_layer - offloaded }
    }

    /// llama-server's `-ngl`: the offloaded layers and the output.
    pub fn n_gpu_layers(&self) -> u64 {
        if self.gpu_layers.is_empty() { 0 } else { self.gpu_layers.iter().sum::<u64>() + 1 }
    }

    /// Weights lie on host and GPU.
    pub fn is_split(&self) -> bool {
        !self.gpu_layers.is_empty() && self.host_layers > 0
    }
}

/// Why llama.cpp would refuse to load this combination.
pub fn refusal(shape: &Shape, workload: &Workload) -> Option<String> {
    let quantised = |name: &str| TensorType::by_name(name).is_some_and(|t| t.block > 1);
    let (k, v) = (workload.kv_type_k.as_str(), workload.kv_type_v.as_str());
    if quantised(v) && !workload.flash_attn {
        return Some(format!("llama.cpp refuses a {v} V cache without flash attention"));
    }
    if shape.latent.is_some() && k != v {
        return Some(format!(
            "llama.cpp refuses different K and V cache types ({k}, {v}) for latent attention"
        ));
    }
    // Without flash attention llama.cpp does not look at the head size.
    let heads = [(k, shape.head_dim), (v, shape.head_dim_v)];
    let types = heads.into_iter().filter_map(|(name, size)| Some((TensorType::by_name(name)?, size)));
    let (odd, size) =
        types.filter(|_| workload.flash_attn).find(|(t, size)| !size.is_multiple_of(t.block))?;
    Some(format!(
        "llama.cpp refuses a {} KV cache here: the head size {size} is not a multiple of {}",
        odd.name.to_lowercase(),
        odd.block
    ))
}

/// Tokens of context of one stream, as llama.cpp pads them, and the number of streams.
fn streams(workload: &Workload) -> (u64, u64) {
    let streams = if workload.kv_unified { 1 } else { workload.slots.max(1) };
    ((workload.n_ctx / streams).next_multiple_of(CONTEXT_PAD), streams)
}

/// Cells of one stream's sliding-window cache.
fn window_cells(shape: &Shape, workload: &Workload) -> u64 {
    let (cells, _) = streams(workload);
    let sequences = if workload.kv_unified { workload.slots.max(1) } else { 1 };
    let looks_back = shape.window.unwrap_or(0).saturating_mul(sequences);
    cells.min(looks_back.saturating_add(workload.ubatch)).next_multiple_of(CONTEXT_PAD)
}

fn cache_type(name: &str) -> TensorType {
    TensorType::by_name(name).expect("cache types are checked on entry")
}

/// The compute buffer for `shape` and `workload`: llama.cpp's graph, placed by ggml's allocator. For
/// an architecture whose graph is not checked, half as much again and 64 MiB.
pub fn compute(shape: &Shape, workload: &Workload, build: &Build) -> Compute {
    let (cells, streams) = streams(workload);
    let context = cells * streams;
    let tokens = workload.ubatch.min(context).next_multiple_of(streams);
    let quantised = |name: &str| cache_type(name).block > 1;
    let batch = Batch {
        tokens,
        outputs: tokens.min(workload.batch),
        streams,
        cells,
        window_cells: window_cells(shape, workload),
        flash_attn: workload.flash_attn,
        quantised_k: quantised(&workload.kv_type_k),
        quantised_v: quantised(&workload.kv_type_v),
        rotation_apart: build.quantised_kv_rotation,
        v_width: cache_type(&workload.kv_type_v).bytes.min(4) as u8,
    };
    let exact = graph::compute_bytes(shape, &batch, [graph::CPU_ALIGNMENT, graph::GPU_ALIGNMENT]);
    let unchecked = |bytes: u64| if shape.known { 0 } else { bytes / 2 + 64 * MIB };
    let [cpu, gpu] = exact.map(|bytes| bytes + MARGIN + unchecked(bytes));
    Compute { cpu, gpu }
}

impl Subject<'_> {
    /// Bytes of KV cache of layers `from..to`; llama.cpp's "context".
    pub fn kv_bytes(&self, from: u64, to: u64) -> u64 {
        let (cells, streams) = streams(self.workload);
        let window_cells = window_cells(self.shape, self.workload);
        let (k, v) = (cache_type(&self.workload.kv_type_k), cache_type(&self.workload.kv_type_v));
        let rotation = self.rotation_bytes(k, v);
        let layers = &self.shape.layers[from as usize..to as usize];
        let bytes = |layer: &LayerKv| {
            let cells = if layer.window { window_cells } else { cells };
            (k.bytes_of(layer.k) + v.bytes_of(layer.v)) * cells * streams + rotation
        };
        layers.iter().map(bytes).sum()
    }

    /// The matrices that turn one layer's keys and values before they are quantised: as wide as the
    /// largest power of two, from 64, that divides a key head, and 64 for values.
    fn rotation_bytes(&self, k: TensorType, v: TensorType) -> u64 {
        let s = self.shape;
        if !self.build.quantised_kv_rotation {
            return 0;
        }
        let values = s.latent.is_none();
        let of = |quantised: bool, head: u64, side: u64| {
            if quantised && head.is_multiple_of(64) { 4 * side * side } else { 0 }
        };
        of(k.block > 1, s.head_dim, s.k_rotation()) + of(values && v.block > 1, s.head_dim_v, 64)
    }

    /// Logits of every sequence, in host memory.
    pub fn output_bytes(&self) -> u64 {
        self.shape.n_vocab * self.workload.slots * 4
    }

    /// `--cache-ram` for this workload, MiB: two full contexts, between 64 MiB and 1 GiB.
    pub fn prompt_cache_mib(&self) -> u64 {
        let kv = self.kv_bytes(0, self.shape.layers.len() as u64);
        (2 * kv).div_ceil(MIB).clamp(64, 1024)
    }

    /// One ledger per device, the host first.
    pub fn ledger(&self, profile: &Profile, placement: &Placement) -> Vec<DeviceLedger> {
        let mut devices = vec![self.host(profile, placement)];
        let mut first = placement.host_layers;
        let last = placement.gpu_layers.len().wrapping_sub(1);
        for (index, (layers, gpu)) in placement.gpu_layers.iter().zip(&profile.gpus).enumerate() {
            devices.push(self.gpu(index, gpu, first, first + layers, index == last, last > 0));
            first += layers;
        }
        devices
    }

    fn host(&self, profile: &Profile, placement: &Placement) -> DeviceLedger {
        let cpu_only = placement.gpu_layers.is_empty();
        let layers: u64 = self.weights.layer_bytes[..placement.host_layers as usize].iter().sum();
        // A tied output is the embedding itself on a CPU host.
        let weights_bytes =
            if cpu_only { self.weights.total_bytes } else { self.weights.embedding_bytes + layers };
        let compute_bytes = if cpu_only || placement.host_layers > 0 {
            self.compute.cpu
        } else {
            // Inputs in pinned memory: embeddings and mask, four copies when cards work in turns.
            let copies = if placement.gpu_layers.len() > 1 { 4 } else { 1 };
            let ubatch = self.workload.ubatch;
            copies * ubatch * (4 * self.shape.n_embd + 2 * streams(self.workload).0) + MIB
        };
        let process = if cpu_only { PROCESS } else { PROCESS_CUDA };
        let parts = DeviceLedger {
            device: "host".to_string(),
            weights_bytes,
            kv_bytes: self.kv_bytes(0, placement.host_layers),
            compute_bytes,
            output_bytes: self.output_bytes(),
            runtime_bytes: process + self.prompt_cache_mib() * MIB,
            reserved_bytes: RESERVE,
            rag_bytes: 0,
            total_bytes: 0,
            capacity_bytes: (profile.ram_bytes() as f64 * REPORTED_RAM) as u64,
            headroom_bytes: 0,
        };
        summed(parts)
    }

    fn gpu(
        &self,
        index: usize,
        gpu: &GpuSpec,
        from: u64,
        to: u64,
        last: bool,
        several: bool,
    ) -> DeviceLedger {
        let layers: u64 = self.weights.layer_bytes[from as usize..to as usize].iter().sum();
        let output = if last { self.weights.output_bytes } else { 0 };
        // Several cards in turns keep four copies of what passes between them.
        let pipeline = if several {
            3 * self.workload.ubatch * (4 * self.shape.n_embd + 2 * streams(self.workload).0)
        } else {
            0
        };
        summed(DeviceLedger {
            device: format!("gpu{index}"),
            weights_bytes: layers + output,
            kv_bytes: self.kv_bytes(from, to),
            compute_bytes: self.compute.gpu + pipeline,
            output_bytes: 0,
            runtime_bytes: gpu.cuda_context_mib * MIB,
            reserved_bytes: 0,
            rag_bytes: 0,
            total_bytes: 0,
            capacity_bytes: gpu.vram_mib * MIB,
            headroom_bytes: 0,
        })
    }
}

fn summed(mut device: DeviceLedger) -> DeviceLedger {
    device.total_bytes = device.weights_bytes
        + device.kv_bytes
        + device.compute_bytes
        + device.output_bytes
        + device.runtime_bytes
        + device.reserved_bytes
        + device.rag_bytes;
    device.headroom_bytes = device.capacity_bytes as i64 - device.total_bytes as i64;
    device
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_split_as_llama_cpp_does() {
        // 80 layers and the output are 81 items on two cards.
        let placement = Placement::offload(80, 80, 2);
        assert_eq!(placement.gpu_layers, [41, 39]);
        assert_eq!(placement.n_gpu_layers(), 81);
        assert!(!placement.is_split());
        let part = Placement::offload(80, 30, 1);
        assert_eq!((part.gpu_layers.as_slice(), part.host_layers, part.is_split()), (&[30][..], 50, true));
        assert_eq!(Placement::host_only(22).n_gpu_layers(), 0);
    }
}
