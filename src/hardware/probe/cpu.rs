//! Processor model, counts and the instruction sets llama.cpp dispatches on.

use crate::hardware::facts::{Cpu, Gaps};
use crate::processor::{self, Processor};
use std::collections::BTreeSet;
use std::fs;

pub fn probe(gaps: &mut Gaps) -> Cpu {
    // Respects the affinity mask and CPU quotas, which /proc/cpuinfo does not.
    let logical = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let text = gaps.read("/proc/cpuinfo", "cpu").unwrap_or_default();
    let Info { model, flags, mhz, threads, cores } = cpuinfo(&text);
    let smt = fs::read_to_string("/sys/devices/system/cpu/smt/active")
        .ok()
        .map(|text| text.trim() == "1")
        .or(cores.map(|cores| threads > cores));
    let steal = gaps.read("/proc/stat", "cpu.steal_percent").and_then(|text| steal_percent(&text));
    Cpu {
        isa: Processor::ALL
            .iter()
            .flat_map(|processor| processor.row().isa)
            .filter(|name| flags.iter().any(|flag| flag == *name))
            .map(|s| s.to_string())
            .collect(),
        model,
        logical,
        physical: gaps.or_unsupported("cpu.physical", cores, "/proc/cpuinfo names no cores"),
        smt: gaps.or_unsupported("cpu.smt", smt, "the kernel does not tell threads from cores"),
        numa_nodes: gaps.or_unsupported("cpu.numa_nodes", numa_nodes(), "the kernel lists no NUMA nodes"),
        flags,
        mhz: gaps.or_unsupported("cpu.mhz", mhz, "/proc/cpuinfo has no frequency"),
        max_mhz: gaps.or_unsupported(
            "cpu.max_mhz",
            max_mhz(),
            "the kernel does not set the frequency here, as in most virtual machines",
        ),
        steal_percent: gaps.or_unsupported("cpu.steal_percent", steal, "/proc/stat has no steal time"),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Info {
    model: String,
    /// Sorted; of the first processor.
    flags: Vec<String>,
    mhz: Option<u64>,
    threads: u64,
    /// Distinct (package, core) pairs.
    cores: Option<u64>,
}

fn cpuinfo(text: &str) -> Info {
    let fields = || {
        text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
    };
    let first = |name: &str| {
        fields().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()).unwrap_or_default()
    };
    let flags: BTreeSet<String> = processor::flags_keys()
        .flat_map(|key| first(key).split_whitespace().map(str::to_string).collect::<Vec<_>>())
        .collect();
    let named = first("model name");
    let part = first("CPU part");
    let known = processor::model(&first("CPU implementer"), &part).map_or(part, str::to_string);
    let mut cores = BTreeSet::new();
    let mut package = String::new();
    for (key, value) in fields() {
        match key {
            "physical id" => package = value.to_string(),
            "core id" => drop(cores.insert((package.clone(), value.to_string()))),
            _ => {}
        }
    }
    Info {
        model: if named.is_empty() { known } else { named },
        flags: flags.into_iter().collect(),
        mhz: first("cpu MHz").parse::<f64>().ok().map(|mhz| mhz.round() as u64),
        threads: fields().filter(|(key, _)| *key == "processor").count() as u64,
        cores: (!cores.is_empty()).then_some(cores.len() as u64),
    }
}

fn numa_nodes() -> Option<u64> {
    let entries = fs::read_dir("/sys/devices/system/node").ok()?.flatten();
    let node = |name: &str| name.strip_prefix("node").is_some_and(|n| n.parse::<u32>().is_ok());
    let count = entries.filter(|entry| entry.file_name().to_str().is_some_and(node)).count() as u64;
    (count > 0).then_some(count)
}

fn max_mhz() -> Option<u64> {
    let text = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq").ok()?;
    text.trim().parse::<u64>().ok().map(|khz| khz / 1000)
}

/// Field 8 of the `cpu` line, as a share of them all (proc(5)).
fn steal_percent(stat: &str) -> Option<f64> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).map_while(|n| n.parse().ok()).collect();
    // guest and guest_nice are counted in user and nice already.
    let total: f64 = ticks.iter().take(8).sum();
    (total > 0.0)
        .then(|| (ticks.get(7).copied().map(|steal| steal / total * 1e4)).map(|p| p.round() / 100.0))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpuinfo_gives_model_flags_cores_and_frequency() {
        let cpu = |n: u32, core: u32| {
            format!(
                "processor\t: {n}\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2449.998\nphysical id\t: 0\n\
                 core id\t\t: {core}\nflags\t\t: sse2 avx2 avx\n\n"
            )
        };
        let info = cpuinfo(&[cpu(0, 0), cpu(1, 0), cpu(2, 1), cpu(3, 1)].concat());
        assert_eq!((info.model.as_str(), info.threads, info.cores), ("AMD EPYC", 4, Some(2)));
        assert_eq!((info.flags.join(" ").as_str(), info.mhz), ("avx avx2 sse2", Some(2450)));
        assert_eq!(cpuinfo(""), Info::default());
        let arm = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd asimddp fphp\nCPU implementer\t: 0x41\n\
                   CPU part\t: 0xd0c\n\nprocessor\t: 1\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n";
        let info = cpuinfo(arm);
        assert_eq!((info.model.as_str(), info.threads, info.cores), ("Neoverse-N1", 2, None));
        assert_eq!(info.flags.join(" "), "asimd asimddp fp fphp");
        assert_eq!(cpuinfo("CPU implementer\t: 0x99\nCPU part\t: 0x001\n").model, "0x001");
    }

    #[test]
    fn steal_is_a_share_of_all_time() {
        assert_eq!(steal_percent("cpu  50 0 20 20 0 0 0 10 5 0\ncpu0 1 2\n"), Some(10.0));
        assert_eq!(steal_percent("cpu  50 0 20 20\n"), None);
        assert_eq!(steal_percent(""), None);
    }
}
