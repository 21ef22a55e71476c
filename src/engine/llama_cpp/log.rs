//! Reads the log of llama-server's start: its devices, buffers and offloaded layers.
//!
//! The lines are those of b11434 at verbosity 4; tests/fixtures/llama-server has recorded ones:
//!
//! ```text
//! llama_prepare_model_devices: using device CUDA0 (NVIDIA A100) (0000:01:00.0) - 80000 MiB free
//! load_tensors: offloaded 33/33 layers to GPU
//! load_tensors:   CPU_Mapped model buffer size =   70.31 MiB
//! load_tensors:        CUDA0 model buffer size = 3847.81 MiB
//! llama_kv_cache:      CUDA0 KV buffer size =  1024.00 MiB
//! llama_context:  CUDA_Host  output buffer size =     0.24 MiB
//! sched_reserve:      CUDA0 compute buffer size =   81.00 MiB
//! ```

use crate::engine::reported::Reported;

/// Reads the lines of one start.
pub fn parse_log<'a>(lines: impl IntoIterator<Item = &'a str>) -> Reported {
    let mut reported = Reported::default();
    for line in lines {
        if let Some((_, rest)) = line.split_once(": using device ") {
            reported.devices.extend(device(rest));
        }
        if let Some((_, rest)) = line.split_once("offloaded ") {
            let numbers = rest.split_once(" layers to GPU").and_then(|(n, _)| n.split_once('/'));
            reported.offloaded =
                numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))).or(reported.offloaded);
        }
        let Some((left, right)) = line.split_once(" buffer size = ") else { continue };
        let mut words = left.split_whitespace().rev();
        let (Some(kind), Some(buffer)) = (words.next(), words.next()) else { continue };
        let Some(mib) = right.trim().strip_suffix("MiB").and_then(|n| n.trim().parse::<f64>().ok()) else {
            continue;
        };
        let bytes = (mib * f64::from(1 << 20)) as u64;
        let buffers = match kind {
            "model" => &mut reported.model,
            // RS: the state of recurrent layers, which the ledger counts with the cache.
            "KV" | "RS" => &mut reported.kv,
            "compute" => &mut reported.compute,
            "output" => &mut reported.output,
            _ => continue,
        };
        let sum = buffers.entry(buffer.to_string()).or_default();
        // The compute buffers may be reserved again; the others come in parts (files, caches).
        *sum = if kind == "compute" { bytes } else { sum.saturating_add(bytes) };
    }
    reported
}

/// The name of a device, as its buffers have it: `CUDA0`; `RPC1[127.0.0.1:50053]` of another host.
fn device(text: &str) -> Option<String> {
    let (name, rest) = text.split_once(" (").unwrap_or((text.trim(), ""));
    let server = rest.split_once(')').map(|(server, _)| server).filter(|_| name.starts_with("RPC"));
    let name = match server {
        Some(server) if !name.contains('[') => format!("{name}[{server}]"),
        _ => name.trim().to_string(),
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
#[path = "log_tests.rs"]
pub(crate) mod tests;
