//! Answers where nothing runs as it was asked for: with the nearest that would, or the cheapest.

use super::candidates::{Candidate, Effort};
use super::document::document;
use super::field::Field;
use super::machines::{classes, counts, may_be, named, on_offer};
use super::ranking::{better, by_price};
use crate::error::{Failure, Result};
use crate::hardware::offers::Budget;
use crate::lang::{Sentence, Value};
use crate::plan::document::{Plan, Verdict};
use crate::plan::request::Request;
use crate::units::{hourly, money};

/// The plan for the cheapest offer that would run it, which no budget allowed: impossible, and why.
pub(super) fn over_budget<'a>(
    field: &Field<'a, '_>,
    mut everywhere: Vec<Candidate<'a>>,
) -> Result<(Plan, Vec<Candidate<'a>>, usize)> {
    let request = field.request;
    let runs = |c: &Candidate| c.verdict != Verdict::Impossible && c.machine.offer.is_some();
    let before = everywhere.len();
    match request.profile {
        // The same machine at any price.
        Some(_) => everywhere.extend(
            named(request, |_| true).iter().flat_map(|machine| field.all_of(machine, Effort::Partial)),
        ),
        None => {
            let mut machines = on_offer(request, |offer| counts(request, offer));
            machines.retain(|machine| may_be(request, machine));
            for machine in &machines {
                let tried = field.variants().into_iter().filter_map(|v| field.running(machine, v));
                everywhere.extend(tried.filter(|c| runs(c)));
                if everywhere.len() > before {
                    break;
                }
            }
        }
    }
    if everywhere.is_empty() {
        let classes = classes(request).filter(|class| may_be(request, class));
        everywhere.extend(classes.flat_map(|class| field.all_of(&class, Effort::Partial)));
    }
    type Numbered<'c, 'r> = (usize, &'c Candidate<'r>);
    let by_price = |(_, a): &Numbered, (_, b): &Numbered| by_price(request, a, b).then(better(request, a, b));
    let fresh = || everywhere.iter().enumerate().skip(before);
    let cheapest = fresh().filter(|(_, c)| runs(c)).min_by(by_price);
    let asked =
        || everywhere.iter().enumerate().filter(|(_, c)| c.machine.asked || request.profile.is_none());
    let nearest = || asked().min_by(|(_, a), (_, b)| better(request, a, b));
    let Some((chosen, _)) = cheapest.or_else(nearest) else {
        return Err(Failure::usage("no machine is known at all")
            .hint("`agi-provision offers` lists what is known; `offers update` reads it anew")
            .into());
    };
    let offer = cheapest.and_then(|(_, candidate)| candidate.machine.offer);
    everywhere[chosen].settle(request);
    let mut plan = document(request, field.rag, &everywhere[chosen], &everywhere)?;
    plan.verdict = Verdict::Impossible;
    plan.reasons = vec![match (offer, &request.budget) {
        (Some(offer), Some(budget)) => {
            let period = budget.period();
            let price = offer.price(period);
            let capped = price < offer.per_hour * period.hours();
            let shown = if period.hours() > 1.0 { money(price) } else { hourly(price) };
            let what = sentence!(
                "beyond-budget",
                budget = within_words(budget),
                instance = &offer.instance,
                provider = &offer.provider,
                price = Value::figure(shown),
                currency = offer.currency.to_string(),
                period = period.as_str(),
            );
            let what = match offer.currency == budget.currency {
                true => what,
                false => {
                    let price = request.rates.convert(price, offer.currency, budget.currency);
                    let (price, currency) = (Value::figure(money(price)), budget.currency.to_string());
                    sentence!("beyond-budget-converted", what = what, price = price, currency = currency)
                }
            };
            if capped { sentence!("beyond-budget-capped", what = what) } else { what }
        }
        _ => sentence!("no-offer-runs"),
    }];
    Ok((plan, everywhere, chosen))
}

/// The limits of a budget: `50 USD/month and 0.6 USD/hour`.
fn within_words(budget: &Budget) -> Sentence {
    let limits = budget.limits.iter().map(|(amount, period)| {
        let amount = Value::figure(((amount * 1e4).round() / 1e4).to_string());
        let (currency, period) = (budget.currency.to_string(), period.as_str());
        sentence!("budget-limit", amount = amount, currency = currency, period = period)
    });
    let both = |first, second| sentence!("budget-both", first = first, second = second);
    limits.reduce(both).unwrap_or_default()
}

/// The nearest thing that would run, when the choice would not.
pub(super) fn nearest(everywhere: &[Candidate], request: &Request) -> Sentence {
    let runs = |c: &&Candidate| c.verdict != Verdict::Impossible && c.machine.profile.rented;
    let Some(near) = everywhere.iter().filter(runs).min_by(|a, b| better(request, a, b)) else {
        return match request.rag {
            Some(_) => sentence!("nothing-runs-rag"),
            None => sentence!("nothing-runs"),
        };
    };
    let (machine, quant, model) = (near.machine.name(), &near.variant.weights.quant, &*request.model.id);
    match near.verdict {
        Verdict::Comfort => {
            sentence!("nearest-in-comfort", machine = machine, quant = quant, model = model)
        }
        _ => sentence!("nearest-compromise", machine = machine, quant = quant, model = model),
    }
}
