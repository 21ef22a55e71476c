//! The resources of a host, in order, one file each: it can be observed without changing anything, and
//! applied; what that changed is noted so that it can be taken back.

mod agent_link;
mod arrival;
mod config;
mod config_changes;
mod directories;
mod driver;
mod driver_files;
mod expose;
pub mod inputs;
mod key;
mod loading;
mod model;
mod packages;
pub mod past;
mod path;
mod repositories;
pub mod resource;
mod retire;
pub mod run;
pub mod runtime;
mod start;
mod start_chat;
mod start_embedding;
pub mod told;
mod unit;
mod user;

use crate::engine::server::ServerName;
use crate::plan::Plan;
use resource::Resource;

/// Returns every resource of a host that gets `plan`, in the order in which they are applied. `installed`: servers
/// beside the model's own that the host has.
pub fn all(plan: &Plan, installed: &[ServerName]) -> Vec<Box<dyn Resource>> {
    let mut all: Vec<Box<dyn Resource>> = vec![
        Box::new(driver::DriverStep),
        Box::new(user::User),
        Box::new(directories::Directories),
        Box::new(runtime::Runtime),
        Box::new(packages::Packages),
        Box::new(model::Model),
        Box::new(key::Key),
        Box::new(path::PrivatePath),
        Box::new(agent_link::AgentLink),
        Box::new(unit::Unit),
        Box::new(config::Config),
    ];
    all.extend(installed.iter().map(|server| Box::new(retire::Retire(*server)) as Box<dyn Resource>));
    all.extend(plan.servers().map(|server| Box::new(start::Start(server.name)) as Box<dyn Resource>));
    all.push(Box::new(expose::Expose));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::Id;

    #[test]
    fn resources_are_listed_in_the_order_of_their_ids_with_one_for_each_server() {
        let plan = Plan::from_json(include_str!("../../../tests/golden/plans/three-servers.json")).unwrap();
        let installed = [ServerName::EMBEDDING, "embed-3".parse().unwrap()];
        let ids: Vec<Id> = all(&plan, &installed).iter().map(|resource| resource.id()).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        let servers: Vec<Id> = ids.into_iter().filter(|id| id.server().is_some()).collect();
        let [third, gone] = ["embed-2", "embed-3"].map(|name| name.parse().unwrap());
        assert_eq!(
            servers,
            [
                Id::Retire(ServerName::EMBEDDING),
                Id::Retire(gone),
                Id::Start(ServerName::CHAT),
                Id::Start(ServerName::EMBEDDING),
                Id::Start(third),
            ]
        );
    }
}
