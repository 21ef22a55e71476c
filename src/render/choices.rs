//! Holds what the files of a bundle's targets depend on besides the plan. It is in the manifest, so that the same bundle
//! can be made again.

use super::broken::broken;
use super::first_boot::FirstBoot;
use crate::checked::{BalancedName, Endpoint, ImageRef};
use crate::error::Result;
pub use crate::hardware::vendor::driver::Origin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// Most replicas, and most servers behind a balancer.
pub const MOST: u16 = 1000;

/// Choices for a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Choices for user-data.
    pub first_boot: FirstBoot,
    /// Targets that were asked for.
    pub targets: Targets,
    /// Source of the driver for a host's cards that have none; `None`: nothing installs one.
    pub driver: Option<Origin>,
}

/// Targets that a bundle has because somebody asked for them, each with its own choices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Manifests for Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    /// A service of SkyPilot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skypilot: Option<SkyPilot>,
    /// HAProxy in front of several hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
}

/// Choices for Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kubernetes {
    /// Image whose entry point is the engine's program.
    pub image: ImageRef,
    /// Pods.
    pub replicas: Replicas,
}

/// Choices for SkyPilot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkyPilot {
    /// Machines.
    pub replicas: Replicas,
}

/// Choices for HAProxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Address that it listens on.
    pub bind: SocketAddr,
    /// Servers behind it.
    pub servers: Vec<Balanced>,
}

/// A server behind a balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Balanced {
    /// Name in the balancer's log and statistics.
    pub name: BalancedName,
    /// Address of its API; the plan's port where none is written.
    pub endpoint: Endpoint,
}

/// Fewest and most replicas, written `2` or `2-4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Replicas {
    least: u16,
    most: u16,
}

impl Default for Replicas {
    /// Returns two, so that one may fail.
    fn default() -> Replicas {
        Replicas { least: 2, most: 2 }
    }
}

impl Replicas {
    /// Returns the fewest.
    pub fn least(self) -> u16 {
        self.least
    }

    /// Returns the most.
    pub fn most(self) -> u16 {
        self.most
    }

    /// Returns whether their number follows the load.
    pub fn scales(self) -> bool {
        self.least < self.most
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if self.scales() {
            write!(out, "{}-{}", self.least, self.most)
        } else {
            write!(out, "{}", self.least)
        }
    }
}

impl From<Replicas> for String {
    fn from(replicas: Replicas) -> String {
        replicas.to_string()
    }
}

impl FromStr for Replicas {
    type Err = String;

    fn from_str(text: &str) -> Result<Replicas, String> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && (1..=MOST).contains(number))
        };
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        match (number(least), number(most)) {
            (Some(least), Some(most)) if least <= most => Ok(Replicas { least, most }),
            _ => Err(format!("expected a number from 1 to {MOST}, or two with - between, as in 2-4")),
        }
    }
}

impl TryFrom<String> for Replicas {
    type Error = String;

    fn try_from(text: String) -> Result<Replicas, String> {
        text.parse()
    }
}

impl Balanced {
    /// Reads `[NAME=]HOST[:PORT]`. Without a name it is called by its host.
    ///
    /// # Errors
    /// Says which of the two it is not.
    pub fn parse(text: &str) -> Result<Balanced, String> {
        let (name, endpoint) = match text.split_once('=') {
            Some((name, endpoint)) => (Some(name), endpoint),
            None => (None, text),
        };
        let endpoint = Endpoint::new(endpoint).map_err(|error| error.to_string())?;
        let host = || endpoint.host().to_ascii_lowercase().replace(':', "-");
        let name = name.map_or_else(host, str::to_string);
        let name = BalancedName::new(name).map_err(|error| error.to_string())?;
        Ok(Balanced { name, endpoint })
    }
}

impl Targets {
    /// Returns whether none was asked for.
    pub fn is_default(&self) -> bool {
        *self == Targets::default()
    }

    pub(super) fn check(&self) -> Result<()> {
        let Some(balance) = &self.balance else { return Ok(()) };
        let servers = &balance.servers;
        if servers.is_empty() || servers.len() > usize::from(MOST) {
            return Err(broken(format!("the balancer has no server, or more than {MOST}")));
        }
        let names: BTreeSet<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        let endpoints: BTreeSet<&Endpoint> = servers.iter().map(|server| &server.endpoint).collect();
        if names.len() != servers.len() || endpoints.len() != servers.len() {
            return Err(broken("a server of the balancer is there twice".to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_a_number_or_two() {
        for (text, least, most) in [("1", 1, 1), ("2-4", 2, 4), ("1000", 1000, 1000)] {
            let replicas: Replicas = text.parse().unwrap();
            assert_eq!((replicas.least(), replicas.most()), (least, most));
            assert_eq!(replicas.to_string(), text);
        }
        for text in ["", "0", "-1", "4-2", "1001", "2-", "2-3-4", "+2", "two", " 2"] {
            assert!(text.parse::<Replicas>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_balanced_server_is_called_by_its_host_where_it_has_no_name() {
        for (text, name, endpoint) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.7"),
            ("a=10.0.0.7:8080", "a", "10.0.0.7:8080"),
            ("GPU1.example.org", "gpu1.example.org", "GPU1.example.org"),
            ("six=[2001:db8::7]:1", "six", "[2001:db8::7]:1"),
            ("[2001:db8::7]", "2001-db8--7", "[2001:db8::7]"),
        ] {
            let server = Balanced::parse(text).unwrap();
            assert_eq!((server.name.as_str(), server.endpoint.as_str()), (name, endpoint), "{text}");
        }
        for text in ["", "=10.0.0.7", "A=10.0.0.7", "a b=10.0.0.7", "a=", "a=b=c", "[::1]", "x\ny=10.0.0.7"] {
            assert!(Balanced::parse(text).is_err(), "{text}");
        }
    }
}
