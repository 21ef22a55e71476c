//! Resources: the parts of a host's state, what each comes after, and the changes that bring them there.

pub use super::past::Past;
use super::run::Run;
use crate::agent::store::desired::Desired;
use crate::error::Result;
use std::fmt;

/// Resources in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    User,
    Directories,
    Runtime,
    Packages,
    Model,
    Key,
    Agent,
    Unit,
    Configuration,
    /// Servers beside the model's own, where they go or have to make room before the model is loaded.
    Retire,
    Start,
    Embedding,
    Expose,
}

impl Id {
    pub const ALL: [Id; 13] = [
        Id::User,
        Id::Directories,
        Id::Runtime,
        Id::Packages,
        Id::Model,
        Id::Key,
        Id::Agent,
        Id::Unit,
        Id::Configuration,
        Id::Retire,
        Id::Start,
        Id::Embedding,
        Id::Expose,
    ];

    /// Name in a journal, in `--check` and in `status`.
    pub fn name(self) -> &'static str {
        match self {
            Id::User => "user",
            Id::Directories => "directories",
            Id::Runtime => "runtime",
            Id::Packages => "packages",
            Id::Model => "model",
            Id::Key => "key",
            Id::Agent => "agent",
            Id::Unit => "unit",
            Id::Configuration => "configuration",
            Id::Retire => "retire",
            Id::Start => "start",
            Id::Embedding => "embedding",
            Id::Expose => "expose",
        }
    }

    /// Resources that have to be in place before this one.
    pub fn after(self) -> &'static [Id] {
        match self {
            Id::User => &[],
            Id::Directories => &[Id::User],
            Id::Runtime | Id::Model | Id::Key => &[Id::Directories],
            // Run as the service's user, and loaded by the runtime's program.
            Id::Packages => &[Id::User, Id::Runtime],
            Id::Agent => &[],
            Id::Unit => &[Id::Agent, Id::Directories],
            // Links to the runtime and the models.
            Id::Configuration => &[Id::Runtime, Id::Packages, Id::Model],
            Id::Retire => &[Id::Configuration],
            Id::Start => &[Id::Key, Id::Unit, Id::Configuration, Id::Retire],
            // The model has its memory first.
            Id::Embedding => &[Id::Start],
            Id::Expose => &[Id::Start],
        }
    }

    /// Resources whose change this one does not outlive as it is: a server goes on with what it has in memory.
    pub fn restarts_on(self) -> &'static [Id] {
        match self {
            // Only another generation keeps another amount of memory for it.
            Id::Retire => &[Id::Configuration],
            Id::Start | Id::Embedding => {
                &[Id::Runtime, Id::Model, Id::Key, Id::Agent, Id::Unit, Id::Configuration]
            }
            _ => &[],
        }
    }

    /// Other hands may change it. A service that does not run is told apart from that, and a newer executable of the
    /// tool is none.
    pub fn can_drift(self) -> bool {
        !matches!(self, Id::Agent | Id::Start | Id::Embedding)
    }
}

/// Reason to start a server anew, or to stop it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// These change.
    Changes(Vec<Id>),
    /// Nobody knows what it was started from.
    CutOff,
    /// It runs and does not answer as it should.
    Silent(String),
    /// It takes more memory than is kept for it.
    Outgrown,
}

/// One change to a host. Its text says what is changed; decisions go by the kind alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts there what is not there.
    Create(String),
    /// Puts something else in the place of what is there.
    Replace(String),
    /// Installs packages of the system, which stay.
    Install(String),
    Remove(String),
    Start(String),
    /// Waits for a server that has been started.
    Wait(String),
    Restart {
        unit: String,
        because: Because,
    },
    Stop {
        unit: String,
        because: Because,
    },
    /// Lets other hosts in, or keeps them out.
    Open(String),
    Close(String),
    /// It cannot be told what it is now: why.
    Unclear(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Create(text)
            | Change::Replace(text)
            | Change::Install(text)
            | Change::Remove(text)
            | Change::Start(text)
            | Change::Wait(text)
            | Change::Open(text)
            | Change::Close(text)
            | Change::Unclear(text) => f.write_str(text),
            Change::Restart { unit, because } => write!(f, "restart {unit}{because}"),
            Change::Stop { unit, because } => write!(f, "stop {unit}{because}"),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Because::Changes(ids) => {
                let names: Vec<&str> = ids.iter().map(|id| id.name()).collect();
                let verb = if names.len() == 1 { "changes" } else { "change" };
                match names.split_last() {
                    Some((last, [])) => write!(f, ", because the {last} {verb}"),
                    Some((last, others)) => {
                        write!(f, ", because the {} and the {last} {verb}", others.join(", the "))
                    }
                    None => Ok(()),
                }
            }
            Because::CutOff => f.write_str(", to finish an apply that was cut off"),
            Because::Silent(why) => write!(f, ": {why}"),
            Because::Outgrown => f.write_str(", which takes more than is kept for it"),
        }
    }
}

/// State of one resource on a host, next to the wish for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Changes that it needs by itself; none where it is as wished.
    pub changes: Vec<Change>,
    /// What its units that are as wished need, when something changes that it [restarts on](Id::restarts_on).
    pub dependent: Option<Dependent>,
}

/// Change that another resource's change brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    Restart(Vec<String>),
    /// These take more memory than the wish keeps for them.
    Stop(Vec<String>),
}

impl From<Vec<Change>> for Observed {
    fn from(changes: Vec<Change>) -> Observed {
        Observed { changes, dependent: None }
    }
}

pub trait Resource {
    fn id(&self) -> Id;

    /// Looks at the host and changes nothing.
    fn observe(&self, desired: &Desired, past: &Past) -> Result<Observed>;

    /// Makes the change, noting in `run` how to take it back.
    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_comes_after_those_it_needs_and_those_it_restarts_on() {
        for (at, id) in Id::ALL.into_iter().enumerate() {
            let earlier = &Id::ALL[..at];
            for other in id.after().iter().chain(id.restarts_on()) {
                assert!(earlier.contains(other), "{} before {}", id.name(), other.name());
            }
        }
    }

    #[test]
    fn a_restart_says_why() {
        let because = |because| Change::Restart { unit: "x.service".to_string(), because }.to_string();
        for (reason, text) in [
            (Because::Changes(vec![Id::Model]), "restart x.service, because the model changes"),
            (
                Because::Changes(vec![Id::Runtime, Id::Key, Id::Configuration]),
                "restart x.service, because the runtime, the key and the configuration change",
            ),
            (Because::CutOff, "restart x.service, to finish an apply that was cut off"),
            (Because::Silent("it answers 500".into()), "restart x.service: it answers 500"),
        ] {
            assert_eq!(because(reason), text);
        }
    }
}
