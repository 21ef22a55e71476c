//! The rule: comfort, compromise or impossible. One function, [`judge`], decides it.

use super::document::{DeviceLedger, Speed, Verdict, Workload};
use super::placement::Placement;
use super::request::Fixed;
use crate::hardware::offers::{Budget, Offer, Period, Rates};
use crate::lang::{Sentence, Value};
use crate::model::Weights;
use crate::model::recipe::nominal_bits;
use crate::model::tensor_type::TensorType;
use crate::units::{gib, rate};
use serde::Serialize;

/// Share of every device that comfort leaves free.
pub const COMFORT_FREE: f64 = 0.16;
/// tokens/s that comfort decodes at the low end.
pub const COMFORT_SPEED: f64 = 7.0;
/// Tokens a slot has in comfort, at most what the model was trained for.
pub const COMFORT_CONTEXT: u64 = 4096;
/// Slots that comfort has.
pub const COMFORT_SLOTS: u64 = 2;
/// Fewest tokens of context that are still a compromise.
pub const LEAST_CONTEXT: u64 = 2048;

/// Plan that is judged.
pub struct Case<'a> {
    /// Weights in the quantisation that is judged.
    pub weights: &'a Weights,
    /// Context that the model was trained for, tokens.
    pub n_ctx_train: u64,
    /// Context, slots and cache types.
    pub workload: &'a Workload,
    /// Layers on the host and on cards.
    pub placement: &'a Placement,
    /// Ledger of each device, the host first.
    pub memory: &'a [DeviceLedger],
    /// Disk that is needed and that there is.
    pub disk: Disk,
    /// Predicted speed, tokens/s.
    pub speed: &'a Speed,
    /// Parts that the user fixed, which replace their terms.
    pub fixed: &'a Fixed,
}

/// Effect of a term of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decides {
    /// Not held: impossible.
    Runs,
    /// Not held: a compromise at best.
    Comfort,
}

/// One term of the rule: a value of the plan against its bound.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Term {
    /// Effect on the verdict where the term is not held.
    pub decides: Decides,
    /// `free memory of gpu0`.
    pub what: Sentence,
    /// Value of the plan, in `unit`.
    pub value: f64,
    /// `at least` or `at most`.
    pub must_be: &'static str,
    /// Bound of the rule, in `unit`.
    pub bound: f64,
    /// Unit, such as `bytes` or `tokens/s`; empty for a share or a count.
    pub unit: &'static str,
    /// Whether the value keeps the bound, or the user fixed what the term is about.
    pub held: bool,
    /// The user fixed what it is about, which replaces it: it counts as held.
    pub replaced: bool,
    /// The reason a plan gives where the term is not held.
    #[serde(skip)]
    pub reason: Sentence,
}

/// - **comfort**: the comfort workload ([`COMFORT_SLOTS`] slots of min(trained, [`COMFORT_CONTEXT`])
///   tokens, no more than it was trained for, f16 KV), [`COMFORT_FREE`] of every device free, 4 bits or more, all weights on one class
///   of device, and [`COMFORT_SPEED`] at the low end of the decode interval;
/// - **compromise**: it fits, with a slot of [`LEAST_CONTEXT`] tokens (or all the model has) and 2 bits;
/// - **impossible**: anything else.
///
/// Judges by the rule. A flag of the user replaces its term: a fixed context or slot count is the comfort workload, a
/// fixed quantisation has bits enough, a fixed least speed is the speed. The reasons say what was
/// given up. [`terms`] is the rule; this only counts what is not held, and [`reasons`] tells it.
pub fn judge(case: &Case) -> Judged {
    let terms = every(case, false);
    let failed = |decides: Decides| terms.iter().filter(|term| term.decides == decides && !term.held).count();
    let (blocking, given_up) = (failed(Decides::Runs), failed(Decides::Comfort));
    let verdict = match (blocking, given_up) {
        (0, 0) => Verdict::Comfort,
        (0, _) => Verdict::Compromise,
        _ => Verdict::Impossible,
    };
    Judged { verdict, given_up: given_up as u64 }
}

/// A verdict, and how many terms of comfort are not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Verdict by the rule.
    pub verdict: Verdict,
    /// Number of terms of comfort that are not held.
    pub given_up: u64,
}

/// Returns the reasons why the verdict of a case is not better; one sentence each.
pub fn reasons(case: &Case) -> Vec<Sentence> {
    let terms = terms(case);
    let failed = |decides: Decides| -> Vec<Sentence> {
        let failed = terms.iter().filter(|term| term.decides == decides && !term.held);
        failed.map(|term| term.reason.clone()).collect()
    };
    let blocking = failed(Decides::Runs);
    if blocking.is_empty() { failed(Decides::Comfort) } else { blocking }
}

/// Every term of the rule for this case, in the order that reasons are given in.
pub fn terms(case: &Case) -> Vec<Term> {
    every(case, true)
}

/// Most terms beside those of devices.
const MOST_TERMS: usize = 12;

/// The terms; their texts only where they are `told`, as a choice judges thousands of cases and tells of one.
fn every(case: &Case, told: bool) -> Vec<Term> {
    let mut terms = Vec::with_capacity(MOST_TERMS + 2 * case.memory.len());
    terms.extend(case.memory.iter().map(|device| fits(device, told)));
    runs(&mut terms, case, told);
    terms.push(disk(case.disk, told));
    comfort(&mut terms, case, told);
    terms
}

/// A text that is made only where it is told.
fn text<T: Default>(told: bool, make: impl FnOnce() -> T) -> T {
    if told { make() } else { T::default() }
}

fn size(bytes: u64) -> Value {
    Value::figure(gib(bytes))
}

fn fits(device: &DeviceLedger, told: bool) -> Term {
    let reason = text(told, || {
        sentence!(
            "fits-short",
            device = &device.device,
            short = size(device.headroom_bytes.unsigned_abs()),
            needs = size(device.total_bytes),
            has = size(device.capacity_bytes),
            rag = of_rag(device),
        )
    });
    Term {
        what: text(told, || sentence!("term-memory", device = &device.device)),
        unit: "bytes",
        ..at_most(Decides::Runs, device.total_bytes as f64, device.capacity_bytes as f64, false, reason)
    }
}

/// Disk that a plan needs, against the disk there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that the model, the embedding model, the runtime and the index need.
    pub need: u64,
    /// Bytes of `need` that are for the embedding model and its index.
    pub of_rag: u64,
    /// Size of the disk, bytes.
    pub has: u64,
}

/// The disk holds what is needed of it.
fn disk(disk: Disk, told: bool) -> Term {
    let reason = text(told, || {
        let rag = (disk.of_rag > 0).then(|| sentence!("disk-rag-part", size = size(disk.of_rag)));
        sentence!("disk-short", has = size(disk.has), needs = size(disk.need), rag = rag)
    });
    Term {
        what: text(told, || sentence!("term-disk")),
        unit: "bytes",
        ..at_most(Decides::Runs, disk.need as f64, disk.has as f64, false, reason)
    }
}

/// The offer is within each limit of the budget; a price that is not known is not.
pub(super) fn within(budget: &Budget, offer: Option<&Offer>, rates: &Rates) -> Vec<Term> {
    let term = |(amount, period): &(f64, Period)| {
        let price = offer
            .map_or(f64::NAN, |offer| rates.convert(offer.price(*period), offer.currency, budget.currency));
        let reason = sentence!("beyond-any-offer");
        Term {
            what: match period {
                Period::Hour => sentence!("term-price-hour"),
                Period::Day => sentence!("term-price-day"),
                Period::Month => sentence!("term-price-month"),
            },
            unit: budget.currency.as_str(),
            ..at_most(Decides::Runs, price, *amount, false, reason)
        }
    };
    budget.limits.iter().map(term).collect()
}

fn at_least(decides: Decides, value: f64, bound: f64, replaced: bool, reason: Sentence) -> Term {
    let held = replaced || value >= bound;
    let (what, unit) = (Sentence::default(), "");
    Term { decides, what, value, must_be: "at least", bound, unit, held, replaced, reason }
}

fn at_most(decides: Decides, value: f64, bound: f64, replaced: bool, reason: Sentence) -> Term {
    let held = replaced || value <= bound;
    Term { must_be: "at most", held, ..at_least(decides, value, bound, replaced, reason) }
}

/// Adds the terms that it cannot run without, beside memory.
fn runs(terms: &mut Vec<Term>, case: &Case, told: bool) {
    let (fixed, quant) = (case.fixed, &case.weights.quant);
    let (bits, low, slot) = (bits(case), case.speed.decode_tok_s.low, slot(case));
    terms.push(Term {
        what: text(told, || sentence!("term-bits", quant = quant)),
        unit: "bits",
        ..at_least(
            Decides::Runs,
            bits as f64,
            2.0,
            fixed.quant,
            text(told, || sentence!("below-two-bits", quant = quant)),
        )
    });
    if let Some(least) = fixed.min_speed {
        let reason = text(told, || {
            sentence!(
                "slower-than-asked",
                speed = Value::figure(rate(low)),
                asked = Value::figure(least.to_string()),
            )
        });
        terms.push(Term {
            what: text(told, || sentence!("term-asked-speed")),
            unit: "tokens/s",
            ..at_least(Decides::Runs, low, least, false, reason)
        });
    }
    let least = LEAST_CONTEXT.min(case.n_ctx_train);
    let reason = text(told, || sentence!("slot-too-small", tokens = slot));
    terms.push(Term {
        what: text(told, || sentence!("term-slot")),
        unit: "tokens",
        ..at_least(Decides::Runs, slot as f64, least as f64, fixed.n_ctx.is_some(), reason)
    });
}

/// Adds the terms that comfort asks for.
fn comfort(terms: &mut Vec<Term>, case: &Case, told: bool) {
    let (fixed, quant) = (case.fixed, &case.weights.quant);
    let (bits, low, slot, slots) = (bits(case), case.speed.decode_tok_s.low, slot(case), case.workload.slots);
    let comfort_slot = COMFORT_CONTEXT.min(case.n_ctx_train);
    let n_layer = case.weights.layer_bytes.len();
    let (placement, cards) = (case.placement, !case.placement.gpu_layers.is_empty());
    let (host_layers, host_experts) = match cards {
        true => (placement.host_layers, placement.host_experts),
        false => (0, 0),
    };
    let trained = case.n_ctx_train;
    let cache = &case.workload.kv_type_k;
    terms.extend([
        Term {
            what: text(told, || sentence!("term-slot")),
            unit: "tokens",
            ..at_least(
                Decides::Comfort,
                slot as f64,
                comfort_slot as f64,
                fixed.n_ctx.is_some(),
                text(told, || sentence!("slot-below-comfort", tokens = slot, comfort = comfort_slot)),
            )
        },
        Term {
            what: text(told, || sentence!("term-trained")),
            unit: "tokens",
            ..at_most(
                Decides::Comfort,
                if trained == 0 { 0.0 } else { slot as f64 },
                trained as f64,
                false,
                text(told, || sentence!("slot-beyond-trained", tokens = slot, trained = trained)),
            )
        },
        Term {
            what: text(told, || sentence!("term-slots")),
            ..at_least(
                Decides::Comfort,
                slots as f64,
                COMFORT_SLOTS as f64,
                fixed.slots.is_some(),
                text(told, || sentence!("slots-below-comfort", slots = slots, comfort = COMFORT_SLOTS)),
            )
        },
        Term {
            what: text(told, || sentence!("term-cache", cache = cache)),
            unit: "bytes",
            ..at_least(
                Decides::Comfort,
                cache_bytes(cache),
                cache_bytes("f16"),
                fixed.kv_type.is_some(),
                text(told, || sentence!("cache-below-comfort", cache = cache)),
            )
        },
        Term {
            what: text(told, || sentence!("term-experts")),
            unit: "layers",
            ..at_most(
                Decides::Comfort,
                host_experts as f64,
                0.0,
                false,
                text(told, || sentence!("experts-on-host", experts = host_experts, layers = n_layer)),
            )
        },
        Term {
            what: text(told, || sentence!("term-layers")),
            unit: "layers",
            ..at_most(
                Decides::Comfort,
                host_layers as f64,
                0.0,
                false,
                text(told, || sentence!("layers-on-host", host = host_layers, layers = n_layer)),
            )
        },
        Term {
            what: text(told, || sentence!("term-bits", quant = quant)),
            unit: "bits",
            ..at_least(
                Decides::Comfort,
                bits as f64,
                4.0,
                fixed.quant,
                text(told, || sentence!("below-four-bits", quant = quant)),
            )
        },
    ]);
    terms.extend(case.memory.iter().map(|device| free(device, told)));
    terms.push(Term {
        what: text(told, || sentence!("term-speed")),
        unit: "tokens/s",
        ..at_least(
            Decides::Comfort,
            low,
            COMFORT_SPEED,
            fixed.min_speed.is_some(),
            text(told, || {
                let comfort = Value::figure(COMFORT_SPEED.to_string());
                sentence!("slow-decode", speed = Value::figure(rate(low)), comfort = comfort)
            }),
        )
    });
}

/// Bytes of 32 numbers of a type that a cache may have.
fn cache_bytes(name: &str) -> f64 {
    TensorType::by_name(name).map_or(0.0, |kind| kind.bytes_of(32) as f64)
}

fn free(device: &DeviceLedger, told: bool) -> Term {
    let free = device.headroom_bytes as f64 / device.capacity_bytes.max(1) as f64;
    let reason = text(told, || {
        let percent = |share: f64| Value::figure(format!("{:.0}", share * 100.0));
        sentence!(
            "little-free",
            device = &device.device,
            free = percent(free),
            least = percent(COMFORT_FREE),
            rag = of_rag(device),
        )
    });
    Term {
        what: text(told, || sentence!("term-free", device = &device.device)),
        ..at_least(Decides::Comfort, free, COMFORT_FREE, false, reason)
    }
}

fn bits(case: &Case) -> u64 {
    nominal_bits(&case.weights.quant).unwrap_or(4)
}

/// Tokens that one slot can have.
fn slot(case: &Case) -> u64 {
    case.workload.slot_tokens()
}

/// Tells how little a context that the user fixed leaves each slot.
pub(super) fn thin_slots(workload: &Workload, n_ctx_train: u64, fixed: &Fixed) -> Option<Sentence> {
    let (slots, least) = (workload.shares(), LEAST_CONTEXT.min(n_ctx_train));
    let slot = workload.slot_tokens();
    if fixed.n_ctx.is_none() || slots < 2 || slot >= least {
        return None;
    }
    let ctx = (slots * least).to_string();
    Some(sentence!("thin-slots", slots = slots, tokens = slot, ctx = ctx, least = least))
}

/// Names the embedding server's part of a tight device.
fn of_rag(device: &DeviceLedger) -> Option<Sentence> {
    (device.rag_bytes > 0).then(|| sentence!("rag-part", size = size(device.rag_bytes)))
}
