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
mod decide;
mod decision;
mod document;
mod explained;
mod nothing;
mod ranking;

pub use decide::plan;
pub use explained::explained;

#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod tests;
