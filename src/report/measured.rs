//! Shows the measurements of an apply beside the plan's numbers.

use crate::lang::Lang;
use crate::plan::document::DeviceLedger;
use crate::units::{gib, rate};
use serde_json::Value;

/// `12.3 tokens/s when applied; planned 10 to 14`; `-` where nothing was measured.
pub fn speed(speed: &Value, lang: Lang) -> String {
    let Some(measured) = speed["measured"].as_f64() else { return "-".to_string() };
    let measured = crate::lang::Value::figure(format!("{measured:.1}"));
    match (speed["planned"]["low"].as_f64(), speed["planned"]["high"].as_f64()) {
        (Some(low), Some(high)) => {
            let range = super::words::range(rate(low), rate(high), lang);
            tr!(lang, "status-measured-planned", speed = measured, range = range)
        }
        _ => tr!(lang, "status-measured", speed = measured),
    }
}

/// Returns a row for each device: the buffers that the server reported at its start, beside those of the plan.
pub fn buffers(status: &Value, lang: Lang) -> Vec<Vec<String>> {
    let row = |device: &Value| {
        let name = device["device"].as_str()?;
        let sum = |which: &str| {
            let parts =
                ["weights", "kv", "compute", "output"].into_iter().filter(|part| is_told(status, part));
            parts
                .map(|part| device[part][which].as_u64())
                .try_fold(0u64, |sum, bytes| Some(sum.saturating_add(bytes?)))
        };
        let size = |bytes: u64| crate::lang::Value::figure(gib(bytes));
        let text =
            tr!(lang, "status-buffers", reported = size(sum("reported")?), planned = size(sum("planned")?));
        Some(vec![tr!(lang, "status-memory", device = super::words::device(name, lang)), text])
    };
    proven(status).filter_map(row).collect()
}

/// Returns each device's memory: as planned on the host, with the buffers that the server reported.
pub fn memory(status: &Value) -> Vec<DeviceLedger> {
    let planned: Vec<DeviceLedger> = serde_json::from_value(status["memory"].clone()).unwrap_or_default();
    let with_reported = |mut device: DeviceLedger| {
        let proof = proven(status).find(|proof| proof["device"] == device.device.as_str());
        let reported = |part: &str| proof.and_then(|proof| proof[part]["reported"].as_u64());
        for (part, bytes) in [
            ("weights", &mut device.weights_bytes),
            ("kv", &mut device.kv_bytes),
            ("compute", &mut device.compute_bytes),
        ] {
            if let Some(reported) = reported(part).filter(|_| is_told(status, part)) {
                device.total_bytes = device.total_bytes.saturating_sub(*bytes).saturating_add(reported);
                *bytes = reported;
            }
        }
        device
    };
    planned.into_iter().map(with_reported).collect()
}

/// Returns whether the server reports that part of a device.
fn is_told(status: &Value, part: &str) -> bool {
    let untold = status["measured"]["proof"]["not_told"].as_array();
    !untold.is_some_and(|untold| untold.iter().any(|name| name == part))
}

fn proven(status: &Value) -> impl Iterator<Item = &Value> {
    status["measured"]["proof"]["devices"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn measured_stands_beside_planned_and_bars_are_of_what_was_reported() {
        let part =
            |planned: u64, reported: u64| json!({"planned": planned << 20, "reported": reported << 20});
        let status = json!({
            "memory": [{
                "device": "host", "weights_bytes": 100 << 20, "kv_bytes": 50 << 20, "compute_bytes": 10 << 20,
                "output_bytes": 0, "runtime_bytes": 40 << 20, "reserved_bytes": 0, "total_bytes": 200 << 20,
                "capacity_bytes": 400 << 20, "headroom_bytes": 200 << 20,
            }],
            "measured": {
                "decode_tok_s": {"planned": {"low": 10.0, "expected": 12.0, "high": 14.0}, "measured": 12.34},
                "proof": {"devices": [{
                    "device": "host", "weights": part(100, 90), "kv": part(50, 50), "compute": part(10, 8),
                    "output": part(0, 0),
                }]},
            },
        });
        assert_eq!(
            speed(&status["measured"]["decode_tok_s"], Lang::English),
            "12.3 tokens/s when applied; planned 10 to 14"
        );
        assert_eq!(speed(&json!({"measured": 1.0}), Lang::English), "1.0 tokens/s when applied");
        assert_eq!(speed(&Value::Null, Lang::English), "-");
        let rows = buffers(&status, Lang::English);
        assert_eq!(rows, [["memory, host", "148 MiB of buffers when it started; planned 160 MiB"]]);
        let memory = memory(&status);
        assert_eq!((memory[0].weights_bytes, memory[0].total_bytes), (90 << 20, 188 << 20));
        // A part that it does not report stays as planned.
        let mut silent = status.clone();
        silent["measured"]["proof"]["not_told"] = json!(["compute", "output"]);
        assert_eq!(
            buffers(&silent, Lang::English)[0][1],
            "140 MiB of buffers when it started; planned 150 MiB"
        );
        assert_eq!(super::memory(&silent)[0].compute_bytes, 10 << 20);
        // A server that says nothing of its buffers, and an older agent.
        assert_eq!(super::memory(&json!({"memory": status["memory"]}))[0].total_bytes, 200 << 20);
        assert_eq!(super::memory(&json!({"memory": [{"device": 1}]})), []);
        assert!(buffers(&json!({}), Lang::English).is_empty());
    }
}
