//! Embedding models, which turn a text into a vector: `profiles/embeddings/*.toml`, compiled in, or any
//! GGUF whose header says how it pools.

use super::gguf::{Header, TensorInfo, Value};
use super::registry::{PublishedFile, nearest};
use super::shape::{Shape, ShapeError, Weights, weights_of};
use super::tensor_type::TensorType;
use crate::error::{Failure, Result};
use serde::{Deserialize, Serialize};

/// How the vectors of a text's tokens become one; llama-server's `--pooling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    Mean,
    /// The first token's.
    Cls,
    /// The last token's.
    Last,
}

impl Pooling {
    pub fn name(self) -> &'static str {
        match self {
            Pooling::Mean => "mean",
            Pooling::Cls => "cls",
            Pooling::Last => "last",
        }
    }
}

/// Properties of an embedding model that the ledger needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedder {
    pub shape: Shape,
    pub weights: Weights,
    pub pooling: Pooling,
    /// Numbers in a vector.
    pub dimensions: u64,
    /// Reads a text at once and keeps no cache of it.
    pub encoder: bool,
    /// Adds a row for the kind of text to each token.
    pub token_types: bool,
    /// Adds a row for the place of each token; turned by it in attention otherwise.
    pub positions: bool,
    /// Its graph is checked against llama.cpp (tests/oracle); the ledger is an upper bound otherwise.
    pub known: bool,
}

/// Architectures without a cache (`llama_model::create_memory` of llama.cpp b11434).
const ENCODERS: &[&str] = &[
    "bert",
    "nomic-bert",
    "nomic-bert-moe",
    "jina-bert-v2",
    "jina-bert-v3",
    "neo-bert",
    "eurobert",
    "modern-bert",
    "gemma-embedding",
];

/// Tensors of a layer in the one architecture that is checked.
const CHECKED: &[&str] = &[
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "attn_output_norm",
    "ffn_up",
    "ffn_down",
    "layer_output_norm",
];

#[derive(Debug, thiserror::Error)]
pub enum EmbedderError {
    #[error(transparent)]
    Shape(#[from] ShapeError),
    #[error("it is a reranker: it gives a score, not a vector")]
    Reranker,
    #[error("it is no embedding model: its header ({0}) does not say how it pools")]
    NoPooling(String),
}

impl Embedder {
    pub fn from_header(header: &Header) -> Result<Embedder, EmbedderError> {
        let shape = Shape::from_header(header)?;
        let architecture = shape.architecture.as_str();
        let number = |key: &str| header.number(&format!("{architecture}.{key}"));
        let has = |name: &str| header.tensors.iter().any(|tensor| tensor.name == name);
        let encoder = ENCODERS.contains(&architecture);
        let pooling = match number("pooling_type") {
            Some(1) => Pooling::Mean,
            Some(2) => Pooling::Cls,
            Some(3) => Pooling::Last,
            Some(4) => return Err(EmbedderError::Reranker),
            // Sentence encoders are trained for it where their header does not tell.
            _ if encoder => Pooling::Mean,
            _ => return Err(EmbedderError::NoPooling(architecture.to_string())),
        };
        let part = |name: &str| {
            let rest = name.strip_prefix("blk.")?.split_once('.')?.1;
            rest.strip_suffix(".weight").or(rest.strip_suffix(".bias")).map(str::to_string)
        };
        let mut parts = header.tensors.iter().filter_map(|tensor| part(&tensor.name));
        let known = architecture == "bert" && parts.all(|part| CHECKED.contains(&part.as_str()));
        Ok(Embedder {
            weights: weights_of(header, shape.layers.len()),
            pooling,
            dimensions: number("embedding_length_out").unwrap_or(shape.n_embd),
            encoder,
            token_types: has("token_types.weight"),
            positions: has("position_embd.weight"),
            known,
            shape,
        })
    }
}

/// An embedding model of the registry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub id: String,
    pub name: String,
    /// Hugging Face repository, `owner/name`.
    pub repository: String,
    pub pooling: Pooling,
    pub dimensions: Dimensions,
    /// The published files, the one to take first.
    pub files: Vec<PublishedFile>,
}

/// Dimensions of a BERT.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    pub architecture: String,
    pub n_layer: u64,
    pub n_embd: u64,
    pub n_ff: u64,
    pub n_vocab: u64,
    pub n_head: u64,
    pub n_ctx_train: u64,
    pub n_token_types: u64,
}

const MODELS: &[(&str, &str)] = &[("bge-m3", include_str!("../../profiles/embeddings/bge-m3.toml"))];

/// The one that `--rag` takes when none is named.
pub const DEFAULT: &str = "bge-m3";

pub fn ids() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(id, _)| *id)
}

/// The embedding model called `id`. Unknown: exit 2 with the known names.
pub fn find(id: &str) -> Result<Model> {
    let wanted = id.to_ascii_lowercase();
    let Some((_, text)) = MODELS.iter().find(|(known, _)| *known == wanted) else {
        let near = nearest(id, ids());
        let known = if near.is_empty() { ids().map(str::to_string).collect() } else { near };
        return Err(Failure::usage(format!("no embedding model is called {id:?}"))
            .hint(format!(
                "known: {}; a path to a .gguf file or hf:owner/repository works too",
                known.join(", ")
            ))
            .into());
    };
    Ok(toml::from_str(text).expect("the embedded registry is checked by a test"))
}

impl Model {
    pub fn url(&self, file: &PublishedFile) -> String {
        format!("https://huggingface.co/{}/resolve/main/{}", self.repository, file.name)
    }

    /// Properties as the file's header would give them, from the dimensions and the recipe of its quantisation.
    pub fn embedder(&self, quant: &str) -> Result<Embedder, EmbedderError> {
        Embedder::from_header(&self.dimensions.header(self.pooling, quant))
    }
}

impl Dimensions {
    /// The header of such a model: matrices at `quant`, what is added to tokens and what has one
    /// dimension in full, as llama.cpp's converter and quantiser leave them.
    pub fn header(&self, pooling: Pooling, quant: &str) -> Header {
        let numbers = [
            ("block_count", self.n_layer),
            ("embedding_length", self.n_embd),
            ("feed_forward_length", self.n_ff),
            ("attention.head_count", self.n_head),
            ("context_length", self.n_ctx_train),
            ("pooling_type", pooling as u64 + 1),
        ];
        let own = |(key, n): (&str, u64)| (format!("{}.{key}", self.architecture), Value::Unsigned(n));
        let mut metadata: std::collections::BTreeMap<String, Value> = numbers.map(own).into();
        metadata.insert("general.architecture".to_string(), Value::Text(self.architecture.clone()));
        let tensors = self.tensors().into_iter().map(|(name, dims)| {
            let kind = kind_of(&name, &dims, quant);
            let bytes = kind.tensor_bytes(dims[0], dims.iter().product()).unwrap_or(0);
            TensorInfo { name, dims, kind, offset: 0, bytes }
        });
        Header { version: 3, metadata, tensors: tensors.collect(), data_offset: 0 }
    }

    /// Names and dimensions, fastest first.
    pub fn tensors(&self) -> Vec<(String, Vec<u64>)> {
        let (d, ff) = (self.n_embd, self.n_ff);
        let mut out = vec![
            ("token_embd.weight".to_string(), vec![d, self.n_vocab]),
            ("token_types.weight".to_string(), vec![d, self.n_token_types]),
            ("position_embd.weight".to_string(), vec![d, self.n_ctx_train]),
            ("token_embd_norm.weight".to_string(), vec![d]),
            ("token_embd_norm.bias".to_string(), vec![d]),
        ];
        for layer in 0..self.n_layer {
            let mut push = |name: &str, rows: Option<u64>, columns: u64| {
                let weight = rows.map_or(vec![columns], |rows| vec![rows, columns]);
                out.push((format!("blk.{layer}.{name}.weight"), weight));
                out.push((format!("blk.{layer}.{name}.bias"), vec![columns]));
            };
            for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
                push(name, Some(d), d);
            }
            push("attn_output_norm", None, d);
            push("ffn_up", Some(d), ff);
            push("ffn_down", Some(ff), d);
            push("layer_output_norm", None, d);
        }
        out
    }
}

/// The type that a tensor of a BERT has in a file of `quant`.
pub fn kind_of(name: &str, dims: &[u64], quant: &str) -> TensorType {
    let full = dims.len() == 1 || matches!(name, "token_types.weight" | "position_embd.weight");
    TensorType::by_name(if full { "F32" } else { quant }).expect("a ggml type")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code, hint};

    #[test]
    fn every_embedded_model_reads_and_its_published_size_fits_its_tensors() {
        for id in ids() {
            let model = find(id).unwrap();
            assert_eq!(model.id, *id);
            for file in &model.files {
                let embedder = model.embedder(&file.quant).unwrap();
                assert!(embedder.known && embedder.encoder && embedder.positions);
                let size = file.size_bytes.unwrap();
                let beside = size - embedder.weights.total_bytes;
                // The tokenizer: a length, a score and a kind per piece, and some letters.
                let pieces = embedder.shape.n_vocab;
                assert!(
                    (18 * pieces..40 * pieces).contains(&beside),
                    "{id}: {beside} bytes beside the tensors"
                );
            }
        }
        assert!(find(DEFAULT).is_ok());
    }

    #[test]
    fn bge_m3_has_the_published_parameters() {
        let embedder = find("bge-m3").unwrap().embedder("Q8_0").unwrap();
        // 567,754,752 with the pooler (1,049,600) and two positions for padding (2,048).
        assert_eq!(embedder.weights.parameters, 567_754_752 - 1_049_600 - 2048);
        assert_eq!((embedder.dimensions, embedder.pooling), (1024, Pooling::Cls));
        assert_eq!(embedder.weights.total_bytes, 627_711_104);
    }

    #[test]
    fn what_is_no_embedding_model_is_refused() {
        let error = find("bge").unwrap_err();
        assert_eq!(exit_code(&error), Exit::Usage);
        assert!(hint(&error).unwrap().contains("bge-m3"));
        let dimensions = find("bge-m3").unwrap().dimensions;
        let mut header = dimensions.header(Pooling::Cls, "F16");
        header.metadata.insert("bert.pooling_type".to_string(), Value::Unsigned(4));
        assert!(matches!(Embedder::from_header(&header), Err(EmbedderError::Reranker)));
        header.metadata.remove("bert.pooling_type");
        assert_eq!(Embedder::from_header(&header).unwrap().pooling, Pooling::Mean);
        let chat = Dimensions { architecture: "llama".to_string(), ..dimensions };
        let mut header = chat.header(Pooling::Mean, "F16");
        header.metadata.remove("llama.pooling_type");
        let refused = Embedder::from_header(&header).unwrap_err();
        assert!(matches!(refused, EmbedderError::NoPooling(_)), "{refused}");
    }
}
