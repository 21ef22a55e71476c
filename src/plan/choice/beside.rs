//! Machines that are named beside a choice: a much better one for a little more, and cheaper containers.

use super::candidates::Candidate;
use super::field::{Field, price};
use super::machines::{counts, may_be, on_offer, period, within};
use super::ranking::better;
use crate::hardware::offers::{HostKind, Offer};
use crate::lang::Value;
use crate::plan::document::{NearMiss, RentedBeside, Verdict};
use crate::units::{hourly, money};

/// A machine may cost this many times as much, …
const A_LITTLE: f64 = 1.2;
/// … and is named where it is this many times as fast, or its verdict is better.
const MUCH: f64 = 2.0;

/// A machine that costs a little more and is much better.
pub(super) fn near_miss<'a>(
    field: &Field<'a, '_>,
    chosen: &Candidate<'a>,
    everywhere: &[Candidate<'a>],
) -> Option<NearMiss> {
    let request = field.request;
    let (offer, paid) = (chosen.machine.offer?, price(request, &chosen.machine));
    let beyond =
        |c: &Candidate| price(request, &c.machine) > paid && price(request, &c.machine) <= paid * A_LITTLE;
    let outside = |offer: &Offer| {
        let allowed = request
            .budget
            .as_ref()
            .is_some_and(|budget| budget.allows_times(offer, &request.rates, A_LITTLE));
        counts(request, offer) && allowed && !within(request, offer)
    };
    let mut machines = on_offer(request, outside);
    machines.retain(|machine| may_be(request, machine));
    let more = match request.profile {
        Some(_) => Vec::new(),
        None => field.no_worse(&machines, chosen.verdict),
    };
    let expected = |c: &Candidate| c.speed.decode_tok_s.expected;
    let much = |c: &&Candidate| {
        c.verdict < chosen.verdict || c.verdict == chosen.verdict && expected(c) >= MUCH * expected(chosen)
    };
    let known = everywhere.iter().filter(|c| c.machine.asked);
    let (quant, theirs) = (&chosen.variant.weights.quant, |c: &Candidate| c.variant.weights.quant.clone());
    // The same quantisation first: another one would be another comparison.
    let order = |a: &&Candidate, b: &&Candidate| {
        (theirs(a) != *quant).cmp(&(theirs(b) != *quant)).then_with(|| better(request, a, b))
    };
    let best = known.chain(&more).filter(|c| beyond(c)).filter(much).min_by(order)?;
    let other = best.machine.offer?;
    let period = period(request);
    let price = request.rates.convert(other.price(period), other.currency, offer.currency);
    let dearer = price - offer.price(period);
    let shown = if period.hours() > 1.0 { money(dearer) } else { hourly(dearer) };
    let times = expected(best) / expected(chosen).max(1e-9);
    let (price, currency, per) = (Value::figure(shown), offer.currency.to_string(), period.as_str());
    let on = best.machine.name();
    let both = match theirs(best) == *quant {
        true => Value::from(quant),
        false => sentence!("near-other-quant", quant = theirs(best), chosen = quant).into(),
    };
    let text = match (best.verdict < chosen.verdict, times >= MUCH) {
        (_, true) => {
            let times = times.round() as u64;
            sentence!(
                "near-faster",
                price = price,
                currency = currency,
                period = per,
                times = times,
                quant = both,
                machine = on
            )
        }
        (true, false) if best.verdict == Verdict::Comfort => {
            sentence!(
                "near-comfort",
                price = price,
                currency = currency,
                period = per,
                quant = both,
                machine = on
            )
        }
        _ => sentence!(
            "near-better",
            price = price,
            currency = currency,
            period = per,
            quant = both,
            machine = on
        ),
    };
    Some(NearMiss {
        text,
        provider: other.provider.clone(),
        instance: other.instance.clone(),
        quant: best.variant.weights.quant.clone(),
        verdict: best.verdict,
        decode_tok_s: expected(best),
        more: (dearer * 1e4).round() / 1e4,
        period: period.as_str().to_string(),
        currency: offer.currency.to_string(),
    })
}

/// Most containers that a plan names.
const CONTAINERS: usize = 3;

/// Containers that are cheaper than what was chosen, and no worse; `apply` cannot use them.
pub(super) fn containers<'a>(field: &Field<'a, '_>, chosen: &Candidate<'a>) -> Vec<RentedBeside> {
    let request = field.request;
    if request.containers || request.profile.is_some() && chosen.machine.offer.is_none() {
        return Vec::new();
    }
    let paid = price(request, &chosen.machine);
    let mut machines = on_offer(request, |offer| offer.host == HostKind::Container && within(request, offer));
    machines.retain(|machine| price(request, machine) < paid && may_be(request, machine));
    let mut found: Vec<Candidate> = field.no_worse(&machines, chosen.verdict);
    found.sort_by(|a, b| better(request, a, b));
    let mut named: Vec<RentedBeside> = Vec::new();
    for c in &found {
        let Some(offer) = c.machine.offer else { continue };
        let same =
            |other: &RentedBeside| other.provider == offer.provider && other.instance == offer.instance;
        if named.len() < CONTAINERS && !named.iter().any(same) {
            named.push(RentedBeside {
                provider: offer.provider.clone(),
                instance: offer.instance.clone(),
                quant: c.variant.weights.quant.clone(),
                verdict: c.verdict,
                per_hour: offer.per_hour,
                per_month: (offer.per_month() * 100.0).round() / 100.0,
                currency: offer.currency.to_string(),
                decode_tok_s: c.speed.decode_tok_s.expected,
            });
        }
    }
    named
}
