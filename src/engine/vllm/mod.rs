//! vLLM: serves safetensors (GPTQ, AWQ and 16 bits) from a container image, on NVIDIA's cards.
//!
//! Read in its repository, vllm-project/vllm, on 2026-11-28, each at the commit named; nothing here was run on a card:
//!
//! - docs/getting_started/installation/gpu.cuda.inc.md (0487d5c2): compute capability 7.5, the image, podman with CDI;
//! - docs/deployment/docker.md (02319794): the image's user 2000 of group 0, and its cache;
//! - docs/usage/security.md (00b005cf): `VLLM_API_KEY`, and the requests that it does not guard;
//! - vllm/config/cache.py (002f10e0): blocks of 16 tokens; `gpu_memory_utilization` is of all memory of a card;
//! - vllm/v1/worker/gpu_worker.py (35d5cda1): it refuses to start with less memory free than that, and tells
//!   `Available KV cache memory`.

mod api;
mod compose;
mod flags;
mod log;

use super::arguments::ServerArgs;
use super::container::{Container, LeastCards};
use super::grammar::Grammar;
use super::kind::{Engine, Release, Variable};
use super::launch::Launch;
use super::question::{Guarded, Question, Vector};
use super::reported::Reported;
use super::server::Role;
use super::split::SplitMode;
use super::streamed::Streamed;
use crate::error::Result;
use crate::model::format::Format;
use serde_json::Value;

/// vLLM.
pub struct Vllm;

static CONTAINER: Container = Container {
    only: true,
    unit: include_str!("../../../templates/quadlet/agi-provision-llama.container"),
    model: flags::FOLDER,
    cache: "/cache",
    key: "VLLM_API_KEY",
    environment: &[
        // Nothing is looked up at Hugging Face, and nothing is told to anyone.
        ("HF_HUB_OFFLINE", "1"),
        ("TRANSFORMERS_OFFLINE", "1"),
        ("VLLM_NO_USAGE_STATS", "1"),
        ("DO_NOT_TRACK", "1"),
        // Kernels that it compiles stay for the next start.
        ("HOME", "/cache"),
        ("XDG_CACHE_HOME", "/cache"),
        ("VLLM_CACHE_ROOT", "/cache/vllm"),
        ("TRITON_CACHE_DIR", "/cache/triton"),
    ],
    user: Some((2000, 0)),
    shared_memory: "2g",
    least: Some(LeastCards {
        compute: (7, 5),
        compute_bf16: (8, 0),
        source: "vLLM's documentation, docs/getting_started/installation/gpu.cuda.inc.md, read on 2026-11-28",
    }),
};

impl Engine for Vllm {
    fn formats(&self) -> &'static [Format] {
        &[Format::Safetensors]
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

    // An image is pinned by its digest, and no build of llama.cpp is in it.
    fn check(&self, _build: &str, _args: &ServerArgs) -> std::result::Result<(), String> {
        Ok(())
    }

    // It has no argument for it: all are.
    fn layers_on_cards(&self, _args: &ServerArgs) -> u64 {
        0
    }

    fn split_mode(&self, args: &ServerArgs) -> Option<SplitMode> {
        args.whole(flags::TENSOR_PARALLEL_SIZE).filter(|cards| *cards > 1).map(|_| SplitMode::Tensor)
    }

    fn lone_card(&self, _args: &ServerArgs) -> Option<u64> {
        None
    }

    fn shares<'a>(&self, _args: &'a ServerArgs) -> Option<&'a [u64]> {
        None
    }

    fn has_page(&self, _args: &ServerArgs) -> bool {
        false
    }

    fn container(&self) -> Option<&'static Container> {
        Some(&CONTAINER)
    }

    fn repository(&self) -> &'static str {
        "vllm-project/vllm"
    }

    fn release(&self, _kind: Option<&str>) -> Release {
        Release::Image
    }

    fn libraries(&self) -> &'static [&'static str] {
        &[]
    }

    fn asks_build(&self) -> &'static [&'static str] {
        &["--version"]
    }

    fn build(&self, _said: &str) -> Option<String> {
        None
    }

    fn unit(&self) -> &'static str {
        CONTAINER.unit
    }

    fn environment(&self) -> &'static [(&'static str, Variable)] {
        &[]
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

    fn asks_key(&self) -> Question {
        api::asks_key()
    }

    fn timed(&self, text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question {
        api::timed(text, tokenized, prompt, generate)
    }

    fn hear(&self, line: &str, streamed: &mut Streamed) -> Result<()> {
        api::hear(line, streamed)
    }

    // It gives answers here, and no vectors: the role is none of its own.
    fn embed(&self, text: &str) -> Question {
        Question { path: "/v1/embeddings", body: serde_json::json!({"input": text}) }
    }

    fn vector(&self, _answer: &Value) -> Option<Vector> {
        None
    }

    fn reported(&self, lines: &[String]) -> Reported {
        log::reported(lines)
    }

    fn has_told(&self, reported: &Reported) -> bool {
        log::has_told(reported)
    }

    // Activations and graphs; what its process holds of a card in all is the driver's to tell.
    fn untold(&self) -> &'static [&'static str] {
        &["compute", "output"]
    }
}

#[cfg(test)]
mod tests;
