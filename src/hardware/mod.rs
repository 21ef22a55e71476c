//! Machines: profiles and offers (what one can have), facts (what a host has).

pub mod apt_has;
pub mod backend;
pub mod cards;
pub mod cpus;
pub mod facts;
pub mod generation;
pub mod link;
pub mod offers;
pub mod probe;
pub mod profiles;
pub mod rows;
pub(crate) mod vendor;
mod words;
