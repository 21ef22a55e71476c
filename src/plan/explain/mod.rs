//! How each number of a plan came about: its formula, the formula's inputs, and where they are from.
//!
//! Everything here is read from the functions that made the plan, and a test evaluates every formula
//! with its inputs: an explanation that no longer gives the plan's number fails.

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

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Where the number stands in the plan, as a JSON pointer: `/memory/1/kv_bytes`.
    pub number: String,
    pub value: Figure,
    /// `bytes`, `tokens/s`, `seconds`, or a currency.
    pub unit: String,
    /// Over the inputs' names, with + - × / ( ) and min, max, floor, ceil, round(value, digits).
    pub formula: String,
    pub inputs: Vec<Input>,
    /// Where the formula is from.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    pub name: String,
    pub value: Figure,
    pub unit: String,
    pub source: String,
}

/// A whole number or another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    Whole(i64),
    Real(f64),
}

impl Figure {
    pub fn as_f64(self) -> f64 {
        match self {
            Figure::Whole(n) => n as f64,
            Figure::Real(x) => x,
        }
    }
}

impl From<u64> for Figure {
    fn from(n: u64) -> Figure {
        Figure::Whole(n as i64)
    }
}

impl From<i64> for Figure {
    fn from(n: i64) -> Figure {
        Figure::Whole(n)
    }
}

impl From<f64> for Figure {
    fn from(x: f64) -> Figure {
        Figure::Real(x)
    }
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

impl Explained {
    fn new(
        number: impl Into<String>,
        value: impl Into<Figure>,
        unit: &str,
        formula: impl Into<String>,
    ) -> Explained {
        Explained {
            number: number.into(),
            value: value.into(),
            unit: unit.to_string(),
            formula: formula.into(),
            inputs: Vec::new(),
            source: String::new(),
        }
    }

    fn with(
        mut self,
        name: impl Into<String>,
        value: impl Into<Figure>,
        unit: &str,
        source: &str,
    ) -> Explained {
        let (value, unit, source) = (value.into(), unit.to_string(), source.to_string());
        self.inputs.push(Input { name: name.into(), value, unit, source });
        self
    }

    fn from(mut self, source: &str) -> Explained {
        self.source = source.to_string();
        self
    }
}
