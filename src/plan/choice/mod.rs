//! The choice: machines with quantisations are tried, and the best wins. docs/choice.md tells the rule.
//!
//! Everything is deterministic: offers are compared by a total order, other ties keep the order of the machines and
//! quantisations.
//!
//! `machines` are those on offer, or the one that was named; `field` tries them, `candidates` places (`places`) and judges each
//! trial, `ranking` compares them, `document` writes down the best (`fit` only names it), `market` has every machine for
//! a chart, `beside` names what is nearly as cheap or cheaper
//! and no use, `nothing` has the answer where none will do, and `pooled` places a model
//! over the devices of several hosts.

mod beside;
mod candidates;
mod check;
mod decide;
mod decision;
mod document;
mod explained;
mod field;
mod fit;
mod machines;
mod market;
mod nothing;
mod places;
mod pooled;
mod ranking;

pub use decide::plan;
pub use document::{planned_model, planned_profile};
pub use explained::explained;
pub use fit::{Bounds, Fit, Machines, fit, fit_in_comfort, is_comfortable};
pub use market::{OnOffer, market};
pub use pooled::{Pool, Pooled, pooled};

#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod tests;
