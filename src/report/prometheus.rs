//! Hosts' status in Prometheus' text format, for node_exporter's textfile collector.

use serde_json::Value;
use std::fmt::Write;

/// One metric.
struct Metric {
    /// Its name.
    name: &'static str,
    /// One line on what it is, with its unit.
    help: &'static str,
    /// Its value for a host that answered; `None` where the host has none.
    of: fn(&Value) -> Option<f64>,
}

/// Whether a host answered; the one metric that a host out of reach has.
const REACHABLE: &str = "agi_provision_reachable";

/// Every other metric; all are gauges.
const METRICS: &[Metric] = &[
    Metric {
        name: "agi_provision_ready",
        help: "1: every server of the plan answers",
        of: |status| flag(status["installed"] != false && ready(status)),
    },
    Metric {
        name: "agi_provision_decode_tokens_per_second",
        help: "Measured when the plan was applied",
        of: |status| status["speed"]["decode_tok_s"].as_f64(),
    },
    Metric {
        name: "agi_provision_prefill_tokens_per_second",
        help: "Measured when the plan was applied",
        of: |status| status["speed"]["prefill_tok_s"].as_f64(),
    },
    Metric {
        name: "agi_provision_disk_free_bytes",
        help: "Free on the disk of the models",
        of: |status| status["disk"]["free_bytes"].as_f64(),
    },
    Metric {
        name: "agi_provision_disk_total_bytes",
        help: "Size of the disk of the models",
        of: |status| status["disk"]["total_bytes"].as_f64(),
    },
    Metric {
        name: "agi_provision_models_bytes",
        help: "Models on that disk",
        of: |status| status["disk"]["models_bytes"].as_f64(),
    },
    Metric {
        name: "agi_provision_drift",
        help: "Resources that are not as the plan has them",
        of: |status| status["drift"].as_array().map(|drift| drift.len() as f64),
    },
    Metric {
        name: "agi_provision_apply_unfinished",
        help: "1: an apply runs or was cut off",
        of: |status| flag(status["unfinished"] == true),
    },
    Metric {
        name: "agi_provision_certificate_days",
        help: "Days until the certificate of an open API ends",
        of: |status| status["exposed"]["certificate"]["days_left"].as_f64(),
    },
];

fn flag(on: bool) -> Option<f64> {
    Some(if on { 1.0 } else { 0.0 })
}

fn ready(status: &Value) -> bool {
    let beside = status["servers"].as_array().into_iter().flatten();
    status["health"] == "ready" && beside.into_iter().all(|server| server["health"] == "ready")
}

/// Returns the names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    [REACHABLE, INFO].into_iter().chain(METRICS.iter().map(|metric| metric.name))
}

/// Names the model that a host serves.
const INFO: &str = "agi_provision_info";

/// Returns the metrics of hosts by name, each with its status document where it answered.
pub fn text(hosts: &[(String, Option<&Value>)]) -> String {
    let mut text = String::new();
    let mut add = |name: &str, help: &str, values: Vec<(String, f64)>| {
        if !values.is_empty() {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            values.iter().for_each(|(labels, value)| {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            });
        }
    };
    let label = |host: &str| format!("host=\"{}\"", escaped(host));
    let reachable =
        |(host, status): &(String, Option<&Value>)| (label(host), f64::from(u8::from(status.is_some())));
    add(REACHABLE, "1: the host answered", hosts.iter().map(reachable).collect());
    let info = |(host, status): &(String, Option<&Value>)| {
        let status = status.filter(|status| status["model"].is_string())?;
        let more = ["model", "quant", "profile", "llama_build"]
            .map(|key| format!(",{key}=\"{}\"", escaped(status[key].as_str().unwrap_or_default())));
        Some((format!("{}{}", label(host), more.concat()), 1.0))
    };
    add(INFO, "The model that the host serves", hosts.iter().filter_map(info).collect());
    for metric in METRICS {
        let value = |(host, status): &(String, Option<&Value>)| Some((label(host), (metric.of)((*status)?)?));
        add(metric.name, metric.help, hosts.iter().filter_map(value).collect());
    }
    text
}

/// A label's value, as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn each_host_has_its_lines_and_one_out_of_reach_has_one() {
        let status = json!({
            "model": "m\"1", "quant": "Q4_K_M", "profile": "p", "llama_build": "b1", "health": "ready",
            "servers": [{"health": "ready"}], "speed": {"decode_tok_s": 12.5, "prefill_tok_s": null},
            "disk": {"free_bytes": 5, "total_bytes": 9, "models_bytes": 1}, "drift": [], "unfinished": false,
            "exposed": {"certificate": {"days_left": 819}},
        });
        let text = text(&[("a".to_string(), Some(&status)), ("b".to_string(), None)]);
        let lines: BTreeSet<&str> = text.lines().collect();
        for line in [
            "agi_provision_reachable{host=\"a\"} 1",
            "agi_provision_reachable{host=\"b\"} 0",
            "agi_provision_info{host=\"a\",model=\"m\\\"1\",quant=\"Q4_K_M\",profile=\"p\",llama_build=\"b1\"} 1",
            "agi_provision_ready{host=\"a\"} 1",
            "agi_provision_decode_tokens_per_second{host=\"a\"} 12.5",
            "agi_provision_disk_free_bytes{host=\"a\"} 5",
            "agi_provision_drift{host=\"a\"} 0",
            "agi_provision_certificate_days{host=\"a\"} 819",
            "# TYPE agi_provision_ready gauge",
        ] {
            assert!(lines.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("prefill") && !text.contains("ready{host=\"b\"}"), "{text}");
        let one_silent = json!({"health": "ready", "servers": [{"health": "starting"}]});
        assert!(
            super::text(&[("a".to_string(), Some(&one_silent))])
                .contains("agi_provision_ready{host=\"a\"} 0")
        );
    }

    #[test]
    fn the_dashboard_asks_for_metrics_that_there_are() {
        let dashboard: Value =
            serde_json::from_str(include_str!("../../examples/grafana/agi-provision.json")).unwrap();
        let names: BTreeSet<&str> = names().collect();
        let mut asked = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let found: Vec<&str> = words.filter(|word| word.starts_with("agi_provision_")).collect();
                assert!(!found.is_empty(), "{query} asks for nothing of ours");
                asked.extend(found.into_iter().map(str::to_string));
            }
        }
        assert!(asked.len() >= 6, "{asked:?}");
        for name in &asked {
            assert!(names.contains(name.as_str()), "no metric is called {name}");
        }
    }
}
