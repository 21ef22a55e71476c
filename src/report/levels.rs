//! The hardware levels, as Markdown and as text.

use super::table;
use crate::plan::document::Verdict;
use crate::plan::levels::{Levels, Memory, OfModel, OfProfile, Texts};
use crate::units::rate;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Returns the levels as a Markdown document.
pub fn markdown(levels: &Levels, texts: &Texts) -> String {
    let mut out = format!("# {}\n\n{}\n", texts.title, texts.intro);
    for level in &levels.levels {
        let _ = writeln!(out, "\n## {}", level.title);
        for profile in &level.profiles {
            let _ = writeln!(out, "\n### {} (`{}`)\n", profile.title, profile.profile);
            for (name, models) in summary(profile, texts) {
                let _ = writeln!(out, "- {name}: {models}");
            }
            out.push('\n');
            rows(&mut out, &model_heads(texts), profile.models.iter().map(|model| of_model(model, texts)));
        }
    }
    let _ = writeln!(out, "\n## {}\n\n{}\n", texts.claims_title, texts.claims_intro);
    rows(&mut out, &claim_heads(texts), claims(levels, texts));
    let intro = texts.memory_intro.replace("{build}", &levels.build);
    let _ = writeln!(out, "\n## {}\n\n{intro}\n", texts.memory_title);
    rows(&mut out, &memory_heads(texts), levels.memory.iter().map(of_memory));
    out
}

/// For a terminal: three lines a profile, then the document's list and ranges.
pub fn text(levels: &Levels, texts: &Texts) -> String {
    let mut out = format!("{}\n\n{}\n", texts.title, texts.intro);
    for level in &levels.levels {
        let _ = writeln!(out, "\n{}", level.title);
        for profile in &level.profiles {
            let _ = writeln!(out, "  {} ({})", profile.title, profile.profile);
            for (name, models) in summary(profile, texts) {
                let _ = writeln!(out, "    {name}: {models}");
            }
        }
    }
    let plain = |heads: &[&str], rows: Vec<Vec<String>>| table::render(heads, rows);
    let _ = writeln!(out, "\n{}\n{}\n", texts.claims_title, texts.claims_intro);
    let _ = writeln!(out, "{}", plain(&claim_heads(texts), claims(levels, texts).map(Vec::from).collect()));
    let intro = texts.memory_intro.replace("{build}", &levels.build);
    let _ = writeln!(out, "\n{}\n{intro}\n", texts.memory_title);
    let memory = levels.memory.iter().map(|memory| Vec::from(of_memory(memory))).collect();
    let _ = writeln!(out, "{}", plain(&memory_heads(texts), memory));
    out
}

/// Each verdict's name, with the models that have it; a compromise with what it is and what was given up
/// is in the table.
fn summary<'a>(profile: &OfProfile, texts: &'a Texts) -> [(&'a str, String); 3] {
    let of = |key: &str, models: &[String]| {
        let models = if models.is_empty() { texts.nothing.clone() } else { models.join(", ") };
        (named(&texts.summaries, key), models)
    };
    [
        of("comfort", &profile.comfort),
        of("compromise", &profile.compromise),
        of("impossible", &profile.impossible),
    ]
}

fn named<'a>(names: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    names.get(key).map_or("", String::as_str)
}

fn model_heads(texts: &Texts) -> [&str; 6] {
    ["model", "verdict", "quant", "context", "speed", "reason"].map(|key| named(&texts.columns, key))
}

fn claim_heads(texts: &Texts) -> [&str; 6] {
    ["profile", "model", "quant", "note", "verdict", "reason"].map(|key| named(&texts.claim_columns, key))
}

fn memory_heads(texts: &Texts) -> [&str; 5] {
    ["model", "quant", "ours", "mission", "why"].map(|key| named(&texts.memory_columns, key))
}

fn verdict(verdict: Verdict, texts: &Texts) -> &str {
    named(&texts.verdicts, verdict.name())
}

fn of_model(model: &OfModel, texts: &Texts) -> [String; 6] {
    let speed = match (model.decode_low, model.decode_high) {
        (Some(low), Some(high)) => format!("{} to {}", rate(low), rate(high)),
        _ => "-".to_string(),
    };
    [
        model.model.clone(),
        verdict(model.verdict, texts).to_string(),
        model.quant.clone(),
        format!("{} × {}", model.slots, model.n_ctx / model.slots.max(1)),
        speed,
        model.reasons.join("; "),
    ]
}

fn claims(levels: &Levels, texts: &Texts) -> impl Iterator<Item = [String; 6]> {
    levels.claims.iter().map(|claim| {
        [
            claim.profile.clone(),
            claim.ours.model.clone(),
            claim.ours.quant.clone(),
            claim.note.clone(),
            verdict(claim.ours.verdict, texts).to_string(),
            claim.ours.reasons.join("; "),
        ]
    })
}

fn of_memory(memory: &Memory) -> [String; 5] {
    let gb = |bytes: u64| format!("{:.1}", bytes as f64 / 1e9);
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
        memory.why.clone().unwrap_or_default(),
    ]
}

/// A Markdown table.
fn rows<const N: usize>(out: &mut String, heads: &[&str; N], rows: impl Iterator<Item = [String; N]>) {
    row(out, heads);
    row(out, &["---"; N]);
    for cells in rows {
        row(out, &cells.each_ref().map(String::as_str));
    }
}

fn row(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
