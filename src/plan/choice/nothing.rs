//! Answers where nothing runs as it was asked for: with the nearest that would, or the cheapest.

use super::candidates::Candidate;
use super::decision::{Decision, asked};
use super::document::document;
use super::ranking::{better, by_price, cheapest};
use crate::error::Result;
use crate::plan::document::Verdict;
use crate::plan::rag;
use crate::plan::request::Request;

/// The plan for the cheapest offer that would run it, which no budget allowed: impossible, and why.
pub(super) fn over_budget<'a>(
    request: &'a Request,
    rag: Option<rag::Server<'a>>,
    mut everywhere: Vec<Candidate<'a>>,
) -> Result<Decision<'a>> {
    let asked = |c: &Candidate| asked(request, c.profile);
    let asked_in = request.budget.as_ref().map(|budget| budget.currency);
    let runs = |c: &Candidate| c.verdict != Verdict::Impossible && c.offer.is_some();
    // First in the currency that was asked for.
    for same_currency in [true, false] {
        for c in &mut everywhere {
            c.offer = cheapest(request, c.profile, |o| !same_currency || Some(o.currency) == asked_in);
        }
        if everywhere.iter().any(|c| asked(c) && runs(c)) {
            break;
        }
    }
    type Numbered<'c, 'r> = (usize, &'c Candidate<'r>);
    let by_price = |(_, a): &Numbered, (_, b): &Numbered| by_price(request, a, b).then(better(request, a, b));
    let of_asked = || everywhere.iter().enumerate().filter(|(_, c)| asked(c));
    let cheapest = of_asked().filter(|(_, c)| runs(c)).min_by(by_price);
    let nearest = || of_asked().min_by(|(_, a), (_, b)| better(request, a, b));
    let chosen = cheapest.or_else(nearest).map_or(0, |(chosen, _)| chosen);
    let cheapest = cheapest.map(|(_, c)| c);
    let mut plan = document(request, rag.as_ref(), &everywhere[chosen], &everywhere)?;
    plan.verdict = Verdict::Impossible;
    plan.reasons = vec![match (cheapest.and_then(|c| c.offer), &request.budget) {
        (Some(offer), Some(budget)) => {
            let period = budget.period();
            let price = (offer.price(period) * 10_000.0).round() / 10_000.0;
            let capped = offer.price(period) < offer.per_hour * period.hours();
            format!(
                "no known offer is within {budget}; the cheapest that runs it is {} at {} for {price} {}/{}{}",
                offer.instance,
                offer.provider,
                offer.currency,
                period.as_str(),
                if capped { ", its monthly maximum" } else { "" },
            )
        }
        _ => "no known offer runs it at any price".to_string(),
    }];
    Ok(Decision { plan, everywhere, chosen, rag })
}

/// The nearest thing that would run, when the choice would not.
pub(super) fn nearest(everywhere: &[Candidate], request: &Request) -> String {
    let runs = |c: &&Candidate| c.verdict != Verdict::Impossible && c.profile.rented;
    let Some(near) = everywhere.iter().filter(runs).min_by(|a, b| better(request, a, b)) else {
        let rag = if request.rag.is_some() { "fewer --rag-chunks, " } else { "" };
        return format!(
            "no known profile runs it as asked; a smaller --ctx, fewer --slots, {rag}or a smaller model would"
        );
    };
    format!(
        "the nearest that runs: --profile {} --quant {} ({})",
        near.profile.id,
        near.variant.weights.quant,
        match near.verdict {
            Verdict::Comfort => format!("{} in comfort", request.model.id),
            _ => format!("{} as a compromise", request.model.id),
        }
    )
}
