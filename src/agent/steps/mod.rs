//! The resources of a host, in order, one file each: it can be observed without changing anything, and
//! applied; what that changed is noted so that it can be taken back.

mod activate;
mod agent_link;
mod arrival;
mod config;
mod config_changes;
mod directories;
mod embedding;
mod expose;
mod key;
mod model;
mod packages;
pub mod past;
pub mod resource;
pub mod run;
mod runtime;
pub mod told;
mod unit;
mod user;

use resource::Resource;

/// Every resource, in the order in which they are applied.
pub fn all() -> Vec<Box<dyn Resource>> {
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

#[cfg(test)]
mod tests {
    use super::resource::Id;

    #[test]
    fn every_resource_is_listed_once_in_its_order() {
        let ids: Vec<Id> = super::all().iter().map(|resource| resource.id()).collect();
        assert_eq!(ids, Id::ALL);
    }
}
