//! Planning: the function itself, and the whole process as a user starts it.
//!
//!     cargo bench --bench plan
//!
//! The whole process is bound by 10 ms of CPU time.

use agi_provision::hardware::{offers, profiles};
use agi_provision::model::registry;
use agi_provision::plan::request::{Fixed, ModelChoice, Request, Variant};
use agi_provision::plan::{build, plan};
use criterion::{Criterion, criterion_group};
use std::hint::black_box;
use std::process::Command;

fn request(id: &str) -> Request {
    let model = registry::find(id).expect("a registry model");
    let variants = model.files.iter().map(|file| {
        let weights = model.weights(&file.quant).expect("a known quantisation");
        Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() }
    });
    Request {
        model: ModelChoice {
            id: id.to_string(),
            shape: model.shape(),
            chat_template: None,
            variants: variants.collect(),
        },
        profiles: profiles::all(),
        profile: None,
        offers: offers::all(),
        budget: None,
        fixed: Fixed::default(),
        rag: None,
        build: build::find(build::DEFAULT).expect("the default build"),
    }
}

fn in_process(criterion: &mut Criterion) {
    for id in ["tinyllama-1.1b", "saiga-13b", "llama-65b"] {
        let request = request(id);
        criterion.bench_function(&format!("plan {id}"), |bencher| bencher.iter(|| plan(black_box(&request))));
    }
}

/// User and system time of one whole `plan --model saiga-13b`, milliseconds; the shell adds up its
/// children's.
fn whole_process() {
    const RUNS: u32 = 100;
    let script = format!(
        "i=0; while [ $i -lt {RUNS} ]; do {} plan --model saiga-13b --format json >/dev/null; i=$((i+1)); done; times",
        env!("CARGO_BIN_EXE_agi-provision")
    );
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash");
    let text = String::from_utf8_lossy(&output.stdout);
    let children = text.lines().last().unwrap_or_default();
    let seconds: f64 = children
        .split_whitespace()
        .filter_map(|time| {
            let (minutes, seconds) = time.trim_end_matches('s').split_once('m')?;
            Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
        })
        .sum();
    let each = seconds * 1000.0 / f64::from(RUNS);
    println!("whole process, plan --model saiga-13b: {each:.2} ms of CPU time (bound: 10 ms)");
    assert!(each <= 10.0, "beyond the bound");
}

criterion_group!(benches, in_process);

fn main() {
    whole_process();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
