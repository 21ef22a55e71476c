//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights
//! and the context so far once; a CPU's few cores add the time of their arithmetic to that. Prefill is
//! bound by arithmetic: two operations per parameter.
//!
//! The factors are the share of the peak that llama.cpp reaches. Those of a CPU are calibrated with
//! llama-bench (docs/measured.md); those of a GPU are not, and their interval is as wide as published
//! estimates miss by (llmfit: estimate/measured p10 0.24, p90 1.47).

use super::document::{DeviceLedger, Interval, Speed};
use super::ledger::Subject;
use super::placement::Placement;
use super::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::model::shape::{LayerKv, Shape};

/// Share of the peak, low to high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub low: f64,
    pub expected: f64,
    pub high: f64,
}

pub const CPU_BANDWIDTH: Share = Share { low: 0.45, expected: 0.65, high: 0.95 };
pub const GPU_BANDWIDTH: Share = Share { low: 0.45, expected: 0.65, high: 0.90 };
/// Above one: `tflops` of a CPU is what llama.cpp's matrices reach on AVX2, and later sets have more.
pub const CPU_ARITHMETIC: Share = Share { low: 0.50, expected: 1.00, high: 1.60 };
pub const GPU_ARITHMETIC: Share = Share { low: 0.10, expected: 0.30, high: 0.60 };

/// Of a CPU's arithmetic, what attention over the cache reaches while decoding, with flash attention or
/// without: 6 to 7 × 10^9 multiplications/s where the matrices do 110 × 10^9 (llama-bench, heads of 64 and
/// 128 elements, 512 and 1024 tokens back, 2 cores of an AMD EPYC, 2026-11-24).
pub const ATTENTION_SHARE: f64 = 1.0 / 18.0;

/// Flash attention on a CPU does the elements of a head beyond a multiple of this one by one …
const VECTOR: u64 = 32;
/// … each as slow as this many others: phi-2's heads of 80 elements made 1.0 × 10^9 multiplications/s
/// (as above); without flash attention they are no slower than other heads.
const ONE_BY_ONE: u64 = 25;

/// Seconds a token costs beside reading, per layer: kernel launches on a GPU, threads waiting for each
/// other on a CPU (0.2 ms a token measured with 2 layers on 2 cores).
const LAYER_OVERHEAD: f64 = 0.05e-3;

/// Seconds that two cards of a tensor split wait for each other, per layer: two sums over all cards,
/// each a kernel launch and a transfer of some kilobytes. Not measured; NCCL's own tests give 10 to
/// 30 µs for so little over NVLink or PCIe.
const LAYER_SUM: f64 = 2.0 * 20e-6;

/// Seconds of a token of a prompt beside arithmetic.
pub const PREFILL_OVERHEAD: f64 = 1e-6;

/// What a speed follows from, before the shares of the peaks that are reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Seconds a token costs beside reading.
    pub overhead: f64,
    pub host: DeviceTerms,
    /// Operations that the host's cores do for a token of an answer: its matrices', and its attention's.
    pub host_matrices: f64,
    pub host_attention: f64,
    pub cards: Vec<DeviceTerms>,
    /// The cards read side by side, and wait for each other this many seconds a token; `None`: one after
    /// the other.
    pub side_by_side: Option<f64>,
    /// Bytes of experts that pass the host's memory once a batch, and the tokens of one.
    pub experts: f64,
    pub ubatch: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeviceTerms {
    /// Bytes that a token reads.
    pub read: f64,
    /// 10^9 bytes/s at the peak.
    pub bandwidth_gb_s: f64,
    /// Operations that a token of a prompt takes.
    pub operations: f64,
    /// 10^12 operations/s at the peak.
    pub tflops: f64,
}

/// For one sequence whose slot is half full.
pub fn terms(profile: &Profile, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Terms {
    let read = Read::of(subject, placement, memory);
    let n_layer = subject.weights.layer_bytes.len() as f64;
    let active = 2.0 * subject.weights.parameters as f64 * read.share;
    let operations = |layers: u64| active * layers as f64 / n_layer.max(1.0);
    let weight_bytes = subject.weights.total_bytes.max(1) as f64 / subject.weights.parameters.max(1) as f64;
    let tensor = placement.split == SplitMode::Tensor;
    let all: f64 = profile.gpus.iter().map(|spec| spec.tflops).sum();
    let cards = read.cards.iter().zip(&profile.gpus).zip(&placement.gpu_layers);
    let cards = cards.map(|((read, spec), layers)| DeviceTerms {
        read: *read,
        bandwidth_gb_s: spec.memory_bandwidth_gb_s,
        operations: operations(*layers),
        tflops: if tensor { all } else { spec.tflops },
    });
    Terms {
        overhead: LAYER_OVERHEAD * (n_layer + 2.0),
        host: DeviceTerms {
            read: read.host,
            bandwidth_gb_s: profile.memory_bandwidth_gb_s,
            operations: operations(placement.host_layers),
            tflops: profile.tflops,
        },
        host_matrices: 2.0 * read.host_weights / weight_bytes,
        host_attention: attention(subject, placement.host_layers as usize),
        cards: cards.collect(),
        side_by_side: tensor.then_some(n_layer * LAYER_SUM),
        experts: read.experts_whole,
        ubatch: subject.workload.ubatch.max(1) as f64,
    }
}

/// Operations of attention over half a slot in the first `layers` layers, as cores have to do them.
fn attention(subject: &Subject, layers: usize) -> f64 {
    let (shape, workload) = (subject.shape, subject.workload);
    let back = workload.n_ctx / workload.slots.max(1) / 2;
    let elements = |head: u64| match workload.flash_attn {
        true => head + (ONE_BY_ONE - 1) * (head % VECTOR),
        false => head,
    };
    let head = match &shape.latent {
        // One key for all heads, whose first part is the value.
        Some(latent) => elements(latent.kv_rank + latent.rope) + elements(latent.kv_rank),
        None => elements(shape.head_dim) + elements(shape.head_dim_v),
    };
    let seen = |layer: &LayerKv| match (layer.k, layer.window, shape.window) {
        (0, ..) => 0,
        (_, true, Some(window)) => back.min(window),
        _ => back,
    };
    let tokens: u64 = shape.layers.iter().take(layers).map(seen).sum();
    2.0 * (shape.n_head * head) as f64 * tokens as f64
}

/// Whether a CPU answers faster with flash attention, for heads of this many elements.
pub fn flash_attention_pays(shape: &Shape) -> bool {
    shape.latent.is_some()
        || (shape.head_dim.is_multiple_of(VECTOR) && shape.head_dim_v.is_multiple_of(VECTOR))
}

impl Terms {
    /// tokens/s, where CPU and GPU reach these shares of their bandwidth, and the CPU that of its arithmetic.
    pub fn decode(&self, cpu: f64, arithmetic: f64, gpu: f64) -> f64 {
        let work = self.host_matrices + self.host_attention / ATTENTION_SHARE;
        let host = self.host.read / (self.host.bandwidth_gb_s * 1e9 * cpu)
            + work / (self.host.tflops * 1e12 * arithmetic);
        let each = self.cards.iter().map(|card| card.read / (card.bandwidth_gb_s * 1e9 * gpu));
        let cards = match self.side_by_side {
            None => each.sum::<f64>(),
            Some(waiting) => each.fold(0.0, f64::max) + waiting,
        };
        1.0 / (self.overhead + host + cards)
    }

    /// tokens/s, where CPU and GPU reach these shares of their arithmetic, and the CPU that of its bandwidth.
    pub fn prefill(&self, cpu: f64, bandwidth: f64, gpu: f64) -> f64 {
        let mut seconds = PREFILL_OVERHEAD + self.host.operations / (self.host.tflops * 1e12 * cpu);
        for card in &self.cards {
            seconds += card.operations / (card.tflops * 1e12 * gpu);
        }
        // A batch needs the experts of the host on a card, or the card waits for the host: either way
        // they pass host memory once a batch.
        seconds += self.experts / (self.host.bandwidth_gb_s * 1e9 * bandwidth) / self.ubatch;
        1.0 / seconds
    }

    pub fn speed(&self) -> Speed {
        Speed {
            decode_tok_s: interval(|end| {
                self.decode(end(&CPU_BANDWIDTH), end(&CPU_ARITHMETIC), end(&GPU_BANDWIDTH))
            }),
            prefill_tok_s: interval(|end| {
                self.prefill(end(&CPU_ARITHMETIC), end(&CPU_BANDWIDTH), end(&GPU_ARITHMETIC))
            }),
        }
    }
}

/// Speed of one sequence whose slot is half full.
pub fn predict(
    profile: &Profile,
    subject: &Subject,
    placement: &Placement,
    memory: &[DeviceLedger],
) -> Speed {
    terms(profile, subject, placement, memory).speed()
}

/// Bytes that one token reads.
struct Read {
    host: f64,
    /// Of those, weights.
    host_weights: f64,
    cards: Vec<f64>,
    /// All experts that lie on the host for layers that lie on cards.
    experts_whole: f64,
    /// Of all parameters, those that work on a token.
    share: f64,
}

impl Read {
    /// Of the embedding one row is read, not the table, unless it is the output's matrix too; of a layer's experts only the chosen ones; of the
    /// cache half, as the slot is half full.
    fn of(subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Read {
        let weights = subject.weights;
        let idle = subject.shape.experts.as_ref().map_or(0.0, |e| 1.0 - e.used as f64 / e.count as f64);
        let experts =
            |from: usize, to: usize| weights.expert_bytes[from..to.max(from)].iter().sum::<u64>() as f64;
        let (n_layer, host_layers) = (weights.layer_bytes.len(), placement.host_layers as usize);
        let kv = |device: &DeviceLedger| device.kv_bytes as f64 / (2 * subject.workload.slots.max(1)) as f64;
        let on_host = host_layers.max(placement.host_experts as usize);
        let no_card = placement.gpu_layers.iter().all(|layers| *layers == 0);
        let embedding = match weights.tied && no_card {
            true => 0.0,
            false => weights.embedding_bytes.min(memory[0].weights_bytes) as f64,
        };
        let host_weights = match on_host {
            0 => 0.0,
            _ => memory[0].weights_bytes as f64 - embedding - idle * experts(0, on_host),
        };
        let host = if on_host == 0 { 0.0 } else { host_weights + kv(&memory[0]) };
        let all_idle = idle * experts(on_host, n_layer);
        let on_cards: f64 = memory[1..].iter().map(|card| card.weights_bytes as f64).sum();
        // The experts that lie on cards are spread as their weights are.
        let card = |card: &DeviceLedger| {
            let bytes = card.weights_bytes as f64;
            bytes - all_idle * bytes / on_cards.max(1.0) + kv(card)
        };
        let total = weights.total_bytes.max(1) as f64;
        Read {
            host,
            host_weights,
            cards: memory[1..].iter().map(card).collect(),
            experts_whole: experts(host_layers, on_host.max(host_layers)),
            share: 1.0 - idle * experts(0, n_layer) / total,
        }
    }
}

/// The speed at each end of the shares.
fn interval(speed: impl Fn(fn(&Share) -> f64) -> f64) -> Interval {
    let at = |end: fn(&Share) -> f64| (speed(end) * 100.0).round() / 100.0;
    Interval {
        low: at(|share| share.low),
        expected: at(|share| share.expected),
        high: at(|share| share.high),
    }
}
