//! The choice: every profile and quantisation is tried, and the best wins.
//!
//! Best verdict first, then the lowest price, then weights on one class of device, then the best
//! quality up to Q8_0, then speed. Everything is deterministic: offers are compared by a total order,
//! other ties keep the order of the profiles and quantisations.
//!
//! `candidates` places and judges each, `ranking` compares them, `document` writes down the best, and
//! `nothing` has the answer where none will do.

mod candidates;
mod check;
mod document;
mod explained;
mod nothing;
mod ranking;

use super::document::{Plan, Verdict};
use super::ledger::Graphs;
use super::request::Request;
use super::{placement, rag};
use crate::error::Result;
use crate::hardware::offers::Offer;
use crate::hardware::profiles::Profile;
use candidates::{Candidate, Trial, workloads};
use check::check;
use document::document;
pub use explained::explained;
use nothing::{nearest, over_budget};
use ranking::{better, cheapest};

/// The plan for `request`; its verdict is `impossible` when nothing fits. Errors are usage errors:
/// a combination that llama.cpp refuses, a value out of range.
pub fn plan(request: &Request) -> Result<Plan> {
    Ok(decide(request)?.plan)
}

/// A plan, and which of the candidates it is.
struct Decision<'a> {
    plan: Plan,
    everywhere: Vec<Candidate<'a>>,
    chosen: usize,
    /// The embedding server's size, wherever it runs.
    rag: Option<rag::Server<'a>>,
}

fn decide(request: &Request) -> Result<Decision<'_>> {
    check(request)?;
    let (workloads, graphs) = (workloads(request), Graphs::default());
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let within = |offer: &Offer| request.budget.as_ref().is_none_or(|budget| budget.allows(offer));
    let least = placement::least_gpus(&request.fixed);
    let mut everywhere = Vec::new();
    for profile in request.profiles.iter().filter(|profile| profile.gpus.len() >= least) {
        let offer = cheapest(request, profile, within);
        for variant in &request.model.variants {
            let trial = Trial { request, graphs: &graphs, rag: rag.as_ref(), profile, variant };
            everywhere.push(Candidate { offer, ..trial.best(&workloads) });
        }
    }
    let eligible = everywhere.iter().enumerate().filter(|(_, c)| eligible(request, c));
    let Some((chosen, _)) = eligible.min_by(|(_, a), (_, b)| better(request, a, b)) else {
        return over_budget(request, rag, everywhere);
    };
    let mut plan = document(request, rag.as_ref(), &everywhere[chosen], &everywhere)?;
    if plan.verdict == Verdict::Impossible {
        plan.reasons.push(nearest(&everywhere, request));
    }
    Ok(Decision { plan, everywhere, chosen, rag })
}

/// The profile that was named, else one that is rented.
fn asked(request: &Request, profile: &Profile) -> bool {
    match &request.profile {
        Some(id) => profile.id == *id,
        None => profile.rented,
    }
}

/// May be chosen: of a profile that was asked for, and within the budget.
fn eligible(request: &Request, c: &Candidate) -> bool {
    asked(request, c.profile) && (request.budget.is_none() || c.offer.is_some())
}

#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod tests;
