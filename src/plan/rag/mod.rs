//! `--rag`: an embedding server beside the model and disk for its index. What it takes on the host or on a
//! card, its arguments. Where it runs is part of the choice ([`super::choice`]), as the model and it share
//! what there is.

use super::document::{DeviceLedger, EmbeddingModel, Index, ModelFile, Place, Rag, RagMemory, Workload};
use super::graph::{self, Texts};
use super::ledger::{self, Graphs, Logits, Subject};
use super::placement::Placement;
use super::request::RagChoice;
use crate::engine;
use crate::engine::arguments::ServerArgs;
use crate::engine::launch::{Cards, Launch};
use crate::engine::llama_cpp::build::Build;
use crate::engine::server::ServerName;
use crate::error::{Failure, Result};
use crate::hardware::profiles::{MIB, Profile};

/// Texts of the index when none are named: about 300 books, or 50,000 pages.
pub const CHUNKS: u64 = 100_000;
/// Tokens of the longest text when none are named.
pub const CHUNK_TOKENS: u64 = 512;
/// Requests that share a batch; a question does not wait for a long row of texts.
const SLOTS: u64 = 4;
/// Bytes of UTF-8 that a token stands for, at most: XLM-RoBERTa's pieces have about four letters, and
/// Cyrillic takes two bytes a letter.
pub(super) const TOKEN_BYTES: u64 = 8;
/// Head sizes that the CUDA backend has flash attention for (ggml-cuda/fattn.cu of b11434).
const FLASH_HEADS: &[u64] = &[64, 80, 96, 112, 128, 256];

/// The build whose graph of an encoder is checked (tests/oracle/embedding-b11434.json).
const CHECKED_BUILD: &str = "b11434";

/// The compute buffer where all layers are in one place, bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compute {
    pub cpu: u64,
    /// A GPU's buffers are aligned more coarsely.
    pub gpu: u64,
}

/// An embedding server whose size is known, before a machine is chosen.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    pub(super) choice: &'a RagChoice,
    chunk_tokens: u64,
    n_ctx: u64,
    flash_attn: bool,
    pub(super) compute: Compute,
    pub(super) kv_bytes: u64,
}

/// Errors are usage errors: a text longer than the model reads, a count out of range.
pub fn size<'a>(choice: &'a RagChoice, build: &Build) -> Result<Server<'a>> {
    let shape = &choice.embedder.shape;
    let trained = shape.n_ctx_train.max(1);
    let chunk_tokens = choice.chunk_tokens.unwrap_or(CHUNK_TOKENS.min(trained));
    if chunk_tokens < 16 || chunk_tokens > trained {
        return Err(Failure::usage(format!(
            "--rag-chunk-tokens {chunk_tokens} is not between 16 and {trained}, what {} reads at once",
            choice.id
        ))
        .hint("leave it out, and the plan takes what the model reads well")
        .into());
    }
    if let Some(chunks) = choice.chunks.filter(|chunks| !(1..=10_000_000_000).contains(chunks)) {
        return Err(Failure::usage(format!("--rag-chunks {chunks} is not between 1 and 10,000,000,000"))
            .hint("it is the number of texts that the index has room for")
            .into());
    }
    let flash_attn = FLASH_HEADS.contains(&shape.head_dim);
    let n_ctx = SLOTS * chunk_tokens.next_multiple_of(256);
    let workload = workload(chunk_tokens, n_ctx, flash_attn);
    let (compute, kv_bytes) = if choice.embedder.encoder {
        let exact = encoder_compute(choice, chunk_tokens, flash_attn);
        let checked = choice.embedder.known && build.id == CHECKED_BUILD;
        (if checked { exact } else { upper(exact) }, 0)
    } else {
        let (weights, graphs) = (&choice.embedder.weights, &Graphs::default());
        // With --embedding every token of a batch has an output.
        let logits = Logits::All;
        let subject = Subject { shape, weights, workload: &workload, build, logits, graphs };
        let n_layer = shape.layers.len() as u64;
        let cpu = subject.compute_bytes(&Placement::host_only(n_layer))[0];
        let gpu = subject.compute_bytes(&Placement::offload(n_layer, n_layer, &[1]))[1];
        (upper(Compute { cpu, gpu }), subject.kv_bytes(0, n_layer))
    };
    Ok(Server { choice, chunk_tokens, n_ctx, flash_attn, compute, kv_bytes })
}

fn workload(chunk_tokens: u64, n_ctx: u64, flash_attn: bool) -> Workload {
    Workload {
        n_ctx,
        slots: SLOTS,
        kv_unified: false,
        kv_type_k: "f16".to_string(),
        kv_type_v: "f16".to_string(),
        flash_attn,
        batch: chunk_tokens,
        ubatch: chunk_tokens,
    }
}

fn encoder_compute(choice: &RagChoice, tokens: u64, flash_attn: bool) -> Compute {
    // llama.cpp reserves for equal texts.
    let texts = Texts { tokens: tokens.next_multiple_of(SLOTS), sequences: SLOTS, flash_attn };
    let alignments = [graph::CPU_ALIGNMENT, graph::GPU_ALIGNMENT];
    let [cpu, gpu] = graph::encoder_compute_bytes(&choice.embedder, &texts, alignments);
    Compute { cpu: cpu + ledger::MARGIN, gpu: gpu + ledger::MARGIN }
}

/// For a graph that is not checked against llama.cpp.
fn upper(compute: Compute) -> Compute {
    let upper = |bytes: u64| bytes + bytes / 2 + 64 * MIB;
    Compute { cpu: upper(compute.cpu), gpu: upper(compute.gpu) }
}

/// Device of an embedding server, and the memory that it takes there.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Memory on the host and, where it runs on the first card, on that card.
    pub memory: Vec<RagMemory>,
    /// Its layers are on the first GPU.
    pub on_gpu: bool,
}

impl Placed {
    /// Counts the server in the model's ledger.
    pub fn count_in(&self, memory: &mut [DeviceLedger]) {
        for part in &self.memory {
            if let Some(device) = memory.iter_mut().find(|device| device.device == part.device) {
                device.rag_bytes += part.total_bytes;
                device.total_bytes += part.total_bytes;
                device.headroom_bytes -= part.total_bytes as i64;
            }
        }
    }
}

impl Server<'_> {
    /// On the host's CPU.
    pub fn on_host(&self, profile: &Profile) -> Placed {
        let weights = self.choice.embedder.weights.total_bytes;
        let process = if profile.gpus.is_empty() { ledger::PROCESS } else { ledger::PROCESS_CUDA };
        let memory = vec![self.part("host", weights, self.kv_bytes, self.compute.cpu, process)];
        Placed { memory, on_gpu: false }
    }

    /// On the first card; `None` where there is none. The embedding matrix stays on the host, and with it
    /// what is computed from it: at most all.
    pub fn on_gpu(&self, profile: &Profile) -> Option<Placed> {
        let card = profile.gpus.first()?;
        let weights = &self.choice.embedder.weights;
        let layers: u64 = weights.layer_bytes.iter().sum();
        let context = card.cuda_context_mib * MIB;
        let host = self.part("host", weights.total_bytes - layers, 0, self.compute.cpu, ledger::PROCESS_CUDA);
        let gpu = self.part("gpu0", layers, self.kv_bytes, self.compute.gpu, context);
        Some(Placed { memory: vec![host, gpu], on_gpu: true })
    }

    fn part(&self, device: &str, weights: u64, kv: u64, compute: u64, runtime: u64) -> RagMemory {
        let output = if device == "host" { self.output_bytes() } else { 0 };
        RagMemory {
            device: device.to_string(),
            weights_bytes: weights,
            kv_bytes: kv,
            compute_bytes: compute,
            output_bytes: output,
            runtime_bytes: runtime,
            total_bytes: weights + kv + compute + output + runtime,
        }
    }

    /// With the first text llama.cpp makes room for a vector and, though an encoder has none, for the
    /// logits of every token, and writes zeros there (`llama_context::output_reserve` of b11434).
    fn output_bytes(&self) -> u64 {
        let shape = &self.choice.embedder.shape;
        (shape.n_vocab + self.choice.embedder.dimensions) * self.chunk_tokens * 4
    }

    fn index(&self) -> Index {
        let chunks = self.choice.chunks.unwrap_or(CHUNKS);
        let dimensions = self.choice.embedder.dimensions;
        let (vector, text) = (dimensions * 4, self.chunk_tokens * TOKEN_BYTES);
        Index {
            chunks,
            chunk_bytes: vector + text,
            size_bytes: chunks.saturating_mul(vector + text),
            assumption: english!(
                "rag-assumption",
                dimensions = dimensions,
                tokens = self.chunk_tokens,
                bytes = TOKEN_BYTES,
            ),
        }
    }

    /// Files and index, bytes.
    pub fn disk_bytes(&self) -> u64 {
        self.choice.size_bytes.saturating_add(self.index().size_bytes)
    }

    /// Makes the part of the plan's document.
    pub fn document(&self, placed: &Placed, card: Option<usize>) -> Result<Rag> {
        let embedder = &self.choice.embedder;
        Ok(Rag {
            model: EmbeddingModel {
                id: self.choice.id.clone(),
                architecture: embedder.shape.architecture.clone(),
                parameters: embedder.weights.parameters,
                quant: embedder.weights.quant.clone(),
                size_bytes: self.choice.size_bytes,
                dimensions: embedder.dimensions,
                n_ctx_train: embedder.shape.n_ctx_train,
                pooling: embedder.pooling,
                files: self.choice.files.clone(),
            },
            n_ctx: self.n_ctx,
            slots: SLOTS,
            chunk_tokens: self.chunk_tokens,
            flash_attn: self.flash_attn,
            device: if placed.on_gpu { Place::Gpu0 } else { Place::Host },
            memory: placed.memory.clone(),
            index: self.index(),
            args: self.args(placed, card)?,
        })
    }

    /// `card`: the place of the one that it uses, where it sees several.
    fn args(&self, placed: &Placed, card: Option<usize>) -> Result<ServerArgs> {
        let (choice, embedder) = (self.choice, &self.choice.embedder);
        engine::default().arguments(&Launch {
            server: ServerName::EMBEDDING,
            model: choice.files.first().map_or("embedding.gguf", |file: &ModelFile| file.name.as_str()),
            alias: &choice.id,
            n_ctx: self.n_ctx,
            slots: SLOTS,
            kv_unified: false,
            kv_types: None,
            flash_attn: self.flash_attn,
            // A text that does not fit in one batch is refused.
            batch: (self.chunk_tokens, self.chunk_tokens),
            layers: if placed.on_gpu { embedder.shape.layers.len() as u64 + 1 } else { 0 },
            host_experts: 0,
            cards: match (placed.on_gpu, card) {
                (true, Some(card)) => Cards::One(card),
                (true, None) => Cards::All,
                (false, _) => Cards::Idle,
            },
            card_share: None,
            workers: 0,
            prompt_cache_mib: 0,
            chat_template: false,
            page: false,
            node_threads: None,
            pooling: Some(embedder.pooling.name()),
        })
    }
}

#[cfg(test)]
mod tests;
