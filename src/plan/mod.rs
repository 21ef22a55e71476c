//! From a request to a plan. No I/O happens here.
//!
//! [`choice::plan`] tries every profile and quantisation, [`verdict`] judges each by its
//! [`ledger`] and [`speed`], and the best becomes the [`Plan`] document; [`explain`] says how each of
//! its numbers came about.

mod arrival;
pub mod choice;
pub mod document;
pub mod explain;
pub mod expose;
mod graph;
pub mod host_cards;
pub mod hosts;
mod kept;
mod launch;
pub mod ledger;
pub mod levels;
pub mod on_host;
mod paged;
pub mod placement;
mod rag;
mod reading;
pub mod reconcile;
pub mod request;
pub mod requirements;
pub mod runtime;
pub mod servers;
pub mod speed;
pub mod suggest;
pub mod together;
mod usable_cards;
pub mod verdict;

pub use choice::{explained, plan};
pub use document::Plan;
pub use request::Request;

#[cfg(test)]
mod architecture_tests;
#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
#[path = "../../tests/oracle/page_table.rs"]
mod page_table;
#[cfg(test)]
mod placement_tests;
#[cfg(test)]
mod speed_tests;
