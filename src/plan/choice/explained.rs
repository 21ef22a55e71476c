//! The choice, with how it came about.

use super::candidates::{Candidate, shortage, subject};
use super::decide::decide;
use super::decision::{Decision, eligible};
use super::ranking::{better, order, period};
use crate::error::Result;
use crate::plan::document::Plan;
use crate::plan::explain::{self, Choice, Explanation, RunnerUp};
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;
use crate::plan::speed;
use crate::plan::verdict;
use crate::units::gib;

/// The plan of [`super::decide::plan`], and how its numbers came about.
pub fn explained(request: &Request) -> Result<(Plan, Explanation)> {
    let Decision { plan, everywhere, chosen, rag } = decide(request)?;
    let (chosen, graphs) = (&everywhere[chosen], Graphs::default());
    let subject = subject(request, &graphs, chosen.variant, &chosen.workload);
    let mut verdict = verdict::terms(&chosen.case(request));
    verdict.extend(request.budget.iter().flat_map(|budget| verdict::within(budget, chosen.offer)));
    let explanation = explain::of(explain::Case {
        plan: &plan,
        subject,
        profile: chosen.profile,
        placement: &chosen.placement,
        rag: rag.as_ref(),
        speed: speed::terms(chosen.profile, &subject, &chosen.placement, &chosen.memory),
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
        let decisive = order(request, chosen, c).into_iter().find(|(_, order)| order.is_ne());
        let term = decisive.map_or("the order of the data", |(term, _)| term);
        RunnerUp {
            profile: c.profile.id.clone(),
            quant: c.variant.weights.quant.clone(),
            verdict: c.verdict,
            per_hour: c.offer.map(|offer| offer.per_hour),
            currency: c.offer.map(|offer| offer.currency.to_string()),
            lost_by: term.to_string(),
            chosen: shown(request, chosen, term),
            theirs: shown(request, c, term),
        }
    };
    Choice {
        profile: chosen.profile.id.clone(),
        quant: chosen.variant.weights.quant.clone(),
        order: order(request, chosen, chosen).map(|(term, _)| term.to_string()).into(),
        compared: others.len() as u64 + 1,
        runners_up: others.iter().take(RUNNERS_UP).map(runner_up).collect(),
    }
}

/// One term of the choice, of one candidate.
fn shown(request: &Request, c: &Candidate, term: &str) -> String {
    match term {
        "verdict" => format!("{:?}", c.verdict).to_lowercase(),
        "missing memory" => gib(shortage(c) as u64),
        "price" => match c.offer {
            Some(offer) => {
                let period = period(request);
                let price = (offer.price(period) * 100.0).round() / 100.0;
                format!("{price} {}/{}", offer.currency, period.as_str())
            }
            None => "no known price".to_string(),
        },
        "layers on one class of device" => if c.placement.is_split() { "no" } else { "yes" }.to_string(),
        "speed" => format!("{:.1} tokens/s", c.speed.decode_tok_s.expected),
        _ => c.variant.weights.quant.clone(),
    }
}
