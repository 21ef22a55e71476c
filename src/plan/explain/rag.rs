//! The embedding server's numbers.

use super::explained::Explained;
use crate::hardware::profiles::Profile;
use crate::plan::document::{Index, Rag, RagMemory};
use crate::plan::ledger;
use crate::plan::rag::{Server, TOKEN_BYTES};

const HEADER: &str = "the file's header, or the registry's dimensions";
const GRAPH: &str = "llama.cpp's graph of the embedding model for one batch, with 64 KiB of margin; where it is not \
checked, half as much again and 64 MiB";
const OUTPUT: &str =
    "llama.cpp's source (`llama_context::output_reserve`), measured with the first long text";

pub(super) fn of(server: &Server, rag: &Rag, profile: &Profile) -> Vec<Explained> {
    let mut all = Vec::new();
    for (index, part) in rag.memory.iter().enumerate() {
        all.extend(Part { index, part, server, rag }.lines(profile));
    }
    all.extend(index(&rag.index, rag));
    all
}

/// Its memory on one device.
struct Part<'a> {
    index: usize,
    part: &'a RagMemory,
    server: &'a Server<'a>,
    rag: &'a Rag,
}

impl Part<'_> {
    fn bytes(&self, key: &str, value: u64, formula: &str) -> Explained {
        Explained::new(format!("/rag/memory/{}/{key}", self.index), value, "bytes", formula)
    }

    fn lines(&self, profile: &Profile) -> [Explained; 6] {
        let (part, server) = (self.part, self.server);
        let (on_host, layers_here) = (part.device == "host", part.device == self.rag.device.device());
        let compute = if on_host { server.compute.cpu } else { server.compute.gpu };
        let process = if profile.gpus.is_empty() { ledger::PROCESS } else { ledger::PROCESS_CUDA };
        let kv = if layers_here { server.kv_bytes } else { 0 };
        [
            self.weights(on_host, layers_here),
            self.bytes("kv_bytes", part.kv_bytes, "cache")
                .with("cache", kv, "bytes", "beside its layers; a model that reads a text at once has none")
                .from("src/plan/rag"),
            self.bytes("compute_bytes", part.compute_bytes, "graph")
                .with("graph", compute, "bytes", GRAPH)
                .from("tests/oracle/embedding-b11434.json"),
            match on_host {
                true => self.output(),
                false => {
                    self.bytes("output_bytes", part.output_bytes, "0").from("it lies in the host's memory")
                }
            },
            match on_host {
                true => self
                    .bytes("runtime_bytes", part.runtime_bytes, "process")
                    .with("process", process, "bytes", "llama-server without a model, measured")
                    .from("src/plan/ledger.rs"),
                false => self
                    .bytes("runtime_bytes", part.runtime_bytes, "cuda_context × 1048576")
                    .with(
                        "cuda_context",
                        profile.gpus[0].cuda_context_mib,
                        "MiB",
                        "an upper bound for such a card",
                    )
                    .from("profiles/hardware.toml"),
            },
            self.total(),
        ]
    }

    fn weights(&self, on_host: bool, layers_here: bool) -> Explained {
        let weights = &self.server.choice.embedder.weights;
        let formula = match (on_host, layers_here) {
            (true, true) => "tensors",
            (true, false) => "tensors - layers",
            (false, _) => "layers",
        };
        let mut line = self.bytes("weights_bytes", self.part.weights_bytes, formula);
        if on_host {
            line = line.with("tensors", weights.total_bytes, "bytes", "all tensors of the embedding model");
        }
        if !(on_host && layers_here) {
            let layers = weights.layer_bytes.iter().sum::<u64>();
            line = line.with("layers", layers, "bytes", "what a card takes; the embedding stays on the host");
        }
        line.from(HEADER)
    }

    fn output(&self) -> Explained {
        let embedder = &self.server.choice.embedder;
        self.bytes("output_bytes", self.part.output_bytes, "(n_vocab + dimensions) × chunk_tokens × 4")
            .with("n_vocab", embedder.shape.n_vocab, "tokens", "the embedding model's vocabulary")
            .with("dimensions", embedder.dimensions, "", "numbers of a vector")
            .with("chunk_tokens", self.rag.chunk_tokens, "tokens", "--rag-chunk-tokens")
            .from(OUTPUT)
    }

    fn total(&self) -> Explained {
        let part = self.part;
        let parts = [
            ("weights", part.weights_bytes),
            ("kv", part.kv_bytes),
            ("compute", part.compute_bytes),
            ("output", part.output_bytes),
            ("runtime", part.runtime_bytes),
        ];
        let line = self.bytes("total_bytes", part.total_bytes, &parts.map(|(name, _)| name).join(" + "));
        parts
            .into_iter()
            .fold(line, |line, (name, bytes)| line.with(name, bytes, "bytes", "above"))
            .from("the server's parts")
    }
}

fn index(index: &Index, rag: &Rag) -> [Explained; 2] {
    [
        Explained::new(
            "/rag/index/chunk_bytes",
            index.chunk_bytes,
            "bytes",
            "dimensions × 4 + chunk_tokens × token_bytes",
        )
        .with("dimensions", rag.model.dimensions, "", "numbers of a vector")
        .with("chunk_tokens", rag.chunk_tokens, "tokens", "--rag-chunk-tokens")
        .with("token_bytes", TOKEN_BYTES, "bytes", "of UTF-8 that a token stands for, at most")
        .from("a vector of 32-bit numbers and its text"),
        Explained::new("/rag/index/size_bytes", index.size_bytes, "bytes", "chunks × chunk_bytes")
            .with("chunks", index.chunks, "texts", "--rag-chunks")
            .with("chunk_bytes", index.chunk_bytes, "bytes", "above")
            .from("the index's texts"),
    ]
}
