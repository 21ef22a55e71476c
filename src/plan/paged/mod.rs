//! The memory of an engine that keeps keys and values in blocks and shares every matrix among all cards: vLLM's.
//!
//! Weights are exact (`model::safetensors::checkpoint`), and so is the cache: blocks of [`BLOCK`] tokens, each of
//! 2 × layers × heads × width × 2 bytes on a card (vllm-project/vllm, vllm/v1/kv_cache_interface.py, 001cabc1,
//! `real_page_size_bytes`), one of which stays empty. Layers with a window count in full, as they do where they are not
//! managed apart: an upper bound. The engine takes a share of a card's memory at its start, measures what weights and
//! activations take of it, and makes blocks of the rest (vllm/v1/worker/gpu_worker.py, 35d5cda1).
//!
//! Estimates, which nothing here measured: activations, graphs and the host's memory. The plan says so.

use super::document::{DeviceLedger, Workload};
use super::ledger::{REPORTED_RAM, RESERVE};
use super::runtime::RuntimeHost;
use super::verdict::COMFORT_FREE;
use crate::engine::container::Container;
use crate::hardware::facts::Vendor;
use crate::hardware::profiles::{MIB, Profile};
use crate::model::safetensors::checkpoint::Checkpoint;

/// Tokens of a block (vllm/config/cache.py, 002f10e0, `DEFAULT_BLOCK_SIZE`).
const BLOCK: u64 = 16;
/// Bytes of a cached number, and of one that is passed on: the model's own type has 16 bits.
const NUMBER: u64 = 2;
/// CUDA graphs: what it told itself for graphs of up to 512 tokens ("Estimated CUDA graph memory: 0.73 GiB total",
/// vllm-project/vllm, pull request 39559); those for few requests are fewer. Older versions take them beside their share.
const GRAPHS: u64 = 748 * MIB;
/// Part of a card's memory that its driver tells programs of, at least: 79.19 GiB of an H100's 81559 MiB
/// (kubernetes-sigs/gateway-api-inference-extension, pull request 550), 23.64 to 23.69 GiB of 24564 MiB.
const TOLD: f64 = 0.98;
/// A process with Python, PyTorch and CUDA, for each card and one beside: an allowance, as no source gives a figure.
const PROCESS: u64 = 4096 * MIB;

/// Where a model lies, and the share of each card that the engine is told to take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// One ledger per device, the host first.
    pub memory: Vec<DeviceLedger>,
    /// Share of all memory of each card, hundredths.
    pub share: u64,
}

/// Returns why the cards of a machine cannot serve the model.
pub(super) fn refusal(checkpoint: &Checkpoint, profile: &Profile, container: &Container) -> Option<String> {
    if profile.gpus.is_empty() {
        return Some("it has no graphics card".to_string());
    }
    if profile.among.is_some() {
        return Some(
            "it has cards that a plan leaves out, and the unit names cards from the first one on".to_string(),
        );
    }
    if profile.gpus.iter().any(|gpu| gpu.vendor != Vendor::Nvidia) {
        return Some("its cards are not NVIDIA's, for which alone the image is planned".to_string());
    }
    let least = container.least?;
    let least = match checkpoint.is_bf16() {
        true => least.compute_bf16,
        false => least.compute,
    };
    let old = profile.gpus.iter().find_map(|gpu| {
        let has = gpu.generation.compute_capability()?;
        (has < least).then_some((&gpu.name, has))
    });
    if let Some((name, has)) = old {
        let needs = format!("{}.{} or later is needed", least.0, least.1);
        return Some(format!("{name} has compute capability {}.{}, and {needs}", has.0, has.1));
    }
    checkpoint.on_each(profile.gpus.len() as u64).err()
}

/// Returns the place of a model on all cards of a machine.
pub(super) fn place(
    checkpoint: &Checkpoint,
    workload: &Workload,
    profile: &Profile,
    host: Option<&RuntimeHost>,
) -> Placed {
    let cards = profile.gpus.len().max(1) as u64;
    let of = OfCard::new(checkpoint, workload, cards);
    let usable = profile.gpus.iter().map(|gpu| gpu.vram_mib * MIB).min().unwrap_or(0);
    let all =
        host.and_then(|host| host.card_bytes).filter(|_| profile.is_there()).unwrap_or(usable).max(usable);
    let context = profile.gpus.iter().map(|gpu| gpu.cuda_context_mib * MIB).max().unwrap_or(0);
    // Comfort's share is left free where the rest holds what is asked for; else as much is taken as there is.
    let comfort = usable - (usable as f64 * COMFORT_FREE).ceil() as u64;
    let limits = [comfort, usable];
    let shares = limits.map(|limit| share(limit.saturating_sub(context + GRAPHS), all));
    let fits = |share: &u64| of.blocks(*share, all) >= of.needed;
    let share = shares.into_iter().find(fits).unwrap_or(shares[1]);
    let kv_bytes = match fits(&share) {
        true => (all / 100 * share).saturating_sub(of.weights + of.activations),
        false => of.short(all),
    };
    let card = |index: usize, vram: u64, context: u64| DeviceLedger {
        device: format!("gpu{index}"),
        weights_bytes: of.weights,
        kv_bytes,
        compute_bytes: of.activations + GRAPHS,
        runtime_bytes: context,
        capacity_bytes: vram,
        ..DeviceLedger::default()
    };
    let host = DeviceLedger {
        device: "host".to_string(),
        runtime_bytes: PROCESS * (cards + 1),
        reserved_bytes: RESERVE,
        capacity_bytes: (profile.ram_bytes() as f64 * REPORTED_RAM) as u64,
        ..DeviceLedger::default()
    };
    let gpus = profile.gpus.iter().enumerate();
    let gpus = gpus.map(|(index, gpu)| card(index, gpu.vram_mib * MIB, gpu.cuda_context_mib * MIB));
    let memory = std::iter::once(host).chain(gpus).map(DeviceLedger::summed).collect();
    Placed { memory, share: share.max(1) }
}

/// The ledgers with the cache of one full workload in place of all blocks.
pub(super) fn read_by_a_token(
    checkpoint: &Checkpoint,
    workload: &Workload,
    memory: &[DeviceLedger],
) -> Vec<DeviceLedger> {
    let of = OfCard::new(checkpoint, workload, (memory.len() as u64).saturating_sub(1).max(1));
    let kv_bytes = of.needed * of.block_bytes;
    let with = |device: &DeviceLedger| match device.kv_bytes {
        0 => device.clone(),
        _ => DeviceLedger { kv_bytes, ..device.clone() },
    };
    memory.iter().map(with).collect()
}

/// Largest share of `all`, in hundredths, that is no more than `bytes`.
fn share(bytes: u64, all: u64) -> u64 {
    (bytes.saturating_mul(100) / all.max(1)).min(100)
}

/// Memory on each card.
struct OfCard {
    weights: u64,
    activations: u64,
    block_bytes: u64,
    /// Blocks for every slot at once, and the one that stays empty.
    needed: u64,
}

impl OfCard {
    fn new(checkpoint: &Checkpoint, workload: &Workload, cards: u64) -> OfCard {
        let d = &checkpoint.config.dimensions;
        let (heads, heads_kv) = (d.n_head / cards, checkpoint.heads_kv_on_each(cards));
        // A layer keeps the hidden state twice, queries, keys, values and their outcome, and three of the feed-forward.
        let ff = d.experts.as_ref().map_or(d.n_ff, |experts| experts.used * experts.width.max(d.n_embd));
        let wide = 2 * d.n_embd + (2 * heads + 2 * heads_kv) * d.head_dim() + 3 * ff.div_ceil(cards);
        let tokens = workload.batch.max(workload.slots);
        // Logits of every slot as numbers of 32 bits, with their probabilities and a sorted copy.
        let logits = 3 * 4 * workload.slots * d.n_vocab;
        OfCard {
            weights: checkpoint
                .on_each(cards)
                .unwrap_or_else(|_| checkpoint.on_each(1).unwrap_or(u64::MAX / 4)),
            activations: NUMBER * wide * tokens + logits,
            block_bytes: BLOCK * 2 * d.n_layer * heads_kv * d.head_dim() * NUMBER,
            needed: workload.slots * workload.slot_tokens().div_ceil(BLOCK) + 1,
        }
    }

    /// Bytes of a cache that no share of `all` bytes holds: as many as its blocks would need of what the driver tells, and
    /// a hundredth that the share may be less.
    fn short(&self, all: u64) -> u64 {
        let rest = self.weights.saturating_add(self.activations);
        let told = (rest.saturating_add(self.needed * self.block_bytes) as f64 / TOLD).ceil() as u64;
        told.saturating_add(all / 100 + MIB).saturating_sub(rest)
    }

    /// Blocks that the engine makes of a share of `all` bytes, at least.
    fn blocks(&self, share: u64, all: u64) -> u64 {
        let taken = (all as f64 * TOLD) as u64 / 100 * share;
        taken.saturating_sub(self.weights + self.activations) / self.block_bytes.max(1)
    }
}

#[cfg(test)]
mod tests;
