//! Planning: the function itself, a header from disk, and the whole process as a user starts it.
//!
//!     cargo bench --bench plan
//!
//! The whole process is bound by 10 ms of CPU time, 20 ms without a model and 100 ms with 100,000 offers; the header of
//! LLaMA 65B by 5 ms.

use agi_provision::hardware::link::Link;
use agi_provision::hardware::offers::{Currency, Dated, Gpus, HostKind, Machine, Offer, file};
use agi_provision::model::gguf::Header;
use agi_provision::model::gguf_write::{Field, Tensor, header};
use agi_provision::model::{Shape, weights_of};
use agi_provision::model::{Weights, registry};
use agi_provision::plan::{Request, plan};
use criterion::{Criterion, criterion_group};
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn in_process(criterion: &mut Criterion) {
    for id in ["tinyllama-1.1b", "saiga-13b", "llama-65b"] {
        let request = Request::of_registry(id, None).expect("a registry model");
        criterion.bench_function(&format!("plan {id}"), |bencher| bencher.iter(|| plan(black_box(&request))));
    }
}

/// LLaMA 65B's header as it is published, with its 32,000 tokens, their scores and kinds, and a hole
/// where the weights would be.
fn write_65b(path: &Path) {
    let model = registry::find("llama-65b").expect("a registry model");
    let d = &model.dimensions;
    let number = |key: &str, n: u64| (format!("llama.{key}"), Field::U32(n as u32));
    let n = d.n_vocab as usize;
    let fields = [
        ("general.architecture".to_string(), Field::Text("llama")),
        number("block_count", d.n_layer),
        number("embedding_length", d.n_embd),
        number("feed_forward_length", d.n_ff),
        number("attention.head_count", d.n_head),
        number("attention.head_count_kv", d.n_head_kv),
        number("context_length", d.n_ctx_train),
        ("tokenizer.ggml.model".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts((0..n).map(|n| format!("▁token{n}")).collect())),
        ("tokenizer.ggml.scores".to_string(), Field::Floats((0..n).map(|n| -(n as f32)).collect())),
        ("tokenizer.ggml.token_type".to_string(), Field::Ints(vec![1; n])),
    ];
    let tensors = d.tensors("Q4_K_M").expect("a known quantisation");
    let tensors: Vec<Tensor> =
        tensors.into_iter().map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind }).collect();
    std::fs::write(path, header(&fields, &tensors)).expect("a header");
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("the file");
    file.set_len(60 << 30).expect("a hole");
}

fn read_65b(path: &Path) -> (Shape, Weights) {
    let header = Header::open(path).expect("a sound header");
    let shape = Shape::from_header(&header).expect("a known shape");
    let weights = weights_of(&header, shape.layers.len());
    (shape, weights)
}

/// From opening the file to shape and weights; the median of 100.
fn header_from_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("llama-65b.gguf");
    write_65b(&path);
    assert_eq!(read_65b(&path).1.total_bytes, 39_347_273_728);
    let mut times: Vec<f64> = (0..100)
        .map(|_| {
            let began = Instant::now();
            black_box(read_65b(&path));
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("header of llama-65b from disk: {:.2} ms (bound: 5 ms)", times[50]);
    assert!(times[50] <= 5.0, "beyond the bound");
}

/// Returns as many offers as every cloud's catalogue has together: several clouds, machines without cards and with
/// one to eight, prices all different.
fn many_offers() -> Vec<Offer> {
    const CARDS: [(&str, u64); 6] = [
        ("NVIDIA GeForce RTX 3090", 24576),
        ("NVIDIA GeForce RTX 4090", 24564),
        ("NVIDIA A100-SXM4-80GB", 81920),
        ("NVIDIA H100 80GB HBM3", 81559),
        ("NVIDIA L40S", 46068),
        ("NVIDIA GeForce RTX 4060", 8188),
    ];
    const CLOUDS: [&str; 8] = ["aws", "azure", "gcp", "lambda", "oci", "runpod", "vast", "verda"];
    let offer = |at: u64| {
        let size = 1 << (at % 8);
        let card = CARDS[(at / 8 % 6) as usize];
        let gpus = at.is_multiple_of(3).then(|| Gpus {
            count: 1 << (at % 4),
            name: card.0.to_string(),
            vram_mib: card.1,
            link: at.is_multiple_of(2).then_some(Link::Nvlink),
        });
        Offer {
            provider: CLOUDS[(at / 12_500) as usize].to_string(),
            instance: format!("m{}d.{}xlarge-{at}", at % 9, size),
            region: Some(format!("eu-central-{}", at % 40)),
            per_hour: 0.05 * size as f64 + at as f64 / 1e6 + if gpus.is_some() { 1.0 } else { 0.0 },
            currency: if at.is_multiple_of(10) { Currency::Eur } else { Currency::Usd },
            per_month_cap: at.is_multiple_of(10).then_some(25.0 * size as f64),
            host: if at.is_multiple_of(4) { HostKind::Container } else { HostKind::Vm },
            machine: Machine {
                vcpu: Some(4.0 * size as f64),
                ram_gib: Some(16.0 * size as f64),
                disk_gb: None,
                gpus,
                ..Machine::default()
            },
            source: "SkyPilot catalog v8".to_string(),
            as_of: "2026-11-24".to_string(),
            dated: Dated::Seen,
        }
    };
    (0..100_000).map(offer).collect()
}

/// Name of the copy that is started.
const PROGRAM: &str = "agi-provision-installed";

/// Copies the executable to `program`, as installing it does. The linker writes it in small pieces, and so it lies in the
/// page cache: from there a start takes up to 2 ms more.
fn install(program: &Path) {
    std::fs::copy(env!("CARGO_BIN_EXE_agi-provision"), program).expect("a copy");
}

/// Whether one whole `plan` of these flags with the data folder `data`, where the executable is too, stays within `bound`
/// milliseconds of user and system time.
fn whole_process(flags: &str, what: &str, data: &Path, bound: f64) -> bool {
    const RUNS: u32 = 100;
    let program = data.join(PROGRAM);
    let before = children();
    for _ in 0..RUNS {
        let mut plan = Command::new(&program);
        plan.arg("plan").args(flags.split(' ')).args(["--format", "json"]).env("XDG_DATA_HOME", data);
        assert!(plan.stdout(Stdio::null()).status().expect("the program").success(), "plan {flags}");
    }
    let each = (children() - before) * 1000.0 / f64::from(RUNS);
    println!("whole process, plan {flags}, {what}: {each:.2} ms of CPU time (bound: {bound} ms)");
    each <= bound
}

/// Seconds of user and system time of all children that have ended.
fn children() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the kernel fills the structure that it is given, and says whether it did.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Measures every process before it fails for one beyond its bound.
fn whole_processes() {
    let data = tempfile::tempdir().expect("a folder");
    install(&data.path().join(PROGRAM));
    let mut held = true;
    for model in ["saiga-13b", "llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.2", "kimi-k2-0905"] {
        held &= whole_process(&format!("--model {model}"), "offers compiled in", data.path(), 10.0);
    }
    for flags in [
        "--budget 50/month",
        "--budget 1000/month --for russian",
        "--budget 3000/month --for code",
        "--budget 5000/month",
        "--profile gpu-24gb --for code",
    ] {
        held &= whole_process(flags, "offers compiled in", data.path(), 20.0);
    }
    let folder = data.path().join("agi-provision");
    std::fs::create_dir(&folder).expect("a folder");
    let file = file::write(&many_offers());
    std::fs::write(folder.join("offers.csv"), &file).expect("a file");
    println!("100,000 offers: {} bytes", file.len());
    held &= whole_process("--model saiga-13b", "100,000 offers", data.path(), 100.0);
    assert!(held, "beyond a bound");
}

criterion_group!(benches, in_process);

fn main() {
    header_from_disk();
    whole_processes();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
