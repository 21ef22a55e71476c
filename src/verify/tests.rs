use super::*;
use crate::hardware::facts::{Cpu, Disk, Facts, Gpu, Memory, Os, Port, SCHEMA};

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

fn requirement(id: &str, need: Option<Bound>, promise: Option<Bound>, unit: &str) -> Requirement {
    Requirement { id: id.into(), need, promise, unit: unit.into(), why: String::new() }
}

/// Given these facts, this requirement comes out so.
#[test]
fn a_table_of_requirements() {
    use Bound::*;
    use Outcome::*;
    let names = |names: &[&str]| Some(AllOf(names.iter().map(|n| n.to_string()).collect()));
    let at = |n: u64| Some(AtLeast(n));
    type Change = fn(&mut Facts);
    let table: Vec<(Requirement, Change, Outcome)> = vec![
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
            |f| f.ports.push(Port { port: 8080, process: Some("nginx".into()) }),
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
        let report = check(std::slice::from_ref(&requirement), &facts, Held::default());
        assert_eq!(report.lines[0].outcome, wanted, "{:?}", report.lines[0]);
        assert_eq!(report.passes(), wanted != Refused);
        assert_eq!(report.strict().passes(), wanted == Ok);
    }
}

#[test]
fn what_is_ours_already_counts_as_there() {
    let mut facts = facts();
    facts.ports.push(Port { port: 8080, process: Some("llama-server (pid 7)".into()) });
    facts.disk.free_bytes = GIB;
    let requirements = [
        requirement(ids::DISK, Some(Bound::AtLeast(4 * GIB)), None, "bytes"),
        requirement(ids::PORT, Some(Bound::AtLeast(8080)), None, "port"),
    ];
    assert_eq!(check(&requirements, &facts, Held::default()).refused().count(), 2);
    let held = Held { disk_bytes: 3 * GIB, port: true, gpu_bytes: 0 };
    assert!(check(&requirements, &facts, held).passes());
}
