//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights and the
//! context so far once, and each layer costs a moment beside. Prefill is bound by arithmetic: two operations per
//! active parameter, and attention.
//!
//! [`terms`] counts what there is to do, [`seconds`] how long that takes by the [rates] of a machine's kind; an
//! interval is as wide as those miss by (docs/measured.md).

pub mod cpu;
pub mod rates;
mod read;
pub mod seconds;

use super::document::{DeviceLedger, Interval, Speed};
use super::ledger::Subject;
use super::placement::Placement;
use super::split::SplitMode;
use crate::hardware::cpus::CpuClass;
use crate::hardware::generation::Generation;
use crate::hardware::profiles::Profile;
use crate::model::shape::{LayerKv, Shape};
use rates::FITTED;
use read::TokenReads;
pub use seconds::{CardSeconds, HostSeconds};

/// Share of a host's peak bandwidth that reading reaches. A host that was probed names what it reads, divided by this.
pub(super) const READ_OF_PEAK: f64 = 0.65;

/// Flash attention on a CPU does the elements of a head beyond a multiple of this one by one …
const VECTOR: u64 = 32;
/// … each as slow as this many others: phi-2's heads of 80 elements made 1.0 × 10^9 multiplications/s where others
/// made 6 to 7 (llama-bench, 2 cores of an AMD EPYC, 2026-11-24); without flash attention they are no slower.
const ONE_BY_ONE: u64 = 25;

/// Factors of the seconds at an interval's ends: times as long at the slow end, times as short at the fast one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Factor while an answer is written.
    pub decode: f64,
    /// Factor while a prompt is read.
    pub prefill: f64,
}

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Slowest speed.
    Low,
    /// Expected speed.
    Expected,
    /// Fastest speed.
    High,
}

impl End {
    /// The ends in the order of [`Interval`]'s fields.
    pub const ALL: [End; 3] = [End::Low, End::Expected, End::High];

    /// Factor of a device's seconds.
    pub fn factor(self, spread: f64) -> f64 {
        match self {
            End::Low => spread,
            End::Expected => 1.0,
            End::High => 1.0 / spread,
        }
    }
}

/// Work of a token, and the devices that do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Work of the host's CPU.
    pub host: HostTerms,
    /// Work of each card, in order.
    pub cards: Vec<CardTerms>,
    /// Whether flash attention is on.
    pub flash_attn: bool,
    /// The model is a mixture of experts.
    pub experts: bool,
    /// Its matrices are of 16 bits or more.
    pub half: bool,
    /// Layers, where the cards share each of them; `None`: they lie one after the other.
    pub shared_layers: Option<f64>,
    /// Number of cards that have layers.
    pub used: f64,
    /// Physical batches that a prompt is cut into and that pass the cards in a pipeline; 1 where layers lie
    /// on the host and in a tensor split.
    pub parts: f64,
    /// Tokens of a part of a batch.
    pub ubatch: f64,
}

/// Work of a host's CPU for one token, and the hardware that does it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTerms {
    /// Bytes that a token reads.
    pub read: f64,
    /// 10^9 bytes/s at the peak.
    pub bandwidth_gb_s: f64,
    /// Operations of the matrices for a token of an answer: two for each weight that is read.
    pub matrices: f64,
    /// Operations of attention for a token of an answer, over half a slot.
    pub attention: f64,
    /// Operations of the matrices for a token of a prompt; 0 where cards do them.
    pub operations: f64,
    /// Operations of attention for a token of a prompt, over a quarter of a slot on average.
    pub looked_back: f64,
    /// Bytes of weights that pass to a card once a batch.
    pub copied: f64,
    /// Layers that lie on the host, or whose experts do.
    pub layers: f64,
    /// Threads that compute: the cores of a probed host, or the profile's.
    pub threads: f64,
    /// NUMA nodes of a probed host; 1 for a class of machines.
    pub nodes: u64,
    /// Whether flash attention is on.
    pub flash_attn: bool,
    /// Source of the CPU's arithmetic rate.
    pub rate: HostRate,
}

impl HostRate {
    /// The host's memory was measured.
    pub fn is_measured(self) -> bool {
        matches!(self, HostRate::Found { measured: true, .. })
    }
}

/// Arithmetic of a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HostRate {
    /// By the instructions of a CPU that was probed.
    Found {
        /// Instruction set.
        class: CpuClass,
        /// Whether the bandwidth of the memory was measured.
        measured: bool,
    },
    /// 10^12 operations/s of a class of machines.
    Promised {
        /// Rate of all cores together.
        tflops: f64,
    },
}

/// Work of one card for one token, and the hardware that does it.
#[derive(Clone, Debug, PartialEq)]
pub struct CardTerms {
    /// Generation of the card, which selects its row of [`rates::Rates`].
    pub generation: Generation,
    /// It has a row in `profiles/cards.csv`.
    pub known: bool,
    /// Peak of the card's memory, 10^9 bytes/s.
    pub bandwidth_gb_s: f64,
    /// Peak of its matrix instructions, 10^12 operations/s; the sum of all cards in a tensor split.
    pub tops: f64,
    /// Bytes of weights that a token reads.
    pub weights: f64,
    /// Bytes of cache that a token reads: half a slot.
    pub cache: f64,
    /// Bytes of all weights that lie on the card.
    pub held: f64,
    /// Layers on the card.
    pub layers: f64,
    /// Operations of the matrices for a token of a prompt: two for each active parameter.
    pub operations: f64,
    /// Operations of attention for a token of a prompt.
    pub attention: f64,
    /// Scores of attention for a token of a prompt: query heads times tokens looked back at.
    pub scores: f64,
}

/// For one sequence whose slot is half full.
pub fn terms(profile: &Profile, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Terms {
    let read = TokenReads::of(subject, placement, memory);
    let (shape, workload) = (subject.shape, subject.workload);
    let n_layer = subject.weights.layer_bytes.len() as f64;
    let active = 2.0 * subject.weights.parameters as f64 * read.share;
    let tensor = placement.split == SplitMode::Tensor;
    let all: f64 = profile.gpus.iter().map(|spec| spec.tops).sum();
    let slot = workload.n_ctx / workload.slots.max(1);
    // A prompt that fills half of the slot looks a quarter of it back, on average.
    let (looked_back, scores) = attention(shape, n_layer as usize, slot / 4, |head| head);
    let gpu_layers = || placement.gpu_layers.iter();
    let last = gpu_layers().rposition(|layers| *layers > 0).unwrap_or(0);
    let cards = read.cards.iter().zip(&profile.gpus).zip(gpu_layers()).enumerate();
    let cards = cards.map(|(index, ((read, spec), layers))| {
        // Batches of a prompt go to a card for the host's layers too.
        let of_host = if index == last { placement.host_layers } else { 0 };
        let part = (*layers + of_host) as f64 / n_layer.max(1.0);
        CardTerms {
            generation: spec.generation,
            known: spec.known,
            bandwidth_gb_s: spec.memory_bandwidth_gb_s,
            tops: if tensor { all } else { spec.tops },
            weights: read.weights,
            cache: read.cache,
            held: read.held,
            layers: *layers as f64,
            operations: active * part,
            attention: looked_back * *layers as f64 / n_layer.max(1.0),
            scores: scores * *layers as f64 / n_layer.max(1.0),
        }
    });
    let cards: Vec<CardTerms> = cards.collect();
    let used = gpu_layers().filter(|layers| **layers > 0).count();
    let parts = (slot / 2).min(workload.batch).div_ceil(workload.ubatch.max(1)).max(1);
    Terms {
        host: host(profile, subject, placement, &read, active),
        shared_layers: tensor.then_some(n_layer),
        used: used as f64,
        parts: if placement.host_layers > 0 || tensor { 1.0 } else { parts as f64 },
        ubatch: workload.ubatch.min((slot / 2).max(1)).max(1) as f64,
        flash_attn: workload.flash_attn,
        experts: shape.experts.is_some(),
        half: weight_bytes(subject) > 1.9,
        cards,
    }
}

/// Bytes of one weight, on average.
fn weight_bytes(subject: &Subject) -> f64 {
    subject.weights.total_bytes.max(1) as f64 / subject.weights.parameters.max(1) as f64
}

fn host(
    profile: &Profile,
    subject: &Subject,
    placement: &Placement,
    read: &TokenReads,
    active: f64,
) -> HostTerms {
    let slot = subject.workload.n_ctx / subject.workload.slots.max(1);
    let elements = |head: u64| match subject.workload.flash_attn {
        true => head + (ONE_BY_ONE - 1) * (head % VECTOR),
        false => head,
    };
    let found = profile.found;
    let layers = placement.host_layers as usize;
    let on_cpu = placement.gpu_layers.is_empty();
    HostTerms {
        read: read.host,
        bandwidth_gb_s: profile.memory_bandwidth_gb_s,
        matrices: 2.0 * read.host_weights / weight_bytes(subject),
        attention: attention(subject.shape, layers, slot / 2, elements).0,
        operations: if on_cpu { active } else { 0.0 },
        looked_back: attention(subject.shape, layers, slot / 4, elements).0,
        copied: if on_cpu { 0.0 } else { read.host_held },
        layers: placement.host_layers.max(placement.host_experts) as f64,
        threads: found.map_or(profile.cpu_cores, |found| found.threads) as f64,
        nodes: found.map_or(1, |found| found.numa_nodes),
        flash_attn: subject.workload.flash_attn,
        rate: match found {
            Some(found) => HostRate::Found { class: found.class, measured: found.measured },
            None => HostRate::Promised { tflops: profile.tflops },
        },
    }
}

/// Operations of attention over `back` tokens in the first `layers` layers, and its scores; `elements` of a head
/// are done.
fn attention(shape: &Shape, layers: usize, back: u64, elements: impl Fn(u64) -> u64) -> (f64, f64) {
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
    let scores = shape.n_head as f64 * tokens as f64;
    (2.0 * head as f64 * scores, scores)
}

/// Whether a CPU answers faster with flash attention, for heads of this many elements.
pub fn flash_attention_pays(shape: &Shape) -> bool {
    shape.latent.is_some()
        || (shape.head_dim.is_multiple_of(VECTOR) && shape.head_dim_v.is_multiple_of(VECTOR))
}

impl Terms {
    /// Returns the speed by the fitted rates, tokens/s rounded to hundredths.
    pub fn speed(&self) -> Speed {
        Speed {
            decode_tok_s: interval(|end| self.decode(&FITTED, end)),
            prefill_tok_s: interval(|end| self.prefill(&FITTED, end)),
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

/// The speed at each end.
fn interval(speed: impl Fn(End) -> f64) -> Interval {
    let at = |end: End| (speed(end) * 100.0).round() / 100.0;
    Interval { low: at(End::Low), expected: at(End::Expected), high: at(End::High) }
}
