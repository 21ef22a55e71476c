//! The document that `status` sends.

use super::first_boot::FirstBoot;
use super::under_way::UnderWay;
use crate::agent::expose::Exposed;
use crate::agent::host::service::State;
use crate::agent::job::receipt::Measured;
use crate::agent::rpc::state::Worker;
use crate::checked::ModelId;
use crate::engine::server::Role;
use crate::plan::document::DeviceLedger;
use serde::Serialize;
use serde_json::Value;
use std::net::IpAddr;
use std::path::PathBuf;

/// Schema of the document.
pub const SCHEMA: &str = "agi-provision/status/1";

/// State of a host.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Status {
    /// A generation serves, or should.
    Installed(Box<Installed>),
    /// Nothing is installed, but there is work or a trace of work.
    Nothing(Box<Nothing>),
}

/// A host on which nothing is installed yet.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Nothing {
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Always false.
    #[schemars(extend("const" = false))]
    pub installed: bool,
    /// Work that is being done at this moment.
    pub under_way: Option<UnderWay>,
    /// An apply has begun and has not ended.
    pub unfinished: bool,
    /// Bytes that an apply brought and that wait for the next one.
    pub waiting_bytes: u64,
    /// A first boot from user-data that did not bring the machine to its plan.
    pub first_boot: Option<FirstBoot>,
    /// Always null: nothing serves.
    #[schemars(with = "()")]
    pub health: Value,
}

/// A host with a generation.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Installed {
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    pub model: ModelId,
    /// Quantisation of the model.
    pub quant: String,
    /// Id of the profile that the plan is for.
    pub profile: String,
    /// Build of llama.cpp by the plan.
    pub llama_build: String,
    /// Folder of the generation.
    pub generation: Option<PathBuf>,
    /// State of the unit of the model's own server.
    pub unit: State,
    /// `ready`, `loading`, or why it does not answer.
    pub health: String,
    /// Another program listens on the server's port.
    pub stranger: bool,
    /// Address of the model's own server on the host.
    pub listen: Listen,
    /// Part of this host in a plan over several; null: it serves alone.
    pub over_hosts: Option<PartOfHost>,
    /// Addresses on which the units listen by the kernel.
    pub listening: Vec<Listening>,
    /// The first of `servers`.
    pub embedding: Option<Beside>,
    /// Servers beside the model's own.
    pub servers: Vec<Beside>,
    /// The way in for other hosts; null: there is none.
    pub exposed: Option<Exposed>,
    /// When the last apply ended, RFC 3339; null: nobody knows.
    #[schemars(with = "Option<String>")]
    pub applied: Option<Value>,
    /// Key `measured` of the last receipt.
    #[schemars(with = "Option<Measured>")]
    pub measured: Option<Value>,
    /// The plan's memory on the host's devices, with the capacity that they have.
    pub memory: Vec<DeviceLedger>,
    /// Speeds that the last apply measured.
    pub speed: MeasuredSpeed,
    pub runtime: Option<InstalledRuntime>,
    /// Changes by other hands since the apply, by step; null: not known.
    pub drift: Option<Vec<Drift>>,
    /// Work that is being done at this moment.
    pub under_way: Option<UnderWay>,
    /// An apply has begun and has not ended.
    pub unfinished: bool,
    pub disk: DiskUse,
    /// Bytes that ordinary users may still write where the models lie.
    pub disk_free_bytes: u64,
    /// Files of the bundle that are not as its plan makes them.
    pub trusted_edits: Vec<String>,
    /// Why the server refused this host at its last start.
    pub refused: Option<String>,
    /// Last lines of the log of a server that does not serve.
    pub last_lines: Vec<String>,
}

/// Part of a host in a plan over several.
#[derive(Serialize, schemars::JsonSchema)]
pub struct PartOfHost {
    /// Names of all hosts, the head's first.
    pub hosts: Vec<String>,
    /// Place of this one among them.
    pub place: usize,
    /// How the workers are, as the head sees them; none on a worker.
    pub workers: Vec<Worker>,
}

/// Address of a server on its host.
#[derive(Clone, Serialize, schemars::JsonSchema)]
pub struct Listen {
    pub host: String,
    pub port: u16,
}

/// Address on which a unit listens.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Listening {
    pub unit: String,
    pub address: IpAddr,
    pub port: u16,
    /// The unit that ends TLS.
    pub tls: bool,
    pub reach: Reach,
}

/// Reach of an address.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Programs on the host.
    Host,
    /// Other machines, as far as firewalls let them.
    Network,
}

/// A server beside the model's own.
#[derive(Clone, Serialize, schemars::JsonSchema)]
pub struct Beside {
    /// `embed`, `embed-2`, …
    pub name: String,
    pub role: Role,
    /// Its unit.
    pub service: String,
    pub model: String,
    pub quant: String,
    /// Numbers in a vector.
    pub dimensions: Option<u64>,
    pub unit: State,
    /// `ready`, `loading`, or why it does not answer.
    pub health: String,
    /// Another program listens on its port.
    pub stranger: bool,
    pub listen: Listen,
}

/// Speeds, tokens/s; null: not measured.
#[derive(Serialize, schemars::JsonSchema)]
pub struct MeasuredSpeed {
    #[schemars(with = "Option<f64>")]
    pub decode_tok_s: Option<Value>,
    #[schemars(with = "Option<f64>")]
    pub prefill_tok_s: Option<Value>,
}

/// Runtime that the generation uses.
#[derive(Serialize, schemars::JsonSchema)]
pub struct InstalledRuntime {
    /// Build that it says it is.
    pub build: Option<String>,
    /// Program that was on the host already; null: it was unpacked from an archive, or is an image.
    pub path: Option<String>,
    /// Container image that it is, by its digest.
    pub image: Option<String>,
}

/// Changes by other hands to what one step made.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Drift {
    pub step: String,
    pub changes: Vec<String>,
}

/// Disk that holds the models, bytes.
#[derive(Serialize, schemars::JsonSchema)]
pub struct DiskUse {
    pub free_bytes: u64,
    pub total_bytes: u64,
    /// Size of the models on it.
    pub models_bytes: u64,
}
