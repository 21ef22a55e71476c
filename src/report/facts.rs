//! Facts as text.

use super::{gib, table};
use crate::hardware::facts::Facts;

pub fn text(facts: &Facts) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_string(), value]);
    let os = &facts.os;
    row("system", format!("{} {}, Linux {}, {}", os.id, os.version, os.kernel, os.arch));
    row("init", if os.systemd { "systemd".into() } else { "not systemd".into() });
    row("virtualisation", os.virtualization.clone().unwrap_or_else(|| "unknown".into()));
    let cores = facts.cpu.physical.map_or(String::new(), |n| format!(" ({n} physical)"));
    row("CPU", format!("{}, {} cores{cores}", facts.cpu.model, facts.cpu.logical));
    let limit =
        facts.memory.cgroup_limit_bytes.map_or(String::new(), |n| format!(", cgroup limit {}", gib(n)));
    row(
        "RAM",
        format!("{} ({} available){limit}", gib(facts.memory.total_bytes), gib(facts.memory.available_bytes)),
    );
    row(
        "disk",
        format!(
            "{} free of {} on {}",
            gib(facts.disk.free_bytes),
            gib(facts.disk.total_bytes),
            facts.disk.mount
        ),
    );
    if facts.gpus.is_empty() {
        row("GPU", "none".into());
    }
    for gpu in &facts.gpus {
        row(&format!("GPU {}", gpu.index), format!("{}, {}", gpu.name, gib(gpu.memory_total_bytes)));
    }
    if let Some(linked) = facts.nvlink {
        row("NVLink", if linked { "every pair".into() } else { "not every pair".into() });
    }
    for (field, why) in &facts.failed {
        row("not readable", format!("{field}: {why}"));
    }
    table::render(&["fact", "value"], rows)
}
