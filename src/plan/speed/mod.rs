//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights and the
//! context so far once, and each layer costs a moment beside. Prefill is bound by arithmetic: two operations per
//! active parameter, and attention.
//!
//! The shares of the peaks that are reached follow from the generation of a [card] and the instructions of a [cpu],
//! fitted on published llama-bench results; an interval is as wide as that fit misses by (docs/measured.md).

pub mod card;
pub mod cpu;

use super::document::{DeviceLedger, Interval, Speed, Workload};
use super::ledger::Subject;
use super::placement::Placement;
use super::split::SplitMode;
use crate::hardware::generation::Generation;
use crate::hardware::profiles::Profile;
use crate::model::shape::{LayerKv, Shape};
use card::reach;

/// Share of a host's peak bandwidth that reading reaches. A host that was probed names what it reads, divided by this.
pub const READ_OF_PEAK: f64 = 0.65;

/// Share of a CPU's arithmetic that attention over the cache reaches while decoding, with flash attention or without:
/// 6 to 7 × 10^9 multiplications/s where the matrices do 110 × 10^9 (llama-bench, heads of 64 and 128 elements, 512
/// and 1024 tokens back, 2 cores of an AMD EPYC, 2026-11-24).
pub const ATTENTION_SHARE: f64 = 1.0 / 18.0;

/// Flash attention on a CPU does the elements of a head beyond a multiple of this one by one …
const VECTOR: u64 = 32;
/// … each as slow as this many others: phi-2's heads of 80 elements made 1.0 × 10^9 multiplications/s
/// (as above); without flash attention they are no slower than other heads.
const ONE_BY_ONE: u64 = 25;

/// Seconds that one thread of a CPU adds to each layer, as all wait for each other.
const THREAD_WAIT: f64 = 3e-6;

/// Decoding with all threads over several NUMA nodes takes this many times as long: the model lies on one of them.
const DECODE_ON_NODES: f64 = 3.24;

/// Seconds that two cards of a tensor split wait for each other, per layer: two sums over all cards,
/// each a kernel launch and a transfer of some kilobytes. Not measured; NCCL's own tests give 10 to
/// 30 µs for so little over NVLink or PCIe.
const LAYER_SUM: f64 = 2.0 * 20e-6;

/// Seconds of a token of a prompt beside arithmetic.
pub const PREFILL_OVERHEAD: f64 = 1e-6;

/// How many times as long, at the slow end of an interval, and as short at the fast end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub decode: f64,
    pub prefill: f64,
}

const CARD: Spread = Spread { decode: 1.25, prefill: 1.34 };
/// A card that has no row of its own, or whose generation no published row was seen of.
const CARD_UNSEEN: Spread = Spread { decode: 1.8, prefill: 2.2 };
/// A CPU whose memory was measured, …
const CPU_MEASURED: Spread = Spread { decode: 1.40, prefill: 1.45 };
/// … one that is known by its instructions and cores only, or a class of machines, …
const CPU_ASSUMED: Spread = Spread { decode: 1.6, prefill: 1.6 };
/// … and one of several NUMA nodes.
const CPU_NODES: Spread = Spread { decode: 2.1, prefill: 1.8 };

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Low,
    Expected,
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

/// Terms that a speed follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub host: HostTerms,
    pub cards: Vec<CardTerms>,
    /// Seconds of a token beside the cards' layers: the output, sampling, passing from card to card.
    pub token: f64,
    /// The cards read side by side, and wait for each other this many seconds a token; `None`: one after
    /// the other.
    pub side_by_side: Option<f64>,
    /// Layers split over cards read a prompt this many times as fast as one card.
    pub prefill_split: f64,
    /// Bytes of experts that pass the host's memory once a batch, and the tokens of one.
    pub experts: f64,
    pub ubatch: f64,
    pub card_spread: Spread,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HostTerms {
    /// Bytes that a token reads.
    pub read: f64,
    /// 10^9 bytes/s at the peak.
    pub bandwidth_gb_s: f64,
    /// Operations that the cores do for a token of an answer: its matrices', and its attention's.
    pub matrices: f64,
    pub attention: f64,
    /// 10^12 operations/s of matrices while decoding, and while reading a prompt.
    pub tflops: f64,
    pub prefill_tflops: f64,
    /// Seconds of a token that threads wait for each other.
    pub waiting: f64,
    /// Times as long as on one NUMA node.
    pub nodes: f64,
    /// Operations that a token of a prompt takes.
    pub operations: f64,
    pub spread: Spread,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CardTerms {
    /// Bytes of weights and of cache that a token reads.
    pub weights: f64,
    pub cache: f64,
    /// 10^9 bytes/s at the peak, and the shares that weights and cache reach.
    pub bandwidth_gb_s: f64,
    pub share: f64,
    pub cache_share: f64,
    /// Seconds of a token beside reading, by layers.
    pub seconds: f64,
    /// Operations that a token of a prompt takes: its matrices', and its attention's.
    pub operations: f64,
    pub attention: f64,
    /// 10^12 operations/s at the peak, and the share that matrices reach.
    pub tops: f64,
    pub tops_share: f64,
    /// Seconds of a batch beside arithmetic, by layers.
    pub batch_seconds: f64,
}

/// For one sequence whose slot is half full.
pub fn terms(profile: &Profile, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Terms {
    let read = TokenReads::of(subject, placement, memory);
    let n_layer = subject.weights.layer_bytes.len() as f64;
    let active = 2.0 * subject.weights.parameters as f64 * read.share;
    let operations = |layers: u64| active * layers as f64 / n_layer.max(1.0);
    let weight_bytes = subject.weights.total_bytes.max(1) as f64 / subject.weights.parameters.max(1) as f64;
    let tensor = placement.split == SplitMode::Tensor;
    let all: f64 = profile.gpus.iter().map(|spec| spec.tops).sum();
    let half = weight_bytes > 1.9;
    let experts = subject.shape.experts.is_some();
    let matrices =
        if half { card::PREFILL_HALF } else { 1.0 } * if experts { card::PREFILL_EXPERTS } else { 1.0 };
    let layer = card::LAYER + if experts { card::EXPERT_LAYER } else { 0.0 };
    let cache_share = match subject.workload.flash_attn {
        true => card::CACHE,
        false => card::CACHE / card::CACHE_WITHOUT_FLASH,
    };
    let slot = subject.workload.n_ctx / subject.workload.slots.max(1);
    // A prompt that fills half of the slot looks a quarter of it back, on average.
    let looked_back = attention(subject, n_layer as usize, slot / 4, |head| head);
    let cards = read.cards.iter().zip(&profile.gpus).zip(&placement.gpu_layers);
    let cards = cards.map(|(((weights, cache), spec), layers)| {
        let reach = reach(spec.generation);
        let part = *layers as f64 / n_layer.max(1.0);
        CardTerms {
            weights: *weights,
            cache: *cache,
            bandwidth_gb_s: spec.memory_bandwidth_gb_s,
            share: reach.bandwidth,
            cache_share,
            seconds: layer * *layers as f64,
            operations: operations(*layers) / matrices,
            attention: looked_back * part / card::PREFILL_ATTENTION,
            tops: if tensor { all } else { spec.tops },
            tops_share: reach.tops,
            batch_seconds: card::PREFILL_LAYER * *layers as f64,
        }
    });
    let cards: Vec<CardTerms> = cards.collect();
    let used = placement.gpu_layers.iter().filter(|layers| **layers > 0).count();
    let hops = if tensor { 0 } else { used.saturating_sub(1) };
    let (token, unseen) = (card::TOKEN + card::HOP * hops as f64, profile.gpus.iter().any(is_unseen));
    Terms {
        host: host(profile, subject, placement, &read, operations(placement.host_layers), weight_bytes),
        token: if used > 0 { token } else { 0.0 },
        side_by_side: tensor.then_some(n_layer * LAYER_SUM),
        prefill_split: match hops {
            0 => 1.0,
            _ if placement.host_layers > 0 => card::PREFILL_SPLIT,
            _ => card::PREFILL_SPLIT * pipeline(used as f64, slot / 2, subject.workload),
        },
        experts: read.experts_whole,
        ubatch: subject.workload.ubatch.max(1) as f64,
        card_spread: if unseen { CARD_UNSEEN } else { CARD },
        cards,
    }
}

/// How many times as fast cards read a prompt of `tokens` one behind the other, each on another of a batch's parts.
fn pipeline(cards: f64, tokens: u64, workload: &Workload) -> f64 {
    let parts = tokens.min(workload.batch).div_ceil(workload.ubatch.max(1)).max(1) as f64;
    (parts * cards / (parts + cards - 1.0)).powf(card::PIPELINE)
}

fn is_unseen(spec: &crate::hardware::profiles::GpuSpec) -> bool {
    use Generation::{BlackwellHbm, Cdna, Rdna3, Unknown, Xe};
    matches!(spec.generation, Unknown | BlackwellHbm | Rdna3 | Cdna | Xe)
}

fn host(
    profile: &Profile,
    subject: &Subject,
    placement: &Placement,
    read: &TokenReads,
    operations: f64,
    weight_bytes: f64,
) -> HostTerms {
    let back = subject.workload.n_ctx / subject.workload.slots.max(1) / 2;
    let elements = |head: u64| match subject.workload.flash_attn {
        true => head + (ONE_BY_ONE - 1) * (head % VECTOR),
        false => head,
    };
    let found = profile.found;
    let threads = found.map_or(profile.cpu_cores, |found| found.threads);
    let nodes = found.map_or(1, |found| found.numa_nodes);
    let layers = placement.host_layers.max(placement.host_experts) as f64;
    HostTerms {
        read: read.host,
        bandwidth_gb_s: profile.memory_bandwidth_gb_s,
        matrices: 2.0 * read.host_weights / weight_bytes,
        attention: attention(subject, placement.host_layers as usize, back, elements),
        tflops: profile.tflops,
        prefill_tflops: found.map_or(profile.tflops, |found| found.prefill_tflops),
        waiting: THREAD_WAIT * threads as f64 * layers,
        nodes: if nodes > 1 { DECODE_ON_NODES } else { 1.0 },
        operations,
        spread: match found {
            Some(found) if found.numa_nodes > 1 => CPU_NODES,
            Some(found) if found.measured => CPU_MEASURED,
            _ => CPU_ASSUMED,
        },
    }
}

/// Operations of attention over `back` tokens in the first `layers` layers; `elements` of a head are done.
fn attention(subject: &Subject, layers: usize, back: u64, elements: impl Fn(u64) -> u64) -> f64 {
    let shape = subject.shape;
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
    /// tokens/s at an end of the interval.
    pub fn decode(&self, end: End) -> f64 {
        let host = &self.host;
        let work = host.matrices + host.attention / ATTENTION_SHARE;
        let on_host = host.nodes
            * (host.read / (host.bandwidth_gb_s * 1e9 * READ_OF_PEAK)
                + work / (host.tflops * 1e12)
                + host.waiting);
        let each = self.cards.iter().map(|card| {
            let bandwidth = card.bandwidth_gb_s * 1e9;
            card.weights / (bandwidth * card.share)
                + card.cache / (bandwidth * card.cache_share)
                + card.seconds
        });
        let on_cards = match self.side_by_side {
            None => each.sum::<f64>(),
            Some(waiting) => each.fold(0.0, f64::max) + waiting,
        };
        1.0 / (end.factor(host.spread.decode) * on_host
            + end.factor(self.card_spread.decode) * (on_cards + self.token))
    }

    /// tokens/s at an end of the interval.
    pub fn prefill(&self, end: End) -> f64 {
        let host = &self.host;
        // A batch needs the experts of the host on a card, or the card waits for the host: either way
        // they pass host memory once a batch.
        let on_host = host.operations / (host.prefill_tflops * 1e12)
            + self.experts / (host.bandwidth_gb_s * 1e9 * READ_OF_PEAK) / self.ubatch;
        let on_cards = self.cards.iter().map(|card| {
            (card.operations + card.attention) / (card.tops * 1e12 * card.tops_share)
                + card.batch_seconds / self.ubatch
        });
        1.0 / (PREFILL_OVERHEAD
            + end.factor(host.spread.prefill) * on_host
            + end.factor(self.card_spread.prefill) * on_cards.sum::<f64>() / self.prefill_split)
    }

    pub fn speed(&self) -> Speed {
        Speed {
            decode_tok_s: interval(|end| self.decode(end)),
            prefill_tok_s: interval(|end| self.prefill(end)),
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
struct TokenReads {
    host: f64,
    /// Bytes of `host` that are weights.
    host_weights: f64,
    /// Bytes on each card: weights, and cache.
    cards: Vec<(f64, f64)>,
    /// All experts that lie on the host for layers that lie on cards.
    experts_whole: f64,
    /// Share of all parameters that work on a token.
    share: f64,
}

impl TokenReads {
    /// Counts one row of the embedding, not the table, unless it is the output's matrix too; only the chosen experts
    /// of a layer; half of the cache, as the slot is half full.
    fn of(subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> TokenReads {
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
            (bytes - all_idle * bytes / on_cards.max(1.0), kv(card))
        };
        let total = weights.total_bytes.max(1) as f64;
        TokenReads {
            host,
            host_weights,
            cards: memory[1..].iter().map(card).collect(),
            experts_whole: experts(host_layers, on_host.max(host_layers)),
            share: 1.0 - idle * experts(0, n_layer) / total,
        }
    }
}

/// The speed at each end.
fn interval(speed: impl Fn(End) -> f64) -> Interval {
    let at = |end: End| (speed(end) * 100.0).round() / 100.0;
    Interval { low: at(End::Low), expected: at(End::Expected), high: at(End::High) }
}
