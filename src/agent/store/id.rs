//! Names the resources of a host: what each comes after, and what each restarts on. Pure.

use crate::engine::server::{Role, ServerName};

/// Identifies a resource. The derived order is the order in which resources are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// The driver of the host's cards, where the user asked for it.
    Driver,
    User,
    Directories,
    Runtime,
    Packages,
    Model,
    Key,
    /// The private path between the hosts of a plan over several.
    Path,
    Agent,
    Unit,
    Configuration,
    /// A server beside the model's own: removed if the plan has none of its name, or stopped if it takes memory
    /// that the model is about to need.
    Retire(ServerName),
    /// A server of the plan: its unit runs and it answers.
    Start(ServerName),
    Expose,
}

impl Id {
    /// Returns the step's name in a journal, in `--check` and in `status`. Servers of one role share it; the unit is
    /// in the text of the change.
    pub fn name(self) -> &'static str {
        match self {
            Id::Driver => "driver",
            Id::User => "user",
            Id::Directories => "directories",
            Id::Runtime => "runtime",
            Id::Packages => "packages",
            Id::Model => "model",
            Id::Key => "key",
            Id::Path => "path",
            Id::Agent => "agent",
            Id::Unit => "unit",
            Id::Configuration => "configuration",
            Id::Retire(_) => "retire",
            Id::Start(server) => match server.role() {
                Role::Chat => "start",
                Role::Embedding => "embedding",
                Role::Worker => "worker",
            },
            Id::Expose => "expose",
        }
    }

    /// Returns the server that the resource is about, if it is about one.
    pub fn server(self) -> Option<ServerName> {
        match self {
            Id::Retire(server) | Id::Start(server) => Some(server),
            _ => None,
        }
    }

    /// Returns whether `other` has to be in place before this resource is applied.
    pub fn comes_after(self, other: Id) -> bool {
        match self {
            Id::Driver | Id::User | Id::Agent => false,
            Id::Directories => other == Id::User,
            Id::Runtime | Id::Model | Id::Key | Id::Path => other == Id::Directories,
            // Run as the service's user, and loaded by the runtime's program.
            Id::Packages => matches!(other, Id::User | Id::Runtime),
            Id::Unit => matches!(other, Id::Agent | Id::Directories),
            // Links to the runtime and the models.
            Id::Configuration => matches!(other, Id::Runtime | Id::Packages | Id::Model),
            Id::Retire(_) => other == Id::Configuration,
            Id::Start(ServerName::CHAT) => {
                matches!(other, Id::Key | Id::Path | Id::Unit | Id::Configuration | Id::Retire(_))
            }
            // The model has its memory first.
            Id::Start(_) | Id::Expose => other == Id::Start(ServerName::CHAT),
        }
    }

    /// Returns whether a change of `other` makes this server restart: it goes on with what it has in memory.
    pub fn restarts_on(self, other: Id) -> bool {
        match self {
            // Only another generation keeps another amount of memory for it.
            Id::Retire(_) => other == Id::Configuration,
            Id::Start(_) => matches!(
                other,
                Id::Runtime | Id::Model | Id::Key | Id::Path | Id::Agent | Id::Unit | Id::Configuration
            ),
            _ => false,
        }
    }

    /// Returns whether a change by other hands is reported as drift. Whether a service runs is reported apart, a
    /// newer executable of the tool is no drift, and a driver belongs to the system once it is there.
    pub fn can_drift(self) -> bool {
        !matches!(self, Id::Driver | Id::Agent | Id::Start(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_comes_after_those_it_needs_and_those_it_restarts_on() {
        let servers = || ServerName::all();
        let mut all =
            vec![Id::Driver, Id::User, Id::Directories, Id::Runtime, Id::Packages, Id::Model, Id::Key];
        all.extend([Id::Path, Id::Agent, Id::Unit, Id::Configuration]);
        all.extend(servers().map(Id::Retire));
        all.extend(servers().map(Id::Start));
        all.push(Id::Expose);
        assert!(all.is_sorted());
        for id in &all {
            for other in all.iter().filter(|other| id.comes_after(**other) || id.restarts_on(**other)) {
                assert!(other < id, "{other:?} before {id:?}");
            }
        }
    }
}
