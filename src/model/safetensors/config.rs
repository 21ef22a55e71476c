//! `config.json` of a model: its architecture, dimensions and quantisation, in the words of Hugging Face's transformers.

use crate::model::dimensions::{Dimensions, Experts};
use serde_json::Value;

/// Name of the file.
pub const NAME: &str = "config.json";
/// Most bytes of it that are read; published ones have 1 to 100 KB.
pub const MOST: u64 = 4 << 20;

/// Architectures whose memory is known here, and the names that GGUF has for them: every layer attends with a cache of
/// keys and values for each head, and no tensor is used twice but the embedding.
const ARCHITECTURES: [(&str, &str); 9] = [
    ("LlamaForCausalLM", "llama"),
    ("MistralForCausalLM", "llama"),
    ("MixtralForCausalLM", "llama"),
    ("Qwen2ForCausalLM", "qwen2"),
    ("Qwen3ForCausalLM", "qwen3"),
    ("Qwen3MoeForCausalLM", "qwen3moe"),
    ("Gemma2ForCausalLM", "gemma2"),
    ("Gemma3ForCausalLM", "gemma3"),
    ("Phi3ForCausalLM", "phi3"),
];

/// Bounds of what is believed: no published model is near them.
const MAX_LAYERS: u64 = 512;
const MAX_WIDTH: u64 = 1 << 18;
const MAX_HEADS: u64 = 1 << 20;
const MAX_EXPERTS: u64 = 4096;
const MAX_TOKENS: u64 = 1 << 26;

/// Reasons why a model cannot be planned for from its `config.json`.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no JSON, or nested deeper than anything that is one.
    #[error("config.json cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A key is not there, or no number.
    #[error("config.json has no {0}")]
    Missing(&'static str),
    /// A number that no model has.
    #[error("config.json says {key} = {value}, which no model has")]
    Absurd {
        /// Key of the number.
        key: &'static str,
        /// The number.
        value: u64,
    },
    /// The memory of this architecture is not known here.
    #[error("the architecture {0:?} is not one whose memory is known here")]
    Architecture(String),
    /// The memory or the arithmetic of this quantisation is not known here.
    #[error("the quantisation {0} is not one that is known here")]
    Quantisation(String),
}

/// Quantisation of the matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// None: 16 bits or more.
    Plain,
    /// GPTQ.
    Gptq {
        /// Bits of a weight.
        bits: u64,
        /// Weights that share a scale; `None`: a whole column.
        group: Option<u64>,
        /// Columns are in the order of their activations (`desc_act`).
        act_order: bool,
    },
    /// AWQ.
    Awq {
        /// Bits of a weight.
        bits: u64,
        /// Weights that share a scale; `None`: a whole column.
        group: Option<u64>,
    },
}

impl Method {
    /// Returns the weights that share a scale.
    pub fn group(self) -> Option<u64> {
        match self {
            Method::Plain => None,
            Method::Gptq { group, .. } | Method::Awq { group, .. } => group,
        }
    }
}

/// A model by its `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Architecture as transformers names it.
    pub architecture: String,
    /// Dimensions, with GGUF's name of the architecture.
    pub dimensions: Dimensions,
    /// Quantisation of the matrices.
    pub method: Method,
}

impl Config {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// A key is missing or absurd, or the architecture or quantisation is not known here.
    pub fn parse(json: &[u8]) -> Result<Config, ConfigError> {
        let value: Value = serde_json::from_slice(json)?;
        let architecture = value["architectures"][0].as_str().ok_or(ConfigError::Missing("architectures"))?;
        let known = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
        let (_, gguf) = known.ok_or_else(|| ConfigError::Architecture(shown(architecture)))?;
        let keys = Keys(&value);
        let heads = keys.least_one("num_attention_heads", MAX_WIDTH)?;
        let n_embd = keys.least_one("hidden_size", MAX_WIDTH)?;
        let n_ff = keys.least_one("intermediate_size", MAX_WIDTH)?;
        let dimensions = Dimensions {
            architecture: gguf.to_string(),
            n_layer: keys.least_one("num_hidden_layers", MAX_LAYERS)?,
            n_embd,
            n_ff,
            n_vocab: keys.least_one("vocab_size", MAX_TOKENS)?,
            n_head: heads,
            n_head_kv: keys.maybe("num_key_value_heads", MAX_WIDTH)?.unwrap_or(heads),
            n_ctx_train: keys.least_one("max_position_embeddings", MAX_TOKENS)?,
            head_dim: keys.maybe("head_dim", MAX_WIDTH)?,
            window: keys.window()?,
            experts: keys.experts(n_ff)?,
            ..Dimensions::default()
        };
        if dimensions.head_dim() == 0 || dimensions.n_head_kv > heads {
            return Err(ConfigError::Absurd { key: "num_key_value_heads", value: dimensions.n_head_kv });
        }
        let wide = heads.saturating_mul(dimensions.head_dim());
        if wide > MAX_HEADS {
            return Err(ConfigError::Absurd { key: "head_dim", value: dimensions.head_dim() });
        }
        Ok(Config { architecture: architecture.to_string(), dimensions, method: method(&value)? })
    }

    /// Returns the architectures that are known here.
    pub fn architectures() -> impl Iterator<Item = &'static str> {
        ARCHITECTURES.iter().map(|(name, _)| *name)
    }
}

struct Keys<'a>(&'a Value);

impl Keys<'_> {
    /// A number between 1 and `most`; `None` where it is not there or null.
    fn maybe(&self, key: &'static str, most: u64) -> Result<Option<u64>, ConfigError> {
        match &self.0[key] {
            Value::Null => Ok(None),
            value => match value.as_u64().ok_or(ConfigError::Missing(key))? {
                number if (1..=most).contains(&number) => Ok(Some(number)),
                value => Err(ConfigError::Absurd { key, value }),
            },
        }
    }

    fn least_one(&self, key: &'static str, most: u64) -> Result<u64, ConfigError> {
        self.maybe(key, most)?.ok_or(ConfigError::Missing(key))
    }

    /// Tokens that layers look back, where any has a window.
    fn window(&self) -> Result<Option<u64>, ConfigError> {
        if self.0["use_sliding_window"] == false {
            return Ok(None);
        }
        self.maybe("sliding_window", MAX_TOKENS)
    }

    fn experts(&self, n_ff: u64) -> Result<Option<Experts>, ConfigError> {
        let count = match self.maybe("num_local_experts", MAX_EXPERTS)? {
            None => self.maybe("num_experts", MAX_EXPERTS)?,
            local => local,
        };
        let Some(count) = count else { return Ok(None) };
        let used = self.least_one("num_experts_per_tok", count)?;
        let width = self.maybe("moe_intermediate_size", MAX_WIDTH)?.unwrap_or(n_ff);
        Ok(Some(Experts {
            count,
            used,
            width,
            shared: None,
            lead: 0,
            every: None,
            sigmoid: false,
            choice_bias: false,
            latent: None,
        }))
    }
}

fn method(value: &Value) -> Result<Method, ConfigError> {
    let quantisation = &value["quantization_config"];
    if quantisation.is_null() {
        return Ok(Method::Plain);
    }
    let name = quantisation["quant_method"].as_str().ok_or(ConfigError::Missing("quant_method"))?;
    let bits = quantisation["bits"].as_u64().or(quantisation["w_bit"].as_u64());
    let bits = bits.ok_or(ConfigError::Missing("quantization_config.bits"))?;
    let size = quantisation["group_size"].as_i64().or(quantisation["q_group_size"].as_i64());
    let size = size.ok_or(ConfigError::Missing("quantization_config.group_size"))?;
    // -1: one group for a whole column.
    let group = u64::try_from(size).ok().filter(|size| (1..=MAX_WIDTH).contains(size));
    if group.is_none() && size != -1 {
        return Err(ConfigError::Absurd { key: "group_size", value: size.unsigned_abs() });
    }
    let act_order = quantisation["desc_act"] == true;
    match (name, bits) {
        ("gptq", 4 | 8) => Ok(Method::Gptq { bits, group, act_order }),
        ("awq", 4) => Ok(Method::Awq { bits, group }),
        _ => Err(ConfigError::Quantisation(format!("{} of {bits} bits", shown(name)))),
    }
}

/// A stranger's text in an error, cut.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
