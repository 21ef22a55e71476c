//! A plan over several hosts, as JSON.

use super::traffic::Link;
use crate::checked::ModelId;
use crate::lang::Sentence;
use crate::plan::document::{DeviceLedger, Interval, Speed, Verdict, Workload};
use serde::Serialize;

/// Schema of the document. No command takes it but people: an apply over it is not built.
pub const SCHEMA: &str = "agi-provision/hosts-plan/1";

/// One model over several hosts.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct HostsPlan {
    /// [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Judgement by the rule of one machine, with every device's memory and the network's time in it.
    pub verdict: Verdict,
    /// Things given up, or why nothing fits.
    pub reasons: Vec<Sentence>,
    /// Id of the model.
    pub model: ModelId,
    /// Quantisation.
    pub quant: String,
    /// Bytes of the model's files, which the head has.
    pub size_bytes: u64,
    /// Context, slots and batches.
    pub workload: Workload,
    /// Network between the head and the workers.
    pub link: Link,
    /// The head first.
    pub hosts: Vec<PlannedHost>,
    /// Bytes and round trips over the network.
    pub network: Network,
    /// Predicted speed of one request alone, the network's time in it.
    pub speed: Speed,
    /// Build of the head's and the workers' programs, which must be the same.
    pub build: String,
    /// Arguments that the head has beside those of one machine; a worker is reached through a forward on 127.0.0.1.
    pub head_arguments: Vec<String>,
    /// A host that does as well alone, if any does: its name, quantisation and speed.
    pub alone: Option<OneMachine>,
    /// The cheapest machine on offer that decodes at least as fast.
    pub one_machine: Option<OneMachine>,
}

/// Part that a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has the model's file, talks to clients and to the workers.
    Head,
    /// Holds layers and computes them for the head.
    Worker,
}

/// A host of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PlannedHost {
    /// Name that the user gave.
    pub name: String,
    /// Head or worker.
    pub role: Role,
    /// Layers on its devices, without the output.
    pub layers: u64,
    /// Whether the output layer is there.
    pub output: bool,
    /// One ledger per device: `host` and the head's cards `gpu0`, …; `rpc0`, … in the order of the head's devices; `host1`, …
    /// what the worker at that place takes of its host's memory beside its cards.
    pub memory: Vec<DeviceLedger>,
    /// Arguments of its worker; absent for the head.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worker_arguments: Vec<String>,
}

/// Bytes and round trips over the network.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Network {
    /// For a token of an answer, with the slot half full.
    pub token: Passing,
    /// For one physical batch of a prompt.
    pub prompt_batch: Passing,
    /// Weights that are sent at every start.
    pub load_bytes: u64,
    /// Seconds that this takes by the link's rate.
    pub load_seconds: f64,
    /// Decode speed without the network, tokens/s.
    pub decode_without_tok_s: Interval,
}

/// Bytes and round trips of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Passing {
    /// Bytes, both ways together.
    pub bytes: u64,
    /// Answers that the head waits for.
    pub round_trips: u64,
    /// Time by the link's latency and rate.
    pub milliseconds: f64,
}

/// One machine that runs the model.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct OneMachine {
    /// A host's name, or `provider/instance` as `--profile` takes it.
    pub name: String,
    /// Quantisation that it runs.
    pub quant: String,
    /// Verdict there.
    pub verdict: Verdict,
    /// Predicted decode speed.
    pub decode_tok_s: Interval,
    /// Price of a month, in `currency`.
    pub per_month: Option<f64>,
    /// ISO 4217.
    pub currency: Option<String>,
}
