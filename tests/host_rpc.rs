//! Plans over several hosts against a real llama-server with real workers (tests/lab/build-rpc), all on this machine:
//! each device's buffers are as the ledger says, and as many bytes cross per token as planned.
//!
//! The files are real headers with a hole for the weights, with fewer layers than the model has. Changes nothing on the
//! machine.

use agi_provision::engine::llama_cpp::log::parse_log;
use agi_provision::engine::reported::Holder;
use agi_provision::hardware::profiles;
use agi_provision::model::dimensions::Dimensions;
use agi_provision::model::gguf::Header;
use agi_provision::model::registry;
use agi_provision::model::{Shape, weights_of};
use agi_provision::plan::document::Verdict;
use agi_provision::plan::hosts::{self, HostsPlan, Link, Machine, Role};
use agi_provision::plan::request::{Fixed, ModelChoice, Request, Variant};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[allow(dead_code, reason = "other tests read the shapes")]
mod shapes {
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("oracle/shapes.rs");
}

/// A loaded machine takes seconds for what is done in one.
const COMES_UP: Duration = Duration::from_secs(180);

/// The folder with llama-server and ggml-rpc-server of the pinned build, which the lab keeps.
fn programs() -> PathBuf {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-rpc");
    let output = Command::new(tool).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "tests/lab/build-rpc failed");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("bin")
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Passes connections on to a worker, and counts their bytes.
struct Relay {
    port: u16,
    bytes: Arc<AtomicU64>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn relay(to: u16) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bytes = Arc::new(AtomicU64::new(0));
    let counted = bytes.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(worker) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let both = [(client.try_clone(), worker.try_clone()), (worker.try_clone(), client.try_clone())];
            for (from, to) in both {
                let (from, to, counted) = (from.unwrap(), to.unwrap(), counted.clone());
                std::thread::spawn(move || pass(from, to, &counted));
            }
        }
    });
    Relay { port, bytes }
}

fn pass(mut from: TcpStream, mut to: TcpStream, counted: &AtomicU64) {
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
        counted.fetch_add(read as u64, Ordering::Relaxed);
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// A worker that listens, and a relay before it.
fn worker(bin: &Path, arguments: &[String]) -> (Running, Relay) {
    let port = free_port();
    let at = arguments.iter().position(|argument| argument == "--port").unwrap();
    let mut arguments = arguments.to_vec();
    arguments[at + 1] = port.to_string();
    let child = Command::new(bin.join("ggml-rpc-server")).args(&arguments).stdout(Stdio::null()).spawn();
    let running = Running(child.unwrap());
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < COMES_UP, "the worker does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    (running, relay(port))
}

/// The registry's model with six layers, and a plan for it over three equal hosts.
fn planned(folder: &Path, id: &str, fixed: Fixed) -> (PathBuf, HostsPlan) {
    let known = registry::find(id).unwrap();
    let dimensions = Dimensions { n_layer: 6, ..known.dimensions.clone() };
    let (head, size) = shapes::of_registry(&dimensions, "Q8_0").unwrap();
    let file = folder.join(format!("{id}.gguf"));
    let mut out = File::create(&file).unwrap();
    out.write_all(&head).unwrap();
    out.set_len(size).unwrap();
    let header = Header::open(&file).unwrap();
    let shape = Shape::from_header(&header).unwrap();
    let weights = weights_of(&header, shape.layers.len());
    let variants = vec![Variant { weights, files: Vec::new(), size_bytes: size }];
    let request = Request {
        model: ModelChoice {
            id: id.parse().unwrap(),
            shape,
            chat_template: None,
            variants,
            checkpoint: None,
        },
        fixed: Fixed { quant: true, ..fixed },
        ..Request::of_registry(id, None).unwrap()
    };
    let host =
        |name: &str| Machine { name: name.to_string(), profile: profiles::find("cpu-vps-32gb").unwrap() };
    let link = "0.5,1000".parse::<Link>().unwrap();
    let plan = hosts::plan(&request, &[host("a"), host("b"), host("c")], link).unwrap();
    (file, plan)
}

/// Starts the head as planned; its log and port once it is healthy.
fn head(
    folder: &Path,
    bin: &Path,
    file: &Path,
    plan: &HostsPlan,
    relays: &[&Relay],
) -> (Running, PathBuf, u16) {
    let port = free_port();
    let mut arguments = plan.head_arguments.clone();
    let endpoints: Vec<String> = relays.iter().map(|relay| format!("127.0.0.1:{}", relay.port)).collect();
    let at = arguments.iter().position(|argument| argument == "--rpc").unwrap();
    assert_eq!(arguments[at + 1].split(',').count(), endpoints.len());
    arguments[at + 1] = endpoints.join(",");
    let w = &plan.workload;
    let log = folder.join("head.log");
    let out = File::create(&log).unwrap();
    let child = Command::new(bin.join("llama-server"))
        .arg("--model")
        .arg(file)
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--ctx-size", &w.n_ctx.to_string(), "--parallel", &w.slots.to_string()])
        .args(["--flash-attn", if w.flash_attn { "on" } else { "off" }])
        .args(["--cache-type-k", &w.kv_type_k, "--cache-type-v", &w.kv_type_v])
        .args(["--batch-size", &w.batch.to_string(), "--ubatch-size", &w.ubatch.to_string()])
        // Read, not mapped: a mapped range covers what lies between the head's tensors in the file too.
        .args(["--load-mode", "none", "--no-repack"])
        .args(["--fit", "off", "--no-warmup", "--cache-ram", "0", "--threads", "1"])
        .args(&arguments)
        .env("LLAMA_ARG_LOG_VERBOSITY", "4")
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .spawn();
    let mut running = Running(child.unwrap());
    let start = Instant::now();
    loop {
        let health = client().get(format!("http://127.0.0.1:{port}/health")).send();
        if health.is_ok_and(|answer| answer.status().is_success()) {
            return (running, log, port);
        }
        let ended = running.0.try_wait().unwrap();
        let text = || fs::read_to_string(&log).unwrap();
        assert!(ended.is_none() && start.elapsed() < COMES_UP, "no head ({ended:?}): {}", text());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn client() -> reqwest::blocking::Client {
    reqwest::blocking::Client::builder().no_proxy().timeout(None).build().unwrap()
}

fn ask(port: u16, tokens: u64) {
    let body = format!(
        r#"{{"prompt": "a", "n_predict": {tokens}, "ignore_eos": true, "cache_prompt": false, "temperature": 0}}"#
    );
    let answer = client().post(format!("http://127.0.0.1:{port}/completion")).body(body).send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

#[test]
fn every_device_takes_what_is_planned_and_as_many_bytes_cross_per_token() {
    let bin = programs();
    let fixed = Fixed { n_ctx: Some(512), slots: Some(1), flash_attn: Some(true), ..Fixed::default() };
    let id = "tinyllama-1.1b";
    let folder = tempfile::tempdir().unwrap();
    let (file, plan) = planned(folder.path(), id, fixed);
    assert_ne!(plan.verdict, Verdict::Impossible, "{:?}", plan.reasons);
    let roles: Vec<Role> = plan.hosts.iter().map(|host| host.role).collect();
    assert_eq!(roles, [Role::Head, Role::Worker, Role::Worker]);
    assert_eq!(plan.hosts.iter().map(|host| host.layers).sum::<u64>(), 6);
    let workers: Vec<(Running, Relay)> =
        plan.hosts[1..].iter().map(|host| worker(&bin, &host.worker_arguments)).collect();
    let relays: Vec<&Relay> = workers.iter().map(|(_, relay)| relay).collect();
    let (_head, log, port) = head(folder.path(), &bin, &file, &plan, &relays);

    let reported = parse_log(fs::read_to_string(&log).unwrap().lines());
    let of = |buffers: &BTreeMap<String, u64>, holder: Holder| -> u64 {
        let own = buffers.iter().filter(|(name, _)| reported.holder(name) == holder);
        own.map(|(_, bytes)| bytes).sum()
    };
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    for ledger in plan.hosts.iter().flat_map(|host| &host.memory) {
        let holder = match ledger.device.strip_prefix("rpc") {
            Some(number) => Holder::Remote(number.parse().unwrap()),
            None => Holder::Host,
        };
        let model = of(&reported.model, holder);
        let (kv, compute) = (of(&reported.kv, holder), of(&reported.compute, holder));
        println!(
            "| {id} | {} | {:.2} / {:.2} | {:.2} / {:.2} | {:.2} / {:.2} |",
            ledger.device,
            mib(ledger.weights_bytes),
            mib(model),
            mib(ledger.kv_bytes),
            mib(kv),
            mib(ledger.compute_bytes),
            mib(compute),
        );
        // Logged numbers are hundredths of a MiB.
        assert!(ledger.kv_bytes.abs_diff(kv) <= 16 << 10, "{id}: {ledger:?}");
        let off = model.abs_diff(ledger.weights_bytes);
        assert!(off <= 16 << 10, "{id}: {model} of {ledger:?}");
        assert!(compute <= ledger.compute_bytes + (16 << 10), "{id}: {compute} of {ledger:?}");
        assert!(ledger.compute_bytes <= compute + (8 << 20), "{id}: {compute} of {ledger:?}");
    }

    // Another answer of the same length takes the same beside its tokens, which differ by a hundred.
    let crossed = |tokens: u64| {
        let before: u64 = relays.iter().map(|relay| relay.bytes.load(Ordering::Relaxed)).sum();
        ask(port, tokens);
        relays.iter().map(|relay| relay.bytes.load(Ordering::Relaxed)).sum::<u64>() - before
    };
    ask(port, 20);
    let (short, long) = (crossed(20), crossed(120));
    let per_token = (long - short) as f64 / 100.0;
    let planned = plan.network.token.bytes as f64;
    println!("| {id} | bytes a token | {planned} / {per_token} |");
    assert!((per_token / planned - 1.0).abs() < 0.02, "{id}: {per_token} bytes a token, {planned} planned");
}
