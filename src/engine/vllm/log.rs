//! Reads the log of vLLM's start. The lines are those of vllm/v1/worker/gpu_worker.py (35d5cda1), of
//! vllm/v1/core/kv_cache_utils.py and of its issues, where people show them:
//!
//! ```text
//! (Worker_TP0 pid=34322) INFO 05-06 20:59:59 [gpu_model_runner.py:4879] Model loading took 12.66 GiB memory and 31.657031 seconds
//! (Worker_TP0 pid=412213) INFO 12-11 00:06:53 [gpu_worker.py:359] Available KV cache memory: 52.36 GiB
//! (EngineCore_DP0 pid=412130) INFO 12-11 00:06:53 [kv_cache_utils.py:1286] GPU KV cache size: 686,320 tokens
//! ```

use crate::engine::reported::Reported;

const LOADED: &str = "Model loading took ";
const CACHE: &str = "Available KV cache memory: ";

/// Reads the lines of one start: weights and cache of each card. Activations and graphs it does not tell.
pub fn reported(lines: &[String]) -> Reported {
    let mut reported = Reported::default();
    for line in lines {
        let card = card(line);
        let buffers = match (line.split_once(LOADED), line.split_once(CACHE)) {
            (Some((_, rest)), _) => gib(rest).map(|bytes| (&mut reported.model, bytes)),
            (None, Some((_, rest))) => gib(rest).map(|bytes| (&mut reported.kv, bytes)),
            (None, None) => None,
        };
        let Some((buffers, bytes)) = buffers else { continue };
        buffers.insert(card.clone(), bytes);
        if !reported.devices.contains(&card) {
            reported.devices.push(card);
        }
    }
    reported
}

/// Returns whether weights and cache of every card that has any were told.
pub fn has_told(reported: &Reported) -> bool {
    !reported.model.is_empty() && reported.model.keys().all(|card| reported.kv.contains_key(card))
}

/// Card of the process that writes a line: `Worker_TP1` has the second.
fn card(line: &str) -> String {
    let rank = line.split_once("Worker_TP").map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    format!("CUDA{}", rank.flatten().and_then(|rank| rank.parse::<u64>().ok()).unwrap_or(0))
}

/// `12.66 GiB …`, in bytes.
fn gib(text: &str) -> Option<u64> {
    let (number, _) = text.split_once(" GiB")?;
    let gib: f64 = number.trim().parse().ok()?;
    (gib.is_finite() && gib >= 0.0).then_some((gib * (1u64 << 30) as f64) as u64)
}
