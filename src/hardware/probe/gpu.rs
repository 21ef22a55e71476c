//! NVIDIA GPUs, through nvidia-smi: a static executable cannot load NVML.

use crate::hardware::facts::Gpu;
use crate::process::{self, Outcome};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// nvidia-smi without persistence mode wakes the driver first, seconds per card; a broken one hangs.
const TIMEOUT: Duration = Duration::from_secs(20);

const QUERY: &str = "index,name,uuid,memory.total,memory.free,driver_version,compute_cap";

/// The GPUs nvidia-smi lists; none where there is no nvidia-smi and no NVIDIA device.
pub fn probe(failed: &mut BTreeMap<String, String>) -> Vec<Gpu> {
    let result = run(&[&format!("--query-gpu={QUERY}"), "--format=csv,noheader,nounits"]);
    match result.and_then(|text| parse_query(&text)) {
        Ok(gpus) => gpus,
        Err(Missing::Tool) if !Path::new("/proc/driver/nvidia").exists() => Vec::new(),
        Err(reason) => {
            failed.insert("gpus".into(), reason.to_string());
            Vec::new()
        }
    }
}

/// Whether every pair of `count` GPUs has an NVLink, from the topology matrix.
pub fn nvlink(count: usize, failed: &mut BTreeMap<String, String>) -> Option<bool> {
    match run(&["topo", "-m"]) {
        Ok(matrix) => parse_topology(&matrix, count),
        Err(reason) => {
            failed.insert("nvlink".into(), reason.to_string());
            None
        }
    }
}

/// Waits until nvidia-smi shows at least `count` GPUs, at most `limit`; at boot they may be late.
pub fn wait_for_gpus(count: usize, limit: Duration) {
    let start = Instant::now();
    while probe(&mut BTreeMap::new()).len() < count && start.elapsed() < limit {
        std::thread::sleep(Duration::from_secs(2));
    }
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
        Ok(Outcome { success: true, stdout, .. }) => Ok(stdout),
        Ok(outcome) => {
            // It prints its errors on stdout.
            let said = format!("{} {}", outcome.stdout.trim(), outcome.stderr.trim());
            Err(Missing::Failed(format!("nvidia-smi: {}", said.trim())))
        }
        Err(error) if error.is_missing() => Err(Missing::Tool),
        Err(error) => Err(Missing::Failed(error.to_string())),
    }
}

/// One CSV line a GPU. `[N/A]` and `[Not Supported]` are ordinary values of missing fields.
fn parse_query(text: &str) -> Result<Vec<Gpu>, Missing> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("No devices"));
    lines.map(parse_line).collect()
}

fn parse_line(line: &str) -> Result<Gpu, Missing> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let wrong = || Missing::Failed(format!("nvidia-smi printed {line:?}, not {QUERY}"));
    let [index, name, uuid, total, free, driver, capability] = fields[..] else { return Err(wrong()) };
    let known = |value: &str| (!value.is_empty() && !value.starts_with('[')).then(|| value.to_string());
    let mib = |value: &str| value.parse::<u64>().ok().map(|mib| mib << 20);
    Ok(Gpu {
        index: index.parse().map_err(|_| wrong())?,
        name: name.to_string(),
        uuid: known(uuid),
        memory_total_bytes: mib(total).ok_or_else(wrong)?,
        memory_free_bytes: mib(free),
        driver: known(driver),
        compute_capability: known(capability),
    })
}

/// `NV#` in every off-diagonal cell between GPUs of `nvidia-smi topo -m`; `None` if the matrix does
/// not show `count` GPUs.
fn parse_topology(matrix: &str, count: usize) -> Option<bool> {
    let rows: Vec<Vec<&str>> = matrix
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // The header names GPU0 too, but its second word is GPU1, not a relation.
        .filter(|words| words.first().is_some_and(|w| w.starts_with("GPU")) && words.contains(&"X"))
        .collect();
    if rows.len() != count || rows.iter().any(|row| row.len() < count + 1) {
        return None;
    }
    let linked = |row: usize, column: usize| row == column || rows[row][column + 1].starts_with("NV");
    Some((0..count).all(|row| (0..count).all(|column| linked(row, column))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_line_becomes_a_gpu_and_not_available_is_none() {
        let text = "0, NVIDIA GeForce RTX 3090, GPU-1a2b, 24576, 24259, 550.54.14, 8.6\n\
                    1, Tesla K80, [N/A], 11441, [N/A], 470.57.02, [Not Supported]\n";
        let gpus = parse_query(text).unwrap();
        assert_eq!(gpus[0].memory_total_bytes, 24576 << 20);
        assert_eq!(gpus[0].compute_capability.as_deref(), Some("8.6"));
        assert_eq!((gpus[1].uuid.as_deref(), gpus[1].memory_free_bytes), (None, None));
        assert_eq!(gpus[1].compute_capability, None);
    }

    #[test]
    fn no_devices_is_no_gpus_and_nonsense_is_an_error() {
        assert!(parse_query("No devices were found\n").unwrap().is_empty());
        assert!(parse_query("Failed to initialize NVML: Driver/library version mismatch\n").is_err());
        assert!(parse_query("0, name, uuid, many, 1, 2, 3\n").is_err());
    }

    #[test]
    fn the_topology_matrix_tells_nvlink_from_pcie() {
        let linked = "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\n\
                      GPU0\t X \tNV12\t0-15\t0\nGPU1\tNV12\t X \t0-15\t0\n\nLegend:\n  X    = Self\n";
        assert_eq!(parse_topology(linked, 2), Some(true));
        assert_eq!(parse_topology(&linked.replace("NV12", "PHB"), 2), Some(false));
        assert_eq!(parse_topology(linked, 4), None);
        assert_eq!(parse_topology("", 2), None);
    }
}
