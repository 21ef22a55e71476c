//! How each number of a plan came about: its formula, the formula's inputs, and where they are from.
//!
//! Everything here is read from the functions that made the plan, and a test evaluates every formula
//! with its inputs: an explanation that no longer gives the plan's number fails.

mod explained;
mod memory;
mod rag;
mod rates;
#[cfg(test)]
mod tests;

use super::arrival::Journey;
use super::document::{Plan, Verdict};
use super::ledger::Subject;
use super::placement::Placement;
use super::rag::Server;
use super::speed;
use super::verdict::Term;
use crate::hardware::profiles::Profile;
use crate::lang::Sentence;
pub use explained::{Explained, Figure, Input};
use serde::Serialize;

/// Part that `plan --explain` adds to a plan.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Every number of the plan's memory, speed, cost and arrival, and of the embedding server's memory
    /// and index.
    pub numbers: Vec<Explained>,
    /// Terms of the rule behind the verdict.
    pub verdict: VerdictExplained,
    /// Comparison of the chosen candidate with the others.
    pub choice: Choice,
}

/// The rule, term by term.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct VerdictExplained {
    /// Verdict of the plan.
    pub verdict: Verdict,
    /// Text that says how the terms decide the verdict.
    pub rule: Sentence,
    /// Terms of the rule, and those of the budget if there is one.
    pub terms: Vec<Term>,
}

/// Reasons for this profile and quantisation, against the others.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Choice {
    /// Id of the chosen profile.
    pub profile: String,
    /// Chosen quantisation.
    pub quant: String,
    /// The terms in their order; the first in which two differ decides.
    pub order: Vec<Sentence>,
    /// Number of candidates that were compared, the chosen one among them.
    pub compared: u64,
    /// The next best, best first.
    pub runners_up: Vec<RunnerUp>,
}

/// Candidate that was compared and not chosen.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RunnerUp {
    /// Id of its profile.
    pub profile: String,
    /// Machine in the form of `--profile`: `provider/instance`, or a class.
    pub machine: String,
    /// Its quantisation.
    pub quant: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// In `currency`; `None` where no price is known.
    pub per_hour: Option<f64>,
    /// ISO 4217; `None` where no price is known.
    pub currency: Option<String>,
    /// The term it lost by.
    pub lost_by: Sentence,
    /// Value of that term for the chosen candidate, as text.
    pub chosen: Sentence,
    /// Value of that term for this candidate, as text.
    pub theirs: Sentence,
}

/// Source of an explanation: the plan, and what it was made of.
pub(super) struct Case<'a> {
    pub plan: &'a Plan,
    pub subject: Subject<'a>,
    pub profile: &'a Profile,
    pub placement: &'a Placement,
    pub rag: Option<&'a Server<'a>>,
    pub speed: speed::Terms,
    pub verdict: Vec<Term>,
    pub choice: Choice,
}

pub(super) fn of(case: Case) -> Explanation {
    let plan = case.plan;
    let mut numbers = memory::of(&case.subject, case.profile, case.placement, plan);
    if let (Some(server), Some(rag)) = (case.rag, &plan.rag) {
        numbers.extend(rag::of(server, rag, case.profile));
    }
    numbers.extend(rates::speed(&case.speed, &plan.speed));
    if let Some(cost) = &plan.cost {
        numbers.extend(rates::cost(cost, &plan.speed));
    }
    if let Some(arrival) = &plan.arrival {
        let journey = Journey::of(plan, case.profile);
        numbers.extend(rates::arrival(&journey, arrival, plan));
    }
    Explanation {
        numbers,
        verdict: VerdictExplained {
            verdict: plan.verdict,
            rule: sentence!("explain-rule"),
            terms: case.verdict,
        },
        choice: case.choice,
    }
}
