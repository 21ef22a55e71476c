//! Compares what a server reports at its start with the plan: buffers, offloaded layers, and the GPU memory of
//! its process. Does not use its RSS: mapped model pages and repacked weights make that half as large again as the
//! buffers.

use crate::engine::reported::{Holder, Reported};
use crate::plan::Plan;
use crate::plan::document::DeviceLedger;
use serde::Serialize;
use std::collections::BTreeMap;

/// Sizes are printed in hundredths of a MiB; a ledger that is this close is right.
pub const TOLERANCE: u64 = 1 << 20;

/// One part of a device's ledger, planned and reported, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Part {
    /// Bytes by the plan.
    pub planned: u64,
    /// Bytes that the server reported.
    pub reported: u64,
}

/// Buffers of one device, planned and reported.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Device {
    /// Name of the device in the ledger: `host`, `gpu0`.
    pub device: String,
    /// Weights, bytes.
    pub weights: Part,
    /// Cache of keys and values, bytes.
    pub kv: Part,
    /// Compute buffers, bytes.
    pub compute: Part,
    /// Output buffer, bytes.
    pub output: Part,
    /// Whether what is reported is the most that a card of a tensor split holds, and this card may hold less.
    pub at_most: bool,
    /// Weights that the CPU backend copied into another order; their mapped originals are dropped
    /// from memory when it is short.
    pub repacked_bytes: u64,
    /// Bytes that nvidia-smi reports for the process on this GPU, beside the GPU's whole ledger.
    pub process: Option<Part>,
}

/// Result of the comparison, as the receipt keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Proof {
    /// Layers that the plan puts on GPUs, the output among them.
    pub offloaded_planned: u64,
    /// Layers that the server put on GPUs; `None` if it does not say.
    pub offloaded_reported: Option<u64>,
    /// Devices of the plan's ledger, in its order.
    pub devices: Vec<Device>,
    /// Buffer → bytes, on devices that the plan does not use.
    pub elsewhere: BTreeMap<String, u64>,
    /// Parts of a device that the server does not report, such as `compute`: their `reported` is 0 and says nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_told: Vec<String>,
}

/// Compares the report with the plan. `gpu_process` is the memory of the server's process on each GPU, by its place on
/// the bus, where it is known.
pub fn compare(plan: &Plan, reported: &Reported, gpu_process: &BTreeMap<u64, u64>) -> Proof {
    let fullest = plan.memory.iter().filter(|ledger| card(ledger).is_some()).map(buffers).max().unwrap_or(0);
    let devices = plan.memory.iter().map(|ledger| Device {
        at_most: reported.is_shared() && card(ledger).is_some() && buffers(ledger) < fullest,
        ..device(plan, ledger, reported, gpu_process)
    });
    Proof {
        offloaded_planned: plan.engine().layers_on_cards(&plan.llama_server.args),
        offloaded_reported: reported.offloaded.map(|(layers, _)| layers),
        devices: devices.collect(),
        elsewhere: elsewhere(plan, reported),
        not_told: plan.engine().untold().iter().map(|part| part.to_string()).collect(),
    }
}

fn device(
    plan: &Plan,
    ledger: &DeviceLedger,
    reported: &Reported,
    gpu_process: &BTreeMap<u64, u64>,
) -> Device {
    let sum = |buffers: &BTreeMap<String, u64>| -> u64 {
        let own = buffers.iter().filter(|(name, _)| is_on(plan, reported.holder(name), ledger));
        own.map(|(_, bytes)| *bytes).fold(0, u64::saturating_add)
    };
    let on_host = ledger.device == HOST;
    let repacked = if on_host { reported.repacked() } else { 0 };
    let mapped = if on_host { reported.mapped() } else { 0 };
    // A mapped range covers the originals of what was repacked.
    let weights = sum(&reported.model) - mapped.min(repacked);
    let place = card(ledger).map(|card| plan.engine().place_of_card(&plan.llama_server.args, card));
    let process = place.and_then(|place| gpu_process.get(&place).copied());
    Device {
        device: ledger.device.clone(),
        weights: Part { planned: ledger.weights_bytes, reported: weights },
        kv: Part { planned: ledger.kv_bytes, reported: sum(&reported.kv) },
        compute: Part { planned: ledger.compute_bytes, reported: sum(&reported.compute) },
        output: Part { planned: ledger.output_bytes, reported: sum(&reported.output) },
        at_most: false,
        repacked_bytes: repacked,
        process: process
            .map(|bytes| Part { planned: ledger.total_bytes - ledger.rag_bytes, reported: bytes }),
    }
}

/// The plan's name for the machine's own memory.
const HOST: &str = "host";

/// Returns the number of the card whose ledger it is.
fn card(ledger: &DeviceLedger) -> Option<u64> {
    ledger.device.strip_prefix("gpu")?.parse().ok()
}

fn is_on(plan: &Plan, holder: Holder, ledger: &DeviceLedger) -> bool {
    match holder {
        Holder::Host => ledger.device == HOST,
        Holder::Card(number) => {
            let planned = plan.engine().card_of_device(&plan.llama_server.args, number);
            planned.is_some() && planned == card(ledger)
        }
        Holder::EveryCard => card(ledger).is_some(),
        Holder::Remote(number) => ledger.device.strip_prefix("rpc") == Some(&number.to_string()),
    }
}

/// Returns the bytes of the parts that the server reports.
fn buffers(ledger: &DeviceLedger) -> u64 {
    ledger.weights_bytes + ledger.kv_bytes + ledger.compute_bytes + ledger.output_bytes
}

fn elsewhere(plan: &Plan, reported: &Reported) -> BTreeMap<String, u64> {
    let mut unplanned: BTreeMap<String, u64> = BTreeMap::new();
    for (name, bytes) in reported.buffers() {
        if !plan.memory.iter().any(|ledger| is_on(plan, reported.holder(name), ledger)) {
            let sum = unplanned.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*bytes);
        }
    }
    unplanned
}

impl Proof {
    /// Returns why the model does not run where the plan puts it: a server that fell back to the CPU.
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

    /// Returns where the server took more than the ledger says; the sum of a device counts, as one part may
    /// make room for another.
    pub fn warnings(&self) -> Vec<String> {
        // The parts that are told have to fit into all that the device was to take: an engine that gives the cache the rest
        // tells of more where the untold parts are smaller.
        let over = |device: &Device| {
            let parts = [device.weights, device.kv, device.compute, device.output];
            let planned: u64 = parts.iter().map(|part| part.planned).sum();
            let reported: u64 = parts.iter().map(|part| part.reported).sum();
            let more = reported.saturating_sub(planned);
            (more > TOLERANCE && !device.at_most).then(|| {
                format!("{}: the server took {} MiB more than the ledger says", device.device, more >> 20)
            })
        };
        // Weights are exact by the plan; with untold parts no sum would show that they are not.
        let heavier = |device: &Device| {
            let more = device.weights.reported.saturating_sub(device.weights.planned);
            let much = TOLERANCE.max(device.weights.planned / 100);
            (more > much && !self.not_told.is_empty()).then(|| {
                format!("{}: the weights take {} MiB more than the ledger says", device.device, more >> 20)
            })
        };
        let process = |device: &Device| {
            let part = device.process?;
            let more = part.reported.saturating_sub(part.planned);
            (more > TOLERANCE).then(|| {
                format!("{}: the process holds {} MiB more than the ledger says", device.device, more >> 20)
            })
        };
        let elsewhere = self.elsewhere.iter().map(|(buffer, bytes)| {
            format!("{buffer}: the server took {} MiB on a device that the plan does not use", bytes >> 20)
        });
        self.devices
            .iter()
            .flat_map(|device| [over(device), heavier(device), process(device)])
            .flatten()
            .chain(elsewhere)
            .collect()
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
