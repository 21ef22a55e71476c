//! A machine that exists as a profile: what its facts say, instead of what was promised.

use super::document::Plan;
use super::ledger::REPORTED_RAM;
use super::request::{Fixed, ModelChoice, Request};
use super::runtime::RuntimeHost;
use super::speed::{self, cpu::HostCpu};
use crate::error::Result;
use crate::hardware::cards;
use crate::hardware::facts::{Facts, Gpu, PciCard};
use crate::hardware::generation::Generation;
use crate::hardware::offers::Rates;
use crate::hardware::profiles::{GpuSpec, MIB, Profile};
use crate::hardware::vendor;
use crate::processor::Processor;

/// The profile's id in a plan.
pub const HOST: &str = "this-host";

/// The least promise of any profile.
const LEAST_NETWORK: u64 = 100;
const LEAST_DISK: u64 = 500;
/// A CUDA process before any tensor, on the largest cards, MiB.
const LARGEST_CONTEXT: u64 = 555;
/// The host as a profile. `known` are the profiles whose cards' contexts are known. A card's speed is that of
/// `profiles/cards.csv`; of a card that is not in there, that of the slowest of its generation.
pub fn profile(facts: &Facts, known: &[Profile]) -> Profile {
    let ram = facts.memory.cgroup_limit_bytes.unwrap_or(u64::MAX).min(facts.memory.total_bytes);
    let cpu = HostCpu::of(facts);
    let egress = facts.measured.iter().flat_map(|measured| &measured.egress);
    let network = egress.filter_map(|egress| egress.mbit_s).min_by(f64::total_cmp);
    let disk = facts.measured.as_ref().and_then(|measured| measured.disk_read_mb_s);
    let gpus: Vec<GpuSpec> = vendor::of_one_maker(facts).map(|gpu| card(gpu, known)).collect();
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
        tflops: cpu.decode_tflops,
        found: Some(cpu.found),
        network_mbit_s: network.map_or(LEAST_NETWORK, |speed| (speed as u64).max(1)),
        disk_read_mb_s: disk.map_or(LEAST_DISK, |speed| (speed as u64).max(1)),
        nvlink: gpus.len() > 1 && facts.nvlink == Some(true),
        by_size: false,
        gpus,
    }
}

/// Cards of the host that a plan for it leaves out, with what would let it use them; one sentence each.
pub fn left_out(facts: &Facts) -> Vec<String> {
    let one = |card: &PciCard| {
        let install = vendor::of(card.vendor).install();
        Some(format!("{}, so the plan leaves it out: install the driver ({install})", card.lacks()?))
    };
    facts.without_driver().filter_map(one).collect()
}

fn card(gpu: &Gpu, known: &[Profile]) -> GpuSpec {
    let specs = || known.iter().flat_map(|profile| &profile.gpus);
    let same = specs().find(|spec| spec.name == gpu.name);
    let context = specs().map(|spec| spec.cuda_context_mib).max().unwrap_or(LARGEST_CONTEXT);
    let capability = gpu.compute_capability.as_deref().unwrap_or_default();
    let speed = cards::named(&gpu.name)
        .unwrap_or_else(|| cards::slowest(Generation::of_compute_capability(capability)));
    GpuSpec {
        vendor: gpu.vendor,
        name: gpu.name.clone(),
        or_better: Vec::new(),
        vram_mib: usable(gpu) / MIB,
        memory_bandwidth_gb_s: speed.bandwidth_gb_s,
        cuda_context_mib: same.map_or(context, |spec| spec.cuda_context_mib),
        generation: if cards::named(&gpu.name).is_some() { speed.generation } else { Generation::Unknown },
        tops: speed.tops,
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
    request.fixed.host = Some(RuntimeHost::of(facts));
    request
}

/// The best plan for this host.
pub fn plan(request: Request, facts: &Facts) -> Result<Plan> {
    super::plan(&self::request(request, facts))
}

/// Plans what this host could run of the model, whatever it was asked for before; `None` if nothing.
pub fn instead(plan: &Plan, model: ModelChoice, facts: &Facts, profiles: Vec<Profile>) -> Option<Plan> {
    let build = super::build::find(&plan.llama_server.build).ok()?;
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
    (found.verdict != super::document::Verdict::Impossible).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::Vendor;
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
        assert_eq!(found.memory_bandwidth_gb_s, 40.0 / speed::READ_OF_PEAK);
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
    fn a_card_without_a_driver_is_left_out_and_said() {
        let mut facts = host(32 * GIB);
        let card = PciCard {
            bus_id: "0000:01:00.0".into(),
            name: Some("NVIDIA GA102 [GeForce RTX 3090]".into()),
            wants_driver: Some("nvidia".into()),
            ..PciCard::default()
        };
        let integrated = PciCard { integrated: true, wants_driver: Some("amdgpu".into()), ..card.clone() };
        let works = PciCard { wants_driver: None, driver: Some("nvidia".into()), ..card.clone() };
        facts.pci_cards = vec![integrated, works];
        assert!(left_out(&facts).is_empty());
        facts.pci_cards.push(card);
        let [text] = &left_out(&facts)[..] else { panic!("{:?}", left_out(&facts)) };
        assert!(
            text.contains("RTX 3090] at 0000:01:00.0 has no driver") && text.contains("apt install"),
            "{text}"
        );
        assert!(profile(&facts, &[]).gpus.is_empty());
    }

    #[test]
    fn a_host_with_cards_of_two_makers_is_planned_for_those_with_more_memory() {
        let mut facts = host(32 * GIB);
        let gpu = |vendor, gib: u64| Gpu { vendor, memory_total_bytes: gib * GIB, ..Gpu::default() };
        for (cards, maker, count) in [
            (vec![gpu(Vendor::Nvidia, 8), gpu(Vendor::Amd, 24)], Vendor::Amd, 1),
            (vec![gpu(Vendor::Amd, 16), gpu(Vendor::Nvidia, 8), gpu(Vendor::Nvidia, 8)], Vendor::Nvidia, 2),
            (vec![gpu(Vendor::Intel, 12)], Vendor::Intel, 1),
        ] {
            facts.gpus = cards;
            let found = profile(&facts, &[]);
            assert_eq!((found.gpus[0].vendor, found.gpus.len()), (maker, count));
        }
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
        let slowest = cards::slowest(Generation::Unknown).bandwidth_gb_s;
        assert_eq!((found.gpus[0].memory_bandwidth_gb_s, found.gpus[0].vram_mib), (slowest, 10 * 1024));
        let mut new = facts.gpus[0].clone();
        new.compute_capability = Some("9.0".into());
        facts.gpus = vec![new];
        let found = profile(&facts, &profiles::all());
        let hopper = cards::slowest(Generation::Hopper).bandwidth_gb_s;
        assert_eq!(
            found.gpus[0].memory_bandwidth_gb_s, hopper,
            "a new card is the slowest of its generation"
        );
        assert_eq!(found.gpus[0].generation, Generation::Unknown, "which makes its interval wide");
    }
}
