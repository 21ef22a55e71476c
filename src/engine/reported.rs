//! A server's report of its start: the devices that it uses, its buffers and its offloaded layers.

use serde::Serialize;
use std::collections::BTreeMap;

/// Buffer of weights that are read from the file's own pages.
const MAPPED: &str = "CPU_Mapped";

/// Buffer (`CUDA0`, `CPU_Mapped`) → bytes, by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reported {
    /// Devices that the model is loaded on, in the server's order.
    pub devices: Vec<String>,
    /// Buffers of weights.
    pub model: BTreeMap<String, u64>,
    /// Buffers of the cache of keys and values.
    pub kv: BTreeMap<String, u64>,
    /// Compute buffers.
    pub compute: BTreeMap<String, u64>,
    /// Output buffers.
    pub output: BTreeMap<String, u64>,
    /// Layers on GPUs, and layers there are; a build without GPU support does not say.
    pub offloaded: Option<(u64, u64)>,
}

/// Memory that a buffer is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The machine's own memory.
    Host,
    /// A graphics card, counted from 0 as the plan does.
    Card(u64),
    /// Every card of a tensor split: they are reported as one device, with the buffers of the fullest.
    EveryCard,
    /// A device of another host, counted from 0 over all of them.
    Remote(u64),
}

impl Reported {
    /// Returns whether it has said all: the compute buffers come last.
    pub fn is_complete(&self) -> bool {
        !self.model.is_empty() && !self.compute.is_empty()
    }

    /// Returns its buffers with their sizes.
    pub fn buffers(&self) -> impl Iterator<Item = (&String, &u64)> {
        [&self.model, &self.kv, &self.compute, &self.output].into_iter().flatten()
    }

    /// Returns whether the cards share every matrix, and are reported as one device.
    pub fn is_shared(&self) -> bool {
        self.model.keys().any(|name| named(name) == Holder::EveryCard)
    }

    /// Returns the bytes of weights in the file's pages.
    pub fn mapped(&self) -> u64 {
        self.model.get(MAPPED).copied().unwrap_or(0)
    }

    /// Returns the bytes of weights that the CPU backend copied into an order of its own (`CPU_REPACK`, `AMX`,
    /// `CPU_KLEIDIAI`).
    pub fn repacked(&self) -> u64 {
        let is_copy = |name: &str| {
            named(name) == Holder::Host && !["CPU", MAPPED].contains(&name) && !name.ends_with("_Host")
        };
        let copies = self.model.iter().filter(|(name, _)| is_copy(name));
        copies.map(|(_, bytes)| *bytes).fold(0, u64::saturating_add)
    }

    /// Returns the memory that the buffer of that name is in. A card's number is its place among the devices that the
    /// server uses: a processor's own graphics may be `Vulkan0` and left alone. A remote device's buffers are called by its
    /// number on its host, which several hosts have; the devices are called by their number over all.
    pub fn holder(&self, buffer: &str) -> Holder {
        match named(buffer) {
            Holder::Card(number) => {
                let cards = self.devices.iter().filter(|name| matches!(named(name), Holder::Card(_)));
                let place = cards.into_iter().position(|name| name == buffer);
                Holder::Card(place.map_or(number, |place| place as u64))
            }
            Holder::Remote(number) => {
                let server = |name: &str| name.split_once('[').map(|(_, server)| server.to_string());
                let of_server = self.devices.iter().filter(|name| server(name) == server(buffer));
                let device = of_server.map(|name| named(name)).nth(number as usize);
                device.unwrap_or(Holder::Remote(number))
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
