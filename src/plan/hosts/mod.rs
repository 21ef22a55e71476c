//! One model over several hosts: the first is the head, which clients talk to and which has the file; the others are
//! workers, whose devices hold a part of the layers.
//!
//! [`plan`] places the layers (`pool`), counts what crosses the network for a token (`traffic`), and says which one
//! machine would be better (`instead`). No I/O happens here.

mod document;
mod instead;
mod make;
mod part;
mod pool;
mod traffic;
mod whole;

pub use document::{HostsPlan, Network, OneMachine, Passing, PlannedHost, Role, SCHEMA};
pub use make::{plan, plans};
pub use pool::Machine;
pub use traffic::Link;
pub use whole::whole;

#[cfg(test)]
mod tests;
