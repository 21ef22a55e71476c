//! Parses nvidia-smi's output. Pure functions; tests/fixtures/nvidia-smi has one folder a machine.
//!
//! `[N/A]`, `N/A` and `[Not Supported]` are ordinary values of fields that a card has not.

use crate::hardware::facts::{Ecc, Gpu, GpuLink, GpuProcess, Mig, NvLink, Pcie};
use roxmltree::{Document, Node, ParsingOptions};

/// The fields of the query, in order. `compute_cap` is unknown to drivers before 510.
pub const QUERY: &str =
    "index,name,uuid,pci.bus_id,memory.total,memory.used,memory.free,driver_version,compute_cap";
pub const OLD_QUERY: &str = "index,name,uuid,pci.bus_id,memory.total,memory.used,memory.free,driver_version";

/// The cards of a query, and what was wrong with others: index and reason.
#[derive(Debug, Default, PartialEq)]
pub struct Listed {
    pub gpus: Vec<Gpu>,
    pub lost: Vec<(u64, String)>,
}

/// One CSV line a card (`--format=csv,noheader,nounits`). Errors: anything else.
pub fn query(text: &str) -> Result<Listed, String> {
    let mut listed = Listed::default();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("No devices")) {
        let wrong = || format!("nvidia-smi printed {line:?} instead of {QUERY}");
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [index, name, uuid, bus, total, used, free, driver, rest @ ..] = &fields[..] else {
            return Err(wrong());
        };
        let index = index.parse().map_err(|_| wrong())?;
        let Some(memory_total_bytes) = mib(total) else {
            if known(total).is_some() {
                return Err(wrong());
            }
            listed.lost.push((index, format!("{name}: memory.total is {total}")));
            continue;
        };
        listed.gpus.push(Gpu {
            index,
            name: name.to_string(),
            uuid: known(uuid),
            pci_bus_id: known(bus),
            memory_total_bytes,
            memory_used_bytes: mib(used),
            memory_free_bytes: mib(free),
            driver: known(driver),
            compute_capability: rest.first().and_then(|value| known(value)),
            ..Gpu::default()
        });
    }
    Ok(listed)
}

/// A value that is one: no `[N/A]`, `N/A`, `[GPU is lost]`.
fn known(text: &str) -> Option<String> {
    let text = text.trim();
    let missing = text.is_empty() || text.starts_with('[') || text == "N/A" || text == "Unknown Error";
    (!missing).then(|| text.to_string())
}

/// Bytes of `24576`, `24576 MiB`.
fn mib(text: &str) -> Option<u64> {
    text.trim().trim_end_matches("MiB").trim().parse::<u64>().ok().map(|mib| mib << 20)
}

/// Adds what `nvidia-smi -q -x` knows beyond the query. A card that it does not list stays as it is
/// and is named in the result.
pub fn add_details(gpus: &mut [Gpu], xml: &str) -> Result<Vec<u64>, String> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(xml, options).map_err(|error| format!("nvidia-smi -q -x: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name("nvidia_smi_log") {
        return Err("nvidia-smi -q -x printed another document".to_string());
    }
    let cuda = text(root, "cuda_version");
    let mut missing = Vec::new();
    for gpu in gpus {
        let same = |node: &Node| {
            let by_uuid = gpu.uuid.is_some() && text(*node, "uuid") == gpu.uuid;
            by_uuid || gpu.pci_bus_id.as_deref().is_some_and(|bus| node.attribute("id") == Some(bus))
        };
        match root.children().filter(|node| node.has_tag_name("gpu")).find(same) {
            Some(node) => {
                gpu.cuda_version = cuda.clone();
                details(gpu, node);
            }
            None => missing.push(gpu.index),
        }
    }
    Ok(missing)
}

fn details(gpu: &mut Gpu, node: Node) {
    let number = |path: &str| text(node, path).and_then(|value| leading_number(&value));
    gpu.ecc = text(node, "ecc_mode/current_ecc").map(|mode| Ecc {
        enabled: mode == "Enabled",
        uncorrected: errors(node, "volatile"),
        uncorrected_ever: errors(node, "aggregate"),
    });
    gpu.mig = text(node, "mig_mode/current_mig").map(|mode| Mig {
        enabled: mode == "Enabled",
        instances_bytes: find(node, "mig_devices")
            .into_iter()
            .flat_map(|devices| devices.children().filter(|child| child.has_tag_name("mig_device")))
            .filter_map(|device| mib(&text(device, "fb_memory_usage/total")?))
            .collect(),
    });
    gpu.persistence = text(node, "persistence_mode").map(|mode| mode == "Enabled");
    // Drivers before 525 have `power_readings`, those since `gpu_power_readings`.
    gpu.power_limit_watts = [
        "gpu_power_readings/current_power_limit",
        "gpu_power_readings/power_limit",
        "power_readings/enforced_power_limit",
        "power_readings/power_limit",
    ]
    .iter()
    .find_map(|path| number(path));
    let link = |path: &str| number(&format!("pci/pci_gpu_link_info/{path}")).map(|n| n as u64);
    gpu.pcie = (|| {
        Some(Pcie {
            generation: link("pcie_gen/current_link_gen")?,
            generation_max: link("pcie_gen/max_link_gen")?,
            width: link("link_widths/current_link_width")?,
            width_max: link("link_widths/max_link_width")?,
        })
    })();
    gpu.processes = find(node, "processes").and_then(|all| {
        let hidden = all.text().is_some_and(|text| text.trim() == "N/A");
        (!hidden).then(|| all.children().filter_map(process).collect())
    });
}

fn process(node: Node) -> Option<GpuProcess> {
    Some(GpuProcess {
        pid: text(node, "pid")?.parse().ok()?,
        name: text(node, "process_name").unwrap_or_default(),
        memory_bytes: text(node, "used_memory").and_then(|memory| mib(&memory)),
    })
}

/// Errors that could not be corrected: Ampere and later count SRAM and DRAM, older cards a total.
fn errors(node: Node, when: &str) -> Option<u64> {
    let counts = find(node, &format!("ecc_errors/{when}"))?;
    let count = |path: &str| text(counts, path).and_then(|value| value.parse::<u64>().ok());
    let parts = [
        "sram_uncorrectable",
        "sram_uncorrectable_parity",
        "sram_uncorrectable_secded",
        "dram_uncorrectable",
    ];
    let found: Vec<u64> = parts.iter().filter_map(|path| count(path)).collect();
    if found.is_empty() { count("double_bit/total") } else { Some(found.iter().sum()) }
}

fn find<'a, 'i>(node: Node<'a, 'i>, path: &str) -> Option<Node<'a, 'i>> {
    path.split('/').try_fold(node, |node, name| node.children().find(|child| child.has_tag_name(name)))
}

fn text(node: Node, path: &str) -> Option<String> {
    known(find(node, path)?.text()?)
}

/// `350.00 W` → 350, `16x` → 16.
fn leading_number(value: &str) -> Option<f64> {
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    value[..end].parse().ok()
}

/// The matrix of `nvidia-smi topo -m`, one entry a pair of GPUs; `None` if it is none.
pub fn topology(text: &str) -> Option<Vec<GpuLink>> {
    let plain = without_escapes(text);
    let is_gpu = |word: &str| word.strip_prefix("GPU").and_then(|n| n.parse::<u64>().ok());
    let mut rows = plain.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // The header begins with GPU0 too, but only rows have an X. NICs come after the GPUs.
    let header =
        rows.find(|words| words.first().and_then(|w| is_gpu(w)).is_some() && !words.contains(&"X"))?;
    let columns: Vec<u64> = header.iter().map_while(|word| is_gpu(word)).collect();
    let mut links = Vec::new();
    for words in rows {
        let Some(a) = words.first().and_then(|word| is_gpu(word)) else { continue };
        let cells = words.get(1..1 + columns.len())?;
        for (b, link) in columns.iter().zip(cells).filter(|(b, _)| a < **b) {
            links.push(GpuLink { a, b: *b, link: link.to_string() });
        }
    }
    (links.len() == columns.len() * columns.len().saturating_sub(1) / 2).then_some(links)
}

/// Newer drivers underline the header, even into a pipe.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |all, part| all + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// Every link of `nvidia-smi nvlink -s`. Cards without NVLink have none.
pub fn nvlinks(text: &str) -> Vec<NvLink> {
    let mut links = Vec::new();
    let mut gpu = 0;
    for line in text.lines().map(str::trim) {
        let Some((head, rest)) = line.split_once(':') else { continue };
        let number = |prefix: &str| head.strip_prefix(prefix).and_then(|n| n.trim().parse::<u64>().ok());
        if let Some(index) = number("GPU ") {
            gpu = index;
        } else if let Some(link) = number("Link ") {
            links.push(NvLink { gpu, link, gb_s: leading_number(rest.trim()) });
        }
    }
    links
}

/// Reads a text as each of nvidia-smi's outputs, for the tests of hostile input.
#[doc(hidden)]
pub fn read_nvidia_smi(text: &str) {
    let mut gpus = query(text).map(|listed| listed.gpus).unwrap_or_default();
    gpus.push(Gpu { index: 0, pci_bus_id: Some("00000000:01:00.0".into()), ..Gpu::default() });
    let _ = add_details(&mut gpus, text);
    let _ = topology(text);
    let _ = nvlinks(text);
}

#[cfg(test)]
#[path = "smi_tests.rs"]
mod tests;
