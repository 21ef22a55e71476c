//! A machine that exists as a profile: what its facts say, instead of what was promised.

use super::document::Plan;
use super::ledger::REPORTED_RAM;
use super::request::{Fixed, ModelChoice, Request};
use super::speed;
use crate::error::Result;
use crate::hardware::facts::{Facts, Gpu};
use crate::hardware::profiles::{GpuSpec, MIB, Profile};

/// The profile's id in a plan.
pub const HOST: &str = "this-host";

/// A machine of which nothing is known has at least this: one DDR4-3200 channel.
const LEAST_BANDWIDTH: f64 = 25.6;
/// What llama.cpp's matrices reach on a core with AVX2: 0.113 with Q4_K_M, 0.088 with Q8_0, 0.106 with F16
/// (llama-bench's prefill of five models on 2 cores of an AMD EPYC, 2026-11-24). What may be one of a core's
/// two threads counts as in profiles/hardware.toml.
const TFLOPS_PER_CORE: f64 = 0.11;
const TFLOPS_PER_THREAD: f64 = 0.075;
/// The least promise of any profile.
const LEAST_NETWORK: u64 = 100;
const LEAST_DISK: u64 = 500;
/// What is measured is what a token's reading is expected to reach: the peak that profiles name is more.
const READ_OF_PEAK: f64 = speed::CPU_BANDWIDTH.expected;

/// The host as a profile. `known` are the profiles whose cards' speeds are known; of a card that is
/// none of them, the slowest known speed is taken.
pub fn profile(facts: &Facts, known: &[Profile]) -> Profile {
    let ram = facts.memory.cgroup_limit_bytes.unwrap_or(u64::MAX).min(facts.memory.total_bytes);
    let measured = facts.measured.as_ref().map(|measured| measured.memory_bandwidth_gb_s / READ_OF_PEAK);
    let egress = facts.measured.iter().flat_map(|measured| &measured.egress);
    let network = egress.filter_map(|egress| egress.mbit_s).min_by(f64::total_cmp);
    let disk = facts.measured.as_ref().and_then(|measured| measured.disk_read_mb_s);
    let gpus: Vec<GpuSpec> = facts.gpus.iter().map(|gpu| card(gpu, known)).collect();
    Profile {
        id: HOST.to_string(),
        title: "The host as it was found".to_string(),
        rented: true,
        cpu_cores: facts.cpu.logical,
        ram_gib: ram >> 30,
        sold_ram_bytes: Some((ram as f64 / REPORTED_RAM).ceil() as u64),
        disk_gb: facts.disk.free_bytes / 1_000_000_000,
        memory_bandwidth_gb_s: measured.unwrap_or(LEAST_BANDWIDTH * 2.0),
        tflops: tflops(facts),
        network_mbit_s: network.map_or(LEAST_NETWORK, |speed| (speed as u64).max(1)),
        disk_read_mb_s: disk.map_or(LEAST_DISK, |speed| (speed as u64).max(1)),
        nvlink: gpus.len() > 1 && facts.nvlink == Some(true),
        gpus,
    }
}

/// Cores where they are known, else threads.
fn tflops(facts: &Facts) -> f64 {
    match facts.cpu.physical {
        Some(cores) => TFLOPS_PER_CORE * cores as f64,
        None => TFLOPS_PER_THREAD * facts.cpu.logical as f64,
    }
}

fn card(gpu: &Gpu, known: &[Profile]) -> GpuSpec {
    let specs = || known.iter().flat_map(|profile| &profile.gpus);
    let same = specs().find(|spec| spec.name == gpu.name);
    let lesser = specs().find(|spec| spec.or_better.contains(&gpu.name));
    let slowest = specs().min_by(|a, b| a.memory_bandwidth_gb_s.total_cmp(&b.memory_bandwidth_gb_s));
    let context = specs().map(|spec| spec.cuda_context_mib).max().unwrap_or(555);
    let speed = same.or(lesser).or(slowest);
    GpuSpec {
        name: gpu.name.clone(),
        or_better: Vec::new(),
        vram_mib: usable(gpu) / MIB,
        memory_bandwidth_gb_s: speed.map_or(200.0, |spec| spec.memory_bandwidth_gb_s),
        tflops: speed.map_or(20.0, |spec| spec.tflops),
        cuda_context_mib: same.map_or(context, |spec| spec.cuda_context_mib),
    }
}

/// Memory that a new server may have: not what others' processes hold, and with MIG one instance.
fn usable(gpu: &Gpu) -> u64 {
    if let Some(mig) = gpu.mig.as_ref().filter(|mig| mig.enabled) {
        return mig.instances_bytes.iter().copied().max().unwrap_or(0);
    }
    let others = gpu.processes.iter().flatten().filter(|process| !process.name.ends_with("llama-server"));
    let held: u64 = others.filter_map(|process| process.memory_bytes).sum();
    gpu.memory_total_bytes.saturating_sub(held)
}

/// The request for this host: with its profile and no other choice, and without a price, as it is
/// there already. Other profiles stay as alternatives.
pub fn request(mut request: Request, facts: &Facts) -> Request {
    let host = profile(facts, &request.profiles);
    request.profiles.insert(0, host);
    request.profile = Some(HOST.to_string());
    request.budget = None;
    request
}

/// The best plan for this host.
pub fn plan(request: Request, facts: &Facts) -> Result<Plan> {
    super::plan(&self::request(request, facts))
}

/// What this host would run of the model, whatever it was asked for before; `None` for nothing.
pub fn instead(plan: &Plan, model: ModelChoice, facts: &Facts, profiles: Vec<Profile>) -> Option<Plan> {
    let build = super::build::find(&plan.llama_server.build).ok()?;
    let request = Request {
        model,
        profiles,
        profile: None,
        offers: Vec::new(),
        budget: None,
        fixed: Fixed::default(),
        rag: None,
        build,
    };
    let found = self::plan(request, facts).ok()?;
    (found.verdict != super::document::Verdict::Impossible).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::{Cpu, Disk, GpuProcess, Measured, Memory, Mig};
    use crate::hardware::profiles;

    const GIB: u64 = 1 << 30;

    fn host(ram: u64) -> Facts {
        Facts {
            memory: Memory { total_bytes: ram, ..Memory::default() },
            cpu: Cpu { logical: 4, ..Cpu::default() },
            disk: Disk { free_bytes: 100_000_000_000, ..Disk::default() },
            ..Facts::default()
        }
    }

    #[test]
    fn ram_is_what_the_host_has_and_a_limit_counts() {
        let mut facts = host(4_034_000_000);
        let found = profile(&facts, &[]);
        let capacity = (found.ram_bytes() as f64 * REPORTED_RAM) as u64;
        assert!(capacity.abs_diff(4_034_000_000) < 4096, "{capacity}");
        facts.memory.cgroup_limit_bytes = Some(GIB);
        assert_eq!(profile(&facts, &[]).ram_gib, 1);
        facts.measured = Some(Measured { memory_bandwidth_gb_s: 40.0, ..Measured::default() });
        let found = profile(&facts, &[]);
        assert_eq!(found.memory_bandwidth_gb_s, 40.0 / READ_OF_PEAK);
        assert_eq!((found.network_mbit_s, found.disk_read_mb_s), (LEAST_NETWORK, LEAST_DISK));
    }

    #[test]
    fn a_network_and_a_disk_that_were_measured_take_the_promises_place() {
        use crate::hardware::facts::Egress;
        let mut facts = host(GIB);
        let egress = [940.7, 250.2].map(|speed| Egress { mbit_s: Some(speed), ..Egress::default() });
        let measured =
            Measured { disk_read_mb_s: Some(1800.9), egress: egress.to_vec(), ..Measured::default() };
        facts.measured = Some(measured);
        let found = profile(&facts, &[]);
        assert_eq!((found.network_mbit_s, found.disk_read_mb_s), (250, 1800));
    }

    #[test]
    fn a_known_card_brings_its_speed_and_others_memory_is_not_ours() {
        let mut facts = host(32 * GIB);
        let mut gpu = Gpu { name: "NVIDIA GeForce RTX 3090".into(), ..Gpu::default() };
        gpu.memory_total_bytes = 24 * GIB;
        let process = |name: &str| GpuProcess { pid: 1, name: name.into(), memory_bytes: Some(GIB) };
        gpu.processes = Some(vec![process("/usr/bin/Xorg"), process("/opt/llama-server")]);
        facts.gpus = vec![gpu.clone()];
        let found = profile(&facts, &profiles::all());
        assert_eq!((found.gpus[0].memory_bandwidth_gb_s, found.gpus[0].vram_mib), (936.0, 23 * 1024));
        gpu.mig = Some(Mig { enabled: true, instances_bytes: vec![5 * GIB, 10 * GIB] });
        gpu.name = "NVIDIA Something New".into();
        facts.gpus = vec![gpu];
        let found = profile(&facts, &profiles::all());
        assert_eq!((found.gpus[0].memory_bandwidth_gb_s, found.gpus[0].vram_mib), (272.0, 10 * 1024));
    }
}
