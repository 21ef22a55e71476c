//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights and the
//! context so far once, and each layer costs a moment beside. Prefill is bound by arithmetic: two operations per
//! active parameter of the layers, and attention.
//!
//! [`terms`] counts what there is to do, [`seconds`] how long that takes by the [rates] of a machine's kind; an
//! interval is as wide as those miss by (docs/measured.md).

pub mod cpu;
pub mod node;
pub mod rates;
mod read;
pub mod seconds;
mod work;

use super::document::{DeviceLedger, Interval, Speed, Workload};
use super::ledger::Subject;
use super::placement::Placement;
use crate::engine::split::SplitMode;
use crate::hardware::cpus::CpuClass;
use crate::hardware::profiles::Profile;
use crate::model::shape::{LayerKv, Shape};
use node::Threads;
use rates::FITTED;
use read::TokenReads;
pub(super) use seconds::LEAST_SPREAD;
pub use seconds::{CardSeconds, HostSeconds};
pub(super) use work::READ_OF_PEAK;
pub use work::{CardTerms, End, HostRate, HostTerms, Quants, Spread, Terms};

/// Flash attention on a CPU does the elements of a head beyond a multiple of this one by one …
const VECTOR: u64 = 32;
/// … each as slow as this many others: phi-2's heads of 80 elements made 1.0 × 10^9 multiplications/s where others
/// made 6 to 7 (llama-bench, 2 cores of an AMD EPYC, 2026-11-24); without flash attention they are no slower.
const ONE_BY_ONE: u64 = 25;

/// Tokens of the prompt that a card's prefill is predicted for: half a slot, but one physical batch if the slot takes
/// that. A host's does not depend on the batch: half a slot.
fn prompt_tokens(workload: &Workload) -> u64 {
    let slot = workload.n_ctx / workload.slots.max(1);
    (slot / 2).max(workload.ubatch.min(slot)).max(1)
}

/// For one sequence whose slot is half full.
pub fn terms(profile: &Profile, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Terms {
    let read = TokenReads::of(subject, placement, memory);
    let (shape, workload) = (subject.shape, subject.workload);
    let n_layer = subject.weights.layer_bytes.len() as f64;
    let active = 2.0 * multiplied(subject, read.share);
    let tensor = placement.split == SplitMode::Tensor;
    let all: f64 = profile.gpus.iter().map(|spec| spec.tops).sum();
    let prompt = prompt_tokens(workload);
    // A prompt looks half of itself back, on average.
    let (looked_back, scores) = attention(shape, n_layer as usize, prompt / 2, |head| head);
    let gpu_layers = || placement.gpu_layers.iter();
    let last = gpu_layers().rposition(|layers| *layers > 0).unwrap_or(0);
    let cards = read.cards.iter().zip(&profile.gpus).zip(gpu_layers()).enumerate();
    let cards = cards.map(|(index, ((read, spec), layers))| {
        // Batches of a prompt go to a card for the host's layers too.
        let of_host = if index == last { placement.host_layers } else { 0 };
        let part = (*layers + of_host) as f64 / n_layer.max(1.0);
        CardTerms {
            generation: spec.generation,
            unsure: spec.unsure,
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
    let parts = prompt.min(workload.batch).div_ceil(workload.ubatch.max(1)).max(1);
    Terms {
        host: host(profile, subject, placement, memory, &read, active),
        shared_layers: tensor.then_some(n_layer),
        used: used as f64,
        parts: if placement.host_layers > 0 || tensor { 1.0 } else { parts as f64 },
        ubatch: workload.ubatch.clamp(1, prompt) as f64,
        flash_attn: workload.flash_attn,
        experts: shape.experts.as_ref().map(|experts| experts.used as f64 / experts.count.max(1) as f64),
        half: weight_bytes(subject) > 1.9,
        cards,
    }
}

/// Parameters that each token of a prompt is multiplied with, of which the share `active` works on a token. Tables are
/// looked up, and the last token of a prompt alone gives logits.
fn multiplied(subject: &Subject, active: f64) -> f64 {
    let (weights, shape) = (subject.weights, subject.shape);
    let table = shape.n_vocab as f64 * shape.n_embd as f64;
    let ends = if weights.tied { table } else { 2.0 * table };
    let parameters = weights.parameters as f64;
    let tables = parameters * weights.input_bytes as f64 / weights.total_bytes.max(1) as f64;
    let of_token = parameters * active;
    // Something is left, whatever a header says.
    (of_token - ends - tables).max(of_token / 10.0)
}

/// Bytes of one weight, on average.
fn weight_bytes(subject: &Subject) -> f64 {
    subject.weights.total_bytes.max(1) as f64 / subject.weights.parameters.max(1) as f64
}

fn host(
    profile: &Profile,
    subject: &Subject,
    placement: &Placement,
    memory: &[DeviceLedger],
    read: &TokenReads,
    active: f64,
) -> HostTerms {
    let slot = subject.workload.n_ctx / subject.workload.slots.max(1);
    let elements = |head: u64| match subject.workload.flash_attn {
        true => head + (ONE_BY_ONE - 1) * (head % VECTOR),
        false => head,
    };
    let found = profile.found;
    let node = node::threads(profile, placement, memory);
    let (kept, threads, part) = match node {
        Threads::OfOneNode { threads, nodes } => (true, threads, nodes),
        _ => (false, found.map_or(profile.cpu_cores, |found| found.threads), 1),
    };
    let layers = placement.host_layers as usize;
    let on_cpu = placement.gpu_layers.is_empty();
    HostTerms {
        read: read.host,
        bandwidth_gb_s: profile.memory_bandwidth_gb_s / part as f64,
        matrices: 2.0 * read.host_weights / weight_bytes(subject),
        attention: attention(subject.shape, layers, slot / 2, elements).0,
        operations: if on_cpu { active } else { 0.0 },
        looked_back: attention(subject.shape, layers, slot / 4, elements).0,
        copied: if on_cpu { 0.0 } else { read.host_held },
        layers: placement.host_layers.max(placement.host_experts) as f64,
        threads: threads as f64,
        nodes: found.map_or(1, |found| if kept { 1 } else { found.numa_nodes }),
        kept,
        hidden: found.is_some_and(|found| found.hidden),
        flash_attn: subject.workload.flash_attn,
        quants: Quants::named(&subject.weights.quant),
        rate: match found {
            Some(found) => HostRate::Found { class: found.class, measured: found.measured },
            // The profiles' rates were fitted on the default processor.
            None => match CpuClass::sold_with(profile.processor) {
                Some(class) => HostRate::Found { class, measured: false },
                None => HostRate::Promised { tflops: profile.tflops },
            },
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
