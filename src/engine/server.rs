//! The names of a plan's servers. A [`ServerName`] says role and number; unit, port, files and credential
//! follow from it by rule, so a server has no other.

use crate::paths;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Address that every server listens on. Other hosts come in through the unit that ends TLS.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Purpose of a server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers questions.
    Chat,
    /// Turns texts into vectors.
    Embedding,
    /// Holds layers of a model that another host serves, and computes them for it.
    Worker,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::Chat, Role::Embedding, Role::Worker];

    /// The part of a unit's name that tells the role.
    fn stem(self) -> &'static str {
        match self {
            Role::Chat => "llama",
            Role::Embedding => "embed",
            Role::Worker => "rpc-worker",
        }
    }

    /// Port of the role's first server; less than [`PORT_STEP`] above another role's.
    fn port(self) -> u16 {
        match self {
            Role::Chat => paths::DEFAULT_PORT,
            Role::Embedding => paths::EMBED_PORT,
            Role::Worker => paths::WORKER_PORT,
        }
    }
}

/// Most servers of one role on a host.
pub const MOST: u8 = 8;
/// From one server's port to the next one's of its role. Roles begin at ports that follow each other, so no
/// two servers share one.
const PORT_STEP: u16 = 10;

/// A server of a plan: the first, second, … of its role. Written `llama`, `embed`, `embed-2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName {
    role: Role,
    /// 1 to [`MOST`].
    number: u8,
}

impl ServerName {
    /// The model's own server.
    pub const CHAT: ServerName = ServerName { role: Role::Chat, number: 1 };
    /// The embedding server of `--rag`.
    pub const EMBEDDING: ServerName = ServerName { role: Role::Embedding, number: 1 };
    /// The worker of a plan over several hosts.
    pub const WORKER: ServerName = ServerName { role: Role::Worker, number: 1 };

    /// `None` beyond [`MOST`].
    pub fn new(role: Role, number: usize) -> Option<ServerName> {
        let number = u8::try_from(number).ok().filter(|number| (1..=MOST).contains(number))?;
        Some(ServerName { role, number })
    }

    /// Every name that a server may have.
    pub fn all() -> impl Iterator<Item = ServerName> {
        Role::ALL.into_iter().flat_map(|role| (1..=MOST).map(move |number| ServerName { role, number }))
    }

    /// Returns the server's purpose.
    pub fn role(self) -> Role {
        self.role
    }

    /// From 1.
    pub fn number(self) -> u8 {
        self.number
    }

    /// `agi-provision-embed-2.service`.
    pub fn unit(self) -> String {
        format!("{}{self}.service", UNIT_PREFIX)
    }

    /// The server whose unit has this name.
    pub fn of_unit(unit: &str) -> Option<ServerName> {
        unit.strip_prefix(UNIT_PREFIX)?.strip_suffix(".service")?.parse().ok()
    }

    /// The name of its lines in the journal.
    pub fn identifier(self) -> String {
        format!("{UNIT_PREFIX}{self}")
    }

    /// Returns the path of its unit file, in [`paths::UNITS`].
    pub fn unit_file(self) -> String {
        format!("{}/{}", paths::UNITS, self.unit())
    }

    /// Returns the path of the file that podman's Quadlet makes its unit of, in [`paths::CONTAINERS`].
    pub fn container_file(self) -> String {
        format!("{}/{}.container", paths::CONTAINERS, self.identifier())
    }

    /// The server of that file.
    pub fn of_container_file(path: &str) -> Option<ServerName> {
        let name = path.strip_prefix(paths::CONTAINERS)?.strip_prefix('/')?.strip_suffix(".container")?;
        name.strip_prefix(UNIT_PREFIX)?.parse().ok()
    }

    /// The folder of its drop-ins.
    pub fn drop_in(self) -> String {
        format!("{}.d", self.unit_file())
    }

    /// Returns the path of the link that enables its unit.
    pub fn wants(self) -> String {
        format!("{}/multi-user.target.wants/{}", paths::UNITS, self.unit())
    }

    /// On 127.0.0.1.
    pub fn port(self) -> u16 {
        self.role.port() + PORT_STEP * u16::from(self.number - 1)
    }

    /// Returns the folder in memory that its unit gets while it runs, and that its user alone can look into.
    pub fn runtime_folder(self) -> String {
        format!("/run/{}", self.identifier())
    }

    /// Returns the path at which its unit's credential, the API key, is readable for it.
    pub fn key_file(self) -> String {
        format!("/run/credentials/{}/api-key", self.unit())
    }

    /// Its arguments in a generation, one a line.
    pub fn args_file(self) -> String {
        format!("{self}-server.args")
    }

    /// Its drop-in in a generation.
    pub fn limits_file(self) -> String {
        match self {
            ServerName::CHAT => paths::generation::LIMITS.to_string(),
            other => format!("{other}-{}", paths::generation::LIMITS),
        }
    }
}

const UNIT_PREFIX: &str = "agi-provision-";

impl fmt::Display for ServerName {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.role.stem())?;
        if self.number > 1 { write!(out, "-{}", self.number) } else { Ok(()) }
    }
}

impl FromStr for ServerName {
    type Err = String;

    fn from_str(text: &str) -> Result<ServerName, String> {
        ServerName::all().find(|name| name.to_string() == text).ok_or_else(|| {
            format!(
                "no server is called {text:?}: names are llama, embed, embed-2 to embed-{MOST}, rpc-worker"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_first_of_each_role_has_the_name_and_port_that_hosts_know() {
        let (chat, embedding) = (ServerName::CHAT, ServerName::EMBEDDING);
        assert_eq!((chat.unit().as_str(), chat.port()), (paths::UNIT, paths::DEFAULT_PORT));
        assert_eq!(chat.key_file(), "/run/credentials/agi-provision-llama.service/api-key");
        assert_eq!(
            (chat.args_file().as_str(), chat.limits_file().as_str()),
            ("llama-server.args", "limits.conf")
        );
        assert_eq!(chat.unit_file(), paths::UNIT_FILE);
        assert_eq!((embedding.unit().as_str(), embedding.port()), ("agi-provision-embed.service", 8081));
        assert_eq!(embedding.args_file(), "embed-server.args");
        assert_eq!(embedding.limits_file(), "embed-limits.conf");
    }

    #[test]
    fn a_further_server_gets_its_name_by_rule() {
        let third = ServerName::new(Role::Embedding, 2).unwrap();
        assert_eq!((third.unit().as_str(), third.port()), ("agi-provision-embed-2.service", 8091));
        assert_eq!(third.drop_in(), "/etc/systemd/system/agi-provision-embed-2.service.d");
        assert_eq!(third.key_file(), "/run/credentials/agi-provision-embed-2.service/api-key");
        assert_eq!(
            (third.args_file().as_str(), third.limits_file().as_str()),
            ("embed-2-server.args", "embed-2-limits.conf")
        );
        assert_eq!((ServerName::new(Role::Chat, 0), ServerName::new(Role::Embedding, 9)), (None, None));
    }

    #[test]
    fn no_two_servers_share_a_name_or_a_port() {
        let all: Vec<ServerName> = ServerName::all().collect();
        assert_eq!(all.iter().map(|name| name.port()).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|name| name.unit()).collect::<BTreeSet<_>>().len(), all.len());
        for name in all {
            assert_eq!(ServerName::of_unit(&name.unit()), Some(name));
            assert_eq!(ServerName::of_container_file(&name.container_file()), Some(name));
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn the_worker_has_the_port_that_its_program_has_by_itself() {
        let worker = ServerName::WORKER;
        assert_eq!((worker.unit().as_str(), worker.port()), ("agi-provision-rpc-worker.service", 50052));
        assert_eq!(worker.runtime_folder(), "/run/agi-provision-rpc-worker");
        assert_eq!(worker.args_file(), "rpc-worker-server.args");
    }

    #[test]
    fn a_unit_of_another_name_is_no_servers() {
        for unit in [
            "ssh.service",
            "agi-provision-.service",
            "agi-provision-embed-1.service",
            "agi-provision-embed-02.service",
            "agi-provision-embed-9.service",
            "agi-provision-embed-2.service.d",
            "agi-provision-embed-2.timer",
            "agi-provision-embed/../ssh.service",
            "agi-provision-expose.service",
        ] {
            assert_eq!(ServerName::of_unit(unit), None, "{unit}");
        }
    }
}
