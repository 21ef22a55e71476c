//! Models that are suggested, as text.

use super::{table, width};
use crate::plan::suggest::Suggestion;
use crate::units::{money, rate};

/// A table, under it the command that takes each, and how they are ranked.
pub fn text(found: &[Suggestion], commands: &[String], ranked_by: &str) -> String {
    let rows = found.iter().map(|one| {
        let price = match (one.per_month, &one.currency) {
            (Some(price), Some(currency)) => format!("{} {currency}", money(price)),
            _ => "-".to_string(),
        };
        vec![
            one.model.clone(),
            one.quant.clone(),
            one.verdict.name().to_string(),
            rate(one.decode_tok_s.expected),
            price,
            one.machine.clone(),
            one.why.clone(),
        ]
    });
    let head = ["model", "quant", "verdict", "tokens/s", "a month", "machine", "why"];
    let table = table::table(&head, rows, &[3, 4]);
    let commands: Vec<String> = commands.iter().map(|command| width::command(command)).collect();
    format!("{table}\n\n{}\n\nRanked by {ranked_by}.\n", commands.join("\n"))
}
