//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights
//! and the context so far once. Prefill is bound by arithmetic: two operations per parameter.
//!
//! The factors are the share of the theoretical peak that llama.cpp reaches; the interval is wide
//! because published estimates miss by a factor (llmfit: estimate/measured p10 0.24, p90 1.47).

use super::document::{DeviceLedger, Interval, Speed};
use super::ledger::Subject;
use super::placement::Placement;
use super::placement::SplitMode;
use crate::hardware::profiles::Profile;

/// Share of the peak, low to high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub low: f64,
    pub expected: f64,
    pub high: f64,
}

pub const CPU_BANDWIDTH: Share = Share { low: 0.40, expected: 0.60, high: 0.90 };
pub const GPU_BANDWIDTH: Share = Share { low: 0.45, expected: 0.65, high: 0.90 };
pub const CPU_ARITHMETIC: Share = Share { low: 0.10, expected: 0.25, high: 0.60 };
pub const GPU_ARITHMETIC: Share = Share { low: 0.10, expected: 0.30, high: 0.60 };

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
        cards: cards.collect(),
        side_by_side: tensor.then_some(n_layer * LAYER_SUM),
        experts: read.experts_whole,
        ubatch: subject.workload.ubatch.max(1) as f64,
    }
}

impl Terms {
    /// tokens/s, where CPU and GPU reach these shares of their bandwidth.
    pub fn decode(&self, cpu: f64, gpu: f64) -> f64 {
        let host = self.host.read / (self.host.bandwidth_gb_s * 1e9 * cpu);
        let each = self.cards.iter().map(|card| card.read / (card.bandwidth_gb_s * 1e9 * gpu));
        let cards = match self.side_by_side {
            None => each.sum::<f64>(),
            Some(waiting) => each.fold(0.0, f64::max) + waiting,
        };
        1.0 / (self.overhead + host + cards)
    }

    /// tokens/s, where CPU and GPU reach these shares of their arithmetic.
    pub fn prefill(&self, cpu: f64, gpu: f64) -> f64 {
        let mut seconds = PREFILL_OVERHEAD + self.host.operations / (self.host.tflops * 1e12 * cpu);
        for card in &self.cards {
            seconds += card.operations / (card.tflops * 1e12 * gpu);
        }
        // A batch needs the experts of the host on a card, or the card waits for the host: either way
        // they pass host memory once a batch.
        seconds += self.experts / (self.host.bandwidth_gb_s * 1e9 * cpu) / self.ubatch;
        1.0 / seconds
    }

    pub fn speed(&self) -> Speed {
        Speed {
            decode_tok_s: interval(|cpu, gpu| self.decode(cpu, gpu), CPU_BANDWIDTH, GPU_BANDWIDTH),
            prefill_tok_s: interval(|cpu, gpu| self.prefill(cpu, gpu), CPU_ARITHMETIC, GPU_ARITHMETIC),
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
    cards: Vec<f64>,
    /// All experts that lie on the host for layers that lie on cards.
    experts_whole: f64,
    /// Of all parameters, those that work on a token.
    share: f64,
}

impl Read {
    /// Of the embedding one row is read, not the table; of a layer's experts only the chosen ones; of the
    /// cache half, as the slot is half full.
    fn of(subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Read {
        let weights = subject.weights;
        let idle = subject.shape.experts.as_ref().map_or(0.0, |e| 1.0 - e.used as f64 / e.count as f64);
        let experts =
            |from: usize, to: usize| weights.expert_bytes[from..to.max(from)].iter().sum::<u64>() as f64;
        let (n_layer, host_layers) = (weights.layer_bytes.len(), placement.host_layers as usize);
        let kv = |device: &DeviceLedger| device.kv_bytes as f64 / (2 * subject.workload.slots.max(1)) as f64;
        let on_host = host_layers.max(placement.host_experts as usize);
        let embedding = weights.embedding_bytes.min(memory[0].weights_bytes) as f64;
        let host = if on_host == 0 {
            0.0
        } else {
            memory[0].weights_bytes as f64 - embedding - idle * experts(0, on_host) + kv(&memory[0])
        };
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
            cards: memory[1..].iter().map(card).collect(),
            experts_whole: experts(host_layers, on_host.max(host_layers)),
            share: 1.0 - idle * experts(0, n_layer) / total,
        }
    }
}

fn interval(speed: impl Fn(f64, f64) -> f64, cpu: Share, gpu: Share) -> Interval {
    let round = |x: f64| (x * 100.0).round() / 100.0;
    Interval {
        low: round(speed(cpu.low, gpu.low)),
        expected: round(speed(cpu.expected, gpu.expected)),
        high: round(speed(cpu.high, gpu.high)),
    }
}
