//! How a plan's numbers came about, as text.

use super::table;
use crate::plan::explain::{Choice, Explained, Explanation, Figure, VerdictExplained};
use crate::plan::verdict::{Decides, Term};
use crate::units::gib;
use std::fmt::Write;

/// Returns the explanation as text for a terminal.
pub fn text(explanation: &Explanation) -> String {
    let mut out = String::from("How each number came about\n");
    let mut section = "";
    for line in &explanation.numbers {
        let (head, _) = split(&line.number);
        if head != section {
            section = head;
            let _ = writeln!(out, "\n{}", head.trim_start_matches('/').replace('/', " "));
        }
        number(&mut out, line);
    }
    verdict(&mut out, &explanation.verdict);
    choice(&mut out, &explanation.choice);
    out
}

/// `/memory/0/kv_bytes` → `/memory/0`, `kv_bytes`; `/speed/decode_tok_s/low` → `/speed`, `decode_tok_s low`.
fn split(pointer: &str) -> (&str, &str) {
    let parts = if pointer.starts_with("/memory/") { 2 } else { 1 };
    let end = pointer.match_indices('/').nth(parts).map_or(pointer.len(), |(at, _)| at);
    (&pointer[..end], pointer[end..].trim_start_matches('/'))
}

fn number(out: &mut String, line: &Explained) {
    let (_, name) = split(&line.number);
    let _ = writeln!(out, "  {} = {}", name.replace('/', " "), shown(line.value, &line.unit));
    let _ = writeln!(out, "      {}", line.formula);
    for input in &line.inputs {
        let source = if input.source == "above" { String::new() } else { format!("  ({})", input.source) };
        let _ = writeln!(out, "      {} = {}{source}", input.name, shown(input.value, &input.unit));
    }
    let _ = writeln!(out, "      from {}", line.source);
}

/// Bytes exactly, and as people read them.
fn shown(value: Figure, unit: &str) -> String {
    match value {
        Figure::Whole(n) if unit == "bytes" && n.unsigned_abs() >= 1 << 20 => {
            let sign = if n < 0 { "-" } else { "" };
            format!("{n} bytes, {sign}{}", gib(n.unsigned_abs()))
        }
        Figure::Whole(n) => format!("{n} {unit}").trim_end().to_string(),
        Figure::Real(x) => format!("{x} {unit}").trim_end().to_string(),
    }
}

fn verdict(out: &mut String, verdict: &VerdictExplained) {
    let name = verdict.verdict.name();
    let _ = writeln!(out, "\nverdict: {name}\n  {}", verdict.rule);
    let rows = verdict.terms.iter().map(|term| {
        let decides = match term.decides {
            Decides::Runs => "runs",
            Decides::Comfort => "comfort",
        };
        let held = match (term.replaced, term.held) {
            (true, _) => "replaced by a flag",
            (_, true) => "held",
            _ => "not held",
        };
        let bound = format!("{} {}", term.must_be, figure(term, term.bound));
        [decides.to_string(), term.what.clone(), figure(term, term.value), bound, held.to_string()].into()
    });
    let _ = writeln!(out, "{}", table::table(&["decides", "term", "value", "bound", ""], rows, &[2]));
}

fn figure(term: &Term, value: f64) -> String {
    match term.unit {
        _ if value.is_nan() => "not known".to_string(),
        "bytes" => gib(value.max(0.0) as u64),
        "" if value.fract() != 0.0 => format!("{:.1} %", value * 100.0),
        unit => format!("{value} {unit}").trim_end().to_string(),
    }
}

fn choice(out: &mut String, choice: &Choice) {
    let _ = writeln!(
        out,
        "\nchoice: {} with {}, the best of {}\n  compared by {}; the first that differs decides",
        choice.profile,
        choice.quant,
        choice.compared,
        choice.order.join(", ")
    );
    if choice.runners_up.is_empty() {
        return;
    }
    let rows = choice.runners_up.iter().map(|r| {
        [r.machine.clone(), r.quant.clone(), r.lost_by.clone(), r.chosen.clone(), r.theirs.clone()].into()
    });
    let _ =
        writeln!(out, "{}", table::render(&["runner-up", "quant", "lost by", "chosen", "this one"], rows));
}
