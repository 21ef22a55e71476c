//! Ranks candidates, and picks the alternatives that are worth a look.

use super::candidates::{Candidate, shortage};
use crate::hardware::offers::{Offer, Period, matching};
use crate::hardware::profiles::Profile;
use crate::model::recipe::nominal_bits;
use crate::plan::document::{Alternative, Verdict};
use crate::plan::request::Request;
use std::cmp::Ordering;

/// The cheapest of the offers for a profile that are `wanted`, by the budget's period.
pub(super) fn cheapest<'a>(
    request: &'a Request,
    profile: &Profile,
    wanted: impl Fn(&Offer) -> bool,
) -> Option<&'a Offer> {
    let for_it =
        request.offers.iter().filter(|offer| wanted(offer) && matching::fits(&offer.machine, profile));
    for_it.min_by(|a, b| a.order(b, period(request)))
}

/// Period by which prices are compared.
pub(super) fn period(request: &Request) -> Period {
    request.budget.as_ref().map_or(Period::Month, |budget| budget.period())
}

/// Dollars before other currencies, which cannot be compared, before no known price.
pub(super) fn by_price(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let key = |c: &Candidate| c.offer.map(|offer| (offer.currency, offer.price(period(request))));
    match (key(a), key(b)) {
        (Some((currency, price)), Some((other_currency, other_price))) => {
            currency.cmp(&other_currency).then(price.total_cmp(&other_price))
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Bits for ranking; F16 is no better than Q8_0 unless asked for.
fn quality(candidate: &Candidate) -> u64 {
    let quant = &candidate.variant.weights.quant;
    let within = if quant.ends_with("_L") {
        2
    } else if quant.ends_with("_M") {
        1
    } else {
        0
    };
    nominal_bits(quant).unwrap_or(4).min(8) * 4 + within
}

/// The terms of the choice in their order: its name and how `a` compares, where less is better.
pub(super) fn order(request: &Request, a: &Candidate, b: &Candidate) -> [(&'static str, Ordering); 6] {
    let impossible = a.verdict == Verdict::Impossible && b.verdict == Verdict::Impossible;
    let (short_a, short_b) = if impossible { (shortage(a), shortage(b)) } else { (0, 0) };
    [
        ("verdict", a.verdict.cmp(&b.verdict)),
        ("missing memory", short_a.cmp(&short_b)),
        ("price", by_price(request, a, b)),
        ("layers on one class of device", a.placement.is_split().cmp(&b.placement.is_split())),
        ("quality up to Q8_0", quality(b).cmp(&quality(a))),
        ("speed", b.speed.decode_tok_s.expected.total_cmp(&a.speed.decode_tok_s.expected)),
    ]
}

pub(super) fn better(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let decisive = order(request, a, b).into_iter().map(|(_, order)| order).find(|order| order.is_ne());
    decisive.unwrap_or(Ordering::Equal)
}

/// Alternatives: the Pareto front over quality, speed and price of what can be rented, within the
/// budget where there is one. A profile without a price competes with its like.
pub(super) fn alternatives(
    request: &Request,
    chosen: &Candidate,
    everywhere: &[Candidate],
) -> Vec<Alternative> {
    let runs = |c: &&Candidate| {
        c.verdict != Verdict::Impossible
            && c.profile.rented
            && (request.budget.is_none() || c.offer.is_some())
    };
    let itself = |c: &Candidate| std::ptr::eq(c, chosen);
    let mut running: Vec<&Candidate> = everywhere.iter().filter(runs).collect();
    // Candidates that are equal in all three: the chosen one before the better before the worse.
    running.sort_by(|a, b| itself(b).cmp(&itself(a)).then_with(|| better(request, a, b)));
    let beaten = |at: usize| {
        let by = |(other, o): (usize, &&Candidate)| match dominance(o, running[at]) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => other < at,
            _ => false,
        };
        running.iter().enumerate().any(by)
    };
    let front = running.iter().enumerate().filter(|(at, c)| !itself(c) && !beaten(*at));
    front
        .map(|(_, c)| Alternative {
            profile: c.profile.id.clone(),
            quant: c.variant.weights.quant.clone(),
            verdict: c.verdict,
            per_month: c.offer.map(|offer| (offer.per_month() * 100.0).round() / 100.0),
            currency: c.offer.map(|offer| offer.currency.to_string()),
            decode_tok_s: Some(c.speed.decode_tok_s.expected),
        })
        .collect()
}

/// `Less`: `a` is at least as good in quality, speed and price of a month, and better in one. `Equal`: in
/// all three. `None`: neither, or the prices cannot be compared.
fn dominance(a: &Candidate, b: &Candidate) -> Option<Ordering> {
    // Prices as they are shown: a part of a cent makes no alternative.
    let cents = |offer: &Offer| (offer.per_month() * 100.0).round();
    let price = match (a.offer, b.offer) {
        (Some(a), Some(b)) if a.currency == b.currency => cents(a).total_cmp(&cents(b)),
        (None, None) => Ordering::Equal,
        _ => return None,
    };
    let speed = |c: &Candidate| c.speed.decode_tok_s.expected;
    let terms = [quality(b).cmp(&quality(a)), speed(b).total_cmp(&speed(a)), price];
    terms.iter().all(|term| term.is_le()).then(|| terms.into_iter().min().unwrap_or(Ordering::Equal))
}
