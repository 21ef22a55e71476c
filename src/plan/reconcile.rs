//! A machine that exists as a profile: what its facts say, instead of what was promised.

use super::document::Plan;
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
    let mut gpus: Vec<GpuSpec> = used(facts).map(|gpu| card(gpu, known)).collect();
    let among = places(facts).filter(|_| facts.gpus.len() > gpus.len());
    // Memory that a card has in common with the host is counted once: a part for each.
    let shared: Vec<u64> = used(facts).map(|gpu| of_host(gpu, ram)).collect();
    for ((spec, gpu), shared) in gpus.iter_mut().zip(used(facts)).zip(&shared).filter(|(_, s)| **s > 0) {
        // NVIDIA's have nothing beside it, whatever the driver says.
        let own = gpu.host_memory_bytes.map_or(0, |of_host| usable(gpu).saturating_sub(of_host));
        spec.vram_mib = (own + shared) / MIB;
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

fn card(gpu: &Gpu, known: &[Profile]) -> GpuSpec {
    let specs = || known.iter().flat_map(|profile| &profile.gpus);
    let same = specs().find(|spec| spec.name == gpu.name);
    let context = specs().map(|spec| spec.cuda_context_mib).max().unwrap_or(LARGEST_CONTEXT);
    let capability = gpu.compute_capability.as_deref().unwrap_or_default();
    let vram_mib = gpu.memory_total_bytes / MIB;
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
/// Uses the strongest of several different cards alone where that is better.
pub fn request(mut request: Request, facts: &Facts) -> Request {
    let mut host = profile(facts, &request.profiles);
    if let Some(found) = &mut host.found {
        found.keeps = request.fixed.engine.is_none_or(|engine| engine.keeps_to_a_node());
    }
    let alone = strongest(&host, facts).filter(|_| request.fixed.split_mode.is_none());
    request.profiles.insert(0, host);
    request.profile = Some(HOST.to_string());
    request.budget = None;
    request.fixed.host = Some(RuntimeHost::of(facts));
    let Some(alone) = alone else { return request };
    let mut with_one = request.clone();
    with_one.profiles[0] = alone;
    match (super::plan(&with_one), super::plan(&request)) {
        (Ok(one), Ok(all)) if is_better(&one, &all) => with_one,
        _ => request,
    }
}

/// Whether `one` has the better verdict, or answers faster while it gives up nothing that `all` keeps.
fn is_better(one: &Plan, all: &Plan) -> bool {
    let speed = |plan: &Plan| plan.speed.decode_tok_s.expected;
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

/// The best plan for this host.
pub fn plan(request: Request, facts: &Facts) -> Result<Plan> {
    super::plan(&self::request(request, facts))
}

/// Plans what this host could run of the model, whatever it was asked for before; `None` if nothing.
pub fn instead(plan: &Plan, model: ModelChoice, facts: &Facts, profiles: Vec<Profile>) -> Option<Plan> {
    let build = crate::engine::llama_cpp::build::find(&plan.llama_server.build).ok()?;
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
    use crate::plan::host_cards::left_out;

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
    fn a_part_of_a_card_has_that_part_of_its_speed() {
        let mut facts = host(32 * GIB);
        let gpu = |name: &str| Gpu { name: name.into(), memory_total_bytes: 6 * GIB, ..Gpu::default() };
        facts.gpus = vec![gpu("NVIDIA L4-6Q"), gpu("NVIDIA A16-16Q")];
        let found = profile(&facts, &[]);
        assert_eq!(found.gpus[0].memory_bandwidth_gb_s, cards::bandwidth("NVIDIA L4").unwrap() / 4.0);
        assert_eq!(found.gpus[1].memory_bandwidth_gb_s, cards::bandwidth("NVIDIA A16").unwrap());
        assert!(found.gpus.iter().all(|gpu| gpu.unsure == Unsure::default()));
        let sized = |gib: u64| {
            let mut gpu = gpu("NVIDIA GeForce RTX 3060");
            gpu.memory_total_bytes = gib * GIB;
            profile(&Facts { gpus: vec![gpu], ..host(32 * GIB) }, &[]).gpus[0].memory_bandwidth_gb_s
        };
        assert_eq!((sized(8), sized(12)), (240.0, 360.0), "sizes of one name differ");
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

    fn card_of(name: &str, mib: u64, capability: &str) -> Gpu {
        Gpu {
            name: name.into(),
            memory_total_bytes: mib << 20,
            compute_capability: Some(capability.into()),
            ..Gpu::default()
        }
    }

    fn planned(
        cards: Vec<Gpu>,
        ram_gib: u64,
        model: &str,
        change: impl Fn(&mut Facts),
    ) -> (Plan, Vec<crate::lang::Sentence>) {
        let mut facts = host(ram_gib * GIB);
        facts.cpu.physical = Some(16);
        facts.disk.free_bytes = 2_000_000_000_000;
        facts.os.arch = "x86_64".into();
        facts.gpus = cards;
        change(&mut facts);
        let model = crate::model::registry::find(model).unwrap();
        let request = Request {
            model: ModelChoice::of_registry(&model, Some("Q4_K_M")).unwrap(),
            profiles: profiles::all(),
            profile: None,
            offers: Vec::new(),
            budget: None,
            containers: false,
            prefer: None,
            rates: Rates::default(),
            fixed: Fixed::default(),
            rag: None,
            build: crate::engine::llama_cpp::build::find(crate::engine::llama_cpp::build::DEFAULT).unwrap(),
        };
        let plan = plan(request, &facts).unwrap();
        let said = left_out(&facts, &plan);
        (plan, said)
    }

    #[test]
    fn a_card_that_no_server_can_use_is_left_out_and_said() {
        let mig = |instances: Vec<u64>| {
            let mut card = card_of("NVIDIA A100-SXM4-80GB", 81920, "8.0");
            card.mig = Some(Mig { enabled: true, instances_bytes: instances });
            card
        };
        let rtx = || card_of("NVIDIA GeForce RTX 3090", 24576, "8.6");
        for (cards, used, said) in [
            (
                vec![card_of("Tesla K80", 11441, "3.7")],
                0,
                "compute capability is 3.7, llama.cpp's builds need 5.0",
            ),
            (vec![card_of("NVIDIA GeForce GT 710", 963, "3.5")], 0, "compute capability is 3.5"),
            (vec![card_of("NVIDIA GeForce GT 1010", 963, "6.1")], 0, "963 MiB for a server"),
            (vec![mig(vec![])], 0, "MIG is on and has no instance"),
            (vec![mig(vec![20 * GIB])], 1, ""),
            (
                vec![rtx(), card_of("NVIDIA GeForce GT 1030", 2048, "6.1")],
                1,
                "GT 1030 (GPU 0) out: beside the larger",
            ),
            (vec![card_of("Tesla P40", 23040, "6.1")], 1, ""),
        ] {
            let (plan, reasons) = planned(cards, 64, "llama-7b", |_| ());
            assert_eq!(plan.profile.gpus.len(), used, "{said}: {reasons:?}");
            assert!(
                reasons.iter().any(|reason| reason.contains(said)) || said.is_empty(),
                "{said}: {reasons:?}"
            );
            assert_eq!(reasons.is_empty(), said.is_empty(), "{reasons:?}");
        }
    }

    #[test]
    fn the_strongest_card_works_alone_where_that_is_faster_and_the_server_is_told() {
        let (big, small) = (
            card_of("NVIDIA GeForce RTX 3090", 24576, "8.6"),
            card_of("NVIDIA GeForce RTX 3060", 12288, "8.6"),
        );
        let (plan, said) = planned(vec![small.clone(), big.clone()], 64, "llama-7b", |_| ());
        assert_eq!(
            (plan.profile.gpus.len(), plan.profile.gpus[0].name.as_str()),
            (1, "NVIDIA GeForce RTX 3090")
        );
        assert!(said.iter().any(|reason| reason.contains("RTX 3090 alone")), "{said:?}");
        let argv = plan.llama_server.args.to_argv().join(" ");
        assert!(argv.contains("--split-mode none --main-gpu 1"), "{argv}");
        // The cards are numbered as the bus has them, whichever is listed first.
        let on_bus = |card: &Gpu, bus: &str| Gpu { pci_bus_id: Some(bus.into()), ..card.clone() };
        let cards = vec![on_bus(&small, "00000000:41:00.0"), on_bus(&big, "00000000:01:00.0")];
        let argv = planned(cards, 64, "llama-7b", |_| ()).0.llama_server.args.to_argv().join(" ");
        assert!(argv.contains("--split-mode none --main-gpu 0"), "{argv}");
        // Two of three: the one between them gets no share.
        let dwarf = card_of("NVIDIA GeForce GT 1030", 2048, "6.1");
        let argv = planned(vec![big.clone(), dwarf, big.clone()], 64, "llama-30b", |_| ());
        let argv = argv.0.llama_server.args.to_argv().join(" ");
        assert!(argv.contains("--tensor-split 1,0,1 "), "{argv}");
        // A model that does not fit the one has both.
        let (plan, _) = planned(vec![small, big.clone()], 64, "llama-30b", |_| ());
        assert_eq!(plan.profile.gpus.len(), 2);
        let (plan, said) = planned(vec![big.clone(), big], 64, "llama-7b", |_| ());
        assert_eq!((plan.profile.gpus.len(), said), (2, Vec::new()));
    }

    #[test]
    fn memory_that_host_and_card_share_counts_once() {
        for total in [0, 122570] {
            let (plan, said) =
                planned(vec![card_of("NVIDIA GB10", total, "12.1")], 119, "llama-65b", |facts| {
                    facts.os.arch = "aarch64".into();
                });
            let all: u64 = plan.memory.iter().map(|device| device.capacity_bytes).sum();
            assert_eq!(plan.profile.gpus.len(), 1);
            assert!(all <= 119 * GIB && all > 110 * GIB, "{} GiB", all >> 30);
            assert!(said.iter().any(|reason| reason.contains("counts once: 14 GiB")), "{said:?}");
            assert!(said.iter().any(|reason| reason.contains("aarch64, not x86-64")), "{said:?}");
        }
        // Strix Halo: 0.5 GiB that the firmware keeps, and as much of the host's as its driver is set to.
        let gpu = Gpu {
            vendor: crate::hardware::facts::Vendor::Amd,
            name: "AMD Radeon 8060S".into(),
            memory_total_bytes: GIB / 2 + 60 * GIB,
            host_memory_bytes: Some(60 * GIB),
            ..Gpu::default()
        };
        let (plan, said) = planned(vec![gpu.clone()], 120, "llama-65b", |_| ());
        let capacity = |plan: &Plan, at: usize| plan.memory[at].capacity_bytes;
        assert_eq!(capacity(&plan, 1), GIB / 2 + 60 * GIB);
        assert!((57 * GIB..=60 * GIB).contains(&capacity(&plan, 0)), "{} GiB", capacity(&plan, 0) >> 30);
        assert!(said.iter().any(|reason| reason.contains("counts once: 60 GiB")), "{said:?}");
        // More than the host has is not believed.
        let much = Gpu { memory_total_bytes: 500 * GIB, host_memory_bytes: Some(499 * GIB), ..gpu };
        let (plan, _) = planned(vec![much], 120, "llama-65b", |_| ());
        let all: u64 = plan.memory.iter().map(|device| device.capacity_bytes).sum();
        assert!(all <= 121 * GIB, "{} GiB", all >> 30);
        // A GH200 has memory of its own.
        let (plan, _) = planned(vec![card_of("NVIDIA GH200 480GB", 97871, "9.0")], 480, "llama-65b", |_| ());
        let card = plan.memory.iter().find(|device| device.device == "gpu0").unwrap();
        assert_eq!(card.capacity_bytes, 97871 << 20);
        let (_, said) = planned(vec![], 64, "llama-7b", |facts| facts.os.arch = "riscv64".into());
        assert!(said.iter().any(|reason| reason.contains("riscv64, which agi-provision")), "{said:?}");
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
        let like = cards::like(Generation::Unknown, 24 * 1024).0.bandwidth_gb_s;
        assert_eq!((found.gpus[0].memory_bandwidth_gb_s, found.gpus[0].vram_mib), (like, 10 * 1024));
        assert_eq!(found.gpus[0].unsure, Unsure::ALL, "which makes its interval wide");
        let mut new = facts.gpus[0].clone();
        new.compute_capability = Some("9.0".into());
        facts.gpus = vec![new];
        let found = profile(&facts, &profiles::all());
        assert_eq!(found.gpus[0].generation, Generation::Hopper);
        let bandwidth = found.gpus[0].memory_bandwidth_gb_s;
        assert!((2000.0..=4800.0).contains(&bandwidth), "a new card is like those of its generation");
    }
}
