//! Processor model, counts and the instruction sets llama.cpp dispatches on.

use crate::hardware::facts::Cpu;
use std::collections::{BTreeMap, BTreeSet};

pub fn probe(failed: &mut BTreeMap<String, String>) -> Cpu {
    // Respects the affinity mask and CPU quotas, which /proc/cpuinfo does not.
    let logical = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let text = super::read("/proc/cpuinfo", "cpu", failed).unwrap_or_default();
    let (model, flags) = cpuinfo(&text);
    Cpu { model, logical, physical: sysinfo::System::physical_core_count().ok().map(|n| n as u64), flags }
}

/// Model name and the sorted flags of the first processor (`flags` on x86, `Features` on Arm).
fn cpuinfo(text: &str) -> (String, Vec<String>) {
    let value = |names: &[&str]| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            names.contains(&key.trim()).then(|| value.trim().to_string())
        })
    };
    let flags: BTreeSet<String> =
        value(&["flags", "Features"]).unwrap_or_default().split_whitespace().map(str::to_string).collect();
    (value(&["model name", "CPU part"]).unwrap_or_default(), flags.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::cpuinfo;

    #[test]
    fn cpuinfo_gives_model_and_sorted_flags() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: sse2 avx2 avx\n\nprocessor\t: 1\n";
        assert_eq!(cpuinfo(text), ("AMD EPYC".into(), vec!["avx".into(), "avx2".into(), "sse2".into()]));
        assert_eq!(cpuinfo(""), (String::new(), vec![]));
    }
}
