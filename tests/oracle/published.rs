// Published speeds (published.csv) beside what a plan says for the same machine, model and length.
// Included by tests/speeds.rs and examples/speeds.rs.

use crate::ages::{Age, ByAge, PAST};
use agi_provision::engine::llama_cpp::build;
use agi_provision::hardware::cards;
use agi_provision::hardware::facts::{Cpu, Disk, Facts, Gpu, Measured, Memory};
use agi_provision::hardware::profiles::{self, Profile};
use agi_provision::model::dimensions::Dimensions;
use agi_provision::model::gguf::Header;
use agi_provision::model::weights_of;
use agi_provision::model::{Shape, Weights, registry};
use agi_provision::plan::document::{Interval, Workload};
use agi_provision::plan::ledger::{Graphs, Logits, Subject};
use agi_provision::plan::placement::Placement;
use agi_provision::plan::reconcile;
use agi_provision::plan::speed::rates::{FITTED, Rates};
use agi_provision::plan::speed::{self, End, Terms, flash_attention_pays};
use serde::Deserialize;
use std::collections::HashMap;

#[allow(dead_code, reason = "the registry's files are made elsewhere")]
mod shapes {
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("shapes.rs");
    include!("models.rs");

    /// Further models of the table (their config.json).
    #[rustfmt::skip]
    pub const FURTHER: &[Reference] = &[
        Reference { name: "qwen3-8b", arch: "qwen3", layers: 36, embd: 4096, ff: 12288, vocab: 151936, heads: 32, heads_kv: 8, head_dim: 128, qk_norm: true, ..NONE },
        Reference { name: "qwen3-235b-a22b", arch: "qwen3moe", layers: 94, embd: 4096, ff: 12288, vocab: 151936, heads: 64, heads_kv: 4, head_dim: 128, experts: 128, used: 8, expert_ff: 1536, qk_norm: true, ..NONE },
        Reference { name: "gpt-oss-120b", arch: "gpt-oss", layers: 36, embd: 2880, ff: 2880, vocab: 201088, heads: 64, heads_kv: 8, head_dim: 64, ctx: 131072, experts: 128, used: 4, expert_ff: 2880, window: 128, qkv_bias: true, ..NONE },
        Reference { name: "gemma-3-12b", arch: "gemma3", layers: 48, embd: 3840, ff: 15360, vocab: 262208, heads: 16, heads_kv: 8, head_dim: 256, ctx: 131072, window: 1024, tied: true, qk_norm: true, ..NONE },
    ];
}

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "where a row comes from is for readers")]
pub struct Row {
    pub id: String,
    date: String,
    pub machine: String,
    pub card: String,
    pub cards: u64,
    pub cpu: String,
    pub cpu_name: String,
    cores: Option<u64>,
    numa_nodes: Option<u64>,
    memory_gb_s: Option<f64>,
    backend: String,
    build: String,
    recent: Option<u8>,
    pub model: String,
    published_as: String,
    pub quant: String,
    file_gib: Option<f64>,
    flash_attn: Option<u8>,
    kv: Option<String>,
    /// Layers on cards; none: all.
    on_cards: Option<u64>,
    host_experts: Option<u64>,
    depth: u64,
    prompt: u64,
    generated: u64,
    ubatch: Option<u64>,
    pub decode_tok_s: Option<f64>,
    pub prefill_tok_s: Option<f64>,
    source: String,
}

impl Row {
    /// Measured by ourselves, in files of models that others measured too.
    pub fn is_own(&self) -> bool {
        self.id.starts_with('o')
    }

    pub fn age(&self) -> Age {
        match self.recent {
            Some(1) => Age::Unfused,
            Some(_) => Age::Recent,
            None if self.build.is_empty() && self.date.as_str() < "2024-06" => Age::Oldest,
            None => Age::Older,
        }
    }
}

/// One published number, what a plan counts for it, and the interval for a build of the row's age; tokens/s.
#[derive(Clone, Debug)]
pub struct Point {
    pub row: Row,
    pub decode: bool,
    pub published: f64,
    pub terms: Terms,
    pub planned: Interval,
}

/// Kinds of machine that are looked at apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Card,
    Cards,
    Cpu,
    /// Layers or experts on the host, the rest on cards.
    Partial,
}

impl Kind {
    #[allow(dead_code, reason = "for the table")]
    pub const ALL: [Kind; 4] = [Kind::Card, Kind::Cards, Kind::Cpu, Kind::Partial];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Card => "one card",
            Kind::Cards => "several cards",
            Kind::Cpu => "CPU",
            Kind::Partial => "card and host",
        }
    }
}

impl Point {
    pub fn is_inside(&self) -> bool {
        self.planned.low <= self.published && self.published <= self.planned.high
    }

    /// How many times the low end the high end is.
    pub fn width(&self) -> f64 {
        self.planned.high / self.planned.low
    }

    pub fn kind(&self) -> Kind {
        match self.row.cards {
            0 => Kind::Cpu,
            _ if self.row.on_cards.is_some() || self.row.host_experts.is_some() => Kind::Partial,
            1 => Kind::Card,
            _ => Kind::Cards,
        }
    }

    /// The same number with the interval of these rates for a build of the row's age.
    pub fn planned_by(&self, ages: &ByAge) -> Point {
        Point { planned: self.by(ages.get(self.row.age(), &self.terms)), ..self.clone() }
    }

    /// The interval that these rates give.
    pub fn by(&self, rates: &Rates) -> Interval {
        let [low, expected, high] = End::ALL.map(|end| match self.decode {
            true => self.terms.decode(rates, end),
            false => self.terms.prefill(rates, end),
        });
        Interval { low, expected, high }
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
            let mut known = shapes::ALL.iter().chain(shapes::FURTHER);
            let reference = known.find(|reference| reference.name == row.model);
            let (head, size) =
                shapes::file(reference.unwrap_or_else(|| panic!("{} has no shape", row.model)));
            let header = Header::read(head.as_slice(), Some(size)).expect("a header");
            let shape = Shape::from_header(&header).expect("a shape");
            let weights = weights_of(&header, shape.layers.len());
            (shape, weights)
        }
    };
    let Some(file_gib) = row.file_gib else { return (shape, weights) };
    let scale = file_gib * (1u64 << 30) as f64 / weights.total_bytes as f64;
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
        "arm-plain" => ("Cortex", &["asimd"]),
        other => panic!("{}: {other} is no class", row.id),
    };
    let model = if row.cpu_name.is_empty() { model } else { &row.cpu_name };
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
        let (card, part) =
            cards::part(&row.card, u64::MAX).unwrap_or_else(|| panic!("{} is not in cards.csv", row.card));
        let memory = (card.vram_mib as f64 * part) as u64;
        Gpu { index, name: row.card.clone(), memory_total_bytes: memory << 20, ..Gpu::default() }
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

/// A row as a plan sees it, with a context of `n_ctx` tokens.
struct Case {
    shape: Shape,
    weights: Weights,
    profile: Profile,
    placement: Placement,
}

impl Case {
    fn of(row: &Row, (shape, weights): (Shape, Weights)) -> Case {
        let n_layer = shape.layers.len() as u64;
        let placement = match row.cards {
            0 => Placement::host_only(n_layer),
            cards => {
                let on_cards = row.on_cards.unwrap_or(n_layer);
                Placement::offload(n_layer, on_cards, &vec![1; cards as usize])
                    .with_experts_on_host(row.host_experts.unwrap_or(0))
            }
        };
        let profile = reconcile::profile(&facts(row), &profiles::all());
        Case { shape, weights, profile, placement }
    }

    fn terms(&self, row: &Row, n_ctx: u64) -> Terms {
        let kv = row.kv.clone().unwrap_or("f16".to_string());
        let pays = row.cards > 0 || flash_attention_pays(&self.shape);
        let workload = Workload {
            n_ctx: n_ctx.max(256),
            slots: 1,
            kv_unified: false,
            kv_type_k: kv.clone(),
            kv_type_v: kv,
            flash_attn: row.flash_attn.map_or(pays, |on| on == 1),
            batch: row.ubatch.unwrap_or(2048).max(2048),
            ubatch: row.ubatch.unwrap_or(512).min(row.prompt.max(1)),
        };
        let graphs = Graphs::default();
        let subject = Subject {
            shape: &self.shape,
            weights: &self.weights,
            workload: &workload,
            build: build::find(build::DEFAULT).expect("a build"),
            logits: Logits::PerSlot,
            graphs: &graphs,
        };
        let memory = subject.ledger(&self.profile, &self.placement);
        speed::terms(&self.profile, &subject, &self.placement, &memory)
    }
}

/// Our own prompts (docs/measured.md, "Speed against llama-bench"): the only CPU but one with a build of today. A fit counts
/// them as one row, and the tables do not.
pub fn own() -> Vec<Point> {
    #[derive(Deserialize)]
    struct Record {
        cpu: String,
        physical: u64,
        rows: Vec<Own>,
    }
    #[derive(Deserialize)]
    struct Own {
        model: String,
        quant: String,
        memory_gb_s: f64,
        prefill_tok_s: f64,
    }
    let record: Record = serde_json::from_str(include_str!("speed.json")).expect("a record of speeds");
    let row = |(index, own): (usize, &Own)| Row {
        id: format!("o{index:03}"),
        date: "2026-11-24".to_string(),
        machine: "own".to_string(),
        card: String::new(),
        cards: 0,
        cpu: "amd-avx2".to_string(),
        cpu_name: record.cpu.clone(),
        cores: Some(record.physical),
        numa_nodes: None,
        memory_gb_s: Some(own.memory_gb_s),
        backend: "CPU".to_string(),
        build: "b11434".to_string(),
        recent: Some(2),
        model: own.model.clone(),
        published_as: own.model.clone(),
        quant: own.quant.clone(),
        file_gib: None,
        flash_attn: Some(1),
        kv: None,
        on_cards: None,
        host_experts: None,
        depth: 0,
        prompt: 512,
        generated: 0,
        ubatch: None,
        decode_tok_s: None,
        prefill_tok_s: Some(own.prefill_tok_s),
        source: "tests/oracle/speed.json".to_string(),
    };
    points_of(record.rows.iter().enumerate().map(row).collect())
}

/// Every published number with its interval, for the placement that it was measured with.
pub fn points() -> Vec<Point> {
    points_of(rows())
}

fn points_of(rows: Vec<Row>) -> Vec<Point> {
    let mut known: HashMap<(String, String, u64), (Shape, Weights)> = HashMap::new();
    let mut points = Vec::new();
    let ages = ByAge::of(&FITTED, &PAST);
    for row in rows {
        let key = (row.model.clone(), row.quant.clone(), (row.file_gib.unwrap_or(0.0) * 1000.0) as u64);
        let case = Case::of(&row, known.entry(key).or_insert_with(|| model(&row)).clone());
        // A plan's decode looks half a slot back, its prefill a quarter.
        let decode = row.decode_tok_s.map(|published| (true, published, 2 * (row.depth + row.generated / 2)));
        // A few tokens do not fill the units of a card.
        let least = if row.cards == 0 { 128 } else { 256 };
        let prefill = row.prefill_tok_s.filter(|_| row.prompt >= least);
        let prefill = prefill.map(|published| (false, published, 4 * (row.depth + row.prompt / 2)));
        for (decode, published, n_ctx) in [decode, prefill].into_iter().flatten() {
            let terms = case.terms(&row, n_ctx);
            let planned = Interval { low: 0.0, expected: 0.0, high: 0.0 };
            let point = Point { row: row.clone(), decode, published, terms, planned };
            points.push(point.planned_by(&ages));
        }
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
