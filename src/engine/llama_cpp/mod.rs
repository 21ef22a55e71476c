//! llama.cpp: its program is llama-server.

pub(super) mod api;
pub mod build;
mod compose;
pub mod container;
pub(super) mod flags;
mod forwards;
pub mod log;
pub mod rpc;
mod source;
mod version;

use super::arguments::ServerArgs;
use super::container::Container;
use super::from_source::FromSource;
use super::grammar::Grammar;
use super::kind::{Engine, Variable};
use super::launch::Launch;
use super::question::{Guarded, Question, Vector};
use super::reported::Reported;
use super::server::Role;
use super::split::SplitMode;
use super::streamed::Streamed;
use crate::error::Result;
use crate::model::format::Format;
use serde_json::Value;

/// llama.cpp.
pub struct LlamaCpp;

impl Engine for LlamaCpp {
    fn built_from(&self) -> Option<&'static FromSource> {
        Some(&source::SOURCE)
    }

    fn formats(&self) -> &'static [Format] {
        &[Format::Gguf]
    }

    fn roles(&self) -> &'static [Role] {
        &[Role::Chat, Role::Embedding, Role::Worker]
    }

    fn grammar(&self) -> &'static Grammar {
        &flags::GRAMMAR
    }

    fn arguments(&self, launch: &Launch) -> Result<ServerArgs> {
        compose::arguments(launch)
    }

    fn check(&self, build: &str, args: &ServerArgs) -> std::result::Result<(), String> {
        let build = build::of_plan(build).map_err(|error| error.to_string())?;
        // A worker's program takes three arguments, in every build that plans are pinned to.
        if args.server().role() == Role::Worker { Ok(()) } else { build.check(args) }
    }

    fn layers_on_cards(&self, args: &ServerArgs) -> u64 {
        args.whole(flags::N_GPU_LAYERS).map_or(0, i64::unsigned_abs)
    }

    fn split_mode(&self, args: &ServerArgs) -> Option<SplitMode> {
        args.word(flags::SPLIT_MODE)?.parse().ok()
    }

    fn lone_card(&self, args: &ServerArgs) -> Option<u64> {
        args.whole(flags::MAIN_GPU).map(i64::unsigned_abs)
    }

    fn shares<'a>(&self, args: &'a ServerArgs) -> Option<&'a [u64]> {
        // The workers' devices come before the server's own.
        let workers = args.line(flags::RPC).map_or(0, |all| all.split(',').count());
        args.shares(flags::TENSOR_SPLIT)?.get(workers..)
    }

    fn keeps_to_a_node(&self) -> bool {
        true
    }

    fn has_page(&self, args: &ServerArgs) -> bool {
        args.flags().any(|flag| flag == flags::WEBUI)
    }

    fn container(&self) -> Option<&'static Container> {
        Some(&container::CONTAINER)
    }

    fn repository(&self) -> &'static str {
        "ggml-org/llama.cpp"
    }

    fn libraries(&self) -> &'static [&'static str] {
        &["libllama", "libggml", "libmtmd"]
    }

    fn asks_build(&self) -> &'static [&'static str] {
        &["--version"]
    }

    fn build(&self, said: &str) -> Option<String> {
        version::parse(said)
    }

    fn unit(&self) -> &'static str {
        include_str!("../../../templates/systemd/agi-provision-llama.service")
    }

    fn environment(&self) -> &'static [(&'static str, Variable)] {
        &[
            // The buffers and offloaded layers, which the proof after the start compares with the ledger, are
            // told from verbosity 4 on. It tells nothing of what users ask; an argument of the plan would win.
            ("LLAMA_ARG_LOG_VERBOSITY", Variable::Text("4")),
            // At that verbosity it tells the last characters of its key, if it has one key; of two it tells that
            // they are two (server-http.cpp).
            ("LLAMA_API_KEY", Variable::RandomKey),
        ]
    }

    fn health(&self) -> &'static str {
        "/health"
    }

    fn guarded(&self) -> &'static [Guarded] {
        api::GUARDED
    }

    fn chat(&self, text: &str, tokens: u64) -> Question {
        api::chat(text, tokens)
    }

    fn tokenize(&self, text: &str) -> Question {
        api::tokenize(text)
    }

    fn timed(&self, _text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question {
        api::timed(tokenized, prompt, generate)
    }

    fn hear(&self, line: &str, streamed: &mut Streamed) -> Result<()> {
        api::hear(line, streamed)
    }

    fn embed(&self, text: &str) -> Question {
        api::embed(text)
    }

    fn vector(&self, answer: &Value) -> Option<Vector> {
        api::vector(answer)
    }

    fn reported(&self, lines: &[String]) -> Reported {
        log::parse_log(lines.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests;
