//! Predicted speed, as an interval. Decode is bound by memory: every token reads the active weights
//! and the context so far once. Prefill is bound by arithmetic: two operations per parameter.
//!
//! The factors are the share of the theoretical peak that llama.cpp reaches; the interval is wide
//! because published estimates miss by a factor (llmfit: estimate/measured p10 0.24, p90 1.47).

use super::document::{DeviceLedger, Interval, Speed};
use super::ledger::Placement;
use crate::hardware::profiles::Profile;
use crate::model::Weights;

/// Share of the peak, low to high.
struct Share {
    low: f64,
    expected: f64,
    high: f64,
}

const CPU_BANDWIDTH: Share = Share { low: 0.40, expected: 0.60, high: 0.90 };
const GPU_BANDWIDTH: Share = Share { low: 0.45, expected: 0.65, high: 0.90 };
const CPU_ARITHMETIC: Share = Share { low: 0.10, expected: 0.25, high: 0.60 };
const GPU_ARITHMETIC: Share = Share { low: 0.10, expected: 0.30, high: 0.60 };

/// Seconds a token costs beside reading, per layer: kernel launches on a GPU, threads waiting for each
/// other on a CPU (0.2 ms a token measured with 2 layers on 2 cores).
const LAYER_OVERHEAD: f64 = 0.05e-3;

/// Speed of one sequence whose slot is half full.
pub fn predict(
    profile: &Profile,
    weights: &Weights,
    placement: &Placement,
    memory: &[DeviceLedger],
    slots: u64,
) -> Speed {
    let read = |device: &DeviceLedger, embedding: u64| {
        (device.weights_bytes - embedding) as f64 + device.kv_bytes as f64 / (2 * slots.max(1)) as f64
    };
    let host_active = placement.host_layers > 0;
    // One row of the embedding is read per token, not the table.
    let host_read = if host_active {
        read(&memory[0], weights.embedding_bytes.min(memory[0].weights_bytes))
    } else {
        0.0
    };
    let overhead = LAYER_OVERHEAD * (weights.layer_bytes.len() + 2) as f64;
    let decode = |cpu: f64, gpu: f64| {
        let mut seconds = overhead + host_read / (profile.memory_bandwidth_gb_s * 1e9 * cpu);
        for (device, spec) in memory[1..].iter().zip(&profile.gpus) {
            seconds += read(device, 0) / (spec.memory_bandwidth_gb_s * 1e9 * gpu);
        }
        1.0 / seconds
    };
    let n_layer = weights.layer_bytes.len().max(1) as f64;
    let operations = |layers: u64| 2.0 * weights.parameters as f64 * layers as f64 / n_layer;
    let prefill = |cpu: f64, gpu: f64| {
        let mut seconds = 1e-6 + operations(placement.host_layers) / (profile.tflops * 1e12 * cpu);
        for (layers, spec) in placement.gpu_layers.iter().zip(&profile.gpus) {
            seconds += operations(*layers) / (spec.tflops * 1e12 * gpu);
        }
        1.0 / seconds
    };
    Speed {
        decode_tok_s: interval(decode, CPU_BANDWIDTH, GPU_BANDWIDTH),
        prefill_tok_s: interval(prefill, CPU_ARITHMETIC, GPU_ARITHMETIC),
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
