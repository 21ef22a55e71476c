//! Request for a plan.

use super::document::{ModelFile, RuntimeFile};
use super::expose::Exposure;
use super::runtime::RuntimeHost;
use crate::checked::{DownloadUrl, FileName, ImageRef, ModelId};
use crate::engine::kind::Engine;
use crate::engine::llama_cpp::build;
use crate::engine::split::SplitMode;
use crate::error::{Context, Result};
use crate::hardware::offers::{self, Budget, Offer, Rates};
use crate::hardware::profiles::{self, Profile};
use crate::model::embedder::{self, Embedder};
use crate::model::registry::{self, Model, PublishedFile, Sizes};
use crate::model::safetensors::checkpoint::Checkpoint;
pub use crate::model::template::ChatTemplate;
use crate::model::{Shape, Weights, template};

/// The model to plan for, in every quantisation that may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelChoice {
    /// Id of the model.
    pub id: ModelId,
    /// Dimensions of the model, which all quantisations share.
    pub shape: Shape,
    /// `None`: the caller does not care.
    pub chat_template: Option<ChatTemplate>,
    /// Quantisations that may be chosen.
    pub variants: Vec<Variant>,
    /// Tensors of safetensors files, for an engine that serves those; `None`: the files are GGUF.
    pub checkpoint: Option<Checkpoint>,
}

/// One quantisation of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Bytes of the weights, by layer.
    pub weights: Weights,
    /// GGUF files, in the order of their parts.
    pub files: Vec<ModelFile>,
    /// Bytes on disk.
    pub size_bytes: u64,
}

/// The embedding model of `--rag`, in its one quantisation.
#[derive(Clone, Debug, PartialEq)]
pub struct RagChoice {
    /// Id of the model.
    pub id: ModelId,
    /// Dimensions, weights and pooling of the model.
    pub embedder: Embedder,
    /// GGUF files, in the order of their parts.
    pub files: Vec<ModelFile>,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Texts that the index has room for.
    pub chunks: Option<u64>,
    /// Tokens of the longest of them.
    pub chunk_tokens: Option<u64>,
}

/// Parts that the user fixed; everything else is the planner's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixed {
    /// Context of all slots together, tokens.
    pub n_ctx: Option<u64>,
    /// Requests served side by side.
    pub slots: Option<u64>,
    /// Type of the cached keys and values: `f16`, `q8_0`, …
    pub kv_type: Option<String>,
    /// Whether flash attention is on.
    pub flash_attn: Option<bool>,
    /// Whether all slots share one KV cache instead of one each.
    pub kv_unified: bool,
    /// Logical batch, tokens.
    pub batch: Option<u64>,
    /// Physical batch, tokens; at most `batch` of it counts.
    pub ubatch: Option<u64>,
    /// Way in which several cards share the model; at least two cards are then needed.
    pub split_mode: Option<SplitMode>,
    /// The first so many layers keep their experts in host memory.
    pub n_cpu_moe: Option<u64>,
    /// The quantisation was named.
    pub quant: bool,
    /// tokens/s that decode must reach at the low end.
    pub min_speed: Option<f64>,
    /// The probed host that it is for; `None`: a class of machines.
    pub host: Option<RuntimeHost>,
    /// llama.cpp's archive, where it was looked up.
    pub runtime: Vec<RuntimeFile>,
    /// Engine of the model's own server; `None`: the default one.
    pub engine: Option<&'static dyn Engine>,
    /// Container image of the engine, where it comes as one.
    pub image: Option<ImageRef>,
    /// Whether llama.cpp comes from the distribution's packages.
    pub packages: bool,
    /// Whether the server has a web page for chats.
    pub page: bool,
    /// Addresses that may use the API too; `None`: the host alone.
    pub expose: Option<Exposure>,
}

/// Everything a plan follows from. Planning reads nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Model to plan for.
    pub model: ModelChoice,
    /// Every known profile.
    pub profiles: Vec<Profile>,
    /// The class of machines that the user named, or the machine on offer, as `provider/instance`.
    pub profile: Option<String>,
    /// Machines on offer, with their prices.
    pub offers: Vec<Offer>,
    /// Count containers too, which `apply` cannot use.
    pub containers: bool,
    /// Exchange rates, to compare prices in different currencies.
    pub rates: Rates,
    /// Most that the machine may cost; `None`: any price.
    pub budget: Option<Budget>,
    /// Criterion to put first; `None`: the order of the rule (docs/choice.md).
    pub prefer: Option<Prefer>,
    /// Parts that the user fixed.
    pub fixed: Fixed,
    /// An embedding server beside the model.
    pub rag: Option<RagChoice>,
    /// llama.cpp build that the plan is pinned to.
    pub build: &'static build::Build,
}

/// Criterion that comes first among the machines that run the model (docs/choice.md).
///
/// `Speed`: speed is compared right after the verdict, at 4 bits or more. `Quality`: the quantisation is compared
/// right after the verdict. `Price`: the cheapest that runs at all is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs, reason = "clap would show the variants' comments in the help of --prefer")]
pub enum Prefer {
    Speed,
    Quality,
    Price,
}

impl ModelChoice {
    /// A registry model in the quantisations that fit `quant` (`Q4_K_M`, `4-bit`; all published ones
    /// without), by exact arithmetic: no file is read. None fits: exit 2.
    pub fn of_registry(model: &Model, quant: Option<&str>) -> Result<ModelChoice> {
        let sizes = model.sizes();
        Ok(ModelChoice {
            id: ModelId::new(model.id.as_str())?,
            shape: sizes.shape(),
            chat_template: Some(template::of_registry(model)),
            variants: variants(model, &sizes, quant)?,
            checkpoint: None,
        })
    }

    /// The same model in the quantisations that fit `quant`, as [`of_registry`](Self::of_registry) has them.
    pub(super) fn again(self, model: &Model, quant: Option<&str>) -> Result<ModelChoice> {
        Ok(ModelChoice { variants: variants(model, &model.sizes(), quant)?, ..self })
    }
}

fn variants(model: &Model, sizes: &Sizes, quant: Option<&str>) -> Result<Vec<Variant>> {
    let variant = |quant: String| {
        let weights = sizes.weights(&quant)?;
        let size_bytes = model.published_bytes(&quant).unwrap_or_else(|| model.bytes_around(&weights));
        let files = match model.file(&quant) {
            Some((repository, file)) => published_files(&repository.repository, file, size_bytes)?,
            None => {
                let name = FileName::new(format!("{}.{quant}.gguf", model.id)).ok()?;
                vec![ModelFile { name, size_bytes, sha256: None, url: None }]
            }
        };
        Some(Variant { weights, files, size_bytes })
    };
    Ok(model.quants(quant)?.into_iter().filter_map(variant).collect())
}

/// The parts of a published file. Sizes of parts of a split file are not known before its repository is
/// read: each counts the same until then.
fn published_files(repository: &str, file: &PublishedFile, size_bytes: u64) -> Option<Vec<ModelFile>> {
    let parts = file.parts();
    let count = parts.len() as u64;
    let part = |(at, path): (usize, &String)| {
        let url = format!("https://huggingface.co/{repository}/resolve/main/{path}");
        let last = at as u64 + 1 == count;
        Some(ModelFile {
            name: FileName::new(path.rsplit('/').next()?).ok()?,
            size_bytes: if last {
                size_bytes - (count - 1) * (size_bytes / count)
            } else {
                size_bytes / count
            },
            sha256: None,
            url: Some(DownloadUrl::new(url).ok()?),
        })
    };
    parts.iter().enumerate().map(part).collect()
}

impl RagChoice {
    /// An embedding model of the registry in the quantisation that costs least quality, by arithmetic as well.
    pub fn of_registry(model: &Model) -> Result<RagChoice> {
        let quants = model.quants(None)?;
        let quant = quants.first().context("the registry names a file of each embedding model")?;
        let embedder = embedder::of_registry(model, quant)?;
        let choice = ModelChoice::of_registry(model, Some(quant))?;
        let variant = choice.variants.into_iter().next().context("a variant of each quantisation")?;
        let (files, size_bytes) = (variant.files, variant.size_bytes);
        let id = ModelId::new(model.id.as_str())?;
        Ok(RagChoice { id, embedder, files, size_bytes, chunks: None, chunk_tokens: None })
    }
}

impl Request {
    /// The registry's model `id` on every profile at the prices compiled in, with the default build and
    /// nothing else asked for but `quant`. An unknown name or quantisation: exit 2.
    pub fn of_registry(id: &str, quant: Option<&str>) -> Result<Request> {
        Ok(Request {
            model: ModelChoice::of_registry(&registry::find(id)?, quant)?,
            profiles: profiles::all(),
            profile: None,
            offers: offers::all(),
            containers: false,
            rates: Rates::default(),
            prefer: None,
            budget: None,
            fixed: Fixed { quant: quant.is_some_and(|quant| quant != "auto"), ..Fixed::default() },
            rag: None,
            build: build::find(build::DEFAULT)?,
        })
    }
}
