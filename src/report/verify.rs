//! A verification as text: one line per requirement.

use super::{bar, table};
use crate::hardware::facts::Facts;
use crate::lang::{Lang, told};
use crate::paint::{Meaning, Painted};
use crate::plan::document::DeviceLedger;
use crate::plan::on_host;
use crate::plan::requirements::ids::GPU_MODEL;
use crate::verify::{Judgement, Line, Report};

/// Every requirement.
pub fn text(report: &Report, lang: Lang) -> Painted {
    let rows = report.lines.iter().map(|line| {
        let (meaning, word) = match line.outcome {
            Judgement::Ok => (Meaning::Good, tr!(lang, "verify-ok")),
            Judgement::Warning => (Meaning::Care, tr!(lang, "verify-warning")),
            Judgement::Allowed => (Meaning::Care, tr!(lang, "verify-allowed")),
            Judgement::Later => (Meaning::Care, tr!(lang, "verify-later")),
            Judgement::Refused => (Meaning::Bad, tr!(lang, "verify-refused")),
        };
        let (needed, found) = (needed(line, lang), told(lang, &line.found));
        vec![(&line.id).into(), needed.into(), found.into(), Painted::of(meaning, &word)]
    });
    let head = [
        tr!(lang, "verify-column-requirement"),
        tr!(lang, "verify-column-needed"),
        tr!(lang, "verify-column-found"),
        tr!(lang, "plan-column-verdict"),
    ];
    table::painted(&head.each_ref().map(String::as_str), rows, &[])
}

/// Returns what was needed; of several names one is enough.
fn needed(line: &Line, lang: Lang) -> String {
    match line.id.as_str() {
        GPU_MODEL => line.needed.replace(&english!("needed-or"), &tr!(lang, "needed-or")),
        _ => told(lang, &line.needed),
    }
}

/// Returns the memory that a plan takes, as bars of what the host has.
pub fn memory(planned: &[DeviceLedger], facts: &Facts, lang: Lang) -> Painted {
    let mut text = Painted::default();
    text.line(tr!(lang, "verify-memory"));
    text.add(bar::bars(&on_host::devices(planned, facts), 0, lang));
    text
}

/// One line per missing thing: `ram: needed 9.1 GiB, found 3.8 GiB (the host's ledger)`.
pub fn refusals(report: &Report, lang: Lang) -> Vec<String> {
    let refusal = |line: &Line| {
        let (needed, found, why) = (needed(line, lang), told(lang, &line.found), told(lang, &line.why));
        tr!(lang, "verify-refusal", id = &line.id, needed = needed, found = found, why = why)
    };
    report.refused().map(refusal).collect()
}

/// Returns a warning for each promise that is not kept.
pub fn warnings(report: &Report, lang: Lang) -> Vec<String> {
    let warning = |line: &Line| {
        let (needed, found) = (needed(line, lang), told(lang, &line.found));
        tr!(lang, "verify-broken-promise", id = &line.id, needed = needed, found = found)
    };
    report.warnings().map(warning).collect()
}
