//! How a plan's numbers came about, as text.

use super::{table, words};
use crate::lang::{Lang, Value, figure};
use crate::plan::explain::{Choice, Explained, Explanation, Figure, VerdictExplained};
use crate::plan::verdict::{Decides, Term};
use crate::units::gib;
use serde::Serialize;
use std::fmt::Write;

/// Returns the explanation as text for a terminal.
pub fn text(explanation: &Explanation, lang: Lang) -> String {
    let mut out = tr!(lang, "explain-title") + "\n";
    let mut section = String::new();
    for line in lines(explanation, lang) {
        if line.section != section {
            let _ = writeln!(out, "\n{}", line.section);
            section = line.section.clone();
        }
        number(&mut out, &line, lang);
    }
    verdict(&mut out, &explanation.verdict, lang);
    choice(&mut out, &explanation.choice, lang);
    out
}

/// One number, told in a language.
#[derive(Serialize)]
pub(super) struct Line {
    /// Part of the plan that it stands in.
    pub section: String,
    /// Its key there: `kv_bytes`, `decode_tok_s.low`.
    pub name: String,
    pub value: String,
    pub formula: String,
    /// Inputs of the formula.
    pub inputs: Vec<Input>,
    pub source: String,
}

/// One input of a formula, told in a language.
#[derive(Serialize)]
pub(super) struct Input {
    pub name: String,
    pub value: String,
    /// `None` where the value is one of the numbers before it.
    pub source: Option<String>,
}

/// Returns every number.
pub(super) fn lines(explanation: &Explanation, lang: Lang) -> Vec<Line> {
    explanation.numbers.iter().map(|line| told(line, lang)).collect()
}

fn told(line: &Explained, lang: Lang) -> Line {
    let (section, name) = split(&line.number);
    let input = |input: &crate::plan::explain::Input| Input {
        name: input.name.clone(),
        value: value(input.value, &input.unit, lang),
        source: Some(input.source.told(lang)).filter(|_| input.source != english!("explain-above").as_str()),
    };
    Line {
        section: named(section, lang),
        name: name.replace('/', "."),
        value: value(line.value, &line.unit, lang),
        formula: line.formula.clone(),
        inputs: line.inputs.iter().map(input).collect(),
        source: line.source.told(lang),
    }
}

/// `/memory/0/kv_bytes` → `/memory/0`, `kv_bytes`; `/speed/decode_tok_s/low` → `/speed`, `decode_tok_s/low`.
fn split(pointer: &str) -> (&str, &str) {
    let parts = match pointer {
        deep if deep.starts_with("/rag/memory/") => 3,
        deep if deep.starts_with("/memory/") || deep.starts_with("/rag/") => 2,
        _ => 1,
    };
    let end = pointer.match_indices('/').nth(parts).map_or(pointer.len(), |(at, _)| at);
    (&pointer[..end], pointer[end..].trim_start_matches('/'))
}

/// Returns the heading of a section.
fn named(section: &str, lang: Lang) -> String {
    let index = section.rsplit('/').next().unwrap_or_default();
    match section {
        "/speed" => tr!(lang, "explain-speed"),
        "/cost" => tr!(lang, "explain-price"),
        "/arrival" => tr!(lang, "explain-arrival"),
        "/rag/index" => tr!(lang, "explain-rag-index"),
        rag if rag.starts_with("/rag/") => tr!(lang, "explain-rag-memory-of", index = index),
        _ => tr!(lang, "explain-memory", index = index),
    }
}

fn number(out: &mut String, line: &Line, lang: Lang) {
    let _ = writeln!(out, "  {} = {}\n      {}", line.name, line.value, line.formula);
    for input in &line.inputs {
        let source = input.source.as_ref().map_or(String::new(), |source| format!("  ({source})"));
        let _ = writeln!(out, "      {} = {}{source}", input.name, input.value);
    }
    let _ = writeln!(out, "      {}", tr!(lang, "explain-from", source = &line.source));
}

/// Returns a value with its unit; many bytes exactly, and as people read them.
fn value(of: Figure, unit: &str, lang: Lang) -> String {
    let (text, count) = match of {
        Figure::Whole(n) => (n.to_string(), u64::try_from(n).ok()),
        Figure::Real(x) => (x.to_string(), (x >= 0.0 && x.fract() == 0.0).then_some(x as u64)),
    };
    let number = || count.map_or(Value::figure(&*text), Value::Count);
    match (unit, of) {
        ("bytes", Figure::Whole(n)) if n.unsigned_abs() >= 1 << 20 => {
            let size = format!("{}{}", if n < 0 { "-" } else { "" }, gib(n.unsigned_abs()));
            tr!(lang, "unit-bytes-size", number = Value::figure(text), size = Value::figure(size))
        }
        ("", _) => figure(lang, &text),
        ("bytes", _) => tr!(lang, "unit-bytes", number = Value::figure(text)),
        ("tokens", _) => tr!(lang, "unit-tokens", number = number()),
        ("texts", _) => tr!(lang, "unit-texts", number = number()),
        ("bits", _) => tr!(lang, "unit-bits", number = number()),
        ("layers", _) => tr!(lang, "unit-layers", number = number()),
        ("seconds", _) => tr!(lang, "unit-seconds", number = Value::figure(text)),
        ("hours", _) => tr!(lang, "unit-hours", number = Value::figure(text)),
        (unit, _) => match unit.split_once(" for 1 ") {
            Some((to, from)) => tr!(lang, "unit-rate", number = Value::figure(text), to = to, from = from),
            // A unit that figures have, or a currency.
            None => match figure(lang, &format!("{text} {unit}")) {
                told if told.ends_with(unit) => format!("{} {unit}", figure(lang, &text)),
                told => told,
            },
        },
    }
}

/// Returns the terms of the verdict: what each decides, its text, value, bound, and whether it is held.
pub(super) fn terms(verdict: &VerdictExplained, lang: Lang) -> Vec<[String; 5]> {
    let row = |term: &Term| {
        let decides = match term.decides {
            Decides::Runs => tr!(lang, "explain-decides-runs"),
            Decides::Comfort => tr!(lang, "explain-decides-comfort"),
        };
        let held = match (term.replaced, term.held) {
            (true, _) => tr!(lang, "explain-replaced"),
            (_, true) => tr!(lang, "explain-held"),
            _ => tr!(lang, "explain-not-held"),
        };
        let bound = of_term(term, term.bound, lang);
        let bound = match term.must_be {
            "at least" => tr!(lang, "explain-at-least", bound = bound),
            _ => tr!(lang, "explain-at-most", bound = bound),
        };
        [decides, term.what.told(lang), of_term(term, term.value, lang), bound, held]
    };
    verdict.terms.iter().map(row).collect()
}

/// Returns the heads of [`terms`].
pub(super) fn term_heads(lang: Lang) -> [String; 5] {
    [
        tr!(lang, "explain-column-decides"),
        tr!(lang, "explain-column-term"),
        tr!(lang, "explain-column-value"),
        tr!(lang, "explain-column-bound"),
        tr!(lang, "explain-column-held"),
    ]
}

fn verdict(out: &mut String, verdict: &VerdictExplained, lang: Lang) {
    let name = words::verdict(verdict.verdict, lang);
    let _ =
        writeln!(out, "\n{}\n  {}", tr!(lang, "explain-verdict", verdict = name), verdict.rule.told(lang));
    let rows = terms(verdict, lang).into_iter().map(Vec::from);
    let _ = writeln!(out, "{}", table::table(&term_heads(lang).each_ref().map(String::as_str), rows, &[2]));
}

fn of_term(term: &Term, number: f64, lang: Lang) -> String {
    match term.unit {
        _ if number.is_nan() => tr!(lang, "explain-not-known"),
        "bytes" => figure(lang, &gib(number.max(0.0) as u64)),
        "" if number.fract() != 0.0 => format!("{}\u{a0}%", figure(lang, &format!("{:.1}", number * 100.0))),
        unit => value(Figure::Real(number), unit, lang),
    }
}

/// Returns the candidates that were not chosen: machine, quantisation, the term it lost by, and both values of that.
pub(super) fn runners_up(choice: &Choice, lang: Lang) -> Vec<[String; 5]> {
    let row = |r: &crate::plan::explain::RunnerUp| {
        let [lost_by, chosen, theirs] = [&r.lost_by, &r.chosen, &r.theirs].map(|text| text.told(lang));
        [r.machine.clone(), r.quant.clone(), lost_by, chosen, theirs]
    };
    choice.runners_up.iter().map(row).collect()
}

/// Returns the heads of [`runners_up`].
pub(super) fn runner_up_heads(lang: Lang) -> [String; 5] {
    [
        tr!(lang, "explain-column-runner-up"),
        tr!(lang, "explain-column-quant"),
        tr!(lang, "explain-column-lost-by"),
        tr!(lang, "explain-column-chosen"),
        tr!(lang, "explain-column-this"),
    ]
}

/// Returns what was chosen, and by which terms.
pub(super) fn chosen(choice: &Choice, lang: Lang) -> [String; 2] {
    let order: Vec<String> = choice.order.iter().map(|term| term.told(lang)).collect();
    let (profile, quant) = (&choice.profile, &choice.quant);
    [
        tr!(lang, "explain-choice", profile = profile, quant = quant, compared = choice.compared),
        tr!(lang, "explain-order", order = order.join(", ")),
    ]
}

fn choice(out: &mut String, choice: &Choice, lang: Lang) {
    let [what, order] = chosen(choice, lang);
    let _ = writeln!(out, "\n{what}\n  {order}");
    if choice.runners_up.is_empty() {
        return;
    }
    let rows = runners_up(choice, lang).into_iter().map(Vec::from);
    let heads = runner_up_heads(lang);
    let _ = writeln!(out, "{}", table::render(&heads.each_ref().map(String::as_str), rows));
}
