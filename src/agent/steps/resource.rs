//! Resources: the parts of a host's state, what each comes after, and the changes that bring them there.

pub use super::past::Past;
use super::run::Run;
use crate::agent::store::desired::Desired;
pub use crate::agent::store::id::Id;
use crate::engine::server::ServerName;
use crate::error::Result;
use std::collections::BTreeSet;
use std::fmt;

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
    /// It was stopped while the model was loaded.
    MadeRoom,
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
    /// Loads a driver, with a restart of the host where that takes one.
    Load(String),
    Remove(String),
    Start(String),
    /// Waits for a server that has been started.
    Wait(String),
    Restart {
        server: ServerName,
        because: Because,
    },
    Stop {
        server: ServerName,
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
            | Change::Load(text)
            | Change::Remove(text)
            | Change::Start(text)
            | Change::Wait(text)
            | Change::Open(text)
            | Change::Close(text)
            | Change::Unclear(text) => f.write_str(text),
            Change::Restart { server, because } => {
                f.write_str(&because.after(english!("change-restart", unit = server.unit())))
            }
            Change::Stop { server, because } => {
                f.write_str(&because.after(english!("change-stop", unit = server.unit())))
            }
        }
    }
}

impl Because {
    /// Returns what is done to a server with the reason after it.
    fn after(&self, what: String) -> String {
        match self {
            Because::Changes(ids) => {
                let names: Vec<&str> = ids.iter().map(|id| id.name()).collect();
                match names.split_last() {
                    Some((last, [])) => english!("because-change", what = what, id = *last),
                    Some((last, others)) => {
                        let ids = english!("because-ids", first = others.join(", the "), last = *last);
                        english!("because-changes", what = what, ids = ids)
                    }
                    None => what,
                }
            }
            Because::CutOff => english!("because-cut-off", what = what),
            Because::Silent(why) => format!("{what}: {why}"),
            Because::Outgrown => english!("because-outgrown", what = what),
            Because::MadeRoom => english!("because-made-room", what = what),
        }
    }
}

/// Servers that read what a resource's changes write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    Every,
    Only(BTreeSet<ServerName>),
}

impl Reach {
    /// Reaches nothing yet.
    pub fn none() -> Reach {
        Reach::Only(BTreeSet::new())
    }

    pub fn includes(&self, server: ServerName) -> bool {
        match self {
            Reach::Every => true,
            Reach::Only(servers) => servers.contains(&server),
        }
    }

    /// Returns the servers of both.
    pub fn and(self, other: Reach) -> Reach {
        match (self, other) {
            (Reach::Only(mut servers), Reach::Only(more)) => {
                servers.extend(more);
                Reach::Only(servers)
            }
            _ => Reach::Every,
        }
    }
}

/// State of one resource on a host, compared with the desired one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Changes that it needs by itself; none where it is as desired.
    pub changes: Vec<Change>,
    /// Servers that these changes reach.
    pub reach: Reach,
    /// The change that its server, which is as desired, needs when something changes that it
    /// [restarts on](Id::restarts_on).
    pub dependent: Option<Dependent>,
}

/// Change that another resource's change brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependent {
    Restart,
    /// The server takes more memory than the new plan keeps for it.
    Stop,
}

impl From<Vec<Change>> for Observed {
    fn from(changes: Vec<Change>) -> Observed {
        Observed { changes, ..Observed::default() }
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
    fn a_restart_says_why() {
        let because = |because| Change::Restart { server: ServerName::CHAT, because }.to_string();
        for (reason, text) in [
            (
                Because::Changes(vec![Id::Model]),
                "restart agi-provision-llama.service, because the model changes",
            ),
            (
                Because::Changes(vec![Id::Runtime, Id::Key, Id::Configuration]),
                "restart agi-provision-llama.service, because the runtime, the key and the configuration change",
            ),
            (Because::CutOff, "restart agi-provision-llama.service, to finish an apply that was cut off"),
            (Because::Silent("it answers 500".into()), "restart agi-provision-llama.service: it answers 500"),
        ] {
            assert_eq!(because(reason), text);
        }
    }
}
