//! Ranks candidates: docs/choice.md tells the rule.

use super::candidates::{Candidate, shortage};
use super::machines::period;
use crate::hardware::offers::Offer;
use crate::model::recipe::nominal_bits;
use crate::plan::document::{Alternative, Verdict};
use crate::plan::request::{Prefer, Request};
use crate::plan::verdict::COMFORT_SPEED;
use std::cmp::Ordering;

/// Speeds nearer than this are one step: a tenth of a token a second is worth no money.
const STEP: f64 = 1.25;

/// By the budget's period, in one currency; before no known price.
pub(super) fn by_price(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let price = |c: &Candidate| c.machine.offer.map(|offer| offer.price_usd(period(request), &request.rates));
    match (price(a), price(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Bits for ranking; F16 is no better than Q8_0 unless asked for.
pub(super) fn quality(quant: &str) -> u64 {
    let within = if quant.ends_with("_XL") || quant.ends_with("_L") {
        2
    } else if quant.ends_with("_M") {
        1
    } else {
        0
    };
    nominal_bits(quant).unwrap_or(4).min(8) * 4 + within
}

fn of(candidate: &Candidate) -> u64 {
    quality(&candidate.variant.weights.quant)
}

fn four_bits(candidate: &Candidate) -> bool {
    nominal_bits(&candidate.variant.weights.quant).is_none_or(|bits| bits >= 4)
}

/// Steps of speed below what is comfortable; 0 from there on.
pub(super) fn steps_below_comfort(request: &Request, candidate: &Candidate) -> u64 {
    let comfortable = request.fixed.min_speed.unwrap_or(COMFORT_SPEED);
    let low = candidate.speed.decode_tok_s.low;
    if low >= comfortable {
        return 0;
    }
    ((comfortable / low.max(1e-3)).ln() / STEP.ln()).floor() as u64 + 1
}

/// Messages of terms, as `--explain` and docs/choice.md have them.
pub(super) mod terms {
    pub const VERDICT: &str = "choice-verdict";
    pub const RUNS: &str = "choice-runs";
    pub const MEMORY: &str = "choice-memory";
    pub const FOUR_BITS: &str = "choice-four-bits";
    pub const PACE: &str = "choice-pace";
    pub const GIVEN_UP: &str = "choice-given-up";
    pub const PRICE: &str = "choice-price";
    pub const QUALITY: &str = "choice-quality";
    pub const SPEED: &str = "choice-speed";
}

/// The terms of the choice in their order: its name and how `a` compares, where less is better. Each is worked out when
/// it is asked for.
pub(super) fn order<'c>(
    request: &'c Request,
    a: &'c Candidate,
    b: &'c Candidate,
) -> impl Iterator<Item = (&'static str, Ordering)> + use<'c> {
    use terms::*;
    let impossible = |c: &Candidate| c.verdict == Verdict::Impossible;
    let both = impossible(a) && impossible(b);
    let (short_a, short_b) = if both { (shortage(a), shortage(b)) } else { (0, 0) };
    let term = move |name: &'static str| {
        let order = match name {
            VERDICT => a.verdict.cmp(&b.verdict),
            RUNS => impossible(a).cmp(&impossible(b)),
            MEMORY => short_a.cmp(&short_b),
            FOUR_BITS => four_bits(b).cmp(&four_bits(a)),
            PACE => steps_below_comfort(request, a).cmp(&steps_below_comfort(request, b)),
            GIVEN_UP => a.given_up.cmp(&b.given_up),
            PRICE => by_price(request, a, b),
            QUALITY => of(b).cmp(&of(a)),
            _ => b.speed.decode_tok_s.expected.total_cmp(&a.speed.decode_tok_s.expected),
        };
        (name, order)
    };
    let names: &[&'static str] = match (request.prefer, a.verdict) {
        (None, Verdict::Compromise) => &[VERDICT, MEMORY, FOUR_BITS, PACE, GIVEN_UP, PRICE, QUALITY, SPEED],
        (None, _) => &[VERDICT, MEMORY, PRICE, QUALITY, SPEED],
        (Some(Prefer::Speed), _) => &[VERDICT, MEMORY, FOUR_BITS, SPEED, QUALITY, PRICE],
        (Some(Prefer::Quality), _) => &[VERDICT, MEMORY, QUALITY, PACE, GIVEN_UP, PRICE, SPEED],
        (Some(Prefer::Price), _) => {
            &[RUNS, MEMORY, PRICE, VERDICT, FOUR_BITS, PACE, GIVEN_UP, QUALITY, SPEED]
        }
    };
    names.iter().map(move |name| term(name))
}

pub(super) fn better(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let decisive = order(request, a, b).map(|(_, order)| order).find(|order| order.is_ne());
    decisive.unwrap_or(Ordering::Equal)
}

/// Most alternatives that a plan names.
const ALTERNATIVES: usize = 8;

/// Alternatives: of the Pareto front over quality, speed and price of what can be rented within the budget, the
/// best. A machine without a price competes with its like.
pub(super) fn alternatives(
    request: &Request,
    chosen: &Candidate,
    everywhere: &[Candidate],
) -> Vec<Alternative> {
    let runs = |c: &&Candidate| {
        c.verdict != Verdict::Impossible
            && c.machine.profile.rented
            && (request.budget.is_none() || c.machine.offer.is_some())
    };
    let itself = |c: &Candidate| std::ptr::eq(c, chosen);
    let mut running: Vec<&Candidate> = everywhere.iter().filter(runs).collect();
    // Candidates that are equal in all three: the chosen one before the better before the worse.
    running.sort_by(|a, b| itself(b).cmp(&itself(a)).then_with(|| better(request, a, b)));
    let beaten = |at: usize| {
        let by = |(other, o): (usize, &&Candidate)| match dominance(request, o, running[at]) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => other < at,
            _ => false,
        };
        running.iter().enumerate().any(by)
    };
    let front = running.iter().enumerate().filter(|(at, c)| !itself(c) && !beaten(*at));
    front
        .take(ALTERNATIVES)
        .map(|(_, c)| {
            let offer = c.machine.offer;
            Alternative {
                profile: c.machine.profile.id.clone(),
                quant: c.variant.weights.quant.clone(),
                verdict: c.verdict,
                per_month: offer.map(|offer| (offer.per_month() * 100.0).round() / 100.0),
                currency: offer.map(|offer| offer.currency.to_string()),
                decode_tok_s: Some(c.speed.decode_tok_s.expected),
                provider: offer.map(|offer| offer.provider.clone()),
                instance: offer.map(|offer| offer.instance.clone()),
            }
        })
        .collect()
}

/// `Less`: `a` is at least as good in quality, speed and price of a month, and better in one. `Equal`: in
/// all three. `None`: neither, or one has no price.
fn dominance(request: &Request, a: &Candidate, b: &Candidate) -> Option<Ordering> {
    // Prices as they are shown: a part of a cent makes no alternative.
    let cents = |offer: &Offer| {
        let month = (offer.per_month() * 100.0).round() / 100.0;
        request.rates.convert(month, offer.currency, crate::hardware::offers::Currency::Usd)
    };
    let price = match (a.machine.offer, b.machine.offer) {
        (Some(a), Some(b)) => cents(a).total_cmp(&cents(b)),
        (None, None) => Ordering::Equal,
        _ => return None,
    };
    let speed = |c: &Candidate| c.speed.decode_tok_s.expected;
    let terms = [of(b).cmp(&of(a)), speed(b).total_cmp(&speed(a)), price];
    terms.iter().all(|term| term.is_le()).then(|| terms.into_iter().min().unwrap_or(Ordering::Equal))
}
