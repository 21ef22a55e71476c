//! The embedding server and its index in a plan's JSON: `rag`.

use crate::checked::ModelId;
use crate::model::embedding::Pooling;
use crate::plan::document::ModelFile;
use crate::plan::server_args::ServerArgs;
use serde::{Deserialize, Serialize};

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
    /// As the ledger calls it.
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

/// The embedding server's ledger on one device, in the words of [`crate::plan::document::DeviceLedger`].
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
