//! Words that several texts share.

use crate::lang::{Lang, Sentence, Value, figure, of_data, told};
use crate::paint::{Meaning, Painted};
use crate::plan::document::{Rag, Verdict};
use crate::units::gib;

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

/// Returns the source of a price or of a rate.
pub fn source(of: &str) -> Sentence {
    of_data("source", of, of)
}

/// Returns the name of a device of the ledger for people: `host`, `gpu0`.
pub fn device(device: &str, lang: Lang) -> String {
    if device == "host" { tr!(lang, "plan-host") } else { device.to_string() }
}

/// Returns what an embedding server is, and the disk that its index takes.
pub fn embedding(rag: &Rag, lang: Lang) -> [String; 2] {
    let model = &rag.model;
    let size = |bytes: u64| figure(lang, &gib(bytes));
    [
        tr!(
            lang,
            "plan-rag",
            model = &*model.id,
            quant = &model.quant,
            device = device(rag.device.device(), lang),
            numbers = model.dimensions,
            size = size(model.size_bytes),
            slots = rag.slots,
            tokens = rag.chunk_tokens,
        ),
        tr!(
            lang,
            "plan-index",
            size = size(rag.index.size_bytes),
            texts = rag.index.chunks,
            assumption = told(lang, &rag.index.assumption),
        ),
    ]
}
