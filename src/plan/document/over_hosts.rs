//! Part of a host in a plan over several.

use crate::engine::arguments::ServerArgs;
use crate::engine::llama_cpp::rpc;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Part of a host in a plan over several: the head, which serves, or a worker, which computes for it. The plan beside it
/// is the host's own: its hardware, its ledger, its requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverHosts {
    /// Names of all hosts that the user gave, the head's first.
    pub hosts: Vec<String>,
    /// Place of this one among them.
    pub place: usize,
    /// Arguments of its worker; absent for the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub worker: Option<WorkerArgs>,
}

impl OverHosts {
    /// Returns the names of the workers, in the order of the head's forwards.
    pub fn workers(&self) -> &[String] {
        self.hosts.get(1..).unwrap_or_default()
    }

    /// Refuses a part that no plan has.
    ///
    /// # Errors
    /// Says which.
    pub fn check(&self) -> Result<(), String> {
        let hosts = self.hosts.len();
        if !(2..=rpc::MOST_DEVICES + 1).contains(&hosts) || self.place >= hosts {
            return Err(format!("over_hosts: place {} of {hosts} hosts", self.place));
        }
        if (self.place > 0) != self.worker.is_some() {
            return Err("over_hosts: the first host is the head, and every other one a worker".to_string());
        }
        match self.hosts.iter().find(|name| name.is_empty() || name.contains(char::is_control)) {
            Some(name) => Err(format!("over_hosts: {name:?} is no name of a host")),
            None => Ok(()),
        }
    }
}

/// Arguments of a worker, in a plan a list of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerArgs(pub ServerArgs);

impl Serialize for WorkerArgs {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.to_argv().serialize(to)
    }
}

impl<'de> Deserialize<'de> for WorkerArgs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<WorkerArgs, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        ServerArgs::parse(&rpc::GRAMMAR, &texts).map(WorkerArgs).map_err(de::Error::custom)
    }
}
