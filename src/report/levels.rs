//! The hardware levels, as Markdown and as text.

use super::table;
use super::words;
use crate::lang::{Lang, Sentence, Value, figure};
use crate::plan::document::Verdict;
use crate::plan::levels::{Levels, Memory, OfModel, OfProfile};
use crate::plan::together::{Together, Way};
use crate::units::rate;
use std::fmt::Write;

/// Returns the levels as a Markdown document.
pub fn markdown(levels: &Levels, lang: Lang) -> String {
    let mut out = format!("# {}\n\n{}\n", tr!(lang, "levels-title"), tr!(lang, "levels-intro"));
    for level in &levels.levels {
        let _ = writeln!(out, "\n## {}", level.title.told(lang));
        for profile in &level.profiles {
            let _ = writeln!(out, "\n### {} (`{}`)\n", profile.title.told(lang), profile.profile);
            for (name, models) in summary(profile, lang) {
                let _ = writeln!(out, "- {name}: {models}");
            }
            out.push('\n');
            rows(&mut out, &model_heads(lang), profile.models.iter().map(|model| of_model(model, lang)));
        }
    }
    let (title, intro) = together_intro(levels, lang);
    let _ = writeln!(out, "\n## {title}\n\n{intro}\n");
    rows(&mut out, &together_heads(lang), together(levels, lang));
    let (title, intro) = (tr!(lang, "levels-claims-title"), tr!(lang, "levels-claims-intro"));
    let _ = writeln!(out, "\n## {title}\n\n{intro}\n");
    rows(&mut out, &claim_heads(lang), claims(levels, lang));
    let (title, intro) = memory_intro(levels, lang);
    let _ = writeln!(out, "\n## {title}\n\n{intro}\n");
    rows(&mut out, &memory_heads(lang), levels.memory.iter().map(|memory| of_memory(memory, lang)));
    out
}

/// For a terminal: three lines a profile, then the document's list and ranges.
pub fn text(levels: &Levels, lang: Lang) -> String {
    let mut out = format!("{}\n\n{}\n", tr!(lang, "levels-title"), tr!(lang, "levels-intro"));
    for level in &levels.levels {
        let _ = writeln!(out, "\n{}", level.title.told(lang));
        for profile in &level.profiles {
            let _ = writeln!(out, "  {} ({})", profile.title.told(lang), profile.profile);
            for (name, models) in summary(profile, lang) {
                let _ = writeln!(out, "    {name}: {models}");
            }
        }
    }
    let (title, intro) = together_intro(levels, lang);
    let _ = writeln!(out, "\n{title}\n{intro}\n");
    let _ = writeln!(out, "{}", plain(&together_heads(lang), together(levels, lang)));
    let (title, intro) = (tr!(lang, "levels-claims-title"), tr!(lang, "levels-claims-intro"));
    let _ = writeln!(out, "\n{title}\n{intro}\n");
    let _ = writeln!(out, "{}", plain(&claim_heads(lang), claims(levels, lang)));
    let (title, intro) = memory_intro(levels, lang);
    let _ = writeln!(out, "\n{title}\n{intro}\n");
    let memory = levels.memory.iter().map(|memory| of_memory(memory, lang));
    let _ = writeln!(out, "{}", plain(&memory_heads(lang), memory));
    out
}

fn memory_intro(levels: &Levels, lang: Lang) -> (String, String) {
    (tr!(lang, "levels-memory-title"), tr!(lang, "levels-memory-intro", build = &levels.build))
}

fn together_intro(levels: &Levels, lang: Lang) -> (String, String) {
    let Together { model, quant, link, .. } = &levels.together;
    let figure = |number: f64| Value::figure(number.to_string());
    let title = tr!(lang, "levels-together-title", model = model);
    (
        title,
        tr!(
            lang,
            "levels-together-intro",
            quant = quant,
            latency = figure(link.latency_ms),
            rate = figure(link.mbit_s)
        ),
    )
}

fn together_heads(lang: Lang) -> [String; 6] {
    [
        tr!(lang, "levels-column-machines"),
        tr!(lang, "levels-column-verdict"),
        tr!(lang, "levels-column-one-answer"),
        tr!(lang, "levels-column-all-answers"),
        tr!(lang, "levels-column-per-hour"),
        tr!(lang, "levels-column-per-million"),
    ]
}

fn together(levels: &Levels, lang: Lang) -> impl Iterator<Item = [String; 6]> {
    levels.together.rows.iter().map(move |row| {
        let none = || "-".to_string();
        let money = |amount: Option<f64>, currency: &Option<String>| match (amount, currency) {
            (Some(amount), Some(currency)) => format!("{} {currency}", figure(lang, &format!("{amount:.2}"))),
            _ => none(),
        };
        let machines = match (row.count, row.way) {
            (1, _) => format!("1 × {}", row.profile),
            (count, Way::Replicas) => tr!(lang, "levels-replicas", count = count, profile = &row.profile),
            (count, Way::Rpc) => tr!(lang, "levels-rpc", count = count, profile = &row.profile),
        };
        let one = row.decode_tok_s.as_ref();
        [
            machines,
            verdict(row.verdict, lang),
            one.map_or_else(none, |speed| words::range(rate(speed.low), rate(speed.high), lang)),
            row.all_tok_s.map_or_else(none, |speed| figure(lang, &rate(speed))),
            money(row.per_hour, &row.currency),
            money(row.per_million_tokens, &row.currency),
        ]
    })
}

/// Each verdict's name, with the models that have it; a compromise with what it is and what was given up
/// is in the table.
fn summary(profile: &OfProfile, lang: Lang) -> [(String, String); 3] {
    let of = |name: String, models: &[String]| {
        let models = if models.is_empty() { tr!(lang, "levels-nothing") } else { models.join(", ") };
        (name, models)
    };
    [
        of(tr!(lang, "levels-comfort"), &profile.comfort),
        of(tr!(lang, "levels-compromise"), &profile.compromise),
        of(tr!(lang, "levels-impossible"), &profile.impossible),
    ]
}

/// Returns the heads of a table of models.
pub(super) fn model_heads(lang: Lang) -> [String; 6] {
    [
        tr!(lang, "levels-column-model"),
        tr!(lang, "levels-column-verdict"),
        tr!(lang, "levels-column-quant"),
        tr!(lang, "levels-column-context"),
        tr!(lang, "levels-column-speed"),
        tr!(lang, "levels-column-reason"),
    ]
}

fn claim_heads(lang: Lang) -> [String; 6] {
    [
        tr!(lang, "levels-column-profile"),
        tr!(lang, "levels-column-model"),
        tr!(lang, "levels-column-quant"),
        tr!(lang, "levels-column-note"),
        tr!(lang, "levels-column-claimed"),
        tr!(lang, "levels-column-reason"),
    ]
}

fn memory_heads(lang: Lang) -> [String; 5] {
    [
        tr!(lang, "levels-column-model"),
        tr!(lang, "levels-column-quant"),
        tr!(lang, "levels-column-ours"),
        tr!(lang, "levels-column-mission"),
        tr!(lang, "levels-column-why"),
    ]
}

fn verdict(verdict: Verdict, lang: Lang) -> String {
    match verdict {
        Verdict::Comfort => tr!(lang, "levels-verdict-comfort"),
        Verdict::Compromise => tr!(lang, "levels-verdict-compromise"),
        Verdict::Impossible => tr!(lang, "levels-verdict-impossible"),
    }
}

fn reasons(reasons: &[Sentence], lang: Lang) -> String {
    reasons.iter().map(|reason| reason.told(lang)).collect::<Vec<_>>().join("; ")
}

/// Returns the row of a model; `-` stands for a speed that there is not.
pub(super) fn of_model(model: &OfModel, lang: Lang) -> [String; 6] {
    let speed = match (model.decode_low, model.decode_high) {
        (Some(low), Some(high)) => words::range(rate(low), rate(high), lang),
        _ => "-".to_string(),
    };
    [
        model.model.clone(),
        verdict(model.verdict, lang),
        model.quant.clone(),
        format!("{} × {}", model.slots, figure(lang, &(model.n_ctx / model.slots.max(1)).to_string())),
        speed,
        reasons(&model.reasons, lang),
    ]
}

fn claims(levels: &Levels, lang: Lang) -> impl Iterator<Item = [String; 6]> {
    levels.claims.iter().map(move |claim| {
        [
            claim.profile.clone(),
            claim.ours.model.clone(),
            claim.ours.quant.clone(),
            claim.note.told(lang),
            verdict(claim.ours.verdict, lang),
            reasons(&claim.ours.reasons, lang),
        ]
    })
}

fn of_memory(memory: &Memory, lang: Lang) -> [String; 5] {
    let gb = |bytes: u64| Value::figure(format!("{:.1}", bytes as f64 / 1e9));
    let document = match memory.document_gb {
        Some([low, high]) => words::range(low.to_string(), high.to_string(), lang),
        None => "-".to_string(),
    };
    [
        memory.model.clone(),
        memory.quant.clone(),
        tr!(lang, "range", low = gb(memory.low_bytes), high = gb(memory.high_bytes)),
        document,
        memory.why.as_ref().map_or(String::new(), |why| why.told(lang)),
    ]
}

fn plain<const N: usize>(heads: &[String; N], rows: impl Iterator<Item = [String; N]>) -> String {
    table::render(&heads.each_ref().map(String::as_str), rows.map(Vec::from))
}

/// A Markdown table.
fn rows<const N: usize>(out: &mut String, heads: &[String; N], rows: impl Iterator<Item = [String; N]>) {
    row(out, heads);
    let _ = writeln!(out, "| {} |", ["---"; N].join(" | "));
    for cells in rows {
        row(out, &cells);
    }
}

fn row(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
