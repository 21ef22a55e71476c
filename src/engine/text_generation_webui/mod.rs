//! text-generation-webui, which its project calls TextGen as well: a Python program that starts a llama-server, and
//! has an API of its own in front of it. Its memory, its builds and its log are llama.cpp's.

mod api;
mod compose;
mod flags;
mod hands;

use super::arguments::ServerArgs;
use super::front::Front;
use super::grammar::Grammar;
use super::kind::{Engine, Release, Variable};
use super::launch::Launch;
use super::llama_cpp::{LlamaCpp, build, flags as llama};
use super::question::{Guarded, Question, Vector};
use super::reported::Reported;
use super::server::Role;
use super::split::SplitMode;
use super::streamed::Streamed;
use crate::error::Result;
use crate::model::format::Format;
use serde_json::Value;

/// text-generation-webui.
pub struct TextGenerationWebui;

/// Release that its arguments, its API and the names of its archives were read from.
const RELEASE: &str = "v4.9";

impl Engine for TextGenerationWebui {
    fn formats(&self) -> &'static [Format] {
        &[Format::Gguf]
    }

    fn roles(&self) -> &'static [Role] {
        &[Role::Chat]
    }

    fn grammar(&self) -> &'static Grammar {
        &flags::GRAMMAR
    }

    fn arguments(&self, launch: &Launch) -> Result<ServerArgs> {
        compose::arguments(launch)
    }

    fn check(&self, build: &str, args: &ServerArgs) -> std::result::Result<(), String> {
        let build = build::find(build).map_err(|error| error.to_string())?;
        match args.inner().find(|flag| !build.takes(*flag)) {
            Some(flag) => Err(format!("{} is no argument of {} {}", flag.name(), LlamaCpp.name(), build.id)),
            None => Ok(()),
        }
    }

    fn layers_on_cards(&self, args: &ServerArgs) -> u64 {
        args.whole(flags::GPU_LAYERS).map_or(0, i64::unsigned_abs)
    }

    fn split_mode(&self, args: &ServerArgs) -> Option<SplitMode> {
        args.word(flags::SPLIT_MODE)?.parse().ok()
    }

    fn lone_card(&self, args: &ServerArgs) -> Option<u64> {
        args.whole(llama::MAIN_GPU).map(i64::unsigned_abs)
    }

    fn shares<'a>(&self, args: &'a ServerArgs) -> Option<&'a [u64]> {
        args.shares(flags::TENSOR_SPLIT)
    }

    fn has_page(&self, _args: &ServerArgs) -> bool {
        false
    }

    fn program(&self) -> &'static str {
        LlamaCpp.program()
    }

    fn front(&self) -> Option<&'static Front> {
        Some(&hands::FRONT)
    }

    fn repository(&self) -> &'static str {
        "oobabooga/textgen"
    }

    // Names by its release workflows (.github/workflows/build-portable-release*.yml). Which drivers and cards its
    // archives for CUDA and ROCm are for was not looked at, so that none is pinned for those.
    fn release(&self, kind: Option<&str>) -> Release {
        let variant = match kind {
            Some("cpu-archive") => "cpu",
            Some("vulkan-archive") => "vulkan",
            _ => return Release::Unknown,
        };
        let version = RELEASE.trim_start_matches('v');
        Release::Own { tag: RELEASE, archive: format!("textgen-portable-{version}-linux-{variant}.tar.gz") }
    }

    fn libraries(&self) -> &'static [&'static str] {
        LlamaCpp.libraries()
    }

    fn asks_build(&self) -> &'static [&'static str] {
        LlamaCpp.asks_build()
    }

    fn build(&self, said: &str) -> Option<String> {
        LlamaCpp.build(said)
    }

    fn unit(&self) -> &'static str {
        LlamaCpp.unit()
    }

    fn environment(&self) -> &'static [(&'static str, Variable)] {
        &[
            // The llama-server inherits it, and tells its buffers from there on.
            ("LLAMA_ARG_LOG_VERBOSITY", Variable::Text("4")),
            // Its log is wrapped at 80 columns otherwise, the key in it too.
            ("COLUMNS", Variable::Text("1000")),
            ("PYTHONUNBUFFERED", Variable::Text("1")),
            ("PYTHONDONTWRITEBYTECODE", Variable::Text("1")),
            // Nothing is loaded from the user's home, nor from Hugging Face.
            ("PYTHONNOUSERSITE", Variable::Text("1")),
            ("HF_HUB_OFFLINE", Variable::Text("1")),
        ]
    }

    fn health(&self) -> &'static str {
        api::HEALTH
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

    fn timed(&self, text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question {
        api::timed(text, tokenized, prompt, generate)
    }

    fn hear(&self, line: &str, streamed: &mut Streamed) -> Result<()> {
        api::hear(line, streamed)
    }

    // It serves no embeddings here: those are llama.cpp's own server's.
    fn embed(&self, text: &str) -> Question {
        LlamaCpp.embed(text)
    }

    fn vector(&self, answer: &Value) -> Option<Vector> {
        LlamaCpp.vector(answer)
    }

    fn reported(&self, lines: &[String]) -> Reported {
        LlamaCpp.reported(lines)
    }
}

#[cfg(test)]
mod tests;
