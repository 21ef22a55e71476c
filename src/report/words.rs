//! Words that several texts share.

use crate::lang::{Lang, Value};
use crate::paint::{Meaning, Painted};
use crate::plan::document::Verdict;

/// Returns a verdict's word.
pub fn verdict(verdict: Verdict, lang: Lang) -> String {
    match verdict {
        Verdict::Comfort => tr!(lang, "verdict-comfort"),
        Verdict::Compromise => tr!(lang, "verdict-compromise"),
        Verdict::Impossible => tr!(lang, "verdict-impossible"),
    }
}

/// Returns what a verdict means for who wants to run the model.
pub fn meaning(verdict: Verdict) -> Meaning {
    match verdict {
        Verdict::Comfort => Meaning::Good,
        Verdict::Compromise => Meaning::Care,
        Verdict::Impossible => Meaning::Bad,
    }
}

/// Returns a verdict's word with its meaning.
pub fn painted_verdict(of: Verdict, lang: Lang) -> Painted {
    Painted::of(meaning(of), &verdict(of, lang))
}

/// Returns `2.1 to 3.4`; one figure where both are shown the same.
pub fn range(low: String, high: String, lang: Lang) -> String {
    if low == high {
        return crate::lang::figure(lang, &low);
    }
    tr!(lang, "range", low = Value::figure(low), high = Value::figure(high))
}

/// Returns the name of a device of the ledger for people: `host`, `gpu0`.
pub fn device(device: &str, lang: Lang) -> String {
    if device == "host" { tr!(lang, "plan-host") } else { device.to_string() }
}
