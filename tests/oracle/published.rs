// Published speeds (published.csv) beside what a plan says for the same machine, model and length.
// Included by tests/speeds.rs and examples/speeds.rs.

use agi_provision::hardware::cards;
use agi_provision::hardware::facts::{Cpu, Disk, Facts, Gpu, Measured, Memory};
use agi_provision::model::dimensions::Dimensions;
use agi_provision::model::gguf::Header;
use agi_provision::model::shape::weights_of;
use agi_provision::model::{Shape, Weights, registry};
use agi_provision::plan::document::Interval;
use agi_provision::plan::reconcile;
use agi_provision::plan::request::{ModelChoice, Request, Variant};
use serde::Deserialize;
use std::collections::HashMap;

#[allow(dead_code, reason = "the registry's files are made elsewhere")]
mod shapes {
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("shapes.rs");
    include!("models.rs");
}

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "where a row comes from is for readers")]
pub struct Row {
    pub id: String,
    date: String,
    pub machine: String,
    pub card: String,
    cards: u64,
    pub cpu: String,
    cores: Option<u64>,
    numa_nodes: Option<u64>,
    memory_gb_s: Option<f64>,
    backend: String,
    build: String,
    pub model: String,
    published_as: String,
    pub quant: String,
    file_gib: f64,
    flash_attn: Option<u8>,
    depth: u64,
    prompt: u64,
    generated: u64,
    pub decode_tok_s: Option<f64>,
    pub prefill_tok_s: Option<f64>,
    source: String,
}

/// One published number and the plan's interval for it, tokens/s.
#[derive(Clone, Debug)]
pub struct Point {
    pub row: Row,
    pub decode: bool,
    pub published: f64,
    pub planned: Interval,
}

impl Point {
    pub fn is_inside(&self) -> bool {
        self.planned.low <= self.published && self.published <= self.planned.high
    }

    /// How many times the low end the high end is.
    pub fn width(&self) -> f64 {
        self.planned.high / self.planned.low
    }

    pub fn kind(&self) -> &'static str {
        match self.row.cards {
            0 => "CPU",
            1 => "one card",
            _ => "several cards",
        }
    }
}

pub fn rows() -> Vec<Row> {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(include_bytes!("published.csv").as_slice());
    reader.deserialize().collect::<Result<_, _>>().expect("a table of published speeds")
}

/// Shapes of published models that neither the registry nor shapes.rs has (their config.json).
fn dimensions(model: &str) -> Option<Dimensions> {
    let of = |n_layer, n_embd, n_ff, n_vocab, n_head, n_head_kv, n_ctx_train| Dimensions {
        architecture: "llama".to_string(),
        n_layer,
        n_embd,
        n_ff,
        n_vocab,
        n_head,
        n_head_kv,
        n_ctx_train,
        ..Dimensions::default()
    };
    match model {
        "llama-3-70b" => Some(of(80, 8192, 28672, 128_256, 64, 8, 131_072)),
        "llama-3.2-3b" => Some(of(28, 3072, 8192, 128_256, 24, 8, 131_072)),
        "phi-4" => Some(of(40, 5120, 17920, 100_352, 40, 10, 16384)),
        known => registry::find(known).ok().map(|model| model.dimensions),
    }
}

/// Shape and weights, which weigh what the published file does.
fn model(row: &Row) -> (Shape, Weights) {
    let (shape, mut weights) = match dimensions(&row.model) {
        Some(dimensions) => {
            let tensors =
                dimensions.tensors(&row.quant).or_else(|| dimensions.tensors("Q4_K_M")).expect("a recipe");
            (
                dimensions.shape().expect("a shape"),
                Weights::of(&row.quant, &tensors, dimensions.n_layer as usize),
            )
        }
        None => {
            let reference = shapes::ALL.iter().find(|reference| reference.name == row.model);
            let (head, size) =
                shapes::file(reference.unwrap_or_else(|| panic!("{} has no shape", row.model)));
            let header = Header::read(head.as_slice(), Some(size)).expect("a header");
            let shape = Shape::from_header(&header).expect("a shape");
            let weights = weights_of(&header, shape.layers.len());
            (shape, weights)
        }
    };
    let scale = row.file_gib * (1u64 << 30) as f64 / weights.total_bytes as f64;
    let scaled = |bytes: &mut u64| *bytes = (*bytes as f64 * scale) as u64;
    [&mut weights.total_bytes, &mut weights.embedding_bytes, &mut weights.output_bytes]
        .into_iter()
        .for_each(scaled);
    for list in [&mut weights.layer_bytes, &mut weights.expert_bytes, &mut weights.mirrored_bytes] {
        list.iter_mut().for_each(scaled);
    }
    (shape, weights)
}

/// The flags by which a CPU of the table's class is known.
fn cpu(row: &Row) -> Cpu {
    let (model, flags): (&str, &[&str]) = match row.cpu.as_str() {
        "intel-amx" => ("Intel", &["avx2", "avx512f", "avx512_vbmi2", "amx_int8"]),
        "intel-avx512" => ("Intel", &["avx2", "avx512f", "avx512_vbmi2"]),
        "intel-avx512-first" => ("Intel", &["avx2", "avx512f"]),
        "intel-avx2" => ("Intel", &["avx2"]),
        "amd-avx512" => ("AMD", &["avx2", "vaes", "avx512f"]),
        "amd-avx2" => ("AMD", &["avx2", "vaes"]),
        "amd-avx2-first" | "" => ("AMD", &["avx2"]),
        "arm-i8mm" => ("Neoverse", &["asimd", "asimddp", "i8mm"]),
        "arm-dot" => ("Neoverse", &["asimd", "asimddp"]),
        other => panic!("{}: {other} is no class", row.id),
    };
    let cores = row.cores.unwrap_or(16);
    Cpu {
        model: model.to_string(),
        logical: cores,
        physical: Some(cores),
        numa_nodes: row.numa_nodes,
        flags: flags.iter().map(|flag| flag.to_string()).collect(),
        ..Cpu::default()
    }
}

fn facts(row: &Row) -> Facts {
    let gpus = (0..row.cards).map(|index| {
        let card = cards::named(&row.card).unwrap_or_else(|| panic!("{} is not in cards.csv", row.card));
        Gpu { index, name: row.card.clone(), memory_total_bytes: card.vram_mib << 20, ..Gpu::default() }
    });
    let measured = |memory_bandwidth_gb_s| Measured { memory_bandwidth_gb_s, ..Measured::default() };
    Facts {
        cpu: cpu(row),
        memory: Memory { total_bytes: 1 << 40, ..Memory::default() },
        disk: Disk { free_bytes: 1 << 42, ..Disk::default() },
        nvlink: (row.cards > 1).then_some(false),
        gpus: gpus.collect(),
        measured: row.memory_gb_s.map(measured),
        ..Facts::default()
    }
}

/// Every published number with its interval. A row whose model does not fit on its cards in the plan's eyes is
/// left out, as its plan is of another kind.
pub fn points() -> Vec<Point> {
    let mut known: HashMap<(String, String, u64), (Shape, Weights)> = HashMap::new();
    let base = Request::of_registry("tinyllama-1.1b", Some("Q8_0")).expect("a request");
    let mut points = Vec::new();
    for row in rows() {
        let key = (row.model.clone(), row.quant.clone(), (row.file_gib * 1000.0) as u64);
        let (shape, weights) = known.entry(key).or_insert_with(|| model(&row)).clone();
        let facts = facts(&row);
        let planned = |n_ctx: u64| {
            let mut request = base.clone();
            let size_bytes = weights.total_bytes;
            let variants = vec![Variant { weights: weights.clone(), files: Vec::new(), size_bytes }];
            request.model = ModelChoice {
                id: row.model.parse().unwrap(),
                shape: shape.clone(),
                chat_template: None,
                variants,
            };
            request.fixed.n_ctx = Some(n_ctx.max(256));
            (request.fixed.slots, request.fixed.quant) = (Some(1), true);
            request.fixed.flash_attn = row.flash_attn.map(|on| on == 1);
            let plan =
                reconcile::plan(request, &facts).unwrap_or_else(|error| panic!("{}: {error:#}", row.id));
            let on_host = plan.memory[0].weights_bytes;
            (row.cards == 0 || on_host < size_bytes / 4).then_some(plan.speed)
        };
        // A plan's decode looks half a slot back, its prefill a quarter.
        let decode = row.decode_tok_s.and_then(|published| {
            Some((true, published, planned(2 * (row.depth + row.generated / 2))?.decode_tok_s))
        });
        let prefill = row.prefill_tok_s.filter(|_| row.prompt >= 256).and_then(|published| {
            Some((false, published, planned(4 * (row.depth + row.prompt / 2))?.prefill_tok_s))
        });
        points.extend([decode, prefill].into_iter().flatten().map(|(decode, published, planned)| Point {
            row: row.clone(),
            decode,
            published,
            planned,
        }));
    }
    points
}

/// Share inside, and the median width, of some points.
pub fn coverage<'a>(points: impl Iterator<Item = &'a Point>) -> (usize, f64, f64) {
    let points: Vec<&Point> = points.collect();
    let mut widths: Vec<f64> = points.iter().map(|point| point.width()).collect();
    widths.sort_by(f64::total_cmp);
    let inside = points.iter().filter(|point| point.is_inside()).count();
    (
        points.len(),
        inside as f64 / points.len().max(1) as f64,
        widths.get(widths.len() / 2).copied().unwrap_or(0.0),
    )
}
