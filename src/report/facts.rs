//! Facts as text.

use super::table;
use crate::hardware::facts::{Facts, Gpu, Mount};
use crate::units::gib;

/// Returns the facts as text for a terminal.
pub fn text(facts: &Facts) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_string(), value]);
    let os = &facts.os;
    let glibc = os.glibc.as_ref().map_or(String::new(), |version| format!(", glibc {version}"));
    row("system", format!("{} {}, Linux {}, {}{glibc}", os.id, os.version, os.kernel, os.arch));
    let version = os.systemd_version.as_deref().unwrap_or_default();
    row("init", if os.systemd { format!("systemd {version}").trim().into() } else { "not systemd".into() });
    row("virtualisation", os.virtualization.clone().unwrap_or_else(|| "unknown".into()));
    if let Some(clock) = &os.clock {
        row("clock", if clock.synchronized { "synchronised".into() } else { "not synchronised".into() });
    }
    row("CPU", cpu(facts));
    row("instructions", facts.cpu.isa.join(" "));
    row("RAM", ram(facts));
    row(
        "disk",
        format!(
            "{} free of {} on {}",
            gib(facts.disk.free_bytes),
            gib(facts.disk.total_bytes),
            facts.disk.mount
        ),
    );
    facts.mounts.iter().for_each(|mount| row(&format!("at {}", mount.path), place(mount)));
    if facts.gpus.is_empty() {
        row("GPU", "none".into());
    }
    facts.gpus.iter().for_each(|gpu| row(&format!("GPU {}", gpu.index), card(gpu)));
    facts.without_driver().for_each(|found| row("GPU without a driver", found.to_string()));
    for pair in &facts.gpu_links {
        row(&format!("GPU {} – GPU {}", pair.a, pair.b), format!("{} ({})", pair.link, pair.meaning()));
    }
    if let Some(linked) = facts.nvlink {
        row("NVLink", if linked { "every pair".into() } else { "not every pair".into() });
    }
    if let Some(measured) = &facts.measured {
        let (speed, threads) = (measured.memory_bandwidth_gb_s, measured.memory_threads);
        row("memory read", format!("{speed:.1} GB/s with {threads} threads"));
        let disk = measured.disk_read_mb_s.map_or("not measured".into(), |speed| format!("{speed:.0} MB/s"));
        row("disk read", disk);
    }
    if let Some(holder) = &facts.package_lock {
        row("packages", format!("held by {holder}"));
    }
    facts.upkeep.at_work.iter().for_each(|work| row("at work", work.to_string()));
    if let Some(packages) = &facts.upkeep.reboot_for {
        row("restart", format!("pending {}", packages.join(" ")).trim().to_string());
    }
    for (field, why) in &facts.failed {
        row("not readable", format!("{field}: {why}"));
    }
    table::render(&["fact", "value"], rows)
}

fn cpu(facts: &Facts) -> String {
    let cpu = &facts.cpu;
    let mut text = format!("{}, {} cores", cpu.model, cpu.logical);
    if let Some(physical) = cpu.physical {
        text += &format!(" ({physical} physical)");
    }
    if let Some(nodes) = cpu.numa_nodes.filter(|nodes| *nodes > 1) {
        text += &format!(", {nodes} NUMA nodes");
    }
    // Below a percent it is noise.
    if let Some(steal) = cpu.steal_percent.filter(|steal| *steal >= 1.0) {
        text += &format!(", {steal:.0} % of its time stolen");
    }
    text
}

fn ram(facts: &Facts) -> String {
    let memory = &facts.memory;
    let limit = memory.cgroup_limit_bytes.map_or(String::new(), |n| format!(", cgroup limit {}", gib(n)));
    let swap =
        if memory.swap_bytes > 0 { format!(", swap {}", gib(memory.swap_bytes)) } else { String::new() };
    let (total, available) = (gib(memory.total_bytes), gib(memory.available_bytes));
    format!("{total} ({available} available){limit}{swap}")
}

fn place(mount: &Mount) -> String {
    let mut text = format!("{} free, {}", gib(mount.disk.free_bytes), mount.disk.fs);
    for word in mount.kind.iter().map(String::as_str) {
        text += &format!(", {word}");
    }
    for (word, holds) in [("read-only", mount.disk.read_only), ("noexec", mount.noexec)] {
        if holds {
            text += &format!(", {word}");
        }
    }
    text
}

fn card(gpu: &Gpu) -> String {
    let mut text = format!("{}, {}", gpu.name, gib(gpu.memory_total_bytes));
    if let Some(free) = gpu.memory_free_bytes {
        text += &format!(" ({} free)", gib(free));
    }
    for (name, value) in
        [("driver", &gpu.driver), ("CUDA", &gpu.cuda_version), ("compute", &gpu.compute_capability)]
    {
        if let Some(value) = value {
            text += &format!(", {name} {value}");
        }
    }
    if gpu.mig.as_ref().is_some_and(|mig| mig.enabled) {
        text += ", in MIG instances";
    }
    if let Some(pcie) = gpu.pcie.as_ref().filter(|pcie| pcie.width < pcie.width_max) {
        text += &format!(", PCIe ×{} of ×{}", pcie.width, pcie.width_max);
    }
    if let Some(errors) = gpu.ecc.as_ref().and_then(|ecc| ecc.uncorrected).filter(|n| *n > 0) {
        text += &format!(", {errors} memory errors");
    }
    text
}
