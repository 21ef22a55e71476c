//! One number of a plan, and how it came about.

use crate::lang::Sentence;
use serde::Serialize;

/// Number of a plan with the formula that gives it and the formula's inputs.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explained {
    /// Place of the number in the plan, as a JSON pointer: `/memory/1/kv_bytes`.
    pub number: String,
    /// Value of the number in the plan.
    pub value: Figure,
    /// `bytes`, `tokens/s`, `seconds`, or a currency.
    pub unit: String,
    /// Over the inputs' names, with + - × / ( ) and min, max, floor, ceil, round(value, digits).
    pub formula: String,
    /// Inputs, one for each name in the formula.
    pub inputs: Vec<Input>,
    /// Source of the formula.
    pub source: Sentence,
}

/// Input of a formula.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Input {
    /// Name that stands in the formula.
    pub name: String,
    /// Value, in `unit`.
    pub value: Figure,
    /// Unit, such as `bytes` or `GB/s`; empty for a ratio and for operations.
    pub unit: String,
    /// Text that says where the value is from.
    pub source: Sentence,
}

/// A whole number or another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Whole number, such as bytes.
    Whole(i64),
    /// Any other number, such as tokens/s.
    Real(f64),
}

impl Figure {
    /// Returns the value as a floating-point number; exact up to 2^53.
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

impl Explained {
    pub(super) fn new(
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
            source: Sentence::default(),
        }
    }

    pub(super) fn with(
        mut self,
        name: impl Into<String>,
        value: impl Into<Figure>,
        unit: &str,
        source: Sentence,
    ) -> Explained {
        let (value, unit) = (value.into(), unit.to_string());
        self.inputs.push(Input { name: name.into(), value, unit, source });
        self
    }

    pub(super) fn from(mut self, source: Sentence) -> Explained {
        self.source = source;
        self
    }
}
