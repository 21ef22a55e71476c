//! Parses what llama-server reports after a start: its devices, buffers and offloaded layers.
//!
//! The lines are those of b11434 at verbosity 4; tests/fixtures/llama-server has recorded ones:
//!
//! ```text
//! llama_prepare_model_devices: using device CUDA0 (NVIDIA A100) (0000:01:00.0) - 80000 MiB free
//! load_tensors: offloaded 33/33 layers to GPU
//! load_tensors:   CPU_Mapped model buffer size =   70.31 MiB
//! load_tensors:        CUDA0 model buffer size = 3847.81 MiB
//! llama_kv_cache:      CUDA0 KV buffer size =  1024.00 MiB
//! llama_context:  CUDA_Host  output buffer size =     0.24 MiB
//! sched_reserve:      CUDA0 compute buffer size =   81.00 MiB
//! ```

use serde::Serialize;
use std::collections::BTreeMap;

/// Buffer of weights that are read from the file's own pages.
const MAPPED: &str = "CPU_Mapped";

/// Buffer (`CUDA0`, `CPU_Mapped`) → bytes, by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reported {
    /// Devices that the model is loaded on, in the server's order.
    pub devices: Vec<String>,
    pub model: BTreeMap<String, u64>,
    pub kv: BTreeMap<String, u64>,
    pub compute: BTreeMap<String, u64>,
    pub output: BTreeMap<String, u64>,
    /// Layers on GPUs, and layers there are; a build without GPU support does not say.
    pub offloaded: Option<(u64, u64)>,
}

/// Memory that a buffer is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Host,
    /// A graphics card, counted from 0 as the plan does.
    Card(u64),
    /// Every card of a tensor split: llama.cpp makes one device of them, and says what the fullest holds.
    EveryCard,
    /// A graphics card behind an RPC server.
    Remote(u64),
}

impl Reported {
    /// It has said all: the compute buffers come last.
    pub fn is_complete(&self) -> bool {
        !self.model.is_empty() && !self.compute.is_empty()
    }

    /// Its buffers, by what they hold, with their sizes.
    pub fn buffers(&self) -> impl Iterator<Item = (&String, &u64)> {
        [&self.model, &self.kv, &self.compute, &self.output].into_iter().flatten()
    }

    /// The cards share every matrix, and are reported as one device.
    pub fn is_shared(&self) -> bool {
        self.model.keys().any(|name| named(name) == Holder::EveryCard)
    }

    /// Weights in the file's pages, bytes.
    pub fn mapped(&self) -> u64 {
        self.model.get(MAPPED).copied().unwrap_or(0)
    }

    /// Weights that the CPU backend copied into an order of its own (`CPU_REPACK`, `AMX`, `CPU_KLEIDIAI`), bytes.
    pub fn repacked(&self) -> u64 {
        let is_copy = |name: &str| {
            named(name) == Holder::Host && !["CPU", MAPPED].contains(&name) && !name.ends_with("_Host")
        };
        let copies = self.model.iter().filter(|(name, _)| is_copy(name));
        copies.map(|(_, bytes)| *bytes).fold(0, u64::saturating_add)
    }

    /// Returns the memory that the buffer of that name is in. A card's number is its place among the devices that the
    /// server uses: a processor's own graphics may be `Vulkan0` and left alone.
    pub fn holder(&self, buffer: &str) -> Holder {
        match named(buffer) {
            Holder::Card(number) => {
                let cards = self.devices.iter().filter(|name| matches!(named(name), Holder::Card(_)));
                let place = cards.into_iter().position(|name| name == buffer);
                Holder::Card(place.map_or(number, |place| place as u64))
            }
            other => other,
        }
    }
}

/// Reads a name: `CUDA1`, `Vulkan0` and `ROCm0` are cards, `RPC0[10.0.0.2:50052]` is one of another host, `Meta()` is
/// a tensor split's; `CPU_Mapped`, `CPU_REPACK`, `AMX` and `CUDA_Host` are the host's.
fn named(name: &str) -> Holder {
    if name.starts_with("Meta(") {
        return Holder::EveryCard;
    }
    let number =
        |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some((server, _)) = name.split_once('[') {
        return server.strip_prefix("RPC").and_then(number).map_or(Holder::Host, Holder::Remote);
    }
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    match number(digits) {
        Some(index) if digits.len() < name.len() && !name.starts_with("CPU") => Holder::Card(index),
        _ => Holder::Host,
    }
}

/// Reads the lines of one start.
pub fn parse_log<'a>(lines: impl IntoIterator<Item = &'a str>) -> Reported {
    let mut reported = Reported::default();
    for line in lines {
        if let Some((_, rest)) = line.split_once(": using device ") {
            let name = rest.split_once(" (").map_or(rest, |(name, _)| name).trim();
            reported.devices.extend((!name.is_empty()).then(|| name.to_string()));
        }
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
        *sum = if kind == "compute" { bytes } else { sum.saturating_add(bytes) };
    }
    reported
}

#[cfg(test)]
#[path = "reported_tests.rs"]
mod tests;
