//! The servers of a plan, as one list ([`Plan::servers`]): whatever starts, watches or counts servers goes
//! over it. A [`ServerName`] says role and number; unit, port, files and credential follow from it by rule.

use super::document::{ModelFile, Plan, ProfileKind};
use super::rag::document::{Place, Rag};
use super::server_args::ServerArgs;
use crate::paths;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers questions.
    Chat,
    /// Turns texts into vectors.
    Embedding,
}

impl Role {
    pub const ALL: [Role; 2] = [Role::Chat, Role::Embedding];

    /// The part of a unit's name that tells the role.
    fn stem(self) -> &'static str {
        match self {
            Role::Chat => "llama",
            Role::Embedding => "embed",
        }
    }

    /// Port of the role's first server; less than [`PORT_STEP`] above another role's.
    fn port(self) -> u16 {
        match self {
            Role::Chat => paths::DEFAULT_PORT,
            Role::Embedding => paths::EMBED_PORT,
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

    /// `None` beyond [`MOST`].
    pub fn new(role: Role, number: usize) -> Option<ServerName> {
        let number = u8::try_from(number).ok().filter(|number| (1..=MOST).contains(number))?;
        Some(ServerName { role, number })
    }

    /// Every name that a server may have.
    pub fn all() -> impl Iterator<Item = ServerName> {
        Role::ALL.into_iter().flat_map(|role| (1..=MOST).map(move |number| ServerName { role, number }))
    }

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

    pub fn unit_file(self) -> String {
        format!("{}/{}", paths::UNITS, self.unit())
    }

    /// The folder of its drop-ins.
    pub fn drop_in(self) -> String {
        format!("{}.d", self.unit_file())
    }

    /// On 127.0.0.1.
    pub fn port(self) -> u16 {
        self.role.port() + PORT_STEP * u16::from(self.number - 1)
    }

    /// Where its unit's credential, the API key, shows up for it.
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
            format!("no server is called {text:?}: names are llama, embed, embed-2 to embed-{MOST}")
        })
    }
}

/// A server of a plan, whatever its role.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    pub name: ServerName,
    /// Its model's id and quantisation.
    pub id: &'a str,
    pub quant: &'a str,
    pub parameters: u64,
    pub files: &'a [ModelFile],
    /// Bytes of them all.
    pub size_bytes: u64,
    /// Cards that it uses: the host's first ones.
    pub cards: usize,
    pub args: &'a ServerArgs,
    /// What an embedding server has beyond that.
    pub embedding: Option<&'a Rag>,
}

impl Plan {
    /// Every server: the model's own, the embedding server of `--rag`, then `servers` in their order.
    pub fn servers(&self) -> impl Iterator<Item = Server<'_>> {
        let model = &self.model;
        let chat = Server {
            name: ServerName::CHAT,
            id: &model.id,
            quant: &model.quant,
            parameters: model.parameters,
            files: &model.files,
            size_bytes: model.size_bytes,
            cards: if self.profile.kind == ProfileKind::Cpu { 0 } else { self.profile.gpus.len() },
            args: &self.llama_server.args,
            embedding: None,
        };
        std::iter::once(chat).chain(self.beside())
    }

    /// Those beside the model's own.
    pub fn beside(&self) -> impl Iterator<Item = Server<'_>> {
        let further = self.servers.iter().map(|Further::Embedding(server)| server);
        let embedding = self.rag.iter().chain(further).zip(1..);
        embedding.filter_map(|(rag, number)| {
            Some(Server {
                name: ServerName::new(Role::Embedding, number)?,
                id: &rag.model.id,
                quant: &rag.model.quant,
                parameters: rag.model.parameters,
                files: &rag.model.files,
                size_bytes: rag.model.size_bytes,
                cards: match rag.device {
                    Place::Host => 0,
                    Place::Gpu0 => 1,
                },
                args: &rag.args,
                embedding: Some(rag),
            })
        })
    }

    /// The server of that name.
    pub fn server(&self, name: ServerName) -> Option<Server<'_>> {
        self.servers().find(|server| server.name == name)
    }
}

impl Server<'_> {
    /// Bytes of the first card that a server beside the model's own takes.
    pub fn gpu_bytes(&self) -> u64 {
        let parts = self.embedding.iter().flat_map(|embedding| &embedding.memory);
        parts.filter(|part| part.device == Place::Gpu0.device()).map(|part| part.total_bytes).sum()
    }

    /// Refuses one that is not whole: its arguments are another's, or its card is none of the plan's.
    pub(super) fn check(&self, plan: &Plan, build: &super::build::Build) -> Result<(), String> {
        let args = self.args;
        if args.server() != self.name {
            let (found, right) = (args.server().unit(), self.name.unit());
            return Err(format!("args: they are of the server {found:?}, not of {right:?}"));
        }
        if let Some(first) = self.files.first().filter(|file| *file.name != *args.model()) {
            return Err(format!(
                "args: --model is {:?}, and the model's first file {:?}",
                args.model(),
                first.name
            ));
        }
        let cards = if plan.profile.kind == ProfileKind::Cpu { 0 } else { plan.profile.gpus.len() };
        if self.cards > cards {
            return Err(format!("it is on a card, and the profile {:?} has none", plan.profile.id));
        }
        args.check_build(build).map_err(|why| format!("args: {why}"))
    }

    /// Where a plan's JSON has it.
    pub(super) fn place(&self) -> String {
        match (self.name.role(), self.name.number()) {
            (Role::Chat, _) => "llama_server".to_string(),
            (Role::Embedding, 1) => "rag".to_string(),
            (Role::Embedding, number) => format!("servers/{}", number - 2),
        }
    }
}

/// A server beyond `llama_server` and `rag`, as a plan's JSON has it; its number among those of its role
/// follows from its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Further {
    Embedding(Rag),
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
            assert_eq!(name.to_string().parse(), Ok(name));
        }
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

    const THREE: &str = include_str!("../../tests/golden/plans/three-servers.json");

    #[test]
    fn a_further_server_of_a_plan_is_one_of_its_servers() {
        let plan = Plan::from_json(THREE).unwrap();
        assert_eq!(Plan::from_json(&plan.to_json()).unwrap(), plan);
        let names: Vec<String> = plan.servers().map(|server| server.name.to_string()).collect();
        assert_eq!(names, ["llama", "embed", "embed-2"]);
        let cards: Vec<usize> = plan.servers().map(|server| server.cards).collect();
        assert_eq!(cards, [1, 1, 0]);
        // Two of them share a file.
        assert_eq!((plan.servers().flat_map(|server| server.files).count(), plan.files().count()), (3, 2));
        let of_gpu: u64 = plan.beside().map(|server| server.gpu_bytes()).sum();
        assert_eq!(of_gpu, plan.memory[1].rag_bytes);
        let third = plan.server("embed-2".parse().unwrap()).unwrap();
        assert_eq!(third.embedding.unwrap().chunk_tokens, 8192);
    }

    #[test]
    fn a_further_server_that_is_not_whole_is_refused_with_its_place() {
        type Change = fn(&mut serde_json::Value);
        let table: &[(Change, &str)] = &[
            (|plan| plan["servers"][0]["role"] = "miner".into(), "unknown variant `miner`"),
            (
                |plan| plan["servers"][0]["args"] = plan["rag"]["args"].clone(),
                "servers/0: args: they are of the server",
            ),
            (
                |plan| plan["servers"][0]["model"]["files"][0]["name"] = "x.gguf".into(),
                "servers/0: args: --model is",
            ),
            (|plan| plan["servers"][0]["device"] = "gpu7".into(), "unknown variant `gpu7`"),
            (
                |plan| plan["servers"][0]["args"][7] = "8092".into(),
                "--port \"8092\" is not for a plan to choose: it is 8091",
            ),
            (|plan| plan["profile"]["kind"] = "cpu".into(), "rag: it is on a card, and the profile"),
            (
                |plan| plan["servers"] = vec![plan["servers"][0].clone(); 8].into(),
                "more than 8 embedding servers",
            ),
            (
                |plan| plan["servers"] = vec![plan["servers"][0].clone(); 2].into(),
                "servers/1: args: they are of the server",
            ),
        ];
        for (change, why) in table {
            let mut plan: serde_json::Value = serde_json::from_str(THREE).unwrap();
            change(&mut plan);
            let refused = Plan::from_json(&plan.to_string()).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
