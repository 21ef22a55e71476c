//! Models that are suggested, as text.

use super::{table, width, words};
use crate::lang::Lang;
use crate::paint::Painted;
use crate::plan::suggest::Suggestion;
use crate::units::{money, rate};

/// A table, under it the command that takes each, and how they are ranked.
pub fn text(found: &[Suggestion], commands: &[String], ranked_by: &str) -> Painted {
    let rows = found.iter().map(|one| {
        let price = match (one.per_month, &one.currency) {
            (Some(price), Some(currency)) => format!("{} {currency}", money(price)),
            _ => "-".to_string(),
        };
        vec![
            (&one.model).into(),
            (&one.quant).into(),
            words::painted_verdict(one.verdict, Lang::English),
            rate(one.decode_tok_s.expected).into(),
            price.into(),
            (&one.machine).into(),
            (&one.why).into(),
        ]
    });
    let head = ["model", "quant", "verdict", "tokens/s", "a month", "machine", "why"];
    let mut text = table::painted(&head, rows, &[3, 4]);
    let commands: Vec<String> = commands.iter().map(|command| width::command(command)).collect();
    text.line(format!("\n\n{}\n\nRanked by {ranked_by}.", commands.join("\n")));
    text
}
