//! The embedding server's numbers.

use super::explained::Explained;
use crate::hardware::profiles::Profile;
use crate::lang::Sentence;
use crate::plan::document::{Index, Rag, RagMemory};
use crate::plan::ledger;
use crate::plan::rag::{Server, TOKEN_BYTES};

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
                .with("cache", kv, "bytes", sentence!("explain-rag-cache"))
                .from(Sentence::same("src/plan/rag")),
            self.bytes("compute_bytes", part.compute_bytes, "graph")
                .with("graph", compute, "bytes", sentence!("explain-rag-graph"))
                .from(Sentence::same("tests/oracle/embedding-b11434.json")),
            match on_host {
                true => self.output(),
                false => {
                    self.bytes("output_bytes", part.output_bytes, "0").from(sentence!("explain-rag-on-host"))
                }
            },
            match on_host {
                true => self
                    .bytes("runtime_bytes", part.runtime_bytes, "process")
                    .with("process", process, "bytes", sentence!("explain-process"))
                    .from(Sentence::same("src/plan/ledger.rs")),
                false => self
                    .bytes("runtime_bytes", part.runtime_bytes, "cuda_context × 1048576")
                    .with(
                        "cuda_context",
                        profile.gpus[0].cuda_context_mib,
                        "MiB",
                        sentence!("explain-cuda-context"),
                    )
                    .from(Sentence::same("profiles/hardware.toml")),
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
            line = line.with("tensors", weights.total_bytes, "bytes", sentence!("explain-rag-tensors"));
        }
        if !(on_host && layers_here) {
            let layers = weights.layer_bytes.iter().sum::<u64>();
            line = line.with("layers", layers, "bytes", sentence!("explain-rag-layers"));
        }
        line.from(sentence!("explain-header"))
    }

    fn output(&self) -> Explained {
        let embedder = &self.server.choice.embedder;
        self.bytes("output_bytes", self.part.output_bytes, "(n_vocab + dimensions) × chunk_tokens × 4")
            .with("n_vocab", embedder.shape.n_vocab, "tokens", sentence!("explain-rag-vocabulary"))
            .with("dimensions", embedder.dimensions, "", sentence!("explain-vector"))
            .with("chunk_tokens", self.rag.chunk_tokens, "tokens", Sentence::same("--rag-chunk-tokens"))
            .from(sentence!("explain-rag-output"))
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
            .fold(line, |line, (name, bytes)| line.with(name, bytes, "bytes", sentence!("explain-above")))
            .from(sentence!("explain-server-parts"))
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
        .with("dimensions", rag.model.dimensions, "", sentence!("explain-vector"))
        .with("chunk_tokens", rag.chunk_tokens, "tokens", Sentence::same("--rag-chunk-tokens"))
        .with("token_bytes", TOKEN_BYTES, "bytes", sentence!("explain-token-bytes"))
        .from(sentence!("explain-chunk")),
        Explained::new("/rag/index/size_bytes", index.size_bytes, "bytes", "chunks × chunk_bytes")
            .with("chunks", index.chunks, "texts", Sentence::same("--rag-chunks"))
            .with("chunk_bytes", index.chunk_bytes, "bytes", sentence!("explain-above"))
            .from(sentence!("explain-index")),
    ]
}
