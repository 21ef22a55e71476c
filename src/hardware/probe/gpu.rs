//! NVIDIA GPUs, through nvidia-smi: a static executable cannot load NVML.

use super::nvidia::{self, Listed, OLD_QUERY, QUERY};
use crate::hardware::facts::{Facts, Gaps, Gpu, GpuLink};
use crate::process::{self, ProgramOutput};
use std::path::Path;
use std::time::{Duration, Instant};

/// nvidia-smi without persistence mode wakes the driver first, seconds per card; a broken one hangs.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Fills in everything about GPUs; nothing where there is no nvidia-smi and no NVIDIA device. A
/// nvidia-smi that hangs or fails is asked once.
pub fn probe(facts: &mut Facts, gaps: &mut Gaps) {
    match list() {
        Ok(listed) => {
            facts.gpus = listed.gpus;
            listed.lost.iter().for_each(|(index, why)| gaps.failed(format!("gpus.lost.{index}"), why));
        }
        Err(Missing::Tool) if !Path::new("/proc/driver/nvidia").exists() => {
            gaps.unsupported("gpus", "no NVIDIA driver and no nvidia-smi");
        }
        Err(reason) => gaps.failed("gpus", reason.to_string()),
    }
    if facts.gpus.is_empty() {
        gaps.unsupported("nvlink", "no GPU");
        return;
    }
    details(facts, gaps);
    match facts.gpus.len() {
        0 => gaps.unsupported("nvlink", "no GPU"),
        1 => gaps.unsupported("nvlink", "one GPU"),
        _ => connections(facts, gaps),
    }
}

/// Waits until nvidia-smi shows at least `count` GPUs, at most `limit`; at boot they may be late.
pub fn wait_for_gpus(count: usize, limit: Duration) {
    let start = Instant::now();
    while list().map_or(0, |listed| listed.gpus.len()) < count && start.elapsed() < limit {
        std::thread::sleep(Duration::from_secs(2));
    }
}

fn list() -> Result<Listed, Missing> {
    let query = |fields: &str| run(&[&format!("--query-gpu={fields}"), "--format=csv,noheader,nounits"]);
    let text = match query(QUERY) {
        Err(Missing::Failed(why)) if why.contains("not a valid field") => query(OLD_QUERY)?,
        other => other?,
    };
    nvidia::query(&text).map_err(Missing::Failed)
}

fn details(facts: &mut Facts, gaps: &mut Gaps) {
    let read = run(&["-q", "-x"]).map_err(|reason| reason.to_string());
    let gone = match read.and_then(|xml| nvidia::add_details(&mut facts.gpus, &xml)) {
        Ok(gone) => gone,
        Err(why) => {
            // Was it the details alone, or is a card gone that was there a moment ago?
            let still = list().map(|listed| listed.gpus).unwrap_or_default();
            let there = |index: u64| still.iter().any(|gpu| gpu.index == index);
            let gone: Vec<u64> = facts.gpus.iter().map(|gpu| gpu.index).filter(|n| !there(*n)).collect();
            (0..facts.gpus.len() - gone.len()).for_each(|i| gaps.failed(format!("gpus.{i}"), why.clone()));
            gone
        }
    };
    // A card that the second look does not show cannot compute.
    facts.gpus.retain(|gpu| !gone.contains(&gpu.index));
    for index in gone {
        gaps.failed(format!("gpus.lost.{index}"), "it disappeared while the facts were read");
    }
    for (index, gpu) in facts.gpus.iter_mut().enumerate() {
        gpu.numa_node = numa_node(gpu);
        unreported(index, gpu, gaps);
    }
}

/// The kernel says -1 where there is one node only.
fn numa_node(gpu: &Gpu) -> Option<u64> {
    // sysfs has four digits of the domain, in lower case; nvidia-smi eight.
    let bus = gpu.pci_bus_id.as_ref()?.to_ascii_lowercase();
    let (domain, rest) = bus.split_once(':')?;
    let domain = &domain[domain.len().saturating_sub(4)..];
    let path = format!("/sys/bus/pci/devices/{domain}:{rest}/numa_node");
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn unreported(index: usize, gpu: &Gpu, gaps: &mut Gaps) {
    let missing = [
        ("uuid", gpu.uuid.is_none()),
        ("pci_bus_id", gpu.pci_bus_id.is_none()),
        ("memory_used_bytes", gpu.memory_used_bytes.is_none()),
        ("memory_free_bytes", gpu.memory_free_bytes.is_none()),
        ("driver", gpu.driver.is_none()),
        ("cuda_version", gpu.cuda_version.is_none()),
        ("compute_capability", gpu.compute_capability.is_none()),
        ("ecc", gpu.ecc.is_none()),
        ("mig", gpu.mig.is_none()),
        ("persistence", gpu.persistence.is_none()),
        ("power_limit_watts", gpu.power_limit_watts.is_none()),
        ("pcie", gpu.pcie.is_none()),
        ("numa_node", gpu.numa_node.is_none()),
        ("processes", gpu.processes.is_none()),
    ];
    let whole = format!("gpus.{index}");
    if gaps.failed.contains_key(&whole) {
        return;
    }
    for (name, _) in missing.iter().filter(|(_, missing)| *missing) {
        gaps.unsupported(format!("{whole}.{name}"), "nvidia-smi does not report it for this card");
    }
}

/// The matrix and every NVLink. `nvlink` is true when the matrix has one between every pair and no
/// link of a linked card is inactive.
fn connections(facts: &mut Facts, gaps: &mut Gaps) {
    let count = facts.gpus.len();
    match run(&["topo", "-m"]).map(|text| nvidia::topology(&text)) {
        Ok(Some(links)) if links.len() == count * (count - 1) / 2 => facts.gpu_links = links,
        Ok(_) => gaps.failed("nvlink", format!("nvidia-smi topo -m shows no matrix of {count} GPUs")),
        Err(reason) => gaps.failed("nvlink", reason.to_string()),
    }
    if facts.gpu_links.is_empty() {
        return;
    }
    let nvlinked = |pair: &GpuLink| pair.is_nvlink();
    let every_pair = facts.gpu_links.iter().all(nvlinked);
    // Cards that are linked in pairs have links to look at too.
    if facts.gpu_links.iter().any(nvlinked) {
        match run(&["nvlink", "-s"]) {
            Ok(text) => facts.nvlinks = nvidia::nvlinks(&text),
            Err(reason) => gaps.failed("nvlinks", reason.to_string()),
        }
    }
    facts.nvlink = Some(every_pair && facts.nvlinks.iter().all(|link| link.gb_s.is_some()));
}

#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("nvidia-smi is not installed, but the NVIDIA driver is loaded")]
    Tool,
    #[error("{0}")]
    Failed(String),
}

fn run(args: &[&str]) -> Result<String, Missing> {
    match process::run("nvidia-smi", args, TIMEOUT) {
        Ok(ProgramOutput { success: true, stdout, .. }) => Ok(stdout),
        Ok(outcome) => {
            // It prints its errors on stdout.
            let said = format!("{} {}", outcome.stdout.trim(), outcome.stderr.trim());
            let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
            Err(Missing::Failed(format!("nvidia-smi: {line}")))
        }
        Err(error) if error.is_missing() => Err(Missing::Tool),
        Err(error) => Err(Missing::Failed(error.to_string())),
    }
}
