//! The servers of a plan as one list: whatever renders, starts, watches or counts servers goes over it.

use super::document::{Further, ModelFile, Place, Plan, ProfileKind, Rag};
use crate::checked::ImageRef;
use crate::engine;
use crate::engine::arguments::ServerArgs;
use crate::engine::container::Container;
use crate::engine::kind::Engine;
use crate::engine::server::{Role, ServerName};

/// A server of a plan, whatever its role.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// Name, which unit, port and files follow from.
    pub name: ServerName,
    /// Id of its model.
    pub id: &'a str,
    /// Quantisation of its model.
    pub quant: &'a str,
    /// Number of weights of its model.
    pub parameters: u64,
    /// GGUF files of its model, in the order of their parts.
    pub files: &'a [ModelFile],
    /// Bytes of them all.
    pub size_bytes: u64,
    /// Cards that it uses: the host's first ones.
    pub cards: usize,
    /// Every argument of its engine's program, without the program's name.
    pub args: &'a ServerArgs,
    /// Container image that the plan pins for its engine.
    pub image: Option<&'a ImageRef>,
    /// Parts that only an embedding server has.
    pub embedding: Option<&'a Rag>,
}

impl Plan {
    /// Cards that the model's own server uses.
    pub fn cards(&self) -> usize {
        if self.profile.kind == ProfileKind::Cpu { 0 } else { self.profile.gpus.len() }
    }

    /// Engine of the model's own server.
    pub fn engine(&self) -> &'static dyn Engine {
        engine::of(&self.llama_server.args)
    }

    /// Returns how the model's own server is run as a container; `None` where it is not.
    pub fn container(&self) -> Option<&'static Container> {
        self.chat().container()
    }

    /// Returns the container image that the plan's servers are run from.
    pub fn image(&self) -> Option<&ImageRef> {
        self.engine().container().and(self.llama_server.image.as_ref())
    }

    /// Returns whether the model's own server has a web page for chats.
    pub fn has_page(&self) -> bool {
        self.engine().has_page(&self.llama_server.args)
    }

    /// Every server: the model's own, the embedding server of `--rag`, then `servers` in their order; of a worker of
    /// another host's server, that one alone.
    pub fn servers(&self) -> impl Iterator<Item = Server<'_>> {
        let own = (!self.is_worker()).then(|| self.chat());
        own.into_iter().chain(self.beside())
    }

    /// Returns whether the model's own server is on another host, for which this one computes.
    pub fn is_worker(&self) -> bool {
        self.over_hosts.as_ref().is_some_and(|over| over.worker.is_some())
    }

    /// Returns the worker that this host runs for another one.
    fn worker(&self) -> Option<Server<'_>> {
        let args = &self.over_hosts.as_ref()?.worker.as_ref()?.0;
        Some(Server {
            name: ServerName::WORKER,
            id: &self.model.id,
            quant: &self.model.quant,
            parameters: self.model.parameters,
            files: &[],
            size_bytes: 0,
            cards: self.cards(),
            args,
            image: None,
            embedding: None,
        })
    }

    /// The model's own server.
    pub fn chat(&self) -> Server<'_> {
        let model = &self.model;
        Server {
            name: ServerName::CHAT,
            id: &model.id,
            quant: &model.quant,
            parameters: model.parameters,
            files: &model.files,
            size_bytes: model.size_bytes,
            cards: self.cards(),
            args: &self.llama_server.args,
            image: self.image(),
            embedding: None,
        }
    }

    /// Returns the servers beside the model's own.
    pub fn beside(&self) -> impl Iterator<Item = Server<'_>> {
        let further = self.further.iter().map(|Further::Embedding(server)| server);
        let embedding = self.rag.iter().chain(further).zip(1..);
        let embedding = embedding.filter_map(|(rag, number)| {
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
                image: self.image(),
                embedding: Some(rag),
            })
        });
        self.worker().into_iter().chain(embedding)
    }

    /// Files of every server's model, in the servers' order; one that servers share comes once.
    pub fn files(&self) -> impl Iterator<Item = &ModelFile> {
        let mut all: Vec<&ModelFile> = Vec::new();
        for server in self.servers() {
            let others = all.clone();
            all.extend(server.files.iter().filter(|file| !others.contains(file)));
        }
        all.into_iter()
    }

    /// The server of that name.
    pub fn server(&self, name: ServerName) -> Option<Server<'_>> {
        self.servers().find(|server| server.name == name)
    }
}

impl Server<'_> {
    /// Returns whether the model has a file of this name.
    pub fn reads(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name.as_str() == name)
    }

    /// Bytes of the first card that a server beside the model's own takes.
    pub fn gpu_bytes(&self) -> u64 {
        let parts = self.embedding.iter().flat_map(|embedding| &embedding.memory);
        parts.filter(|part| part.device == Place::Gpu0.device()).map(|part| part.total_bytes).sum()
    }

    /// Program that it runs: a worker's is another of its engine's archive.
    pub fn program(&self) -> &'static str {
        if self.name.role() == Role::Worker { self.args.program() } else { self.engine().program() }
    }

    /// Returns how it is run as a container; `None` where it is not.
    pub fn container(&self) -> Option<&'static Container> {
        self.engine().container().filter(|container| container.only || self.image.is_some())
    }

    /// Engine that serves the model.
    pub fn engine(&self) -> &'static dyn Engine {
        engine::of(self.args)
    }

    /// Refuses one that is not whole: its arguments are another's, its engine is not one for its role, or its card is
    /// none of the plan's.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), String> {
        let (args, engine) = (self.args, self.engine());
        if !engine.roles().contains(&self.name.role()) {
            return Err(format!("engine: {} is no server for {}", engine.name(), self.name));
        }
        if args.server() != self.name {
            let (found, right) = (args.server().unit(), self.name.unit());
            return Err(format!("args: they are those of {found}, not of {right}"));
        }
        if let (Some(model), Some(first)) = (args.model(), self.files.first())
            && first.name != *model
        {
            return Err(format!("args: --model is {model}, and the model's first file {}", first.name));
        }
        let cards = plan.cards();
        if self.cards > cards {
            return Err(format!("it is on a card, and the profile {:?} has none", plan.profile.id));
        }
        engine.check(&plan.llama_server.build, args).map_err(|why| format!("args: {why}"))
    }

    /// Where a plan's JSON has it.
    pub(super) fn place(&self) -> String {
        match (self.name.role(), self.name.number()) {
            (Role::Chat, _) => "llama_server".to_string(),
            (Role::Embedding, 1) => "rag".to_string(),
            (Role::Embedding, number) => format!("servers/{}", number - 2),
            (Role::Worker, _) => "over_hosts/worker".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                "servers/0: args: they are those of agi-provision-embed.service, not of",
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
                "servers/1: args: they are those of agi-provision-embed-2.service, not of",
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
