//! The plan as a document: `agi-provision/plan/1`. Everything after planning reads this and
//! nothing else. All sizes are bytes, speeds tokens/s, prices per hour or month in `currency`.
//!
//! Unknown keys are ignored on reading, so that a newer plan still reads; missing ones are an error.

use super::runtime::RuntimeChoice;
use super::server_args::ServerArgs;
use crate::checked::{Checksum, DownloadUrl, FileName, ModelId};
use crate::hardware::facts::Vendor;
use crate::hardware::offers::HostKind;
use crate::model::embedder::Pooling;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};

pub const SCHEMA: &str = "agi-provision/plan/1";

/// Read and written through `plan::reading`, which checks it as a whole: a plan that was read is sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Plan {
    pub schema: String,
    pub verdict: Verdict,
    /// Things given up, or why nothing fits; one sentence each.
    pub reasons: Vec<String>,
    pub model: PlannedModel,
    pub workload: Workload,
    pub profile: PlannedProfile,
    /// One ledger per device, `host` first, then `gpu0`, `gpu1`, …
    pub memory: Vec<DeviceLedger>,
    pub speed: Speed,
    pub cost: Option<Cost>,
    pub requirements: Vec<Requirement>,
    pub llama_server: LlamaServer,
    /// Who else may reach the API; without it the host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose: Option<super::expose::Exposure>,
    /// The embedding server beside it; absent without `--rag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Servers beyond these two.
    #[serde(rename = "servers", default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Further>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Comfort,
    Compromise,
    Impossible,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// Registry id (`saiga-13b`) or, for a file, its name without the extension.
    pub id: ModelId,
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// Jinja source of the chat template the server gets by `--chat-template-file`; `None` only for
    /// a base model, or where none is known, and `chat_template_from` says which.
    pub chat_template: Option<String>,
    /// Where the template comes from: the model's file, the registry, its family; or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_template_from: Option<String>,
    pub parameters: u64,
    /// `Q4_K_M`, `F16`, …
    pub quant: String,
    /// Bytes of all files together.
    pub size_bytes: u64,
    pub n_ctx_train: u64,
    pub files: Vec<ModelFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Split files keep their `-00001-of-0000N` names.
    pub name: FileName,
    pub size_bytes: u64,
    /// `None` until resolved.
    pub sha256: Option<Checksum>,
    pub url: Option<DownloadUrl>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Total context, llama-server's `-c`; tokens.
    pub n_ctx: u64,
    pub slots: u64,
    pub kv_unified: bool,
    pub kv_type_k: String,
    pub kv_type_v: String,
    pub flash_attn: bool,
    pub batch: u64,
    pub ubatch: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    Cpu,
    Gpu,
    MultiGpu,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedProfile {
    pub id: String,
    pub kind: ProfileKind,
    /// Left out for the default one.
    #[serde(default, skip_serializing_if = "Processor::is_default")]
    pub processor: Processor,
    pub cpu_cores: u64,
    pub ram_bytes: u64,
    pub disk_bytes: u64,
    pub gpus: Vec<PlannedGpu>,
    pub nvlink: bool,
}

impl PlannedProfile {
    /// Who makes its cards.
    pub fn vendor(&self) -> Vendor {
        self.gpus.first().map(|gpu| gpu.vendor).unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedGpu {
    /// Left out for the default one.
    #[serde(default, skip_serializing_if = "Vendor::is_default")]
    pub vendor: Vendor,
    pub name: String,
    /// Memory that such a card reports, not what the box says; bytes.
    pub vram_bytes: u64,
}

/// Memory of one device. `total_bytes` is the sum of the parts above it; `headroom_bytes` is
/// `capacity_bytes - total_bytes` and negative when it does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLedger {
    pub device: String,
    /// llama.cpp's "model".
    pub weights_bytes: u64,
    /// llama.cpp's "context".
    pub kv_bytes: u64,
    /// llama.cpp's "compute".
    pub compute_bytes: u64,
    pub output_bytes: u64,
    /// CUDA context, the process itself, prompt cache, checkpoints.
    pub runtime_bytes: u64,
    /// Kept free for the system.
    pub reserved_bytes: u64,
    /// All that the servers beside the model's own take here ([`Rag::memory`] has the parts of one).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rag_bytes: u64,
    pub total_bytes: u64,
    pub capacity_bytes: u64,
    pub headroom_bytes: i64,
}

fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    pub decode_tok_s: Interval,
    pub prefill_tok_s: Interval,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub expected: f64,
    pub high: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    pub per_hour: f64,
    pub per_month: f64,
    pub per_million_tokens: f64,
    pub offer: OfferRef,
    /// In the budget's currency, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted: Option<Converted>,
}

/// A price by a dated exchange rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Converted {
    /// ISO 4217.
    pub currency: String,
    pub per_hour: f64,
    pub per_month: f64,
    /// Units of it for one unit of the offer's currency.
    pub rate: f64,
    /// Day of the rate, `YYYY-MM-DD`.
    pub rate_as_of: String,
    pub rate_source: String,
}

/// A machine that costs a little more than the chosen one and is much better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    /// How much more, and what for; a sentence.
    pub text: String,
    pub provider: String,
    pub instance: String,
    pub quant: String,
    pub verdict: Verdict,
    pub decode_tok_s: f64,
    /// Costs this much more than the chosen one in `period`, in `currency`.
    pub more: f64,
    pub period: String,
    pub currency: String,
}

/// A machine that is on offer and was not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RentedBeside {
    pub provider: String,
    pub instance: String,
    pub quant: String,
    pub verdict: Verdict,
    pub per_hour: f64,
    pub per_month: f64,
    /// ISO 4217.
    pub currency: String,
    pub decode_tok_s: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferRef {
    pub provider: String,
    pub instance: String,
    pub region: Option<String>,
    /// A container runs no systemd, and `apply` needs it. `None` in plans from before it was kept.
    #[serde(default)]
    pub host: Option<HostKind>,
    /// The most that a month is billed.
    #[serde(default)]
    pub per_month_cap: Option<f64>,
    /// Address where one rents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub source: String,
    /// Date of the price, `YYYY-MM-DD`.
    pub as_of: String,
}

/// Two bounds on one fact of the host. Below `need` the plan cannot run (verify refuses); below
/// `promise` the host is not what was paid for (verify warns, `--strict` refuses).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Id of the fact; the list is [`super::requirements::ids`].
    pub id: String,
    pub need: Option<Bound>,
    pub promise: Option<Bound>,
    /// `bytes`, `cores`, `GPUs`, or empty for names and sets.
    pub unit: String,
    /// Reason why the plan relies on it.
    #[serde(default)]
    pub why: String,
}

/// A bound: at least this number, one of / all of these names, or simply "must hold".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    Holds(bool),
    AtLeast(u64),
    Name(String),
    AllOf(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlamaServer {
    /// The pinned llama.cpp build, `b11434`.
    pub build: String,
    /// Every argument, without the program's name. Paths are those of a host ([`crate::paths`]).
    pub args: ServerArgs,
    /// The archive to download when none is given; `None` until resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeFile>,
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
    /// Returns the advisories known today that concern `build`, its own, with these arguments.
    pub fn known_advisories(&self, build: &super::build::Build) -> Vec<KnownAdvisory> {
        let known = build.concerned_by(&self.args.to_argv());
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAdvisory {
    pub id: String,
    pub what: String,
    /// Address of the record.
    pub source: String,
    /// The first build without it; `None` where none is known.
    #[serde(default)]
    pub fixed: Option<String>,
}

/// llama.cpp's release archive, pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeFile {
    pub url: DownloadUrl,
    pub sha256: Checksum,
    pub size_bytes: u64,
}

/// From a fresh host to the first token of an answer, at the network and disk the profile promises.
/// The host is paid for from the first second on. Intervals run from the best case to the worst one
/// that still keeps the promises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    pub model_bytes: u64,
    /// The models of the servers beside it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub embedding_bytes: u64,
    /// llama.cpp's archive; `None` until it is resolved, and then not counted.
    pub runtime_bytes: Option<u64>,
    /// Bytes that the host downloads.
    pub download_bytes: u64,
    /// Bytes on its disk afterwards: the `disk` requirement.
    pub disk_bytes: u64,
    /// Promised, 10^6 bits/s.
    pub network_mbit_s: u64,
    /// Promised, 10^6 bytes/s.
    pub disk_read_mb_s: u64,
    /// At the promised network.
    pub download_seconds: f64,
    /// The weights, from the page cache at best and from the disk at worst.
    pub load_seconds: Interval,
    /// The server itself: process, CUDA, one token to warm up.
    pub start_seconds: Interval,
    /// Length of the first question.
    pub prompt_tokens: u64,
    /// Reading it and answering with one token.
    pub prompt_seconds: Interval,
    /// All of these together.
    pub first_token_seconds: Interval,
    /// Cost of the host until then, in the cost's currency; `None` without a price.
    pub cost: Option<Interval>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    pub profile: String,
    pub quant: String,
    pub verdict: Verdict,
    pub per_month: Option<f64>,
    /// Currency of `per_month`; ISO 4217.
    #[serde(default)]
    pub currency: Option<String>,
    pub decode_tok_s: Option<f64>,
    /// The offer; `--profile provider/instance` plans for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// A second llama-server that turns texts into vectors, and room for the index of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rag {
    pub model: EmbeddingModel,
    /// Total context of its slots, tokens.
    pub n_ctx: u64,
    pub slots: u64,
    /// Tokens of the longest text it accepts, its special ones included; also its batch, as an
    /// embedding needs the whole text in one.
    pub chunk_tokens: u64,
    pub flash_attn: bool,
    /// Where its layers are.
    pub device: Place,
    /// Memory on each device, which is that device's `rag_bytes` in the plan's ledger.
    pub memory: Vec<RagMemory>,
    pub index: Index,
    /// Every argument of its llama-server, without the program's name.
    pub args: ServerArgs,
}

/// A device that holds all layers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Host,
    Gpu0,
}

impl Place {
    /// Returns the ledger's name of the device.
    pub fn device(self) -> &'static str {
        match self {
            Place::Host => "host",
            Place::Gpu0 => "gpu0",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingModel {
    pub id: ModelId,
    pub architecture: String,
    pub parameters: u64,
    pub quant: String,
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// Numbers in a vector.
    pub dimensions: u64,
    pub n_ctx_train: u64,
    pub pooling: Pooling,
    pub files: Vec<ModelFile>,
}

/// The embedding server's ledger on one device, in the words of [`DeviceLedger`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RagMemory {
    pub device: String,
    pub weights_bytes: u64,
    pub kv_bytes: u64,
    pub compute_bytes: u64,
    pub output_bytes: u64,
    pub runtime_bytes: u64,
    pub total_bytes: u64,
}

/// The index that some program keeps of the texts: disk that the plan counts on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub chunks: u64,
    /// A vector of 32-bit numbers and its text.
    pub chunk_bytes: u64,
    pub size_bytes: u64,
    /// Assumption behind `chunk_bytes`.
    pub assumption: String,
}

/// A server beyond `llama_server` and `rag`, as a plan's JSON has it; its number among those of its role
/// follows from its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Further {
    Embedding(Rag),
}
