use super::*;
use crate::engine::server::ServerName;
use crate::hardware::facts::{
    Cpu, Disk, Facts, Gpu, GpuLink, GpuProcess, Measured, Memory, Mig, NvLink, Os, Pcie, Port, SCHEMA,
};

const GIB: u64 = 1 << 30;

fn facts() -> Facts {
    Facts {
        schema: SCHEMA.to_string(),
        os: Os { arch: "x86_64".into(), systemd: true, ..Os::default() },
        cpu: Cpu { logical: 8, flags: ["avx2", "fma", "f16c"].map(String::from).into(), ..Cpu::default() },
        memory: Memory { total_bytes: 64 * GIB, ..Memory::default() },
        disk: Disk { mount: "/".into(), free_bytes: 100 * GIB, total_bytes: 200 * GIB, ..Disk::default() },
        gpus: vec![gpu(), gpu()],
        nvlink: Some(true),
        ..Facts::default()
    }
}

fn gpu() -> Gpu {
    Gpu {
        name: "NVIDIA A100-SXM4-80GB".into(),
        memory_total_bytes: 80 * GIB,
        memory_free_bytes: Some(79 * GIB),
        ..Gpu::default()
    }
}

fn measured(disk: f64) -> Option<Measured> {
    Some(Measured { disk_read_mb_s: Some(disk), ..Measured::default() })
}

fn requirement(id: &str, need: Option<Bound>, promise: Option<Bound>, unit: &str) -> Requirement {
    Requirement { id: id.into(), need, promise, unit: unit.into(), why: String::new() }
}

/// Given these facts, this requirement comes out so.
#[test]
fn a_table_of_requirements() {
    use Bound::*;
    use Judgement::*;
    let names = |names: &[&str]| Some(AllOf(names.iter().map(|n| n.to_string()).collect()));
    let at = |n: u64| Some(AtLeast(n));
    type Change = fn(&mut Facts);
    let table: Vec<(Requirement, Change, Judgement)> = vec![
        (requirement(ids::RAM, at(10 * GIB), at(60 * GIB), "bytes"), |_| {}, Ok),
        (
            requirement(ids::RAM, at(10 * GIB), at(60 * GIB), "bytes"),
            |f| f.memory.total_bytes = 59 * GIB,
            Warning,
        ),
        (
            requirement(ids::RAM, at(10 * GIB), at(60 * GIB), "bytes"),
            |f| f.memory.total_bytes = 9 * GIB,
            Refused,
        ),
        (
            requirement(ids::RAM, at(10 * GIB), None, "bytes"),
            |f| f.memory.cgroup_limit_bytes = Some(4 * GIB),
            Refused,
        ),
        (requirement(ids::DISK_SPEED, None, at(500), "MB/s"), |_| {}, Ok),
        (requirement(ids::DISK_SPEED, None, at(500), "MB/s"), |f| f.measured = measured(512.5), Ok),
        (requirement(ids::DISK_SPEED, None, at(500), "MB/s"), |f| f.measured = measured(499.9), Warning),
        (requirement(ids::CPU_FLAGS, names(&["avx2"]), None, ""), |_| {}, Ok),
        (requirement(ids::CPU_FLAGS, names(&["avx2", "avx512f"]), None, ""), |_| {}, Refused),
        (requirement(ids::CPU_CORES, None, at(16), "cores"), |_| {}, Warning),
        (
            requirement(ids::ARCH, Some(Name("x86_64".into())), None, ""),
            |f| f.os.arch = "aarch64".into(),
            Refused,
        ),
        (requirement(ids::SYSTEMD, Some(Holds(true)), None, ""), |f| f.os.systemd = false, Refused),
        (requirement(ids::DISK, at(99 * GIB), None, "bytes"), |_| {}, Ok),
        (requirement(ids::DISK, at(101 * GIB), None, "bytes"), |_| {}, Refused),
        (requirement(ids::DISK, at(GIB), None, "bytes"), |f| f.disk.read_only = true, Refused),
        (requirement(ids::PORT, at(8080), None, "port"), |_| {}, Ok),
        (
            requirement(ids::PORT, at(8080), None, "port"),
            |f| f.ports.push(Port { port: 8080, process: Some("nginx".into()), ..Port::default() }),
            Refused,
        ),
        (requirement(ids::GPU_COUNT, at(2), None, "GPUs"), |_| {}, Ok),
        (requirement(ids::GPU_COUNT, at(2), None, "GPUs"), |f| f.gpus.truncate(1), Refused),
        (requirement(ids::GPU_VRAM, at(79 * GIB), at(80 * GIB), "bytes"), |_| {}, Ok),
        (
            requirement(ids::GPU_VRAM, at(40 * GIB), at(80 * GIB), "bytes"),
            |f| f.gpus[1].memory_free_bytes = Some(30 * GIB),
            Refused,
        ),
        (
            requirement(ids::GPU_VRAM, at(30 * GIB), at(80 * GIB), "bytes"),
            |f| f.gpus[1].memory_total_bytes = 40 * GIB,
            Warning,
        ),
        (requirement(ids::GPU_MODEL, None, names(&["NVIDIA A100-SXM4-80GB"]), "one of"), |_| {}, Ok),
        (
            requirement(ids::GPU_MODEL, None, names(&["NVIDIA A100-SXM4-80GB"]), "one of"),
            |f| f.gpus[0].name = "Tesla T4".into(),
            Warning,
        ),
        (requirement(ids::NVLINK, Some(Holds(true)), None, ""), |f| f.nvlink = Some(false), Refused),
        (requirement(ids::NVLINK, Some(Holds(true)), None, ""), |f| f.nvlink = None, Refused),
        (requirement("moon-phase", at(1), None, ""), |_| {}, Warning),
    ];
    for (requirement, change, wanted) in table {
        let mut facts = facts();
        change(&mut facts);
        let report = check(std::slice::from_ref(&requirement), &facts, &Held::default());
        assert_eq!(report.lines[0].outcome, wanted, "{:?}", report.lines[0]);
        assert_eq!(report.passes(), wanted != Refused);
        assert_eq!(report.strict().passes(), wanted == Ok);
    }
}

#[test]
fn resources_that_our_servers_use_count_as_free() {
    let mut facts = facts();
    facts.ports.push(Port { port: 8080, process: Some("llama-server (pid 7)".into()), ..Port::default() });
    facts.disk.free_bytes = GIB;
    let requirements = [
        requirement(ids::DISK, Some(Bound::AtLeast(4 * GIB)), None, "bytes"),
        requirement(ids::PORT, Some(Bound::AtLeast(8080)), None, "port"),
    ];
    assert_eq!(check(&requirements, &facts, &Held::default()).refused().count(), 2);
    let held = Held { disk_bytes: 3 * GIB, listening: [ServerName::CHAT].into(), ..Held::default() };
    assert!(check(&requirements, &facts, &held).passes());
}

#[test]
fn a_port_is_taken_where_the_server_would_listen() {
    let requirement = requirement(ids::PORT, Some(Bound::AtLeast(8080)), None, "port");
    for (addresses, free) in [
        (&["127.0.0.1"][..], false),
        (&["0.0.0.0"], false),
        (&["::"], false),
        (&["10.0.0.5"], true),
        (&["10.0.0.5", "127.0.0.1"], false),
        (&[], false),
    ] {
        let mut facts = facts();
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        facts.ports.push(Port { port: 8080, addresses, process: None });
        let report = check(std::slice::from_ref(&requirement), &facts, &Held::default());
        assert_eq!(report.passes(), free, "{:?}", report.lines);
    }
}

#[test]
fn an_allowed_requirement_passes_and_stays_visible() {
    let mut facts = facts();
    facts.memory.cgroup_limit_bytes = Some(GIB);
    facts.memory.cgroup_limit_by = Some("/system.slice".into());
    let requirements = [
        requirement(ids::RAM, Some(Bound::AtLeast(4 * GIB)), None, "bytes"),
        requirement(ids::SYSTEMD, Some(Bound::Holds(true)), None, ""),
    ];
    let report = check(&requirements, &facts, &Held::default());
    assert_eq!(report.lines[0].found, "1.0 GiB (cgroup limit of /system.slice; the host has 64.0 GiB)");
    assert!(!report.clone().allow(&["systemd".into()]).passes());
    let allowed = report.allow(&["ram".into()]);
    assert!(allowed.passes());
    assert_eq!(allowed.allowed().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["ram"]);
    assert!(!allowed.clone().strict().lines.iter().any(|line| line.outcome == Judgement::Refused));
}

#[test]
fn an_nvlink_profile_says_what_the_pair_has_instead() {
    let nvlink = [requirement(ids::NVLINK, Some(Bound::Holds(true)), None, "")];
    let found = |facts: &Facts| check(&nvlink, facts, &Held::default()).lines[0].found.clone();
    let mut facts = facts();
    facts.nvlink = Some(false);
    facts.gpu_links = vec![GpuLink { a: 0, b: 1, link: "PHB".into() }];
    facts.gpus[1].index = 1;
    facts.gpus[1].pcie = Some(Pcie { generation: 1, generation_max: 4, width: 8, width_max: 16 });
    assert_eq!(
        found(&facts),
        "GPU 0 and GPU 1 meet over PCIe through the CPU's host bridge (16 GB/s each way at best, PCIe 4 ×8): \
         each layer's result crosses that instead of NVLink"
    );
    facts.gpu_links[0].link = "NV4".into();
    let link = |gb_s| NvLink { gpu: 0, link: 0, gb_s };
    facts.nvlinks = vec![link(Some(14.062)), link(None)];
    assert_eq!(found(&facts), "1 of 2 NVLinks are inactive");
    facts.nvlinks[1].gb_s = Some(14.062);
    facts.nvlink = Some(true);
    assert_eq!(found(&facts), "every pair is linked (NV4), 28 GB/s each way");
    facts.nvlink = None;
    facts.failed.insert("nvlink".into(), "nvidia-smi did not finish".into());
    assert_eq!(found(&facts), "unknown (nvidia-smi did not finish)");
}

#[test]
fn gpu_memory_counts_instances_and_our_own_process() {
    let need = [requirement(ids::GPU_VRAM, Some(Bound::AtLeast(40 * GIB)), None, "bytes")];
    let passes = |facts: &Facts, held: &Held| check(&need, facts, held).passes();
    let mut facts = facts();
    facts.gpus[0].memory_free_bytes = Some(10 * GIB);
    assert!(!passes(&facts, &Held::default()));
    let process = |pid| GpuProcess { pid, name: "llama-server".into(), memory_bytes: Some(50 * GIB) };
    for gpu in &mut facts.gpus {
        gpu.processes = Some(vec![process(7)]);
    }
    let process = |pid| Held { serving: [(ServerName::CHAT, pid)].into(), ..Held::default() };
    let ours = process(7);
    assert!(passes(&facts, &ours));
    assert!(!passes(&facts, &process(8)));
    facts.gpus.iter_mut().for_each(|gpu| gpu.processes = None);
    assert!(!passes(&facts, &ours));
    assert!(passes(&facts, &Held { gpu_bytes: 50 * GIB, ..ours }));
    facts.gpus[0].memory_free_bytes = Some(79 * GIB);
    facts.gpus[0].mig = Some(Mig { enabled: true, instances_bytes: vec![39 * GIB, 19 * GIB] });
    let report = check(&need, &facts, &Held::default());
    assert_eq!(report.lines[0].found, "39.0 GiB in the largest MIG instance of GPU 0");
    assert!(!report.passes());
}

#[test]
fn versions_compare_as_numbers_and_unknown_ones_pass() {
    let driver = [requirement(ids::GPU_DRIVER, Some(Bound::Name("525.60.13".into())), None, "at least")];
    let line = |facts: &Facts| check(&driver, facts, &Held::default()).lines[0].clone();
    let mut facts = facts();
    assert_eq!((line(&facts).outcome, line(&facts).found.as_str()), (Judgement::Ok, "not reported"));
    facts.gpus[0].driver = Some("1000.1".into());
    assert_eq!(line(&facts).outcome, Judgement::Ok);
    facts.gpus[1].driver = Some("470.256.02".into());
    let refused = line(&facts);
    assert_eq!((refused.outcome, refused.needed.as_str()), (Judgement::Refused, "at least 525.60.13"));
}

#[test]
fn a_promised_network_and_disk_are_warnings_and_only_once_they_were_looked_at() {
    use crate::hardware::facts::{Egress, Measured, Mount};
    let promised = [
        requirement(ids::NETWORK, None, Some(Bound::AtLeast(100)), "Mbit/s"),
        requirement(ids::DISK_KIND, None, Some(Bound::Name("nvme".into())), ""),
        requirement(ids::DISK_SIZE, None, Some(Bound::AtLeast(150 * GIB)), "bytes"),
    ];
    let outcomes = |facts: &Facts| -> Vec<(Judgement, String)> {
        let report = check(&promised, facts, &Held::default());
        report.lines.into_iter().map(|line| (line.outcome, line.found)).collect()
    };
    let mut facts = facts();
    assert_eq!(outcomes(&facts)[0], (Judgement::Ok, "not measured".into()));
    assert!(outcomes(&facts).iter().all(|(outcome, _)| *outcome == Judgement::Ok));
    let egress = |mbit_s| Egress { host: "huggingface.co".into(), mbit_s, ..Egress::default() };
    for (speeds, outcome, found) in [
        (vec![Some(940.0)], Judgement::Ok, "940 Mbit/s from huggingface.co"),
        (vec![Some(940.0), Some(99.4)], Judgement::Warning, "99 Mbit/s from huggingface.co"),
        (vec![Some(940.0), None], Judgement::Warning, "none from huggingface.co: it answers 503"),
    ] {
        let egress = speeds.into_iter().map(egress).collect();
        facts.measured = Some(Measured { egress, ..Measured::default() });
        facts.failed.insert("measured.egress.1".into(), "it answers 503".into());
        assert_eq!(outcomes(&facts)[0], (outcome, found.into()));
    }
    for (kind, outcome) in [("nvme", Judgement::Ok), ("virtual", Judgement::Ok), ("hdd", Judgement::Warning)]
    {
        let kind = Some(kind.to_string());
        facts.mounts = vec![Mount { path: crate::paths::VAR.into(), kind, ..Mount::default() }];
        assert_eq!(outcomes(&facts)[1].0, outcome);
    }
    facts.disk.total_bytes = 100 * GIB;
    assert_eq!(outcomes(&facts)[2], (Judgement::Warning, "100.0 GiB on /".into()));
}
