use super::*;
use crate::hardware::facts::Vendor;
use crate::hardware::facts::{Cpu, Disk, GpuProcess, Measured, Memory, Mig};
use crate::hardware::profiles;
use crate::plan::host_cards::left_out;
use crate::plan::page_table;

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
    let measured = Measured { disk_read_mb_s: Some(1800.9), egress: egress.to_vec(), ..Measured::default() };
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
        // No room for more than a few layers, which are slower there than on the processor.
        (vec![card_of("NVIDIA GeForce GTX 750", 1024, "5.0")], 0, "GTX 750 (GPU 0) out: the processor alone"),
        (vec![busy(rtx(), 23)], 0, "RTX 3090 (GPU 0) out: the processor alone"),
    ] {
        let (plan, reasons) = planned(cards, 64, "llama-7b", |_| ());
        assert_eq!(plan.profile.gpus.len(), used, "{said}: {reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains(said)) || said.is_empty(), "{said}: {reasons:?}");
        assert_eq!(reasons.is_empty(), said.is_empty(), "{reasons:?}");
    }
}

#[test]
fn the_strongest_card_works_alone_where_that_is_faster_and_the_server_is_told() {
    let (big, small) =
        (card_of("NVIDIA GeForce RTX 3090", 24576, "8.6"), card_of("NVIDIA GeForce RTX 3060", 12288, "8.6"));
    let (plan, said) = planned(vec![small.clone(), big.clone()], 64, "llama-7b", |_| ());
    assert_eq!((plan.profile.gpus.len(), plan.profile.gpus[0].name.as_str()), (1, "NVIDIA GeForce RTX 3090"));
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
        let (plan, said) = planned(vec![card_of("NVIDIA GB10", total, "12.1")], 119, "llama-65b", |facts| {
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

/// The card with so many GiB of it held by another program.
fn busy(mut card: Gpu, gib: u64) -> Gpu {
    let held = GpuProcess { name: "python3".into(), memory_bytes: Some(gib * GIB), ..GpuProcess::default() };
    card.processes = Some(vec![held]);
    card
}

#[test]
fn a_card_in_the_hosts_memory_is_no_faster_than_that_memory() {
    let mut facts = host(61 * GIB);
    facts.os.arch = "aarch64".into();
    facts.gpus = vec![card_of("Orin (nvgpu)", 0, "8.7")];
    let found = profile(&facts, &profiles::all());
    let [card] = &found.gpus[..] else { panic!("{:?}", found.gpus) };
    assert!(card.vram_mib > 48 << 10, "{card:?}");
    assert!(card.memory_bandwidth_gb_s > 10.0, "{card:?}");
    assert!(card.memory_bandwidth_gb_s <= found.memory_bandwidth_gb_s, "{card:?}");
}

/// Machines that are not as usual, and what a plan for them says: docs/gpu.md has the table.
#[test]
fn odd_machines_are_as_the_page_says() {
    let of_arch = |arch: &'static str| move |facts: &mut Facts| facts.os.arch = arch.into();
    let mig = |instances: Vec<u64>| {
        let mut card = card_of("NVIDIA A100-SXM4-80GB", 81920, "8.0");
        card.mig = Some(Mig { enabled: true, instances_bytes: instances });
        card
    };
    let a100 = || card_of("NVIDIA A100-SXM4-80GB", 81920, "8.0");
    let rtx = || card_of("NVIDIA GeForce RTX 3090", 24576, "8.6");
    let small = || card_of("NVIDIA GeForce RTX 3060", 12288, "8.6");
    type Change = Box<dyn Fn(&mut Facts)>;
    let same = || -> Change { Box::new(|_| ()) };
    let limit =
        |bytes: u64| -> Change { Box::new(move |facts| facts.memory.cgroup_limit_bytes = Some(bytes)) };
    let cores: Change = Box::new(|facts| {
        facts.cpu.physical = Some(384);
        facts.cpu.logical = 768;
    });
    let machines: Vec<(&str, Vec<Gpu>, u64, &str, Change)> = vec![
        ("GT 710", vec![card_of("NVIDIA GeForce GT 710", 2048, "3.5")], 64, "llama-7b", same()),
        ("Tesla K80", vec![card_of("Tesla K80", 11441, "3.7")], 64, "llama-7b", same()),
        ("GTX 750 with 1 GiB", vec![card_of("NVIDIA GeForce GTX 750", 1024, "5.0")], 64, "llama-7b", same()),
        ("a card of 768 MiB", vec![card_of("NVIDIA T400", 768, "7.5")], 64, "llama-7b", same()),
        ("RTX 3090, 23 GiB held by another program", vec![busy(rtx(), 23)], 64, "llama-7b", same()),
        (
            "RTX 3090 and GT 1030",
            vec![rtx(), card_of("NVIDIA GeForce GT 1030", 2048, "6.1")],
            64,
            "llama-7b",
            same(),
        ),
        ("RTX 3060 and RTX 3090", vec![small(), rtx()], 64, "llama-7b", same()),
        ("RTX 3060 and RTX 3090", vec![small(), rtx()], 64, "llama-30b", same()),
        ("A100 with MIG, no instance", vec![mig(vec![])], 64, "llama-7b", same()),
        ("two A100, one with MIG and no instance", vec![mig(vec![]), a100()], 64, "llama-7b", same()),
        ("A100 with MIG, 10 and 20 GiB", vec![mig(vec![10 * GIB, 20 * GIB])], 64, "llama-7b", same()),
        (
            "GB10, aarch64",
            vec![card_of("NVIDIA GB10", 0, "12.1")],
            119,
            "llama-7b",
            Box::new(of_arch("aarch64")),
        ),
        (
            "GH200, aarch64",
            vec![card_of("NVIDIA GH200 480GB", 97871, "9.0")],
            480,
            "llama-7b",
            Box::new(of_arch("aarch64")),
        ),
        (
            "Jetson Orin, aarch64",
            vec![card_of("Orin (nvgpu)", 0, "8.7")],
            61,
            "llama-7b",
            Box::new(of_arch("aarch64")),
        ),
        ("riscv64", vec![], 64, "llama-7b", Box::new(of_arch("riscv64"))),
        ("32-bit ARM", vec![], 64, "llama-7b", Box::new(of_arch("armv7l"))),
        ("a container limited to 1 GiB", vec![], 64, "llama-7b", limit(GIB)),
        ("a container limited to 8 GiB", vec![], 1536, "llama-7b", limit(8 * GIB)),
        ("no memory that is known", vec![], 0, "llama-7b", same()),
        ("384 cores", vec![], 3072, "llama-7b", cores),
    ];
    let row = |(machine, cards, ram, model, change): (&str, Vec<Gpu>, u64, &str, Change)| {
        let (plan, said) = planned(cards, ram, model, change);
        let cards: Vec<&str> = plan.profile.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        let cards = if cards.is_empty() { "none".to_string() } else { cards.join(", ") };
        let said = said.iter().map(ToString::to_string);
        let reasons =
            plan.reasons.iter().map(ToString::to_string).filter(|reason| !reason.contains("base model"));
        let said: Vec<String> = reasons.chain(said).collect();
        format!("| {machine} | {model} | {cards} | {} | {} |", plan.verdict.name(), said.join("; "))
    };
    let rows: Vec<String> = machines.into_iter().map(row).collect();
    page_table::hold(
        "gpu.md",
        "odd machines",
        "machine | model | cards in use | verdict | what the plan says",
        &rows,
    );
}
