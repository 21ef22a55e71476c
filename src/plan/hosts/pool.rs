//! Devices of several hosts as one machine, and where the layers lie on them.

use super::traffic::{self, Link};
use crate::engine::llama_cpp::rpc;
use crate::hardware::cards::Unsure;
use crate::hardware::facts::Vendor;
use crate::hardware::generation::Generation;
use crate::hardware::profiles::{GpuSpec, MIB, Profile};
use crate::plan::choice::Pool;
use crate::plan::document::{DeviceLedger, Interval, Speed};
use crate::plan::ledger::{REPORTED_RAM, RESERVE, Subject};
use crate::plan::placement::Placement;
use crate::plan::speed;

/// A host of the pool.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Name that the user gave: a host, a file of facts, a class of machines.
    pub name: String,
    /// Its hardware.
    pub profile: Profile,
}

/// A device: a card of a host, or its processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// Place of its host.
    pub host: usize,
    /// Its card; `None`: the processor.
    pub card: Option<usize>,
}

/// Hosts, and the devices of them that hold layers: the workers' first, then the head's cards.
pub(super) struct Hosts<'a> {
    pub machines: &'a [Machine],
    pub link: Link,
    pub devices: Vec<Device>,
    /// So many of the devices are workers'.
    pub remote: usize,
    profile: Profile,
    /// The head's processor computes too: no host has a card.
    head_computes: bool,
}

impl<'a> Hosts<'a> {
    pub fn new(machines: &'a [Machine], link: Link) -> Hosts<'a> {
        let any_card = machines.iter().any(|machine| !machine.profile.gpus.is_empty());
        let of = |host: usize| -> Vec<Device> {
            let cards = machines[host].profile.gpus.len();
            match cards {
                0 if !any_card && host > 0 => vec![Device { host, card: None }],
                _ => (0..cards).map(|card| Device { host, card: Some(card) }).collect(),
            }
        };
        let mut devices: Vec<Device> = (1..machines.len()).flat_map(of).collect();
        let remote = devices.len();
        devices.extend(of(0));
        let cards = devices.iter().map(|device| card(&machines[device.host].profile, device.card)).collect();
        let profile = Profile { gpus: cards, nvlink: false, among: None, ..machines[0].profile.clone() };
        Hosts { machines, link, devices, remote, profile, head_computes: !any_card }
    }

    /// So many layers, the output among them, on each device, after `host` layers on the head's processor.
    fn with(&self, layers: u64, host: u64, items: &[u64]) -> Placement {
        Placement::offload(layers, layers - host, items).with_remote(self.remote)
    }

    /// Part of the model's work that a device does, by its weights.
    fn part(subject: &Subject, ledger: &DeviceLedger) -> f64 {
        let all = subject.weights.layer_bytes.iter().sum::<u64>() + subject.weights.output_bytes;
        ledger.weights_bytes as f64 / all.max(1) as f64
    }

    /// Speed of the whole model on one device, if it had the memory.
    fn alone(&self, subject: &Subject, device: Device) -> Speed {
        let n_layer = subject.shape.layers.len() as u64;
        let host = &self.machines[device.host].profile;
        let (gpus, placement) = match device.card {
            Some(card) => (vec![host.gpus[card].clone()], Placement::offload(n_layer, n_layer, &[1])),
            None => (Vec::new(), Placement::host_only(n_layer)),
        };
        let profile = Profile { gpus, ..host.clone() };
        let memory = subject.without_compute(&profile, &placement);
        speed::predict(&profile, subject, &placement, &memory)
    }

    /// The ledgers of the workers' own memory beside their cards, which follow the devices'.
    fn beside(&self, subject: &Subject) -> Vec<DeviceLedger> {
        let with_cards = self.machines.iter().enumerate().skip(1).filter(|(_, m)| !m.profile.gpus.is_empty());
        let ledger = |(host, machine): (usize, &Machine)| {
            let ram = &machine.profile;
            let runtime_bytes = rpc::WORKER_PROCESS + PROCESS_OF_CARDS + subject.weights.largest_bytes;
            let mut ledger = empty(format!("host{host}"));
            (ledger.runtime_bytes, ledger.reserved_bytes) = (runtime_bytes, RESERVE);
            ledger.total_bytes = runtime_bytes + RESERVE;
            ledger.capacity_bytes = (ram.ram_bytes() as f64 * REPORTED_RAM) as u64;
            ledger.headroom_bytes = ledger.capacity_bytes as i64 - ledger.total_bytes as i64;
            ledger
        };
        with_cards.map(ledger).collect()
    }
}

/// The host's side of a process with cards, bytes: about 300 MiB, measured for CUDA's (see the ledger).
const PROCESS_OF_CARDS: u64 = 320 * MIB;

fn empty(device: String) -> DeviceLedger {
    DeviceLedger { device, ..DeviceLedger::default() }
}

/// A device as a card: a processor's memory is the host's.
fn card(host: &Profile, card: Option<usize>) -> GpuSpec {
    match card {
        Some(card) => host.gpus[card].clone(),
        None => GpuSpec {
            vendor: Vendor::default(),
            name: "CPU".to_string(),
            or_better: Vec::new(),
            vram_mib: (host.ram_bytes() as f64 * REPORTED_RAM) as u64 / MIB,
            memory_bandwidth_gb_s: host.memory_bandwidth_gb_s,
            cuda_context_mib: 0,
            unsure: Unsure::ALL,
            generation: Generation::default(),
            tops: host.tflops,
        },
    }
}

impl Pool for Hosts<'_> {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn has_cards(&self) -> bool {
        !self.head_computes
    }

    /// By each device's memory, as the engine itself would; then one layer after the other goes from the device that
    /// lacks most to the one that has most, while that helps.
    fn place(&self, subject: &Subject) -> Placement {
        let n_layer = subject.shape.layers.len() as u64;
        let room: Vec<u64> = self.profile.gpus.iter().map(|gpu| gpu.vram_mib.max(1)).collect();
        let head = match self.head_computes {
            true => (self.profile.ram_bytes() as f64 * REPORTED_RAM) as u64 / MIB,
            false => 0,
        };
        let all = room.iter().sum::<u64>() + head;
        let mut host = n_layer * head / all;
        let by_memory = Placement::offload(n_layer, n_layer - host, &room);
        let mut items = by_memory.gpu_layers.clone();
        items[by_memory.output] += 1;
        let compute = subject.compute_bytes(&self.with(n_layer, host, &items));
        let short = |memory: &[DeviceLedger]| -> i64 {
            memory.iter().map(|device| (-device.headroom_bytes).max(0)).sum()
        };
        let counted = |host: u64, items: &[u64]| {
            let placement = self.with(n_layer, host, items);
            let mut memory = subject.with_compute(&self.profile, &placement, &compute);
            self.own_parts(subject, &mut memory);
            memory
        };
        let mut memory = counted(host, &items);
        while short(&memory) > 0 {
            let from = if self.head_computes { 0 } else { 1 };
            let places = from..memory.len();
            let Some(lacks) = places.clone().min_by_key(|at| memory[*at].headroom_bytes) else { break };
            let Some(has) = places.max_by_key(|at| memory[*at].headroom_bytes) else { break };
            let (mut next_host, mut next) = (host, items.clone());
            let taken = match lacks {
                0 => &mut next_host,
                device => &mut next[device - 1],
            };
            let Some(less) = taken.checked_sub(1) else { break };
            *taken = less;
            match has {
                0 => next_host += 1,
                device => next[device - 1] += 1,
            }
            if next.iter().sum::<u64>() == 0 {
                break;
            }
            let tried = counted(next_host, &next);
            if short(&tried) >= short(&memory) {
                break;
            }
            (host, items, memory) = (next_host, next, tried);
        }
        self.with(n_layer, host, &items)
    }

    fn memory(&self, subject: &Subject, placement: &Placement) -> Vec<DeviceLedger> {
        let mut memory = subject.ledger(&self.profile, placement);
        self.own_parts(subject, &mut memory);
        memory.extend(self.beside(subject));
        memory
    }

    /// A token passes the devices one after the other, and each reads its part.
    fn speed(&self, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Speed {
        let slot = subject.workload.slot_tokens();
        let ubatch = subject.workload.ubatch.clamp(1, slot.max(1));
        let token = traffic::of_token(subject, placement, slot / 2).milliseconds(&self.link) / 1e3;
        let prompt = traffic::of_prompt(subject, placement, ubatch, slot / 2).milliseconds(&self.link) / 1e3;
        let mut parts: Vec<(f64, Speed)> = Vec::new();
        for (device, ledger) in self.devices.iter().zip(&memory[1..]) {
            parts.push((Hosts::part(subject, ledger), self.alone(subject, *device)));
        }
        if placement.host_layers > 0 {
            let layers = &subject.weights.layer_bytes[..placement.host_layers as usize];
            let bytes = layers.iter().sum::<u64>();
            let part = Hosts::part(subject, &DeviceLedger { weights_bytes: bytes, ..empty(String::new()) });
            parts.push((part, self.alone(subject, Device { host: 0, card: None })));
        }
        let sum = |speed: fn(&Speed) -> Interval, network: f64| {
            let at = |end: fn(&Interval) -> f64| {
                let seconds = parts.iter().map(|(part, one)| part / end(&speed(one)).max(1e-6)).sum::<f64>();
                (100.0 / (seconds + network)).round() / 100.0
            };
            Interval { low: at(|i| i.low), expected: at(|i| i.expected), high: at(|i| i.high) }
        };
        Speed {
            decode_tok_s: sum(|speed| speed.decode_tok_s, token),
            prefill_tok_s: sum(|speed| speed.prefill_tok_s, prompt / ubatch as f64),
        }
    }
}

impl Hosts<'_> {
    /// Renames the devices and adds what a worker takes beside buffers: its process, and the largest tensor while it is
    /// sent, of which the head has a copy too.
    fn own_parts(&self, subject: &Subject, memory: &mut [DeviceLedger]) {
        let largest = subject.weights.largest_bytes;
        let more = |ledger: &mut DeviceLedger, runtime: u64, reserved: u64| {
            ledger.runtime_bytes += runtime;
            ledger.reserved_bytes += reserved;
            ledger.total_bytes += runtime + reserved;
            ledger.headroom_bytes -= (runtime + reserved) as i64;
        };
        more(&mut memory[0], largest, 0);
        for (at, (device, ledger)) in self.devices.iter().zip(&mut memory[1..]).enumerate() {
            ledger.device = match at < self.remote {
                true => format!("rpc{at}"),
                false => format!("gpu{}", at - self.remote),
            };
            if device.card.is_none() {
                more(ledger, rpc::WORKER_PROCESS + largest, RESERVE);
            }
        }
    }
}
