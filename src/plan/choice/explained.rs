//! The choice, with how it came about.

use super::candidates::{Candidate, shortage, subject};
use super::decide::{decide, eligible};
use super::decision::Decision;
use super::machines::period;
use super::ranking::{better, order, terms};
use crate::error::{Failure, Result};
use crate::lang::{Sentence, Value};
use crate::plan::document::{Plan, Verdict};
use crate::plan::explain::{self, Choice, Explanation, RunnerUp};
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;
use crate::plan::speed;
use crate::plan::verdict;
use crate::units::{gib, hourly, money, rate};

/// The plan of [`super::decide::plan`], and how its numbers came about.
pub fn explained(request: &Request) -> Result<(Plan, Explanation)> {
    if request.model.checkpoint.is_some() {
        return Err(Failure::usage(
            "--explain follows the buffers of llama.cpp, which is not the engine of this plan",
        )
        .hint("leave it out; docs/engines.md says how each number of the other engines comes about")
        .into());
    }
    let Decision { plan, everywhere, chosen, rag } = decide(request)?;
    let (chosen, graphs) = (&everywhere[chosen], Graphs::exact());
    let subject = subject(request, &graphs, chosen.variant, &chosen.workload);
    let mut verdict = verdict::terms(&chosen.case(request));
    verdict.extend(
        request
            .budget
            .iter()
            .flat_map(|budget| verdict::within(budget, chosen.machine.offer, &request.rates)),
    );
    let explanation = explain::of(explain::Case {
        plan: &plan,
        subject,
        profile: &chosen.machine.profile,
        placement: &chosen.placement,
        rag: rag.as_ref(),
        speed: speed::terms(&chosen.machine.profile, &subject, &chosen.placement, &chosen.memory),
        verdict,
        choice: compared(request, chosen, &everywhere),
    });
    Ok((plan, explanation))
}

/// How many runners-up an explanation names.
const RUNNERS_UP: usize = 8;

/// The chosen one against the others that might have been.
fn compared(request: &Request, chosen: &Candidate, everywhere: &[Candidate]) -> Choice {
    let mut others: Vec<&Candidate> =
        everywhere.iter().filter(|c| eligible(request, c) && !std::ptr::eq(*c, chosen)).collect();
    others.sort_by(|a, b| better(request, a, b));
    let runner_up = |c: &&Candidate| {
        let decisive = order(request, chosen, c).find(|(_, order)| order.is_ne());
        let term = decisive.map_or("choice-data", |(term, _)| term);
        RunnerUp {
            profile: c.machine.profile.id.clone(),
            machine: c.machine.name(),
            quant: c.variant.weights.quant.clone(),
            verdict: c.verdict,
            per_hour: c.machine.offer.map(|offer| offer.per_hour),
            currency: c.machine.offer.map(|offer| offer.currency.to_string()),
            lost_by: sentence!(term),
            chosen: shown(request, chosen, term),
            theirs: shown(request, c, term),
        }
    };
    Choice {
        profile: chosen.machine.profile.id.clone(),
        quant: chosen.variant.weights.quant.clone(),
        order: order(request, chosen, chosen).map(|(term, _)| sentence!(term)).collect(),
        compared: others.len() as u64 + 1,
        runners_up: others.iter().take(RUNNERS_UP).map(runner_up).collect(),
    }
}

/// One term of the choice, of one candidate.
fn shown(request: &Request, c: &Candidate, term: &str) -> Sentence {
    match term {
        terms::VERDICT => match c.verdict {
            Verdict::Comfort => sentence!("verdict-comfort"),
            Verdict::Compromise => sentence!("verdict-compromise"),
            Verdict::Impossible => sentence!("verdict-impossible"),
        },
        terms::RUNS if c.verdict == Verdict::Impossible => sentence!("choice-no"),
        terms::RUNS => sentence!("choice-yes"),
        terms::MEMORY => Sentence::figure(gib(shortage(c) as u64)),
        terms::PRICE => match c.machine.offer {
            Some(offer) => {
                let period = period(request);
                let price = offer.price(period);
                let price = if period.hours() > 1.0 { money(price) } else { hourly(price) };
                let (price, currency) = (Value::figure(price), offer.currency.as_str());
                sentence!("choice-money", price = price, currency = currency, period = period.as_str())
            }
            None => sentence!("choice-no-price"),
        },
        terms::GIVEN_UP => Sentence::same(c.given_up.to_string()),
        terms::PACE => sentence!("choice-at-least", speed = Value::figure(rate(c.speed.decode_tok_s.low))),
        terms::SPEED => {
            sentence!("choice-tokens", speed = Value::figure(rate(c.speed.decode_tok_s.expected)))
        }
        _ => Sentence::same(&*c.variant.weights.quant),
    }
}
