//! What a plan is asked for.

use super::document::{ModelFile, RuntimeFile};
use super::expose::Exposure;
use super::placement::SplitMode;
use crate::hardware::offers::{Budget, Offer};
use crate::hardware::profiles::Profile;
use crate::model::embedding::Embedder;
pub use crate::model::template::ChatTemplate;
use crate::model::{Shape, Weights};

/// The model to plan for, in every quantisation that may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelChoice {
    pub id: String,
    pub shape: Shape,
    /// `None`: the caller does not care.
    pub chat_template: Option<ChatTemplate>,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    pub weights: Weights,
    pub files: Vec<ModelFile>,
    /// Bytes on disk.
    pub size_bytes: u64,
}

/// The embedding model of `--rag`, in its one quantisation.
#[derive(Clone, Debug, PartialEq)]
pub struct RagChoice {
    pub id: String,
    pub embedder: Embedder,
    pub files: Vec<ModelFile>,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Texts that the index has room for.
    pub chunks: Option<u64>,
    /// Tokens of the longest of them.
    pub chunk_tokens: Option<u64>,
}

/// What the user fixed; everything else is the planner's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixed {
    pub n_ctx: Option<u64>,
    pub slots: Option<u64>,
    pub kv_type: Option<String>,
    pub flash_attn: Option<bool>,
    pub kv_unified: bool,
    pub batch: Option<u64>,
    pub ubatch: Option<u64>,
    pub split_mode: Option<SplitMode>,
    /// The first so many layers keep their experts in host memory.
    pub n_cpu_moe: Option<u64>,
    /// The quantisation was named.
    pub quant: bool,
    /// tokens/s that decode must reach at the low end.
    pub min_speed: Option<f64>,
    /// llama.cpp's archive, where it was looked up.
    pub runtime: Option<RuntimeFile>,
    /// Who else may reach the API.
    pub expose: Option<Exposure>,
}

/// Everything a plan follows from. Planning reads nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub model: ModelChoice,
    /// Every known profile.
    pub profiles: Vec<Profile>,
    /// The profile the user named.
    pub profile: Option<String>,
    pub offers: Vec<Offer>,
    pub budget: Option<Budget>,
    pub fixed: Fixed,
    /// An embedding server beside the model.
    pub rag: Option<RagChoice>,
    pub build: &'static super::build::Build,
}
