//! Embedding models, which turn a text into a vector: those of the registry, or any GGUF whose header says
//! how it pools.

use super::gguf::Header;
pub use super::pooling::Pooling;
use super::recipe::Mix;
use super::registry::Model;
use super::shape::{Shape, ShapeError};
use super::weights::{Weights, weights_of};

/// Properties of an embedding model that the ledger needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedder {
    /// Dimensions and make.
    pub shape: Shape,
    /// Bytes of its tensors.
    pub weights: Weights,
    /// How the vectors of the tokens become one.
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

/// Reasons why a header is not that of an embedding model. `plan` ends with exit code 1 for [`Shape`](Self::Shape),
/// with 2 for the others.
#[derive(Debug, thiserror::Error)]
pub enum EmbedderError {
    /// A setting that the shape follows from is missing or absurd.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// It gives a score for two texts, not a vector.
    #[error("it is a reranker: it gives a score, not a vector")]
    Reranker,
    /// Neither its settings nor its architecture, whose name is given, tell how it pools.
    #[error("it is no embedding model: its header ({0}) does not say how it pools")]
    NoPooling(String),
}

impl Embedder {
    /// Reads the properties of an embedding model from its header. Sentence encoders whose header does not
    /// say how they pool take the mean.
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

/// The one that `--rag` takes when none is named.
pub const DEFAULT: &str = "bge-m3";

/// Properties of a registry model's file at `quant`, from its dimensions and the recipe of its quantisation.
pub fn of_registry(model: &Model, quant: &str) -> Result<Embedder, EmbedderError> {
    let mix = Mix::by_name(quant).unwrap_or(Mix::F16);
    Embedder::from_header(&model.dimensions.header(mix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code, hint};
    use crate::model::gguf::Value;
    use crate::model::registry::{self, Use};

    #[test]
    fn every_embedding_model_of_the_registry_gives_vectors() {
        for model in registry::all().filter(|model| model.has_use(Use::Embedding)) {
            let quant = model.published_quants()[0];
            let embedder = of_registry(&model, quant).unwrap_or_else(|error| panic!("{}: {error}", model.id));
            assert_eq!(Some(embedder.pooling), model.dimensions.pooling, "{}", model.id);
            assert_eq!(registry::embedder(&model.id).unwrap(), model);
        }
        assert!(registry::embedder(DEFAULT).is_ok());
    }

    #[test]
    fn bge_m3_has_the_published_parameters() {
        let embedder = of_registry(&registry::find("bge-m3").unwrap(), "Q8_0").unwrap();
        assert!(embedder.known && embedder.encoder && embedder.positions);
        // 567,754,752 with the pooler (1,049,600) and two positions for padding (2,048).
        assert_eq!(embedder.weights.parameters, 567_754_752 - 1_049_600 - 2048);
        assert_eq!((embedder.dimensions, embedder.pooling), (1024, Pooling::Cls));
        assert_eq!(embedder.weights.total_bytes, 627_711_104);
    }

    #[test]
    fn a_file_of_another_kind_of_model_is_refused() {
        let error = registry::embedder("bge").unwrap_err();
        assert_eq!(exit_code(&error), Exit::Usage);
        assert!(hint(&error).unwrap().contains("bge-m3"));
        let dimensions = registry::find("bge-m3").unwrap().dimensions;
        let mut header = dimensions.header(Mix::F16);
        header.metadata.insert("bert.pooling_type".to_string(), Value::Unsigned(4));
        assert!(matches!(Embedder::from_header(&header), Err(EmbedderError::Reranker)));
        header.metadata.remove("bert.pooling_type");
        assert_eq!(Embedder::from_header(&header).unwrap().pooling, Pooling::Mean);
        let mut header = registry::find("tinyllama-1.1b").unwrap().dimensions.header(Mix::F16);
        header.metadata.remove("llama.pooling_type");
        let refused = Embedder::from_header(&header).unwrap_err();
        assert!(matches!(refused, EmbedderError::NoPooling(_)), "{refused}");
    }
}
