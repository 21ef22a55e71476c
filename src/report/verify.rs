//! A verification as text: one line per requirement.

use super::table;
use crate::lang::{Lang, told};
use crate::verify::{Judgement, Line, Report};

/// Every requirement.
pub fn text(report: &Report, lang: Lang) -> String {
    let rows = report.lines.iter().map(|line| {
        let outcome = match line.outcome {
            Judgement::Ok => tr!(lang, "verify-ok"),
            Judgement::Warning => tr!(lang, "verify-warning"),
            Judgement::Allowed => tr!(lang, "verify-allowed"),
            Judgement::Later => tr!(lang, "verify-later"),
            Judgement::Refused => tr!(lang, "verify-refused"),
        };
        vec![line.id.clone(), told(lang, &line.needed), told(lang, &line.found), outcome]
    });
    let head = [
        tr!(lang, "verify-column-requirement"),
        tr!(lang, "verify-column-needed"),
        tr!(lang, "verify-column-found"),
        tr!(lang, "plan-column-verdict"),
    ];
    table::render(&head.each_ref().map(String::as_str), rows)
}

/// One line per missing thing: `ram: needed 9.1 GiB, found 3.8 GiB (the host's ledger)`.
pub fn refusals(report: &Report, lang: Lang) -> Vec<String> {
    let refusal = |line: &Line| {
        let (needed, found, why) = (told(lang, &line.needed), told(lang, &line.found), told(lang, &line.why));
        tr!(lang, "verify-refusal", id = &line.id, needed = needed, found = found, why = why)
    };
    report.refused().map(refusal).collect()
}

/// Returns a warning for each promise that is not kept.
pub fn warnings(report: &Report, lang: Lang) -> Vec<String> {
    let warning = |line: &Line| {
        let (needed, found) = (told(lang, &line.needed), told(lang, &line.found));
        tr!(lang, "verify-broken-promise", id = &line.id, needed = needed, found = found)
    };
    report.warnings().map(warning).collect()
}
