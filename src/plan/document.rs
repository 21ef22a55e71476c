//! The plan as a document: `agi-provision/plan/1`. Everything after planning reads this and
//! nothing else. All sizes are bytes, speeds tokens/s, prices per hour or month in `currency`.
//!
//! Unknown keys are ignored on reading, so that a newer plan still reads; missing ones are an error.

use super::runtime::RuntimeChoice;
use crate::checked::{Checksum, DownloadUrl, FileName, ModelId};
use crate::engine::arguments::ServerArgs;
use crate::hardware::facts::Vendor;
use crate::hardware::offers::HostKind;
use crate::model::embedder::Pooling;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};

/// Schema of a plan's JSON. [`Plan::from_json`] refuses a text that names another one.
pub const SCHEMA: &str = "agi-provision/plan/1";

/// Read and written through `plan::reading`, which checks it as a whole: a plan that was read is sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Plan {
    /// Schema of the document: [`SCHEMA`].
    pub schema: String,
    /// Judgement by the rule in [`super::verdict`].
    pub verdict: Verdict,
    /// Things given up, or why nothing fits; one sentence each.
    pub reasons: Vec<String>,
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
    pub expose: Option<super::expose::Exposure>,
    /// The embedding server beside it; absent without `--rag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Servers beyond these two.
    #[serde(rename = "servers", default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Further>,
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

/// Judgement of a plan; better ones compare as less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every term of the rule holds, or the user fixed what it is about.
    Comfort,
    /// The model runs, but a term of comfort does not hold; the plan's reasons say which.
    Compromise,
    /// The model does not run as asked, or no known offer within the budget runs it.
    Impossible,
}

/// Model of a plan, in one quantisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    pub chat_template_from: Option<String>,
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

/// One GGUF file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Split files keep their `-00001-of-0000N` names.
    pub name: FileName,
    /// Size, bytes. An equal share of the whole for a part whose repository was not read yet.
    pub size_bytes: u64,
    /// `None` until resolved.
    pub sha256: Option<Checksum>,
    /// Address to download it from; `None` if none is known.
    pub url: Option<DownloadUrl>,
}

/// Load that a server is sized for, in the words of llama-server's arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// Kind of hardware, by the number of its cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Memory as it is sold, bytes; the ledger counts on [`super::ledger::REPORTED_RAM`] of it.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

/// Predicted speed of one request whose slot is half full, by the rates in [`super::speed::rates`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Speed at which an answer is written, tokens/s.
    pub decode_tok_s: Interval,
    /// Speed at which a prompt is read, tokens/s.
    pub prefill_tok_s: Interval,
}

/// Estimate with its bounds, in the unit that the field's name says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lowest value.
    pub low: f64,
    /// Expected value.
    pub expected: f64,
    /// Highest value.
    pub high: f64,
}

/// Price of the chosen offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    /// Price of an hour on demand, in `currency`.
    pub per_hour: f64,
    /// Price of a month of 730.5 hours in `currency`, or the offer's monthly maximum if that is less.
    pub per_month: f64,
    /// Price of a million tokens in `currency`, at the expected decode speed, one request at a time all
    /// month.
    pub per_million_tokens: f64,
    /// Offer that the price is from.
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
    /// Price of an hour, in this currency.
    pub per_hour: f64,
    /// Price of a month, in this currency.
    pub per_month: f64,
    /// Units of it for one unit of the offer's currency.
    pub rate: f64,
    /// Day of the rate, `YYYY-MM-DD`.
    pub rate_as_of: String,
    /// Publisher of the rate.
    pub rate_source: String,
}

/// A machine that costs a little more than the chosen one and is much better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    /// Extra price and the gain for it, as a sentence.
    pub text: String,
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Quantisation that it would run.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: f64,
    /// Costs this much more than the chosen one in `period`, in `currency`.
    pub more: f64,
    /// Period of `more`: `hour`, `day` or `month`, as the budget has it.
    pub period: String,
    /// Currency of `more`, which is the chosen offer's; ISO 4217.
    pub currency: String,
}

/// A machine that is on offer and was not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RentedBeside {
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Quantisation that it would run.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Price of an hour, in `currency`.
    pub per_hour: f64,
    /// Price of a month of 730.5 hours in `currency`, or the offer's monthly maximum if that is less.
    pub per_month: f64,
    /// ISO 4217.
    pub currency: String,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: f64,
}

/// Offer that a plan's price is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferRef {
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Region that the price is for; `None` if the source does not tell.
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
    /// Source of the price, as the offers' file names it.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlamaServer {
    /// The pinned llama.cpp build, `b11434`.
    pub build: String,
    /// Every argument, without the program's name, and the engine that takes them. Paths are those of a host
    /// ([`crate::paths`]).
    #[serde(flatten)]
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
    pub fn known_advisories(&self, build: &crate::engine::llama_cpp::build::Build) -> Vec<KnownAdvisory> {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeFile {
    /// Address of the archive.
    pub url: DownloadUrl,
    /// SHA-256 that the archive must have.
    pub sha256: Checksum,
    /// Size of the archive, bytes.
    pub size_bytes: u64,
}

/// From a fresh host to the first token of an answer, at the network and disk the profile promises.
/// The host is paid for from the first second on. Intervals run from the best case to the worst one
/// that still keeps the promises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// Size of all files of the model, bytes.
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

/// Another machine with another quantisation that runs the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Id of the profile.
    pub profile: String,
    /// Quantisation.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Price of a month of 730.5 hours, or the offer's monthly maximum if that is less; `None` if no price
    /// is known.
    pub per_month: Option<f64>,
    /// Currency of `per_month`; ISO 4217.
    #[serde(default)]
    pub currency: Option<String>,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: Option<f64>,
    /// The offer; `--profile provider/instance` plans for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Provider's name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// A second llama-server that turns texts into vectors, and room for the index of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rag {
    /// Embedding model.
    pub model: EmbeddingModel,
    /// Total context of its slots, tokens.
    pub n_ctx: u64,
    /// Requests served side by side, `--parallel`.
    pub slots: u64,
    /// Tokens of the longest text it accepts, its special ones included; also its batch, as an
    /// embedding needs the whole text in one.
    pub chunk_tokens: u64,
    /// Whether flash attention is on; the head size decides.
    pub flash_attn: bool,
    /// Device that holds its layers.
    pub device: Place,
    /// Memory on each device, which is that device's `rag_bytes` in the plan's ledger.
    pub memory: Vec<RagMemory>,
    /// Disk that the index of the texts takes.
    pub index: Index,
    /// Every argument of its server, without the program's name, and the engine that takes them.
    #[serde(flatten)]
    pub args: ServerArgs,
}

/// A device that holds all layers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Main memory; the CPU computes.
    Host,
    /// First card.
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

/// Embedding model of a plan, in one quantisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingModel {
    /// Id of the model.
    pub id: ModelId,
    /// GGUF `general.architecture`.
    pub architecture: String,
    /// Number of weights.
    pub parameters: u64,
    /// `Q8_0`, `F16`, …
    pub quant: String,
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// Numbers in a vector.
    pub dimensions: u64,
    /// Longest text that the model was trained for, tokens.
    pub n_ctx_train: u64,
    /// Rule that makes one vector from those of a text's tokens, `--pooling`.
    pub pooling: Pooling,
    /// GGUF files, in the order of their parts; llama-server is given the first.
    pub files: Vec<ModelFile>,
}

/// The embedding server's ledger on one device, in the words of [`DeviceLedger`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RagMemory {
    /// Name of the device: `host` or `gpu0`.
    pub device: String,
    /// Weights that lie on the device, bytes.
    pub weights_bytes: u64,
    /// KV cache on the device, bytes; an encoder keeps none.
    pub kv_bytes: u64,
    /// Compute buffer, bytes.
    pub compute_bytes: u64,
    /// Vectors and logits in host memory, bytes; 0 on a card.
    pub output_bytes: u64,
    /// Process on the host, CUDA context on a card; bytes.
    pub runtime_bytes: u64,
    /// Sum of the parts above, bytes.
    pub total_bytes: u64,
}

/// The index that some program keeps of the texts: disk that the plan counts on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Texts that the index has room for.
    pub chunks: u64,
    /// A vector of 32-bit numbers and its text.
    pub chunk_bytes: u64,
    /// `chunks` times `chunk_bytes`.
    pub size_bytes: u64,
    /// Assumption behind `chunk_bytes`.
    pub assumption: String,
}

/// A server beyond `llama_server` and `rag`, as a plan's JSON has it; its number among those of its role
/// follows from its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Further {
    /// Embedding server.
    Embedding(Rag),
}
