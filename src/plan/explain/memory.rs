//! The ledger's numbers.

use super::explained::Explained;
use crate::engine::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::lang::Sentence;
use crate::model::shape::LayerKv;
use crate::plan::document::RagMemory;
use crate::plan::document::{DeviceLedger, Plan};
use crate::plan::kept;
use crate::plan::ledger::{self, Subject};
use crate::plan::placement::Placement;

fn table() -> Sentence {
    sentence!("explain-table")
}

fn llama() -> Sentence {
    sentence!("explain-llama")
}

pub(super) fn of(subject: &Subject, profile: &Profile, placement: &Placement, plan: &Plan) -> Vec<Explained> {
    let compute = subject.compute_bytes(placement);
    let (mut all, mut first) = (Vec::new(), placement.host_layers);
    for (index, ledger) in plan.memory.iter().enumerate() {
        let of = Device { index, ledger, subject, placement, compute: compute[index] };
        if index == 0 {
            all.extend(of.host(profile));
        } else {
            let layers = placement.gpu_layers[index - 1];
            all.extend(of.gpu(profile, first, first + layers));
            first += layers;
        }
        let rag = plan.rag.iter().flat_map(|rag| &rag.memory).find(|rag| rag.device == ledger.device);
        all.extend(rag.map(|rag| of.rag(rag)));
        all.extend(of.sums());
    }
    all
}

/// One device of the ledger.
struct Device<'a> {
    index: usize,
    ledger: &'a DeviceLedger,
    subject: &'a Subject<'a>,
    placement: &'a Placement,
    compute: u64,
}

impl Device<'_> {
    fn bytes(&self, key: &str, value: u64, formula: impl Into<String>) -> Explained {
        Explained::new(format!("/memory/{}/{key}", self.index), value, "bytes", formula)
    }

    fn host(&self, profile: &Profile) -> Vec<Explained> {
        let (ledger, subject, placement) = (self.ledger, self.subject, self.placement);
        let (cpu_only, weights) = (placement.gpu_layers.is_empty(), subject.weights);
        let tensors = |formula: &str| self.bytes("weights_bytes", ledger.weights_bytes, formula);
        let weights = match cpu_only {
            true => tensors("tensors").with(
                "tensors",
                weights.total_bytes,
                "bytes",
                sentence!("explain-all-tensors"),
            ),
            false => {
                let kept = self.experts(placement.host_layers, placement.host_experts);
                let tables = weights.embedding_bytes + weights.input_bytes;
                tensors("embedding + layers + experts")
                    .with("embedding", tables, "bytes", sentence!("explain-embedding"))
                    .with(
                        "layers",
                        self.layers(0, placement.host_layers),
                        "bytes",
                        sentence!("explain-host-layers"),
                    )
                    .with("experts", kept, "bytes", sentence!("explain-host-experts"))
            }
        };
        let process = if cpu_only { ledger::PROCESS } else { ledger::PROCESS_CUDA };
        vec![
            weights.from(table()),
            self.kv(0, placement.host_layers),
            self.graph(),
            self.bytes("output_bytes", ledger.output_bytes, "n_vocab × slots × 4")
                .with("n_vocab", subject.shape.n_vocab, "tokens", sentence!("explain-vocabulary"))
                .with("slots", subject.workload.slots, "", sentence!("explain-slots"))
                .from(llama()),
            self.bytes("runtime_bytes", ledger.runtime_bytes, "process + prompt_cache × 1048576")
                .with("process", process, "bytes", sentence!("explain-process"))
                .with("prompt_cache", subject.prompt_cache_mib(), "MiB", sentence!("explain-prompt-cache"))
                .from(sentence!("explain-arguments")),
            self.bytes("reserved_bytes", ledger.reserved_bytes, "reserve")
                .with("reserve", ledger::RESERVE, "bytes", sentence!("explain-reserve"))
                .from(sentence!("explain-reserve-source")),
            self.bytes("capacity_bytes", ledger.capacity_bytes, "floor(ram × reported)")
                .with("ram", profile.ram_bytes(), "bytes", sentence!("explain-profile"))
                .with("reported", ledger::REPORTED_RAM, "", sentence!("explain-reported"))
                .from(Sentence::same("profiles/hardware.toml")),
        ]
    }

    fn gpu(&self, profile: &Profile, from: u64, to: u64) -> Vec<Explained> {
        let (ledger, card) = (self.ledger, self.index - 1);
        let gpu = &profile.gpus[card];
        let [weights, kv] = match self.placement.split {
            SplitMode::Layer => [self.card(card, from, to), self.kv(from, to)],
            SplitMode::Tensor => self.shared(card),
        };
        vec![
            weights.from(table()),
            kv,
            self.graph(),
            self.bytes("output_bytes", ledger.output_bytes, "0").from(sentence!("explain-logits")),
            self.bytes("runtime_bytes", ledger.runtime_bytes, "cuda_context × 1048576")
                .with("cuda_context", gpu.cuda_context_mib, "MiB", sentence!("explain-cuda-context"))
                .from(Sentence::same("profiles/hardware.toml")),
            self.bytes("reserved_bytes", ledger.reserved_bytes, "0").from(sentence!("explain-card-alone")),
            self.bytes("capacity_bytes", ledger.capacity_bytes, "vram × 1048576")
                .with("vram", gpu.vram_mib, "MiB", sentence!("explain-vram"))
                .from(Sentence::same("profiles/hardware.toml")),
        ]
    }

    /// Whole layers of one card.
    fn card(&self, card: usize, from: u64, to: u64) -> Explained {
        let output = if self.placement.output == card { self.subject.weights.output_bytes } else { 0 };
        let range = match to > from {
            true => sentence!("explain-layers", first = from, last = to - 1),
            false => sentence!("explain-no-layer"),
        };
        let kept = self.experts(from, to.min(self.placement.host_experts));
        self.bytes("weights_bytes", self.ledger.weights_bytes, "layers - experts + output")
            .with("layers", self.layers(from, to), "bytes", range)
            .with("experts", kept, "bytes", sentence!("explain-experts-of-layers"))
            .with("output", output, "bytes", sentence!("explain-output"))
    }

    /// Weights and cache of a card that holds a part of every matrix.
    fn shared(&self, card: usize) -> [Explained; 2] {
        const SHARE: &str = "min(ceil(heads × part) / heads, 1)";
        let (subject, placement) = (self.subject, self.placement);
        let n_layer = subject.shape.layers.len() as u64;
        let all = placement.shares.iter().sum::<u64>() as f64;
        let shared = |line: Explained| {
            line.with("heads", subject.shape.heads_kv(), "", sentence!("explain-heads")).with(
                "part",
                placement.shares[card] as f64 / all.max(1.0),
                "",
                sentence!("explain-tensor-split"),
            )
        };
        let weights = format!("ceil((layers - experts + output - mirrored) × {SHARE}) + mirrored");
        let weights = self
            .bytes("weights_bytes", self.ledger.weights_bytes, weights)
            .with("layers", self.layers(0, n_layer), "bytes", sentence!("explain-all-layers"))
            .with("experts", self.experts(0, placement.host_experts), "bytes", sentence!("explain-experts"))
            .with("output", subject.weights.output_bytes, "bytes", sentence!("explain-output-norm"))
            .with(
                "mirrored",
                subject.weights.mirrored_bytes.iter().sum::<u64>(),
                "bytes",
                sentence!("explain-mirrored"),
            );
        let kv = self.bytes("kv_bytes", self.ledger.kv_bytes, format!("ceil(whole × {SHARE})")).with(
            "whole",
            subject.kv_bytes(0, n_layer),
            "bytes",
            sentence!("explain-whole-cache"),
        );
        [shared(weights), shared(kv).from(llama())]
    }

    /// The compute buffer is an allocator's answer, not a formula.
    fn graph(&self) -> Explained {
        self.bytes("compute_bytes", self.ledger.compute_bytes, "graph")
            .with("graph", self.compute, "bytes", sentence!("explain-graph"))
            .from(llama())
    }

    /// Explains the embedding server's memory here.
    fn rag(&self, rag: &RagMemory) -> Explained {
        const PARTS: [&str; 5] = ["weights", "kv", "compute", "output", "runtime"];
        let parts = [rag.weights_bytes, rag.kv_bytes, rag.compute_bytes, rag.output_bytes, rag.runtime_bytes];
        let line = self.bytes("rag_bytes", self.ledger.rag_bytes, PARTS.join(" + "));
        let each = PARTS.into_iter().zip(parts);
        each.fold(line, |line, (name, bytes)| {
            line.with(name, bytes, "bytes", sentence!("explain-rag-ledger"))
        })
        .from(sentence!("explain-rag-memory"))
    }

    /// Experts of layers `from..to`; none where the range is empty.
    fn experts(&self, from: u64, to: u64) -> u64 {
        self.subject.weights.expert_bytes[from as usize..to.max(from) as usize].iter().sum()
    }

    fn layers(&self, from: u64, to: u64) -> u64 {
        self.subject.weights.layer_bytes[from as usize..to as usize].iter().sum()
    }

    /// Layers that are alike are counted together.
    fn kv(&self, from: u64, to: u64) -> Explained {
        let (subject, caches) = (self.subject, self.subject.caches());
        let (_, streams) = kept::streams(subject.shape, subject.workload);
        let types = [&subject.workload.kv_type_k, &subject.workload.kv_type_v];
        let mut groups: Vec<(LayerKv, u64)> = Vec::new();
        for layer in &subject.shape.layers[from as usize..to as usize] {
            match groups.iter_mut().find(|(known, _)| caches.kept(known) == caches.kept(layer)) {
                Some((_, count)) => *count += 1,
                None => groups.push((*layer, 1)),
            }
        }
        let names: Vec<String> = match groups.len() {
            0 | 1 => vec![String::new()],
            n => (1..=n).map(|n| format!("_{n}")).collect(),
        };
        let term = |((layer, _), s): (&(LayerKv, u64), &String)| {
            let kept = caches.kept(layer);
            let chosen =
                if kept.index_row > 0 { format!(" + index_row{s} × index_cells") } else { String::new() };
            let turned = if kept.rotation > 0 { format!(" + rotation{s}") } else { String::new() };
            let state = if kept.state > 0 { format!(" + state{s}") } else { String::new() };
            match chosen.is_empty() {
                true => format!("layers{s} × ((k_row{s} + v_row{s}) × cells{s} × streams{turned}{state})"),
                false => format!(
                    "layers{s} × (((k_row{s} + v_row{s}) × cells{s}{chosen}) × streams{turned}{state})"
                ),
            }
        };
        let formula = match groups.len() {
            0 => "0".to_string(),
            _ => groups.iter().zip(&names).map(term).collect::<Vec<_>>().join(" + "),
        };
        let mut kv = self.bytes("kv_bytes", self.ledger.kv_bytes, formula);
        let mut chooses = None;
        for ((layer, count), s) in groups.iter().zip(&names) {
            let kept = caches.kept(layer);
            let what = match layer.window {
                true => sentence!("explain-window"),
                false => sentence!("explain-cells"),
            };
            let row = |type_: &str, width: u64| sentence!("explain-row", width = width, kind = type_);
            // A transposed cache of values is as wide in every layer.
            let v_width = if kept.v_row == 0 { 0 } else { layer.v.max(caches.v_width(layer)) };
            kv = kv
                .with(format!("layers{s}"), *count, "", sentence!("explain-of-device"))
                .with(format!("k_row{s}"), kept.k_row, "bytes", row(types[0], layer.k))
                .with(format!("v_row{s}"), kept.v_row, "bytes", row(types[1], v_width))
                .with(format!("cells{s}"), kept.cells, "tokens", what);
            if kept.index_row > 0 {
                let what = row(types[0], layer.index_k + layer.index_v);
                kv = kv.with(format!("index_row{s}"), kept.index_row, "bytes", what);
                chooses = Some(kept.index_cells);
            }
            if kept.rotation > 0 {
                let what = sentence!("explain-rotation");
                kv = kv.with(format!("rotation{s}"), kept.rotation, "bytes", what);
            }
            if kept.state > 0 {
                kv = kv.with(format!("state{s}"), kept.state, "bytes", sentence!("explain-state"));
            }
        }
        if let Some(cells) = chooses {
            kv = kv.with("index_cells", cells, "tokens", sentence!("explain-cells"));
        }
        if !groups.is_empty() {
            kv = kv.with("streams", streams, "", sentence!("explain-streams"));
        }
        kv.from(llama())
    }

    fn sums(&self) -> [Explained; 2] {
        let d = self.ledger;
        let mut parts = vec![
            ("weights", d.weights_bytes),
            ("kv", d.kv_bytes),
            ("compute", d.compute_bytes),
            ("output", d.output_bytes),
            ("runtime", d.runtime_bytes),
            ("reserved", d.reserved_bytes),
        ];
        parts.extend((d.rag_bytes > 0).then_some(("rag", d.rag_bytes)));
        let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
        let total = self.bytes("total_bytes", d.total_bytes, names.join(" + "));
        let total = parts.iter().fold(total, |total, (name, bytes)| {
            total.with(*name, *bytes, "bytes", sentence!("explain-above"))
        });
        let headroom = format!("/memory/{}/headroom_bytes", self.index);
        let headroom = Explained::new(headroom, d.headroom_bytes, "bytes", "capacity - total")
            .with("capacity", d.capacity_bytes, "bytes", sentence!("explain-above"))
            .with("total", d.total_bytes, "bytes", sentence!("explain-above"));
        [total, headroom].map(|sum| sum.from(sentence!("explain-parts")))
    }
}
