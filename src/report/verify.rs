//! A verification as text: one line per requirement.

use super::table;
use crate::verify::{Judgement, Report};

/// Every requirement.
pub fn text(report: &Report) -> String {
    let rows = report.lines.iter().map(|line| {
        let outcome = match line.outcome {
            Judgement::Ok => "ok",
            Judgement::Warning => "warning",
            Judgement::Allowed => "allowed",
            Judgement::Later => "with driver",
            Judgement::Refused => "REFUSED",
        };
        vec![line.id.clone(), line.needed.clone(), line.found.clone(), outcome.to_string()]
    });
    table::render(&["requirement", "needed", "found", "verdict"], rows)
}

/// One line per missing thing: `ram: needed 9.1 GiB, found 3.8 GiB (the host's ledger)`.
pub fn refusals(report: &Report) -> Vec<String> {
    report
        .refused()
        .map(|line| format!("{}: needed {}, found {} ({})", line.id, line.needed, line.found, line.why))
        .collect()
}
