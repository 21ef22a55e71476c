//! Rows of tests/oracle: what llama-fit-params was asked, and the same question to the ledger.

use super::document::Workload;
use super::ledger::{Graphs, Logits, Subject};
use crate::engine::llama_cpp::build::Build;
use crate::model::gguf::Header;
use crate::model::{Shape, Weights, weights_of};
use std::fmt;

/// Question of a row.
#[derive(serde::Deserialize)]
pub struct Asked {
    pub model: String,
    n_ctx: u64,
    flash_attn: String,
    #[serde(alias = "kv_type")]
    type_k: String,
    /// Type of the values; that of the keys where a row names one for both.
    type_v: Option<String>,
    n_parallel: u64,
    #[serde(default = "ubatch")]
    ubatch: u64,
}

fn ubatch() -> u64 {
    512
}

/// With what it says of a host without cards, MiB, rounded down but for the exact ones.
#[derive(serde::Deserialize)]
pub struct Row {
    #[serde(flatten)]
    pub asked: Asked,
    pub model_mib: Option<u64>,
    pub context_mib: Option<u64>,
    pub compute_mib: Option<u64>,
    pub compute_exact_mib: Option<f64>,
    pub output_mib: Option<f64>,
    pub error: Option<String>,
}

impl Asked {
    fn type_v(&self) -> &String {
        self.type_v.as_ref().unwrap_or(&self.type_k)
    }

    pub fn workload(&self) -> Workload {
        Workload {
            n_ctx: self.n_ctx,
            slots: self.n_parallel,
            kv_unified: false,
            kv_type_k: self.type_k.clone(),
            kv_type_v: self.type_v().clone(),
            flash_attn: self.flash_attn == "on",
            batch: 2048,
            ubatch: self.ubatch,
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked { model, n_ctx, flash_attn, type_k, n_parallel, ubatch, .. } = self;
        let type_v = self.type_v();
        write!(f, "{model} ctx {n_ctx} fa {flash_attn} kv {type_k}/{type_v} np {n_parallel} ub {ubatch}")
    }
}

/// The model that rows are of.
pub struct Model {
    pub shape: Shape,
    pub weights: Weights,
    graphs: Graphs,
}

impl Model {
    pub fn new(shape: Shape, weights: Weights) -> Model {
        Model { shape, weights, graphs: Graphs::exact() }
    }

    /// From the head of its file and the file's size, bytes.
    pub fn read((head, size): (Vec<u8>, u64)) -> Model {
        let header = Header::read(head.as_slice(), Some(size)).unwrap();
        let shape = Shape::from_header(&header).unwrap();
        let weights = weights_of(&header, shape.layers.len());
        Model::new(shape, weights)
    }

    /// llama-fit-params counts logits for every token.
    pub fn subject<'a>(&'a self, workload: &'a Workload, build: &'a Build) -> Subject<'a> {
        let Model { shape, weights, graphs } = self;
        Subject { shape, weights, workload, build, logits: Logits::All, graphs }
    }

    /// Returns the subject as llama-server has it, with logits for one token of each slot.
    pub fn served<'a>(&'a self, workload: &'a Workload, build: &'a Build) -> Subject<'a> {
        Subject { logits: Logits::PerSlot, ..self.subject(workload, build) }
    }
}
