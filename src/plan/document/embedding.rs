//! The embedding servers of a plan.

use super::basics::ModelFile;
use crate::checked::ModelId;
use crate::engine::arguments::ServerArgs;
use crate::model::embedder::Pooling;
use serde::{Deserialize, Serialize};

/// A second llama-server that turns texts into vectors, and room for the index of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// The embedding server's ledger on one device, in the words of [`DeviceLedger`](super::plan::DeviceLedger).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Further {
    /// Embedding server.
    Embedding(Rag),
}
