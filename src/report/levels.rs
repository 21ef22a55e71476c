//! The hardware levels as Markdown, which reads as text too.

use crate::plan::document::Verdict;
use crate::plan::levels::{Levels, Memory, OfModel, Texts};
use std::fmt::Write;

pub fn markdown(levels: &Levels, texts: &Texts) -> String {
    let mut out = format!("# {}\n\n{}\n", texts.title, texts.intro);
    let column = |name: &str| texts.columns.get(name).map_or("", String::as_str);
    for level in &levels.levels {
        let _ = writeln!(out, "\n## {}", level.title);
        for profile in &level.profiles {
            let _ = writeln!(out, "\n### {} (`{}`)\n", profile.title, profile.profile);
            let heads = ["model", "verdict", "quant", "context", "speed", "reason"].map(column);
            row(&mut out, &heads);
            row(&mut out, &["---"; 6]);
            for model in &profile.models {
                let cells = of_model(model, texts);
                row(&mut out, &cells.each_ref().map(String::as_str));
            }
        }
    }
    memory(&mut out, levels, texts);
    out
}

fn of_model(model: &OfModel, texts: &Texts) -> [String; 6] {
    let verdict = match model.verdict {
        Verdict::Comfort => "comfort",
        Verdict::Compromise => "compromise",
        Verdict::Impossible => "impossible",
    };
    let speed = match (model.decode_low, model.decode_high) {
        (Some(low), Some(high)) => format!("{low:.0} to {high:.0}"),
        _ => "-".to_string(),
    };
    [
        model.model.clone(),
        texts.verdicts.get(verdict).cloned().unwrap_or_default(),
        model.quant.clone(),
        format!("{} × {}", model.slots, model.n_ctx / model.slots.max(1)),
        speed,
        model.reasons.join("; "),
    ]
}

fn memory(out: &mut String, levels: &Levels, texts: &Texts) {
    let intro = texts.memory_intro.replace("{build}", &levels.build);
    let _ = writeln!(out, "\n## {}\n\n{intro}\n", texts.memory_title);
    let column = |name: &str| texts.memory_columns.get(name).map_or("", String::as_str);
    row(out, &["model", "quant", "ours", "mission", "why"].map(column));
    row(out, &["---"; 5]);
    for memory in &levels.memory {
        let cells = of_memory(memory, texts);
        row(out, &cells.each_ref().map(String::as_str));
    }
}

fn of_memory(memory: &Memory, texts: &Texts) -> [String; 5] {
    let gb = |bytes: u64| format!("{:.1}", bytes as f64 / 1e9);
    let why = memory.why().and_then(|key| texts.why.get(key)).cloned().unwrap_or_default();
    let document = match memory.document_gb {
        Some([low, high]) if low == high => format!("{low}"),
        Some([low, high]) => format!("{low} to {high}"),
        None => "-".to_string(),
    };
    [
        memory.model.clone(),
        memory.quant.clone(),
        format!("{} to {}", gb(memory.low_bytes), gb(memory.high_bytes)),
        document,
        why.replace("{weights}", &gb(memory.weights_bytes)),
    ]
}

fn row(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
