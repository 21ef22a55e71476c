//! A machine that exists as a profile: what its facts say, instead of what was promised.

use super::document::{Plan, Verdict};
use super::ledger::REPORTED_RAM;
use super::request::{Fixed, ModelChoice, Request};
use super::runtime::RuntimeHost;
use super::speed::{self, cpu::HostCpu, rates::FITTED};
use super::usable_cards::{of_host, places, usable, used};
use crate::error::Result;
use crate::hardware::cards::{self, Unsure};
use crate::hardware::facts::{Facts, Gpu};
use crate::hardware::generation::Generation;
use crate::hardware::offers::Rates;
use crate::hardware::profiles::{GpuSpec, MIB, Profile};
use crate::processor::Processor;

/// The profile's id in a plan.
pub const HOST: &str = "this-host";

/// The least promise of any profile.
const LEAST_NETWORK: u64 = 100;
const LEAST_DISK: u64 = 500;
/// A CUDA process before any tensor, on the largest cards, MiB.
const LARGEST_CONTEXT: u64 = 555;

/// The host as a profile. `known` are the profiles whose cards' contexts are known. A card's speed is that of
/// `profiles/cards.csv`; of a card that is not in there, that of one of its generation with as much memory.
pub fn profile(facts: &Facts, known: &[Profile]) -> Profile {
    let ram = facts.memory.cgroup_limit_bytes.unwrap_or(u64::MAX).min(facts.memory.total_bytes);
    let cpu = HostCpu::of(facts);
    let egress = facts.measured.iter().flat_map(|measured| &measured.egress);
    let network = egress.filter_map(|egress| egress.mbit_s).min_by(f64::total_cmp);
    let disk = facts.measured.as_ref().and_then(|measured| measured.disk_read_mb_s);
    let mut gpus: Vec<GpuSpec> = used(facts).map(|gpu| card(gpu, known, of_host(gpu, ram))).collect();
    let among = places(facts).filter(|_| facts.gpus.len() > gpus.len());
    // Memory that a card has in common with the host is counted once: a part for each.
    let shared: Vec<u64> = used(facts).map(|gpu| of_host(gpu, ram)).collect();
    for ((spec, gpu), shared) in gpus.iter_mut().zip(used(facts)).zip(&shared).filter(|(_, s)| **s > 0) {
        // NVIDIA's have nothing beside it, whatever the driver says.
        let own = gpu.host_memory_bytes.map_or(0, |of_host| usable(gpu).saturating_sub(of_host));
        spec.vram_mib = (own + shared) / MIB;
        // No faster than the memory that it reads, where its name does not say how fast that is.
        if cards::part(&gpu.name, spec.vram_mib).is_none() {
            let most = cpu.read_gb_s / speed::READ_OF_PEAK;
            spec.memory_bandwidth_gb_s = spec.memory_bandwidth_gb_s.min(most);
        }
    }
    let ram = ram - shared.iter().copied().max().unwrap_or(0);
    Profile {
        id: HOST.to_string(),
        title: "The host as it was found".to_string(),
        rented: true,
        // A host with another one does not meet a plan for the default.
        processor: Processor::of_uname(&facts.os.arch).unwrap_or_default(),
        cpu_cores: facts.cpu.logical,
        ram_gib: ram >> 30,
        sold_ram_bytes: Some((ram as f64 / REPORTED_RAM).ceil() as u64),
        disk_gb: facts.disk.free_bytes / 1_000_000_000,
        // Profiles name the peak; a token's reading reaches a share of it.
        memory_bandwidth_gb_s: cpu.read_gb_s / speed::READ_OF_PEAK,
        tflops: FITTED.cpu(cpu.found.class).decode * cpu.found.threads as f64,
        found: Some(cpu.found),
        network_mbit_s: network.map_or(LEAST_NETWORK, |speed| (speed as u64).max(1)),
        disk_read_mb_s: disk.map_or(LEAST_DISK, |speed| (speed as u64).max(1)),
        nvlink: gpus.len() > 1 && facts.nvlink == Some(true),
        among,
        by_size: false,
        gpus,
    }
}

/// `shared` bytes of it are the host's memory.
fn card(gpu: &Gpu, known: &[Profile], shared: u64) -> GpuSpec {
    let specs = || known.iter().flat_map(|profile| &profile.gpus);
    let same = specs().find(|spec| spec.name == gpu.name);
    let context = specs().map(|spec| spec.cuda_context_mib).max().unwrap_or(LARGEST_CONTEXT);
    let capability = gpu.compute_capability.as_deref().unwrap_or_default();
    let vram_mib = gpu.memory_total_bytes.max(shared) / MIB;
    let named = cards::part(&gpu.name, vram_mib);
    let generation = Generation::of_compute_capability(capability);
    let (speed, part) = named.unwrap_or_else(|| cards::like(generation, vram_mib));
    GpuSpec {
        vendor: gpu.vendor,
        name: gpu.name.clone(),
        or_better: Vec::new(),
        vram_mib: usable(gpu) / MIB,
        memory_bandwidth_gb_s: speed.bandwidth_gb_s * part,
        cuda_context_mib: same.map_or(context, |spec| spec.cuda_context_mib),
        unsure: if named.is_some() { speed.unsure } else { Unsure::ALL },
        generation: if named.is_some() { speed.generation } else { generation },
        tops: speed.tops * part,
    }
}

/// The request for this host: with its profile and no other choice, and without a price, as it is
/// there already. Other profiles stay as alternatives.
///
/// Uses the strongest of several different cards alone where that is better, and the CPU alone where a weak or busy
/// card would slow it down.
pub fn request(mut request: Request, facts: &Facts) -> Request {
    let mut host = profile(facts, &request.profiles);
    if let Some(found) = &mut host.found {
        found.keeps = request.fixed.engine.is_none_or(|engine| engine.keeps_to_a_node());
    }
    let fewer = match request.fixed.split_mode {
        None => [strongest(&host, facts), without_cards(&host, facts, &request.fixed)],
        Some(_) => [None, None],
    };
    request.profiles.insert(0, host);
    request.profile = Some(HOST.to_string());
    request.budget = None;
    request.fixed.host = Some(RuntimeHost::of(facts));
    let mut fewer = fewer.into_iter().flatten().peekable();
    if fewer.peek().is_none() {
        return request;
    }
    let Ok(mut best) = super::plan(&request) else { return request };
    for fewer in fewer {
        if fewer.gpus.is_empty() && is_whole(&best) {
            continue;
        }
        let mut with_fewer = request.clone();
        with_fewer.profiles[0] = fewer;
        if let Ok(fewer) = super::plan(&with_fewer)
            && is_better(&fewer, &best)
        {
            (request, best) = (with_fewer, fewer);
        }
    }
    request
}

/// Whether it runs in comfort with every layer on cards: no CPU alone is better.
fn is_whole(plan: &Plan) -> bool {
    plan.verdict == Verdict::Comfort && plan.memory[0].kv_bytes == 0
}

/// Whether `one` has the better verdict, or answers faster while it gives up nothing that `all` keeps: without a card
/// the prompt may be read more slowly.
fn is_better(one: &Plan, all: &Plan) -> bool {
    let speed = |plan: &Plan| plan.speed.decode_tok_s.expected;
    let reads = |plan: &Plan| plan.speed.prefill_tok_s.expected;
    if one.profile.gpus.is_empty() && one.verdict == all.verdict && reads(one) < reads(all) {
        return false;
    }
    let alike = one.model.quant == all.model.quant && one.workload == all.workload;
    one.verdict < all.verdict || (one.verdict == all.verdict && alike && speed(one) > speed(all))
}

/// The host with the strongest of its cards alone, where they differ.
fn strongest(host: &Profile, facts: &Facts) -> Option<Profile> {
    let strength = |gpu: &GpuSpec| gpu.vram_mib as f64 * gpu.memory_bandwidth_gb_s;
    let (index, best) =
        host.gpus.iter().enumerate().max_by(|(_, a), (_, b)| strength(a).total_cmp(&strength(b)))?;
    let differs = |gpu: &GpuSpec| (gpu.vram_mib, &gpu.name) != (best.vram_mib, &best.name);
    let place = places(facts)?[index];
    let alone = Profile { gpus: vec![best.clone()], nvlink: false, among: Some(vec![place]), ..host.clone() };
    host.gpus.iter().any(differs).then_some(alone)
}

/// The host with its CPU alone; `None` where cards have no memory but its own.
fn without_cards(host: &Profile, facts: &Facts, fixed: &Fixed) -> Option<Profile> {
    let shares = used(facts).any(|gpu| gpu.shares_host_memory());
    let has_cards = !host.gpus.is_empty() && !shares && fixed.n_cpu_moe.is_none();
    has_cards.then(|| Profile { gpus: Vec::new(), nvlink: false, among: None, ..host.clone() })
}

/// The best plan for this host.
pub fn plan(request: Request, facts: &Facts) -> Result<Plan> {
    super::plan(&self::request(request, facts))
}

/// Plans what this host could run of the model, whatever it was asked for before; `None` if nothing.
pub fn instead(plan: &Plan, model: ModelChoice, facts: &Facts, profiles: Vec<Profile>) -> Option<Plan> {
    let build = crate::engine::llama_cpp::build::of_plan(&plan.llama_server.build).ok()?;
    let request = Request {
        model,
        profiles,
        profile: None,
        offers: Vec::new(),
        containers: false,
        rates: Rates::default(),
        prefer: None,
        budget: None,
        fixed: Fixed::default(),
        rag: None,
        build,
    };
    let found = self::plan(request, facts).ok()?;
    (found.verdict != Verdict::Impossible).then_some(found)
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
