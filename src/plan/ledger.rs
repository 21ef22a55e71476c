//! The memory ledger: what llama.cpp takes on every device, in its own words (model, context,
//! compute, output) and the rest (CUDA context, process, prompt cache, the system's reserve).
//!
//! Checked against llama-fit-params of each build over the reference shapes (tests/oracle): weights
//! and context exact, compute never below and at most 8 MiB or 1 % above.

use super::document::{DeviceLedger, Workload};
use super::graph::{self, Batch, CardOrder, Layout, Repeats};
use super::kept::{CONTEXT_PAD, Caches, cache_type, flash_attn, streams, window_cells};
use super::placement::Placement;
use crate::engine::llama_cpp::build::Build;
use crate::engine::split::SplitMode;
use crate::hardware::profiles::{MIB, Profile};
use crate::model::shape::{Flash, Followed, LayerKv};
use crate::model::tensor_type::TensorType;
use crate::model::{Shape, Weights};
use std::cell::RefCell;
use std::ops::Range;

/// llama-server before any model: code, threads, HTTP. Measured RSS of b11434 with a 600 KB model is
/// 60 MiB; with the CUDA runtime's host side about 300 MiB more.
pub(super) const PROCESS: u64 = 128 * MIB;
pub(super) const PROCESS_CUDA: u64 = 448 * MIB;

/// Kept for the system, its page cache of the model's hot pages and the repacking that doubles
/// part of a quantised CPU model while it loads (RSS 1199 MiB for 810 MiB of buffers, measured).
pub(super) const RESERVE: u64 = 512 * MIB;

/// A machine sold with 64 GB may report 4 % less.
pub const REPORTED_RAM: f64 = 0.96;

/// Added to the exact compute buffer: llama.cpp logs hundredths of a MiB, and no less is promised
/// than what is read there.
pub(super) const MARGIN: u64 = 64 << 10;

/// Everything a ledger follows from, apart from where the layers lie.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Dimensions of the model.
    pub shape: &'a Shape,
    /// Bytes of the weights in one quantisation, by layer.
    pub weights: &'a Weights,
    /// Context, slots, batches and cache types.
    pub workload: &'a Workload,
    /// llama.cpp build whose memory is counted.
    pub build: &'a Build,
    /// Tokens of a batch that the compute buffer has logits for.
    pub logits: Logits,
    /// Graphs that were worked out for this shape before.
    pub graphs: &'a Graphs,
}

/// Tokens of a batch that give logits; the compute buffer is reserved for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logits {
    /// One of each slot: what llama-server asks for (`server_output_limits`).
    PerSlot,
    /// All: what llama-fit-params counts.
    All,
}

/// Compute buffers that were worked out, kept because quantisations, profiles and models share them.
#[derive(Default)]
pub struct Graphs {
    known: RefCell<Vec<Known>>,
    exact: bool,
}

/// Compute buffers of one shape.
struct Known {
    shape: Shape,
    logits: Logits,
    repeats: Repeats,
    buffers: Vec<(Batch, Layout, Vec<u64>)>,
}

impl Graphs {
    /// Graphs for the plan that is shown. Those of a search leave out layers that keep states, and add some KiB for each.
    pub fn exact() -> Graphs {
        Graphs { exact: true, ..Graphs::default() }
    }

    /// Returns the buffers of a graph, worked out by `compute` for as few layers and cards as give the same, unless they are
    /// known; the cards' come first.
    fn buffers(
        &self,
        of: &Subject,
        batch: Batch,
        layout: Layout,
        compute: impl Fn(&Batch, &Layout) -> Vec<u64>,
    ) -> Vec<u64> {
        let mut all = self.known.borrow_mut();
        let at = all.iter().position(|known| known.logits == of.logits && known.shape == *of.shape);
        let at = at.unwrap_or_else(|| {
            let shape = of.shape.clone();
            let repeats = if self.exact { Repeats::exact(&shape) } else { Repeats::of(&shape) };
            all.push(Known { shape, logits: of.logits, repeats, buffers: Vec::new() });
            all.len() - 1
        });
        let Known { repeats, buffers, .. } = &mut all[at];
        let short = layout.shortened(repeats);
        if let Some((_, _, bytes)) = buffers.iter().find(|(b, l, _)| *b == batch && *l == short.layout) {
            return short.all(bytes);
        }
        let bytes = compute(&batch, &short.layout);
        let all = short.all(&bytes);
        buffers.push((batch, short.layout, bytes));
        all
    }
}

/// Returns the reason why llama.cpp would refuse to load this combination; `None` if it would not.
pub(crate) fn refusal(shape: &Shape, workload: &Workload) -> Option<String> {
    let quantised = |name: &str| TensorType::by_name(name).is_some_and(|t| t.block > 1);
    let (k, v) = (workload.kv_type_k.as_str(), workload.kv_type_v.as_str());
    if quantised(v) && (!workload.flash_attn || shape.never_flash()) {
        return Some(format!("llama.cpp refuses a {v} V cache without flash attention"));
    }
    if shape.block.flash == Flash::Refused && workload.flash_attn {
        let architecture = &shape.architecture;
        return Some(format!(
            "llama.cpp cannot start {architecture} with flash attention: give --flash-attn off"
        ));
    }
    if shape.keeps_no_values() && k != v {
        return Some(format!(
            "llama.cpp refuses different K and V cache types ({k}, {v}) for latent attention"
        ));
    }
    // Without flash attention llama.cpp does not look at the head size; every size is a multiple of one.
    let in_blocks = |name: &str| TensorType::by_name(name).filter(|kind| kind.block > 1);
    let (in_k, in_v) = (in_blocks(k), in_blocks(v));
    if !workload.flash_attn || (in_k.is_none() && in_v.is_none()) {
        return None;
    }
    let attending = shape.layers.iter().filter(|layer| layer.k > 0);
    let heads = attending.flat_map(|layer| [(in_k, layer.head_k), (in_v, layer.head_v)]);
    let mut types = heads.filter_map(|(kind, size)| Some((kind?, size)));
    let (odd, size) = types.find(|(kind, size)| !size.is_multiple_of(kind.block))?;
    Some(format!(
        "llama.cpp refuses a {} KV cache here: the head size {size} is not a multiple of {}",
        odd.name.to_lowercase(),
        odd.block
    ))
}

impl Subject<'_> {
    /// The compute buffer of every device, the host first: llama.cpp's graph, cut by ggml's scheduler
    /// and placed by its allocator. For an architecture whose graph is not checked, half as much again
    /// and 64 MiB.
    pub fn compute_bytes(&self, placement: &Placement) -> Vec<u64> {
        let keeps_norms = self.logits == Logits::PerSlot && !placement.is_split();
        // The archive that comes may be for CUDA or for Vulkan: it fits either.
        let either = self.logits == Logits::PerSlot
            && placement.has_own_cards()
            && placement.split == SplitMode::Layer;
        let order = if either { CardOrder::Either } else { CardOrder::Graph };
        let layout = Layout { keeps_norms, order, ..self.layout(placement) };
        let batch = self.batch();
        let in_one = self.shape.followed.is_some_and(|followed| followed.one_sequence)
            && self.logits == Logits::PerSlot;
        let mut bytes = self.graphs.buffers(self, batch, layout, |batch, layout| {
            let mut bytes = graph::compute_bytes(self.shape, batch, layout);
            if in_one && batch.slots > 1 {
                let of_one = graph::compute_bytes(self.shape, &Batch { slots: 1, ..*batch }, layout);
                bytes.iter_mut().zip(of_one).for_each(|(bytes, one)| *bytes = one.max(*bytes));
            }
            let more = self.not_in_the_graph(batch, layout.cards > 0);
            bytes.iter_mut().for_each(|bytes| *bytes += MARGIN + more(*bytes));
            bytes
        });
        bytes.rotate_right(1);
        // A tensor split computes the whole graph on every card.
        while bytes.len() <= placement.gpu_layers.len() {
            bytes.push(bytes[1]);
        }
        bytes
    }

    /// Layout of a placement for ggml's scheduler. What differs between quantisations is in it only where it counts, as graphs are
    /// kept by layout.
    pub(super) fn layout(&self, placement: &Placement) -> Layout {
        let reads = self.shape.block.output_by_embedding;
        let embedding_bytes = if reads { self.weights.embedding_bytes } else { 0 };
        Layout { embedding_bytes, ..placement.layout(self.weights) }
    }

    /// Returns the bytes to add to a compute buffer of so many bytes for what the graph does not show.
    fn not_in_the_graph(&self, batch: &Batch, on_cards: bool) -> impl Fn(u64) -> u64 {
        let shape = self.shape;
        let on = |followed: Followed| if on_cards { followed.slack_on_cards } else { Some(followed.slack) };
        let kept = shape.followed.and_then(on).map(|states| 4 * states * shape.n_embd * batch.tokens);
        let scores = 4 * shape.score_planes(batch.flash_attn) * batch.cells * batch.tokens;
        move |bytes| kept.unwrap_or(scores + bytes / 2 + 64 * MIB)
    }

    pub(super) fn batch(&self) -> Batch {
        let workload = self.workload;
        let (cells, streams) = streams(self.shape, workload);
        let tokens = workload.ubatch.min(cells * streams).next_multiple_of(workload.slots.max(1));
        // Without a cache in any layer the graph does not grow with the context.
        let cells = if self.shape.layers.iter().any(|layer| layer.cached) { cells } else { CONTEXT_PAD };
        Batch {
            tokens,
            outputs: match self.logits {
                Logits::PerSlot => tokens.min(workload.slots.max(1)),
                Logits::All => tokens.min(workload.batch),
            },
            streams,
            slots: workload.slots.max(1),
            cells,
            window_cells: window_cells(self.shape, workload),
            flash_attn: flash_attn(self.shape, workload),
            k_type: cache_type(&workload.kv_type_k),
            v_type: cache_type(&workload.kv_type_v),
            rotation_apart: self.build.quantised_kv_rotation,
            early_outputs: self.build.early_outputs,
        }
    }

    /// Bytes of KV cache of layers `from..to`; llama.cpp's "context".
    pub fn kv_bytes(&self, from: u64, to: u64) -> u64 {
        let caches = self.caches();
        self.shape.layers[from as usize..to as usize].iter().map(|layer| caches.kept(layer).bytes()).sum()
    }

    /// Bytes of KV cache of the layers before each, and at the end those of all.
    fn kv_before(&self) -> Vec<u64> {
        let (caches, mut sum) = (self.caches(), 0);
        let mut before = Vec::with_capacity(self.shape.layers.len() + 1);
        before.push(0);
        let mut last: Option<(&LayerKv, u64)> = None;
        for layer in &self.shape.layers {
            // Most layers are as the one before.
            let bytes = match last {
                Some((same, bytes)) if same == layer => bytes,
                _ => caches.kept(layer).bytes(),
            };
            last = Some((layer, bytes));
            sum += bytes;
            before.push(sum);
        }
        before
    }

    /// Returns the caches of its layers.
    pub(super) fn caches(&self) -> Caches {
        Caches::of(self.shape, self.workload, self.build)
    }

    /// Logits of every sequence, in host memory.
    pub fn output_bytes(&self) -> u64 {
        self.shape.n_vocab * self.workload.slots * 4
    }

    /// `--cache-ram` for this workload, MiB: two full contexts, between 64 MiB and 1 GiB.
    pub fn prompt_cache_mib(&self) -> u64 {
        prompt_cache_mib(self.kv_bytes(0, self.shape.layers.len() as u64))
    }

    /// One ledger per device, the host first.
    pub fn ledger(&self, profile: &Profile, placement: &Placement) -> Vec<DeviceLedger> {
        self.with_compute(profile, placement, &self.compute_bytes(placement))
    }

    /// The same without compute buffers: below the ledger, for much less work.
    pub fn without_compute(&self, profile: &Profile, placement: &Placement) -> Vec<DeviceLedger> {
        self.with_compute(profile, placement, &vec![0; placement.gpu_layers.len() + 1])
    }

    /// Counts the compute buffers into a ledger that is [without](Self::without_compute) them.
    pub fn add_compute(&self, devices: &mut [DeviceLedger], placement: &Placement) {
        for (device, bytes) in devices.iter_mut().zip(self.compute_bytes(placement)) {
            device.compute_bytes += bytes;
            device.total_bytes += bytes;
            device.headroom_bytes -= bytes as i64;
        }
    }

    /// The same with these compute buffers, the host's first.
    pub fn with_compute(
        &self,
        profile: &Profile,
        placement: &Placement,
        compute: &[u64],
    ) -> Vec<DeviceLedger> {
        let kv = self.kv_before();
        let mut devices = vec![self.host(profile, placement, compute[0], &kv)];
        let mut first = placement.host_layers;
        for (card, (layers, gpu)) in placement.gpu_layers.iter().zip(&profile.gpus).enumerate() {
            let (weights_bytes, kv_bytes) = match placement.split {
                SplitMode::Layer => {
                    let range = first..first + layers;
                    let output = if placement.output == card { self.weights.output_bytes } else { 0 };
                    let kv_bytes = kv[range.end as usize] - kv[range.start as usize];
                    (self.on_card(placement, range) + output, kv_bytes)
                }
                SplitMode::Tensor => self.share(placement, card, kv[kv.len() - 1]),
            };
            devices.push(DeviceLedger::summed(DeviceLedger {
                device: format!("gpu{card}"),
                weights_bytes,
                kv_bytes,
                compute_bytes: compute[card + 1],
                output_bytes: 0,
                runtime_bytes: gpu.cuda_context_mib * MIB,
                reserved_bytes: 0,
                rag_bytes: 0,
                total_bytes: 0,
                capacity_bytes: gpu.vram_mib * MIB,
                headroom_bytes: 0,
            }));
            first += layers;
        }
        devices
    }

    /// Weights of a range of layers, without the experts that stay on the host.
    fn on_card(&self, placement: &Placement, layers: Range<u64>) -> u64 {
        let range = layers.start as usize..layers.end as usize;
        let whole: u64 = self.weights.layer_bytes[range.clone()].iter().sum();
        let kept = range.start..range.end.min((placement.host_experts as usize).max(range.start));
        whole - self.weights.expert_bytes[kept].iter().sum::<u64>()
    }

    /// Weights and cache of one card of a tensor split, at most: whole heads, and norms on every card.
    fn share(&self, placement: &Placement, card: usize, kv_bytes: u64) -> (u64, u64) {
        let heads = self.shape.heads_kv();
        let all: f64 = placement.shares.iter().sum::<u64>() as f64;
        let exact = placement.shares[card] as f64 / all.max(1.0);
        let share = ((heads as f64 * exact).ceil() / heads as f64).min(1.0);
        let of = |bytes: u64| (bytes as f64 * share).ceil() as u64;
        let mirrored: u64 = self.weights.mirrored_bytes.iter().sum();
        let n_layer = self.shape.layers.len() as u64;
        let split = self.on_card(placement, 0..n_layer) + self.weights.output_bytes - mirrored;
        (of(split) + mirrored, of(kv_bytes))
    }

    fn host(&self, profile: &Profile, placement: &Placement, compute_bytes: u64, kv: &[u64]) -> DeviceLedger {
        let cpu_only = placement.gpu_layers.is_empty();
        let host_layers = placement.host_layers as usize;
        let layers: u64 = self.weights.layer_bytes[..host_layers].iter().sum();
        let experts = host_layers..(placement.host_experts as usize).max(host_layers);
        let experts: u64 = self.weights.expert_bytes[experts].iter().sum();
        let process = if placement.has_own_cards() { PROCESS_CUDA } else { PROCESS };
        // Without a table of its own the output's is the embedding too, of which the host keeps one.
        let embedding = match self.weights.embedding_bytes {
            0 => self.weights.output_bytes,
            bytes => bytes,
        };
        DeviceLedger::summed(DeviceLedger {
            device: "host".to_string(),
            // A tied output is the embedding itself on a CPU host.
            weights_bytes: match cpu_only {
                true => self.weights.total_bytes,
                false => embedding + self.weights.input_bytes + layers + experts,
            },
            kv_bytes: kv[host_layers],
            compute_bytes,
            output_bytes: self.output_bytes(),
            runtime_bytes: process + prompt_cache_mib(kv[kv.len() - 1]) * MIB,
            reserved_bytes: RESERVE,
            rag_bytes: 0,
            total_bytes: 0,
            capacity_bytes: (profile.ram_bytes() as f64 * REPORTED_RAM) as u64,
            headroom_bytes: 0,
        })
    }
}

/// The same, from the bytes of KV cache of all layers.
fn prompt_cache_mib(kv_bytes: u64) -> u64 {
    (2 * kv_bytes).div_ceil(MIB).clamp(64, 1024)
}
