//! What llama-server says of itself after a start, against the plan: buffers, offloaded layers, and
//! the GPU memory its process holds. Never its RSS: mapped model pages and repacked weights make that
//! half as large again as the buffers.
//!
//! The lines are those of b11434 at verbosity 4:
//!
//! ```text
//! load_tensors: offloaded 33/33 layers to GPU
//! load_tensors:   CPU_Mapped model buffer size =   70.31 MiB
//! load_tensors:        CUDA0 model buffer size = 3847.81 MiB
//! llama_kv_cache:      CUDA0 KV buffer size =  1024.00 MiB
//! llama_context:  CUDA_Host  output buffer size =     0.24 MiB
//! sched_reserve:      CUDA0 compute buffer size =   81.00 MiB
//! ```

use crate::plan::Plan;
use crate::plan::document::DeviceLedger;
use serde::Serialize;
use std::collections::BTreeMap;

/// llama-server prints hundredths of a MiB; a ledger that is this close is right.
pub const TOLERANCE: u64 = 1 << 20;

/// Buffer (`CUDA0`, `CPU_Mapped`) → bytes, by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reported {
    pub model: BTreeMap<String, u64>,
    pub kv: BTreeMap<String, u64>,
    pub compute: BTreeMap<String, u64>,
    pub output: BTreeMap<String, u64>,
    /// Layers on GPUs, and layers there are; a build without GPU support does not say.
    pub offloaded: Option<(u64, u64)>,
}

impl Reported {
    /// It has said all: the compute buffers come last.
    pub fn is_complete(&self) -> bool {
        !self.model.is_empty() && !self.compute.is_empty()
    }
}

/// Reads the lines of one start.
pub fn parse_log<'a>(lines: impl IntoIterator<Item = &'a str>) -> Reported {
    let mut reported = Reported::default();
    for line in lines {
        if let Some((_, rest)) = line.split_once("offloaded ") {
            let numbers = rest.split_once(" layers to GPU").and_then(|(n, _)| n.split_once('/'));
            reported.offloaded =
                numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))).or(reported.offloaded);
        }
        let Some((left, right)) = line.split_once(" buffer size = ") else { continue };
        let mut words = left.split_whitespace().rev();
        let (Some(kind), Some(buffer)) = (words.next(), words.next()) else { continue };
        let Some(mib) = right.trim().strip_suffix("MiB").and_then(|n| n.trim().parse::<f64>().ok()) else {
            continue;
        };
        let bytes = (mib * f64::from(1 << 20)) as u64;
        let buffers = match kind {
            "model" => &mut reported.model,
            // RS: the state of recurrent layers, which the ledger counts with the cache.
            "KV" | "RS" => &mut reported.kv,
            "compute" => &mut reported.compute,
            "output" => &mut reported.output,
            _ => continue,
        };
        let sum = buffers.entry(buffer.to_string()).or_default();
        // The compute buffers may be reserved again; the others come in parts (files, caches).
        *sum = if kind == "compute" { bytes } else { *sum + bytes };
    }
    reported
}

/// One part of a device's ledger, planned and reported, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part {
    pub planned: u64,
    pub reported: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    pub device: String,
    pub weights: Part,
    pub kv: Part,
    pub compute: Part,
    pub output: Part,
    /// Weights that the CPU backend copied into another order; their mapped originals are dropped
    /// from memory when it is short.
    pub repacked_bytes: u64,
    /// What nvidia-smi says the process holds on this GPU, and the whole ledger of it.
    pub process: Option<Part>,
}

/// What the receipt keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// Layers that the plan puts on GPUs, the output among them.
    pub offloaded_planned: u64,
    pub offloaded_reported: Option<u64>,
    pub devices: Vec<Device>,
}

/// Compares. `gpu_process` is the memory of the server's process on each GPU, where it is known.
pub fn compare(plan: &Plan, reported: &Reported, gpu_process: &BTreeMap<u64, u64>) -> Proof {
    Proof {
        offloaded_planned: plan.llama_server.args.n_gpu_layers(),
        offloaded_reported: reported.offloaded.map(|(layers, _)| layers),
        devices: plan.memory.iter().map(|ledger| device(ledger, reported, gpu_process)).collect(),
    }
}

fn device(ledger: &DeviceLedger, reported: &Reported, gpu_process: &BTreeMap<u64, u64>) -> Device {
    let sum = |buffers: &BTreeMap<String, u64>| -> u64 {
        buffers.iter().filter(|(name, _)| device_of(name) == ledger.device).map(|(_, bytes)| bytes).sum()
    };
    let of = |name: &str| reported.model.get(name).copied().unwrap_or(0);
    let (mapped, repacked) = (of("CPU_Mapped"), of("CPU_REPACK"));
    // A mapped range covers the originals of what was repacked.
    let weights = match ledger.device.as_str() {
        "host" => sum(&reported.model) - mapped - repacked + mapped.max(repacked),
        _ => sum(&reported.model),
    };
    let index: Option<u64> = ledger.device.strip_prefix("gpu").and_then(|n| n.parse().ok());
    let process = index.and_then(|index| gpu_process.get(&index).copied());
    Device {
        device: ledger.device.clone(),
        weights: Part { planned: ledger.weights_bytes, reported: weights },
        kv: Part { planned: ledger.kv_bytes, reported: sum(&reported.kv) },
        compute: Part { planned: ledger.compute_bytes, reported: sum(&reported.compute) },
        output: Part { planned: ledger.output_bytes, reported: sum(&reported.output) },
        repacked_bytes: if ledger.device == "host" { repacked } else { 0 },
        process: process
            .map(|bytes| Part { planned: ledger.total_bytes - ledger.rag_bytes, reported: bytes }),
    }
}

/// `CUDA1` → `gpu1`; `CPU_Mapped`, `CPU_REPACK`, `AMX`, `CUDA_Host` → `host`. A tensor split reports one
/// `Meta` device for all cards, which is none of these.
fn device_of(buffer: &str) -> String {
    if buffer.starts_with("Meta") {
        return "all GPUs".to_string();
    }
    let digits = buffer.trim_start_matches(|c: char| !c.is_ascii_digit());
    let is_gpu = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_gpu && !buffer.starts_with("CPU") { format!("gpu{digits}") } else { "host".to_string() }
}

impl Proof {
    /// Why the model does not run where the plan puts it: a server that fell back to the CPU.
    pub fn fallback(&self) -> Option<String> {
        let wanted = self.offloaded_planned;
        if wanted == 0 {
            return None;
        }
        let on_gpus = self.devices.iter().skip(1);
        let idle = on_gpus.clone().find(|gpu| gpu.weights.planned > 0 && gpu.weights.reported == 0);
        match (self.offloaded_reported, idle) {
            (None, _) => Some(format!(
                "the server says nothing of offloaded layers, so it runs on the CPU; the plan puts {wanted} on GPUs"
            )),
            (Some(n), _) if n < wanted => {
                Some(format!("{n} layers are on GPUs; the plan puts {wanted} there"))
            }
            (_, Some(gpu)) => Some(format!("no weights are on {}", gpu.device)),
            _ => on_gpus.filter_map(|gpu| Some((gpu, gpu.process?))).find_map(|(gpu, process)| {
                (process.reported < gpu.weights.planned).then(|| {
                    format!("the server's process holds less memory on {} than its weights take", gpu.device)
                })
            }),
        }
    }

    /// Where the server took more than the ledger says; the sum of a device counts, as one part may
    /// make room for another.
    pub fn warnings(&self) -> Vec<String> {
        let over = |device: &Device| {
            let parts = [device.weights, device.kv, device.compute, device.output];
            let planned: u64 = parts.iter().map(|part| part.planned).sum();
            let reported: u64 = parts.iter().map(|part| part.reported).sum();
            let more = reported.saturating_sub(planned);
            (more > TOLERANCE).then(|| {
                format!("{}: the server took {} MiB more than the ledger says", device.device, more >> 20)
            })
        };
        let process = |device: &Device| {
            let part = device.process?;
            let more = part.reported.saturating_sub(part.planned);
            (more > TOLERANCE).then(|| {
                format!("{}: the process holds {} MiB more than the ledger says", device.device, more >> 20)
            })
        };
        self.devices.iter().flat_map(|device| [over(device), process(device)]).flatten().collect()
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
