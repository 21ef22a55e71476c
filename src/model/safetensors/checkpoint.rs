//! A model of safetensors files: what its tensors weigh, and the part of them that each of several cards has where
//! they share every matrix (tensor parallelism, by the rule of the engine that loads such files).
//!
//! The rule, read in vllm-project/vllm at the commits named (2026-11-28): matrices that make queries, keys, values and
//! the feed-forward's first half are cut by columns, those after them by rows (model_executor/models/llama.py); the
//! tables of the vocabulary by rows, padded to a multiple of 64 (model_executor/layers/vocab_parallel_embedding.py,
//! 00db0119); a card has at least one head of keys and values (config.py, `get_num_kv_heads`); all else, such as norms
//! and routers, is on each.

use super::config::{Config, Method};
use super::header::{Header, TensorInfo};
use crate::model::shape::{Shape, ShapeError};
use crate::model::weights::Weights;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that a table of the vocabulary is padded to a multiple of.
const PADDING: u64 = 64;

/// Reasons why files are no model that can be planned for.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Two files have a tensor of one name.
    #[error("the tensor {0:?} is in two of the files")]
    Twice(String),
    /// A tensor is not where the index says.
    #[error("{file} has no tensor {name:?}, which the index says is in it")]
    Missing {
        /// Name of the file.
        file: String,
        /// Name of the tensor.
        name: String,
    },
    /// `config.json` and the tensors are not of one model.
    #[error("config.json and the tensors are not of one model: {0}")]
    Other(String),
    /// The dimensions make no shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// A model of safetensors files.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Architecture, dimensions and quantisation.
    pub config: Config,
    /// Bytes of the tensors, by how cards share them.
    parts: BTreeMap<Part, u64>,
    /// Tables of the vocabulary.
    tables: Vec<Table>,
    /// A tensor is of BF16.
    bf16: bool,
}

/// Way in which cards share a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Cut evenly.
    Cut,
    /// Cut by the heads of keys and values.
    KeyValues,
    /// Queries, keys and values in one.
    Fused,
    /// Whole on each.
    Whole,
}

/// A table with a row for each token of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    rows: u64,
    row_bytes: u64,
}

impl Checkpoint {
    /// Makes a model of its files' headers; `expected` are the tensors that an index says each of them has.
    ///
    /// # Errors
    /// The files are not of one model.
    pub fn of(
        config: Config,
        headers: &[(String, Header)],
        expected: Option<&BTreeMap<String, BTreeSet<String>>>,
    ) -> Result<(Checkpoint, Shape, Weights), CheckpointError> {
        let mut names = BTreeSet::new();
        for (file, header) in headers {
            let of_file: BTreeSet<&str> = header.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
            let wanted = expected.and_then(|expected| expected.get(file));
            if let Some(name) = wanted.into_iter().flatten().find(|name| !of_file.contains(name.as_str())) {
                return Err(CheckpointError::Missing { file: file.clone(), name: name.clone() });
            }
            if let Some(name) = of_file.into_iter().find(|name| !names.insert(*name)) {
                return Err(CheckpointError::Twice(name.to_string()));
            }
        }
        let tensors: Vec<&TensorInfo> = headers.iter().flat_map(|(_, header)| &header.tensors).collect();
        let output = tensors.iter().any(|tensor| module(&tensor.name) == "lm_head");
        let mut config = config;
        config.dimensions.tied = !output;
        let mut checkpoint = Checkpoint { config, parts: BTreeMap::new(), tables: Vec::new(), bf16: false };
        for tensor in &tensors {
            checkpoint.add(tensor)?;
        }
        let shape = checkpoint.config.dimensions.shape()?;
        let weights = checkpoint.weights(&tensors)?;
        Ok((checkpoint, shape, weights))
    }

    fn add(&mut self, tensor: &TensorInfo) -> Result<(), CheckpointError> {
        let vocabulary = self.config.dimensions.n_vocab;
        self.bf16 |= tensor.dtype.name == "BF16";
        if ["embed_tokens", "lm_head"].contains(&module(&tensor.name)) && leaf(&tensor.name) == "weight" {
            let rows = tensor.shape.first().copied().unwrap_or(0);
            if rows == 0 || tensor.shape.len() != 2 || rows != vocabulary {
                let why =
                    format!("{:?} has {rows} rows, and the vocabulary {vocabulary} tokens", tensor.name);
                return Err(CheckpointError::Other(why));
            }
            self.tables.push(Table { rows, row_bytes: tensor.bytes / rows });
            return Ok(());
        }
        let part = part(&tensor.name, self.config.method);
        *self.parts.entry(part).or_default() += tensor.bytes;
        Ok(())
    }

    /// Returns the bytes of weights on each of `cards`.
    ///
    /// # Errors
    /// Says why so many cards cannot share the model.
    pub fn on_each(&self, cards: u64) -> Result<u64, String> {
        let d = &self.config.dimensions;
        let (heads, heads_kv) = (d.n_head, d.heads_kv());
        let whole = |what: &str, number: u64| match number.is_multiple_of(cards.max(1)) {
            true => Ok(()),
            false => Err(format!("{number} {what} cannot be shared evenly by {cards} cards")),
        };
        whole("attention heads", heads)?;
        if heads_kv >= cards {
            whole("heads of keys and values", heads_kv)?;
        } else if !cards.is_multiple_of(heads_kv) {
            return Err(format!("{cards} cards cannot share {heads_kv} heads of keys and values evenly"));
        }
        let width = d.experts.as_ref().map_or(d.n_ff, |experts| experts.width);
        whole("columns of the feed-forward", width)?;
        if let Some(group) = self.config.method.group() {
            for rows in [heads * d.head_dim(), width] {
                if !(rows / cards).is_multiple_of(group) {
                    let rows = rows / cards;
                    return Err(format!(
                        "{rows} rows of a matrix on each of {cards} cards are no groups of {group}"
                    ));
                }
            }
        }
        let kv = self.heads_kv_on_each(cards);
        let of = |part: Part| self.parts.get(&part).copied().unwrap_or(0);
        let mut bytes = of(Part::Whole) + of(Part::Cut).div_ceil(cards);
        bytes += share(of(Part::KeyValues), kv, heads_kv);
        bytes += share(of(Part::Fused), heads / cards + 2 * kv, heads + 2 * heads_kv);
        for table in &self.tables {
            let padded = table.rows.next_multiple_of(PADDING);
            whole("rows of the vocabulary", padded)?;
            bytes += padded / cards * table.row_bytes;
        }
        Ok(bytes)
    }

    /// Whether its numbers are of the type BF16, which older cards do not compute with.
    pub fn is_bf16(&self) -> bool {
        self.bf16
    }

    /// Returns the heads of keys and values on each of `cards`.
    pub fn heads_kv_on_each(&self, cards: u64) -> u64 {
        (self.config.dimensions.heads_kv() / cards.max(1)).max(1)
    }

    /// Bytes by layer, for a prediction of speed.
    fn weights(&self, tensors: &[&TensorInfo]) -> Result<Weights, CheckpointError> {
        let d = &self.config.dimensions;
        let layers = d.n_layer as usize;
        let plain = d.weights("F16", false);
        let parameters = plain.map_or_else(|| self.elements(tensors), |plain| plain.parameters);
        let mut weights = Weights {
            quant: self.quant(tensors),
            parameters,
            total_bytes: 0,
            embedding_bytes: 0,
            input_bytes: 0,
            output_bytes: 0,
            tied: d.tied,
            layer_bytes: vec![0; layers],
            expert_bytes: vec![0; layers],
            mirrored_bytes: vec![0; layers],
            matrix_width: 0.0,
            largest_bytes: 0,
        };
        for tensor in tensors {
            weights.total_bytes += tensor.bytes;
            weights.largest_bytes = weights.largest_bytes.max(tensor.bytes);
            match layer(&tensor.name) {
                Some(layer) if layer < layers => {
                    weights.layer_bytes[layer] += tensor.bytes;
                    if tensor.name.contains(".experts.") {
                        weights.expert_bytes[layer] += tensor.bytes;
                    }
                    if part(&tensor.name, self.config.method) == Part::Whole {
                        weights.mirrored_bytes[layer] += tensor.bytes;
                    }
                }
                Some(layer) => {
                    let why = format!("a tensor of layer {layer}, and there are {layers} layers");
                    return Err(CheckpointError::Other(why));
                }
                None if module(&tensor.name) == "embed_tokens" => weights.embedding_bytes += tensor.bytes,
                None => weights.output_bytes += tensor.bytes,
            }
        }
        if let Some(empty) = weights.layer_bytes.iter().position(|bytes| *bytes == 0) {
            return Err(CheckpointError::Other(format!("no tensor of layer {empty}")));
        }
        if weights.embedding_bytes == 0 {
            return Err(CheckpointError::Other("no embedding".to_string()));
        }
        if weights.tied {
            weights.output_bytes += weights.embedding_bytes;
        }
        weights.matrix_width = weights.total_bytes as f64 / weights.parameters.max(1) as f64;
        Ok(weights)
    }

    fn elements(&self, tensors: &[&TensorInfo]) -> u64 {
        tensors.iter().map(|tensor| tensor.bytes * 8 / tensor.dtype.bits.max(1)).sum()
    }

    /// `GPTQ-4bit-g128`, `AWQ-4bit-g128`, or the type that most bytes are of.
    fn quant(&self, tensors: &[&TensorInfo]) -> String {
        let named = |name: &str, bits: u64, group: Option<u64>| match group {
            Some(group) => format!("{name}-{bits}bit-g{group}"),
            None => format!("{name}-{bits}bit"),
        };
        match self.config.method {
            Method::Gptq { bits, group, .. } => named("GPTQ", bits, group),
            Method::Awq { bits, group } => named("AWQ", bits, group),
            Method::Plain => {
                let mut bytes = BTreeMap::<&str, u64>::new();
                tensors
                    .iter()
                    .for_each(|tensor| *bytes.entry(tensor.dtype.name).or_default() += tensor.bytes);
                let most = bytes.into_iter().max_by_key(|(_, bytes)| *bytes);
                most.map_or("unknown", |(name, _)| name).to_string()
            }
        }
    }
}

/// `bytes × part / of`, rounded up.
fn share(bytes: u64, part: u64, of: u64) -> u64 {
    (u128::from(bytes) * u128::from(part)).div_ceil(u128::from(of.max(1))) as u64
}

/// `model.layers.7.self_attn.q_proj.qweight` → `qweight`.
fn leaf(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `model.layers.7.self_attn.q_proj.qweight` → `q_proj`.
fn module(name: &str) -> &str {
    name.rsplit('.').nth(1).unwrap_or(name)
}

/// `model.layers.7.self_attn.q_proj.qweight` → 7.
fn layer(name: &str) -> Option<usize> {
    name.split_once("layers.")?.1.split('.').next()?.parse().ok()
}

fn part(name: &str, method: Method) -> Part {
    let leaf = leaf(name);
    match module(name) {
        // The order of the inputs: of a matrix that is cut by columns each card has all of it.
        "q_proj" | "k_proj" | "v_proj" | "gate_proj" | "up_proj" | "gate_up_proj" | "qkv_proj" | "w1"
        | "w3"
            if leaf == "g_idx" =>
        {
            Part::Whole
        }
        "q_proj" | "gate_proj" | "up_proj" | "gate_up_proj" | "w1" | "w3" => Part::Cut,
        "k_proj" | "v_proj" => Part::KeyValues,
        "qkv_proj" => Part::Fused,
        "o_proj" | "down_proj" | "w2" => match (leaf, method) {
            ("bias", _) => Part::Whole,
            // With columns in another order than the file's, any group may be asked for.
            ("scales" | "qzeros", Method::Gptq { act_order: true, .. }) => Part::Whole,
            ("scales" | "qzeros", _) if method.group().is_none() => Part::Whole,
            _ => Part::Cut,
        },
        "lm_head" => Part::Cut,
        _ => Part::Whole,
    }
}
