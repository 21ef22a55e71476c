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
pub use explained::{Explained, Figure, Input};
use serde::Serialize;

/// Part that `plan --explain` adds to a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Every number of the plan's memory, speed, cost and arrival, and of the embedding server's memory
    /// and index.
    pub numbers: Vec<Explained>,
    pub verdict: VerdictExplained,
    pub choice: Choice,
}

/// The rule, term by term.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictExplained {
    pub verdict: Verdict,
    pub rule: &'static str,
    pub terms: Vec<Term>,
}

const RULE: &str = "a term of `runs` that is not held: impossible; a term of `comfort` that is not held: a compromise; \
else comfort. What the user fixed replaces its term.";

/// Why this profile and quantisation, and not another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    pub profile: String,
    pub quant: String,
    /// The terms in their order; the first in which two differ decides.
    pub order: Vec<String>,
    /// How many were compared, the chosen one among them.
    pub compared: u64,
    /// The next best, best first.
    pub runners_up: Vec<RunnerUp>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunnerUp {
    pub profile: String,
    /// As `--profile` takes it: `provider/instance`, or a class.
    pub machine: String,
    pub quant: String,
    pub verdict: Verdict,
    /// In `currency`; `None` where no price is known.
    pub per_hour: Option<f64>,
    pub currency: Option<String>,
    /// The term it lost by.
    pub lost_by: String,
    /// That term of the chosen one, and of this.
    pub chosen: String,
    pub theirs: String,
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
        verdict: VerdictExplained { verdict: plan.verdict, rule: RULE, terms: case.verdict },
        choice: case.choice,
    }
}
