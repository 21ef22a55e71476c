//! Facts that the hosts of one plan have to know of each other. Nothing here is secret.

use crate::checked::Checksum;
use serde::{Deserialize, Serialize};

/// Facts about the other hosts, for one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peers {
    /// The head: where its workers are, in the order of its plan.
    Head {
        /// The workers.
        workers: Vec<WorkerAddress>,
    },
    /// A worker: who may reach it.
    Worker {
        /// The head's key.
        head: PublicKey,
    },
}

/// Where the head finds a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerAddress {
    /// Address or name, as the user gave it.
    pub host: HostName,
    /// Port of its sshd.
    pub port: u16,
    /// Keys by which it is known.
    pub keys: Vec<PublicKey>,
}

/// Facts that a host tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Keys of its sshd.
    pub host_keys: Vec<PublicKey>,
    /// Key made for the workers; none where none was made.
    pub key: Option<PublicKey>,
}

/// Part of a host in a plan over several, now and before: what a rollback of all of them has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOfWhole {
    /// Names of all hosts, the head's first.
    pub hosts: Vec<String>,
    /// Place of this one among them.
    pub place: usize,
    /// Generation that serves.
    pub now: Step,
    /// Generation before it, where one is kept.
    pub before: Option<Step>,
}

/// A generation of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub number: u64,
    /// Plan over several hosts that it is a part of, as a hash; none where it is of this host alone.
    pub whole: Option<Checksum>,
}

/// An SSH public key without a comment: `ssh-ed25519 AAAA…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(String);

impl PublicKey {
    /// Returns the key as files of OpenSSH have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;

    /// Takes a line of a `.pub` file; its comment is left out.
    fn try_from(text: String) -> Result<PublicKey, String> {
        let mut words = text.split_ascii_whitespace();
        let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let known = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start));
        let plain = |text: &str, more: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte))
        };
        match known && plain(kind, "-@.") && key.starts_with("AAAA") && plain(key, "+/=") && key.len() <= 4096
        {
            true => Ok(PublicKey(format!("{kind} {key}"))),
            false => Err("no public key of SSH".to_string()),
        }
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.0
    }
}

/// An address or a name of a host, which no program takes for an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<HostName, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_%".contains(&byte);
        match (1..=253).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') {
            true => Ok(HostName(text)),
            false => Err(format!("{text:?} is no address and no name of a host")),
        }
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_kind_and_its_bytes_and_brings_no_option_or_line() {
        let key = |text: &str| PublicKey::try_from(text.to_string()).map(String::from);
        assert_eq!(key("ssh-ed25519 AAAAC3Nz+/= me@here\n"), Ok("ssh-ed25519 AAAAC3Nz+/=".to_string()));
        for wrong in [
            "",
            "ssh-ed25519",
            "command=\"x\" ssh-ed25519 AAAA",
            "ssh-ed25519 BBBB",
            "ssh-ed25519 AAAA\"",
            "x AAAA",
        ] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
        assert_eq!(key("ssh-ed25519 AAAA\nssh-rsa AAAA"), Ok("ssh-ed25519 AAAA".to_string()));
    }

    #[test]
    fn a_hosts_name_is_no_option_and_one_word() {
        let name = |text: &str| HostName::try_from(text.to_string()).is_ok();
        assert!(["10.0.0.2", "gpu-1.example.org", "fe80::1%eth0"].iter().all(|text| name(text)));
        assert!(["", "-oProxyCommand=x", "a b", "a\nb", "a;b"].iter().all(|text| !name(text)));
    }
}
