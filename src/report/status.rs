//! A host's status document as text.

use super::{gib, table};
use serde_json::Value;

fn disk(disk: &Value) -> String {
    match (disk["models_bytes"].as_u64(), disk["free_bytes"].as_u64()) {
        (Some(models), Some(free)) => format!("{} of models, {} free", gib(models), gib(free)),
        _ => "-".to_string(),
    }
}

pub fn text(status: &Value) -> String {
    let show = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_string(),
        other => other.to_string(),
    };
    let measured = &status["measured"]["decode_tok_s"]["measured"];
    let mut rows = vec![
        vec!["model".to_string(), format!("{} {}", show(&status["model"]), show(&status["quant"]))],
        vec![
            "service".to_string(),
            format!("{}, {}", show(&status["unit"]["active"]), show(&status["unit"]["enabled"])),
        ],
        vec!["health".to_string(), show(&status["health"])],
        vec!["llama.cpp".to_string(), show(&status["llama_build"])],
        vec!["generation".to_string(), show(&status["generation"])],
        vec!["disk".to_string(), disk(&status["disk"])],
        vec!["applied".to_string(), show(&status["applied"])],
        vec![
            "decode".to_string(),
            measured.as_f64().map_or("-".into(), |speed| format!("{speed:.1} tokens/s when applied")),
        ],
    ];
    let beside = &status["embedding"];
    if beside.is_object() {
        let unit = format!("{}, {}", show(&beside["unit"]["active"]), show(&beside["unit"]["enabled"]));
        let model = format!(
            "{} {}, {} numbers",
            show(&beside["model"]),
            show(&beside["quant"]),
            beside["dimensions"]
        );
        rows.push(vec!["embedding".to_string(), format!("{model}: {unit}, {}", show(&beside["health"]))]);
    }
    if status["unfinished"] == true {
        rows.push(vec!["unfinished".into(), "an apply was cut off; the same apply again finishes it".into()]);
    }
    let drift = status["drift"].as_array();
    if drift.is_some_and(Vec::is_empty) {
        rows.push(vec!["drift".to_string(), "none".to_string()]);
    }
    for step in drift.into_iter().flatten() {
        for change in step["changes"].as_array().into_iter().flatten() {
            rows.push(vec!["drift".to_string(), format!("{}: {}", show(&step["step"]), show(change))]);
        }
    }
    if let Value::String(why) = &status["refused"] {
        rows.push(vec!["refused".to_string(), why.clone()]);
    }
    for line in status["last_lines"].as_array().into_iter().flatten() {
        rows.push(vec!["log".to_string(), show(line)]);
    }
    table::render(&["status", ""], rows)
}
