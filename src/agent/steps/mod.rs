//! The steps to a host's state, in order. Each can tell what is missing without changing anything,
//! and change it; what it changed is noted so that it can be taken back.

mod activate;
mod agent_link;
mod arrival;
mod config;
mod directories;
mod embedding;
mod expose;
mod key;
mod model;
mod packages;
pub mod run;
mod runtime;
pub mod told;
mod unit;
mod user;

use run::Step;

/// Every step, in the order in which they are applied.
pub fn all() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(user::User),
        Box::new(directories::Directories),
        Box::new(runtime::Runtime),
        Box::new(packages::Packages),
        Box::new(model::Model),
        Box::new(key::Key),
        Box::new(agent_link::AgentLink),
        Box::new(unit::Unit),
        Box::new(config::Config),
        Box::new(embedding::Retire),
        Box::new(activate::Activate),
        Box::new(embedding::Embedding),
        Box::new(expose::Expose),
    ]
}
