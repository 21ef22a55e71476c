//! Predicted speed against what llama-bench measured (tests/oracle/speed.py --record), and how it follows
//! from what a machine and a model are.

use super::document::Interval;
use super::page_table;
use super::reconcile;
use super::request::Request;
use super::speed::flash_attention_pays;
use crate::hardware::facts::{Cpu, Disk, Facts, Measured, Memory};
use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    cpu: String,
    logical: u64,
    physical: u64,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    model: String,
    quant: String,
    memory_gb_s: f64,
    slot_tokens: u64,
    decode_tok_s: f64,
    prefill_tok_s: f64,
}

fn record() -> Record {
    serde_json::from_str(include_str!("../../tests/oracle/speed.json")).expect("a record of speeds")
}

fn host(cores: u64, memory_gb_s: f64) -> Facts {
    Facts {
        cpu: Cpu { logical: cores, physical: Some(cores), ..Cpu::default() },
        memory: Memory { total_bytes: 24 << 30, ..Memory::default() },
        disk: Disk { free_bytes: 100_000_000_000, ..Disk::default() },
        measured: Some(Measured { memory_bandwidth_gb_s: memory_gb_s, ..Measured::default() }),
        ..Facts::default()
    }
}

fn request(model: &str, quant: &str, slot: u64) -> Request {
    let mut request = Request::of_registry(model, Some(quant)).expect("a model of the registry");
    (request.fixed.n_ctx, request.fixed.slots) = (Some(slot), Some(1));
    request
}

/// Eight of ten, which is also what the documentation promises of a CPU.
#[test]
fn intervals_hold_what_was_measured_in_eight_of_ten_shapes() {
    let record = record();
    let (mut decode, mut prefill, mut table) = (0, 0, Vec::new());
    for row in &record.rows {
        let mut facts = host(record.logical, row.memory_gb_s);
        facts.cpu.physical = Some(record.physical);
        // llama-bench was built for AVX2.
        facts.cpu.model = record.cpu.clone();
        facts.cpu.flags = vec!["avx2".to_string(), "vaes".to_string()];
        let plan = reconcile::plan(request(&row.model, &row.quant, row.slot_tokens), &facts).unwrap();
        let holds = |interval: &Interval, speed| interval.low <= speed && speed <= interval.high;
        decode += usize::from(holds(&plan.speed.decode_tok_s, row.decode_tok_s));
        prefill += usize::from(holds(&plan.speed.prefill_tok_s, row.prefill_tok_s));
        let cells = |interval: &Interval, speed: f64| {
            let said = if holds(interval, speed) { "" } else { "outside" };
            format!("{speed:.2} | {:.1}–{:.1} | {said}", interval.low, interval.high)
        };
        table.push(format!(
            "| {} {} | {:.1} | {} | {} |",
            row.model,
            row.quant,
            row.memory_gb_s,
            cells(&plan.speed.decode_tok_s, row.decode_tok_s),
            cells(&plan.speed.prefill_tok_s, row.prefill_tok_s)
        ));
        // An interval that holds anything would say nothing.
        for interval in [&plan.speed.decode_tok_s, &plan.speed.prefill_tok_s] {
            assert!(interval.high < 4.0 * interval.low, "{} {}: {interval:?}", row.model, row.quant);
        }
    }
    let most = record.rows.len();
    assert!(most >= 10, "only {most} shapes were measured");
    assert!(decode * 10 >= most * 8, "decode: {decode} of {most}");
    assert!(prefill * 10 >= most * 8, "prefill: {prefill} of {most}");
    let columns = "model | memory, GB/s | decode, tokens/s | planned | | prefill, tokens/s | planned | ";
    page_table::hold("measured.md", "our own speeds", columns, &table);
}

#[test]
fn flash_attention_is_left_out_where_it_is_slow() {
    let plan = |flash: Option<bool>, kv: Option<&str>, profile: &str| {
        let mut request = request("phi-2", "Q4_K_M", 2048);
        (request.fixed.flash_attn, request.profile) = (flash, Some(profile.to_string()));
        request.fixed.kv_type = kv.map(str::to_string);
        super::plan(&request).unwrap()
    };
    let on_cpu = plan(None, None, "cpu-vps-32gb");
    assert!(!on_cpu.workload.flash_attn);
    let arguments = on_cpu.llama_server.args.to_argv().join(" ");
    assert!(arguments.contains("--flash-attn off"), "{arguments}");
    assert!(plan(None, None, "gpu-8gb").workload.flash_attn, "only CPUs go element by element");
    // A user's flag stands, and its speed is shown.
    let asked = plan(Some(true), None, "cpu-vps-32gb");
    assert!(asked.workload.flash_attn);
    assert!(asked.speed.decode_tok_s.expected < 0.7 * on_cpu.speed.decode_tok_s.expected);
    let other = super::plan(&request("tinyllama-1.1b", "Q4_K_M", 2048)).unwrap();
    assert!(other.workload.flash_attn);
}

#[test]
fn more_of_anything_is_no_slower() {
    let speed = |cores, memory, slot| {
        let plan = reconcile::plan(request("llama-7b", "Q4_K_M", slot), &host(cores, memory)).unwrap();
        plan.speed
    };
    let base = speed(4, 40.0, 2048);
    let cores = speed(8, 40.0, 2048);
    assert!(cores.decode_tok_s.expected > base.decode_tok_s.expected);
    // Published results grow with the cores' power of 0.85, not with their number.
    let growth = cores.prefill_tok_s.expected / base.prefill_tok_s.expected;
    assert!((1.7..2.0).contains(&growth), "{growth}");
    assert!(speed(4, 80.0, 2048).decode_tok_s.expected > 1.3 * base.decode_tok_s.expected);
    assert!(speed(4, 40.0, 1024).decode_tok_s.expected > base.decode_tok_s.expected);
}

#[test]
fn a_host_of_several_nodes_answers_from_one_of_them_where_the_model_fits() {
    let numa = |nodes, gib: u64, engine: Option<&'static dyn crate::engine::kind::Engine>| {
        let mut facts = host(96, 719.0);
        // Its sockets are sold with 96 cores: one node hides none of them.
        facts.cpu.model = "AMD EPYC 9R14 96-Core Processor".to_string();
        facts.cpu.flags = ["avx2", "vaes", "avx512f"].map(str::to_string).to_vec();
        (facts.cpu.numa_nodes, facts.memory.total_bytes) = (Some(nodes), gib << 30);
        let mut request = request("llama-7b", "Q4_K_M", 2048);
        request.fixed.engine = engine;
        let plan = reconcile::plan(request, &facts).unwrap();
        let argv = plan.llama_server.args.to_argv().join(" ");
        let reasons: Vec<String> = plan.reasons.iter().map(|reason| reason.to_string()).collect();
        (argv, plan.speed.decode_tok_s.expected, reasons.join("; "))
    };
    let (one, alone, _) = numa(1, 64, None);
    assert!(one.contains("--threads -1") && !one.contains("--numa"), "{one}");
    let (kept, on_one_node, why) = numa(2, 64, None);
    assert!(kept.contains("--numa isolate --threads 48 "), "{kept}");
    assert!(why.contains("one of 2 NUMA nodes, with 48 threads"), "{why}");
    let (large, over_all, why) = numa(2, 10, None);
    assert!(large.contains("--threads -1") && !large.contains("--numa"), "{large}");
    assert!(why.contains("2 NUMA nodes: it does not fit in the memory of one"), "{why}");
    assert!(over_all < on_one_node && on_one_node < alone, "{over_all}, {on_one_node}, {alone}");
    let other = crate::engine::all().iter().find(|engine| !engine.keeps_to_a_node()).copied();
    assert!(other.is_some() && !numa(2, 64, other).0.contains("isolate"));
}

#[test]
fn a_tied_embedding_is_read_on_a_cpu() {
    let mut request = request("tinyllama-1.1b", "Q8_0", 1024);
    let seconds = |request: &Request| {
        1.0 / reconcile::plan(request.clone(), &host(64, 40.0)).unwrap().speed.decode_tok_s.expected
    };
    let untied = seconds(&request);
    let weights = &mut request.model.variants[0].weights;
    weights.tied = true;
    let read = weights.embedding_bytes as f64 / 40e9;
    let more = seconds(&request) - untied;
    assert!(more > 0.95 * read && more < 1.2 * read, "{more} s more, of {read} s to read it");
}

#[test]
fn heads_of_whole_vectors_pay() {
    let pays = |model| flash_attention_pays(&request(model, "Q4_K_M", 1024).model.shape);
    assert!(pays("llama-7b") && !pays("phi-2"));
}
