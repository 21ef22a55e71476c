//! The rule: comfort, compromise or impossible. One function, [`judge`], decides it.

use super::document::{DeviceLedger, Speed, Verdict, Workload};
use super::placement::Placement;
use super::request::Fixed;
use crate::model::Weights;
use crate::model::recipe::nominal_bits;

/// Share of every device that comfort leaves free.
pub const COMFORT_FREE: f64 = 0.16;
/// tokens/s that comfort decodes at the low end.
pub const COMFORT_SPEED: f64 = 7.0;
/// Tokens a slot has in comfort, at most what the model was trained for.
pub const COMFORT_CONTEXT: u64 = 4096;
pub const COMFORT_SLOTS: u64 = 2;
/// Fewest tokens of context that are still a compromise.
pub const LEAST_CONTEXT: u64 = 2048;

/// What is judged.
pub struct Case<'a> {
    pub weights: &'a Weights,
    pub n_ctx_train: u64,
    pub workload: &'a Workload,
    pub placement: &'a Placement,
    pub memory: &'a [DeviceLedger],
    pub speed: &'a Speed,
    pub fixed: &'a Fixed,
}

/// - **comfort**: the comfort workload ([`COMFORT_SLOTS`] slots of min(trained, [`COMFORT_CONTEXT`])
///   tokens, f16 KV), [`COMFORT_FREE`] of every device free, 4 bits or more, all weights on one class
///   of device, and [`COMFORT_SPEED`] at the low end of the decode interval;
/// - **compromise**: it fits, with a slot of [`LEAST_CONTEXT`] tokens (or all the model has) and 2 bits;
/// - **impossible**: anything else.
///
/// What the user fixed replaces its term: a fixed context or slot count is the comfort workload, a
/// fixed quantisation has bits enough, a fixed least speed is the speed. The reasons say what was
/// given up.
pub fn judge(case: &Case) -> (Verdict, Vec<String>) {
    let mut blocking = Vec::new();
    for device in case.memory.iter().filter(|device| device.headroom_bytes < 0) {
        blocking.push(format!(
            "{} is short of {}: it needs {} and has {}{}",
            device.device,
            gib(device.headroom_bytes.unsigned_abs()),
            gib(device.total_bytes),
            gib(device.capacity_bytes),
            of_rag(device)
        ));
    }
    let fixed = case.fixed;
    let bits = nominal_bits(&case.weights.quant).unwrap_or(4);
    if bits < 2 && !fixed.quant {
        blocking.push(format!("{} is below 2 bits", case.weights.quant));
    }
    let low = case.speed.decode_tok_s.low;
    if let Some(least) = fixed.min_speed.filter(|least| low < *least) {
        blocking.push(format!("decode may be as slow as {low:.1} tokens/s, below the asked {least}"));
    }
    let slot = case.workload.n_ctx / slots_sharing(case.workload);
    if slot < LEAST_CONTEXT.min(case.n_ctx_train) && fixed.n_ctx.is_none() {
        blocking.push(format!("a slot has only {slot} tokens of context"));
    }
    if !blocking.is_empty() {
        return (Verdict::Impossible, blocking);
    }
    let given_up = given_up(case, bits, slot, low);
    let verdict = if given_up.is_empty() { Verdict::Comfort } else { Verdict::Compromise };
    (verdict, given_up)
}

/// What a context that the user fixed leaves each slot, where that is little.
pub fn thin_slots(workload: &Workload, n_ctx_train: u64, fixed: &Fixed) -> Option<String> {
    let (slots, least) = (slots_sharing(workload), LEAST_CONTEXT.min(n_ctx_train));
    let slot = workload.n_ctx / slots;
    if fixed.n_ctx.is_none() || slots < 2 || slot >= least {
        return None;
    }
    Some(format!(
        "each of the {slots} slots has {slot} tokens for question and answer, as they divide the context; \
         --ctx {} gives each {least}",
        slots * least
    ))
}

fn slots_sharing(workload: &Workload) -> u64 {
    if workload.kv_unified { 1 } else { workload.slots.max(1) }
}

fn given_up(case: &Case, bits: u64, slot: u64, low: f64) -> Vec<String> {
    let mut reasons = Vec::new();
    let fixed = case.fixed;
    let comfort_slot = COMFORT_CONTEXT.min(case.n_ctx_train);
    if fixed.n_ctx.is_none() && slot < comfort_slot {
        reasons.push(format!("a slot has {slot} tokens of context instead of {comfort_slot}"));
    }
    if fixed.slots.is_none() && case.workload.slots < COMFORT_SLOTS {
        reasons.push(format!(
            "{} slot instead of {COMFORT_SLOTS}: requests wait for each other",
            case.workload.slots
        ));
    }
    let n_layer = case.weights.layer_bytes.len();
    if case.placement.host_experts > 0 {
        reasons.push(format!(
            "the experts of {} of {n_layer} layers stay on the CPU: the GPU has no room for them",
            case.placement.host_experts
        ));
    }
    if case.placement.host_layers > 0 && !case.placement.gpu_layers.is_empty() {
        reasons.push(format!(
            "{} of {n_layer} layers stay on the CPU: the GPU has no room for them",
            case.placement.host_layers
        ));
    }
    if !fixed.quant && bits < 4 {
        reasons.push(format!("{} is below 4 bits: answers get worse", case.weights.quant));
    }
    for device in case.memory {
        let free = device.headroom_bytes as f64 / device.capacity_bytes.max(1) as f64;
        if free < COMFORT_FREE {
            reasons.push(format!(
                "{} has {:.0} % of its memory free, less than {:.0} %{}",
                device.device,
                free * 100.0,
                COMFORT_FREE * 100.0,
                of_rag(device)
            ));
        }
    }
    if fixed.min_speed.is_none() && low < COMFORT_SPEED {
        reasons
            .push(format!("decode may be as slow as {low:.1} tokens/s; {COMFORT_SPEED:.0} is comfortable"));
    }
    reasons
}

/// What of a tight device is the embedding server's.
fn of_rag(device: &DeviceLedger) -> String {
    match device.rag_bytes {
        0 => String::new(),
        bytes => format!("; the embedding server takes {} of it", gib(bytes)),
    }
}

/// `7.3 GiB`, 1024-based.
pub fn gib(bytes: u64) -> String {
    let mib = bytes as f64 / (1u64 << 20) as f64;
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}
