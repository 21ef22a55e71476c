//! A host's status document as text.

use super::table;
use serde_json::Value;

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
    if let Value::String(why) = &status["refused"] {
        rows.push(vec!["refused".to_string(), why.clone()]);
    }
    for line in status["last_lines"].as_array().into_iter().flatten() {
        rows.push(vec!["log".to_string(), show(line)]);
    }
    table::render(&["status", ""], rows)
}
