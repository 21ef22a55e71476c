//! The plan itself.

use super::basics::{Interval, ModelFile, Verdict, is_zero};
use super::embedding::{Further, Rag};
use super::over_hosts::OverHosts;
use super::price::{Alternative, Arrival, Cost, NearMiss, RentedBeside};
use crate::checked::{Checksum, DownloadUrl, ImageRef, ModelId};
use crate::engine::arguments::ServerArgs;
use crate::engine::llama_cpp::build::Build;
use crate::hardware::facts::Vendor;
use crate::lang::Sentence;
use crate::plan::expose::Exposure;
use crate::plan::runtime::RuntimeChoice;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};

/// Schema of a plan's JSON. [`Plan::from_json`] refuses a text that names another one.
pub const SCHEMA: &str = "agi-provision/plan/1";

/// Read and written through `plan::reading`, which checks it as a whole: a plan that was read is sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self")]
pub struct Plan {
    /// Schema of the document: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Judgement by the rule in [`crate::plan::verdict`].
    pub verdict: Verdict,
    /// Things given up, or why nothing fits; one sentence each.
    pub reasons: Vec<Sentence>,
    /// Model, in the chosen quantisation.
    pub model: PlannedModel,
    /// Context, slots and batches that the model's own server is started with.
    pub workload: Workload,
    /// Hardware that the plan is for.
    pub profile: PlannedProfile,
    /// One ledger per device, `host` first, then `gpu0`, `gpu1`, …
    pub memory: Vec<DeviceLedger>,
    /// Predicted speed of one request alone.
    pub speed: Speed,
    /// Price of the chosen offer; `None` if no price is known.
    pub cost: Option<Cost>,
    /// Facts that the host must have, in the order in which [`crate::verify`] reports them.
    pub requirements: Vec<Requirement>,
    /// Build and arguments of the model's own server.
    pub llama_server: LlamaServer,
    /// Addresses that may use the API too; `None`: the host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose: Option<Exposure>,
    /// The embedding server beside it; absent without `--rag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Servers beyond these two.
    #[serde(rename = "servers", default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Further>,
    /// Part of this host in a plan over several; absent where one host serves alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_hosts: Option<OverHosts>,
    /// At most 8 other candidates that run and that none beats in quality, speed and monthly price
    /// together.
    pub alternatives: Vec<Alternative>,
    /// A machine that costs a little more and is much better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<NearMiss>,
    /// Containers that are cheaper and no worse; `apply` cannot use them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<RentedBeside>,
    /// Time and bytes until the first answer; a plan of an older version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
}

/// Model of a plan, in one quantisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedModel {
    /// Registry id (`saiga-13b`) or, for a file, its name without the extension.
    pub id: ModelId,
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// Jinja source of the chat template the server gets by `--chat-template-file`; `None` only for
    /// a base model, or where none is known, and `chat_template_from` says which.
    pub chat_template: Option<String>,
    /// Source of the template: the model's file, the registry, its family; or the reason why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_template_from: Option<Sentence>,
    /// Number of weights.
    pub parameters: u64,
    /// `Q4_K_M`, `F16`, …
    pub quant: String,
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// Context that the model was trained for, tokens.
    pub n_ctx_train: u64,
    /// GGUF files, in the order of their parts; llama-server is given the first.
    pub files: Vec<ModelFile>,
}

/// Load that a server is sized for, in the words of llama-server's arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Workload {
    /// Total context, llama-server's `-c`; tokens.
    pub n_ctx: u64,
    /// Requests served side by side, `--parallel`.
    pub slots: u64,
    /// Whether all slots share one KV cache (`--kv-unified`) instead of one each.
    pub kv_unified: bool,
    /// Type of the cached keys, `--cache-type-k`: `f16`, `q8_0`, …
    pub kv_type_k: String,
    /// Type of the cached values, `--cache-type-v`.
    pub kv_type_v: String,
    /// Whether flash attention is on, `--flash-attn`.
    pub flash_attn: bool,
    /// Logical batch, `--batch-size`; tokens.
    pub batch: u64,
    /// Physical batch, `--ubatch-size`; tokens.
    pub ubatch: u64,
}

impl Workload {
    /// Returns the number of slots among which the context is divided: one where all share it.
    pub fn shares(&self) -> u64 {
        if self.kv_unified { 1 } else { self.slots.max(1) }
    }

    /// Returns the tokens that one slot can have.
    pub fn slot_tokens(&self) -> u64 {
        self.n_ctx / self.shares()
    }
}

/// Kind of hardware, by the number of its cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// No card; the CPU computes.
    Cpu,
    /// One card.
    Gpu,
    /// Two cards or more.
    MultiGpu,
}

/// Hardware that a plan is for: a class of machines, a machine on offer, or a probed host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedProfile {
    /// Id of the profile, such as `gpu-24gb`.
    pub id: String,
    /// Kind, by the number of `gpus`.
    pub kind: ProfileKind,
    /// Left out for the default one.
    #[serde(default, skip_serializing_if = "Processor::is_default")]
    pub processor: Processor,
    /// Logical CPUs.
    pub cpu_cores: u64,
    /// Memory as it is sold, bytes; the ledger counts on [`crate::plan::ledger::REPORTED_RAM`] of it.
    pub ram_bytes: u64,
    /// Size of the disk, bytes; the free part for a probed host.
    pub disk_bytes: u64,
    /// Cards that the plan uses, in the order of the ledger's `gpu0`, `gpu1`, …
    pub gpus: Vec<PlannedGpu>,
    /// Whether NVLink connects every pair of the cards.
    pub nvlink: bool,
}

impl PlannedProfile {
    /// Returns the maker of its cards; the default one without cards.
    pub fn vendor(&self) -> Vendor {
        self.gpus.first().map(|gpu| gpu.vendor).unwrap_or_default()
    }
}

/// One card of the planned hardware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedGpu {
    /// Left out for the default one.
    #[serde(default, skip_serializing_if = "Vendor::is_default")]
    pub vendor: Vendor,
    /// Name that its driver reports.
    pub name: String,
    /// Memory that such a card reports, not what the box says; bytes.
    pub vram_bytes: u64,
}

/// Memory of one device. `total_bytes` is the sum of the parts above it; `headroom_bytes` is
/// `capacity_bytes - total_bytes` and negative when it does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceLedger {
    /// Name of the device: `host`, `gpu0`, `gpu1`, …
    pub device: String,
    /// llama.cpp's "model".
    pub weights_bytes: u64,
    /// llama.cpp's "context".
    pub kv_bytes: u64,
    /// llama.cpp's "compute".
    pub compute_bytes: u64,
    /// llama.cpp's "output": the logits of every slot, in host memory; 0 on a card.
    pub output_bytes: u64,
    /// CUDA context, the process itself, prompt cache, checkpoints.
    pub runtime_bytes: u64,
    /// Kept free for the system.
    pub reserved_bytes: u64,
    /// All that the servers beside the model's own take here ([`Rag::memory`] has the parts of one).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rag_bytes: u64,
    /// Sum of the parts above, bytes.
    pub total_bytes: u64,
    /// Memory that the device reports, bytes.
    pub capacity_bytes: u64,
    /// `capacity_bytes - total_bytes`, bytes; negative if the device is too small.
    pub headroom_bytes: i64,
}

impl DeviceLedger {
    /// Returns the same with the sum of its parts and what is left.
    pub(crate) fn summed(mut self) -> DeviceLedger {
        self.total_bytes = self.weights_bytes
            + self.kv_bytes
            + self.compute_bytes
            + self.output_bytes
            + self.runtime_bytes
            + self.reserved_bytes
            + self.rag_bytes;
        self.headroom_bytes = self.capacity_bytes as i64 - self.total_bytes as i64;
        self
    }

    /// Returns whether the device is another host's: `rpc0`, `rpc1`, …
    pub fn is_remote(&self) -> bool {
        self.device.starts_with("rpc")
    }
}

/// Predicted speed of one request whose slot is half full, by the rates in [`crate::plan::speed::rates`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Speed {
    /// Speed at which an answer is written, tokens/s.
    pub decode_tok_s: Interval,
    /// Speed at which a prompt is read, tokens/s.
    pub prefill_tok_s: Interval,
}

/// Two bounds on one fact of the host. Below `need` the plan cannot run (verify refuses); below
/// `promise` the host is not what was paid for (verify warns, `--strict` refuses).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Requirement {
    /// Id of the fact; the list is [`crate::plan::requirements::ids`].
    pub id: String,
    /// Bound below which `verify` refuses the host; `None` if nothing is needed.
    pub need: Option<Bound>,
    /// Bound below which `verify` warns; `None` if nothing is promised.
    pub promise: Option<Bound>,
    /// `bytes`, `cores`, `GPUs`, or empty for names and sets.
    pub unit: String,
    /// Reason why the plan relies on it.
    #[serde(default)]
    pub why: String,
}

/// A bound: at least this number, one of / all of these names, or simply "must hold".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// The fact has this truth value.
    Holds(bool),
    /// The number is at least this, in the requirement's unit.
    AtLeast(u64),
    /// The text is this one; a version (`gpu-compute`, `gpu-driver`) is this one or later.
    Name(String),
    /// The host has all of these (`cpu-flags`), or its card is one of these (`gpu-model`).
    AllOf(Vec<String>),
}

/// Build and arguments of the model's own llama-server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LlamaServer {
    /// The pinned llama.cpp build, `b11434`.
    pub build: String,
    /// Every argument, without the program's name, and the engine that takes them. Paths are those of a host
    /// ([`crate::paths`]).
    #[serde(flatten)]
    pub args: ServerArgs,
    /// Container image of the engine, where it comes as one and the user pinned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageRef>,
    /// Packages of the distribution that llama.cpp comes from, the one with llama-server first; empty where it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// The archive to download when none is given; `None` until resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeFile>,
    /// Archives to unpack beside it, such as the one with CUDA's libraries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtime_beside: Vec<RuntimeFile>,
    /// The release's archives that are right for the host, where the plan is for a probed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_choice: Option<RuntimeChoice>,
    /// Seconds that a server may show no progress while it starts and answers; `None`: as usual. For a first
    /// boot, where no flag can say so (`bundle --start-timeout`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout_seconds: Option<u64>,
    /// Published weaknesses of the build that concern a server with these arguments, as far as they were
    /// known when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<KnownAdvisory>,
}

impl LlamaServer {
    /// Returns the pinned archives, llama-server's first.
    pub fn archives(&self) -> impl Iterator<Item = &RuntimeFile> {
        self.runtime.iter().chain(&self.runtime_beside)
    }
}

impl Plan {
    /// Returns the advisories known today that concern `build`, its own, with the arguments and programs of this plan.
    pub fn known_advisories(&self, build: &Build) -> Vec<KnownAdvisory> {
        let mut words = self.llama_server.args.to_argv();
        let worker = self.over_hosts.as_ref().and_then(|over| over.worker.as_ref());
        words.extend(worker.map(|worker| worker.0.program().to_string()));
        let known = build.concerned_by(&words);
        known
            .into_iter()
            .map(|advisory| KnownAdvisory {
                id: advisory.id.clone(),
                what: advisory.what.clone(),
                source: advisory.source.clone(),
                fixed: advisory.fixed(),
            })
            .collect()
    }
}

/// A published weakness of the planned build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KnownAdvisory {
    /// Identifier, such as `CVE-2026-134540`.
    pub id: String,
    /// Weakness, in one sentence.
    pub what: String,
    /// Address of the record.
    pub source: String,
    /// The first build without it; `None` where none is known.
    #[serde(default)]
    pub fixed: Option<String>,
}

/// llama.cpp's release archive, pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuntimeFile {
    /// Address of the archive.
    pub url: DownloadUrl,
    /// SHA-256 that the archive must have.
    pub sha256: Checksum,
    /// Size of the archive, bytes.
    pub size_bytes: u64,
}

impl RuntimeFile {
    /// Returns the last part of its address; it may be no file's name.
    pub fn file_name(&self) -> &str {
        let path = self.url.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}
