//! Chooses the cards of a host that a plan may use.

use crate::hardware::facts::{Facts, Gpu};
use crate::hardware::profiles::MIB;
use crate::hardware::vendor;
use crate::lang::{Sentence, Value};

/// Less than this is no card to plan for: its context alone takes 107 to 555 MiB.
const SMALLEST_CARD: u64 = 1 << 30;

/// The cards that a plan may use.
pub(super) fn used(facts: &Facts) -> impl Iterator<Item = &Gpu> {
    let most = most_memory(facts);
    vendor::of_one_maker(facts).filter(move |gpu| unusable(gpu).is_none() && !is_dwarf(gpu, most))
}

/// Returns the place of each card that a plan may use among all of its maker's, in the order of the bus, by which the
/// servers number them: CUDA by the unit's CUDA_DEVICE_ORDER, Vulkan's loader by itself.
pub(super) fn places(facts: &Facts) -> Option<Vec<usize>> {
    let mut all: Vec<&Gpu> = vendor::of_one_maker(facts).collect();
    // Stable: cards of which the bus is not known stay as they are listed.
    all.sort_by_key(|gpu| gpu.pci_bus_id.as_ref().map(|id| id.to_ascii_lowercase()));
    used(facts).map(|gpu| all.iter().position(|one| std::ptr::eq(*one, gpu))).collect()
}

/// Returns the memory of the largest card that a server can use, bytes.
pub(super) fn most_memory(facts: &Facts) -> u64 {
    vendor::of_one_maker(facts).filter(|gpu| unusable(gpu).is_none()).map(usable).max().unwrap_or(0)
}

/// Why no server can use the card.
pub(super) fn unusable(gpu: &Gpu) -> Option<Sentence> {
    let least = vendor::of(gpu.vendor).least().compute_capability;
    let version =
        |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let capability = gpu.compute_capability.as_deref();
    if let (Some((least, _)), Some(capability)) = (least, capability)
        && version(capability).zip(version(least)).is_some_and(|(has, needs)| has < needs)
    {
        return Some(sentence!("card-too-old", version = capability, version_least = least));
    }
    match &gpu.mig {
        Some(mig) if mig.enabled && mig.instances_bytes.is_empty() => {
            Some(match vendor::of(gpu.vendor).make_part() {
                Some(command) => sentence!("card-mig-command", command = command),
                None => sentence!("card-mig"),
            })
        }
        _ if usable(gpu) < SMALLEST_CARD && !gpu.shares_host_memory() => {
            let size = Value::figure(format!("{} MiB", usable(gpu) / MIB));
            Some(sentence!("card-too-small", size = size))
        }
        _ => None,
    }
}

/// So little beside the largest card that a share of the model on it costs more than it holds: every card has a context,
/// a compute buffer and a copy of what passes between them, and each token waits for the slowest.
pub(super) fn is_dwarf(gpu: &Gpu, most: u64) -> bool {
    usable(gpu) < most / 4 && !gpu.shares_host_memory()
}

/// Returns the host's part of memory that it shares with a card, bytes: an eighth of `ram`, at least 8 GiB. The
/// system and the host's share of a plan (embedding, logits, prompt cache) live in it.
pub(super) fn host_share(ram: u64) -> u64 {
    (ram / 8).max(8 << 30).min(ram)
}

/// Returns the memory of a host with `ram` bytes that the card has for itself, bytes.
pub(super) fn of_host(gpu: &Gpu, ram: u64) -> u64 {
    let most = ram - host_share(ram);
    if gpu.shares_host_memory() { gpu.host_memory_bytes.map_or(most, |bytes| bytes.min(most)) } else { 0 }
}

/// Memory that a new server may have: not what others' processes hold, and with MIG one instance.
pub(super) fn usable(gpu: &Gpu) -> u64 {
    if let Some(mig) = gpu.mig.as_ref().filter(|mig| mig.enabled) {
        return mig.instances_bytes.iter().copied().max().unwrap_or(0);
    }
    let others = gpu.processes.iter().flatten().filter(|process| !process.name.ends_with("llama-server"));
    let held: u64 = others.filter_map(|process| process.memory_bytes).sum();
    gpu.memory_total_bytes.saturating_sub(held)
}
