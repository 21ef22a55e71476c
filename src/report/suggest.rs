//! Models that are suggested, as text.

use super::{table, words};
use crate::lang::{Lang, Sentence, figure};
use crate::paint::Painted;
use crate::plan::suggest::Suggestion;
use crate::units::{money, rate};
use crate::width;

/// A table, under it the command that takes each, and how they are ranked.
pub fn text(found: &[Suggestion], commands: &[String], ranked_by: &Sentence, lang: Lang) -> Painted {
    let rows = found.iter().map(|one| {
        let price = match (one.per_month, &one.currency) {
            (Some(price), Some(currency)) => format!("{} {currency}", figure(lang, &money(price))),
            _ => "-".to_string(),
        };
        vec![
            (&one.model).into(),
            (&one.quant).into(),
            words::painted_verdict(one.verdict, lang),
            figure(lang, &rate(one.decode_tok_s.expected)).into(),
            price.into(),
            (&one.machine).into(),
            one.why.told(lang).into(),
        ]
    });
    let head = [
        tr!(lang, "suggest-model"),
        tr!(lang, "suggest-quant"),
        tr!(lang, "suggest-verdict"),
        tr!(lang, "plan-column-speed"),
        tr!(lang, "suggest-month"),
        tr!(lang, "suggest-machine"),
        tr!(lang, "suggest-why"),
    ];
    let mut text = table::painted(&head.each_ref().map(String::as_str), rows, &[3, 4]);
    let commands: Vec<String> = commands.iter().map(|command| width::command(command)).collect();
    let ranked = tr!(lang, "suggest-ranked", what = ranked_by.told(lang));
    text.line(format!("\n\n{}\n\n{ranked}", commands.join("\n")));
    text
}
