//! The receipt of an apply: what was applied, to what, and what was measured.

use crate::agent::servers::api::Answer;
use crate::agent::servers::beside::EmbeddingProof;
use crate::agent::servers::proof::Proof;
use crate::agent::servers::said::Memory;
use crate::checked::Checksum;
use crate::hardware::facts::Facts;
use crate::plan::document::Interval;
use crate::verify::Report;
use crate::wire::protocol::Blob;
use serde::Serialize;
use serde_json::Value;

/// Schema of the document.
pub const SCHEMA: &str = "agi-provision/receipt/1";

/// Receipt of an apply that succeeded.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Receipt<'a> {
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Version of agi-provision.
    pub tool_version: &'static str,
    /// `user@machine`.
    pub applied_by: &'a str,
    /// When the apply began on the host, RFC 3339.
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// Id of the bundle.
    pub bundle: &'a Checksum,
    /// Files of every model, the chat model's first.
    pub model: &'a [Blob],
    /// Archive of the runtime, or its program on the host.
    pub runtime: &'a Blob,
    /// Build of llama.cpp by the plan.
    pub llama_build: &'a str,
    /// The host as it was before.
    pub facts_before: &'a Facts,
    /// Judgement of the host; with its new driver, where the apply installed one.
    pub verification: &'a Report,
    /// Requirements that were allowed to refuse.
    pub allowed: &'a [String],
    /// Files of the bundle that are not as its plan makes them.
    pub trusted_edits: &'a [String],
    /// Packages that the apply installed.
    pub packages_installed: &'a [String],
    /// Sentences for people.
    pub warnings: &'a [String],
    /// Measurements beside what was planned.
    #[schemars(with = "Measured")]
    pub measured: Value,
}

/// Measurements beside what was planned; a null was not measured. A server that the apply did not start keeps what the
/// receipt before says of it.
#[derive(schemars::JsonSchema)]
#[allow(
    dead_code,
    reason = "describes a value that is put together from this run and from an earlier receipt"
)]
pub struct Measured {
    /// From the start of the unit to the first answer.
    start_seconds: Option<f64>,
    /// Answer to a first question.
    answer: Option<Answer>,
    /// Speed of an answer.
    decode_tok_s: MeasuredRate,
    /// Speed at which a prompt was read.
    prefill_tok_s: MeasuredRate,
    /// Buffers that the server reported beside those of the plan.
    proof: Option<Proof>,
    /// The first of `servers`.
    embedding: Option<EmbeddingProof>,
    /// Embedding servers.
    servers: Vec<EmbeddingProof>,
    /// Memory of the model's own server.
    memory: MeasuredMemory,
}

/// Speed, tokens/s.
#[derive(schemars::JsonSchema)]
#[allow(dead_code, reason = "as `Measured`")]
struct MeasuredRate {
    planned: Interval,
    measured: Option<f64>,
}

/// Memory, bytes.
#[derive(schemars::JsonSchema)]
#[allow(dead_code, reason = "as `Measured`")]
struct MeasuredMemory {
    /// Main memory by the plan.
    planned_host_bytes: Option<u64>,
    measured: Option<Memory>,
}
