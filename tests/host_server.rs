//! Plans handed to the real llama-server of the pinned build: it takes every argument, comes up, and
//! its own report of its memory is what the ledger says: never more, and at most 1 % or 8 MiB less.
//!
//! The files are real headers with a hole for the weights, with 2 layers where the model has more: a
//! server maps and reserves as it does for the real one, only faster. Changes nothing on the machine.

use agi_provision::agent::servers::proof;
use agi_provision::engine::llama_cpp::build;
use agi_provision::engine::llama_cpp::log::parse_log;
use agi_provision::engine::split::SplitMode;
use agi_provision::hardware::{offers, profiles};
use agi_provision::model::dimensions::Dimensions;
use agi_provision::model::gguf::Header;
use agi_provision::model::registry;
use agi_provision::model::template::{self, ChatTemplate};
use agi_provision::model::{Shape, weights_of};
use agi_provision::plan::levels::Scale;
use agi_provision::plan::request::{Fixed, ModelChoice, Request, Variant};
use agi_provision::plan::{self, Plan};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[path = "oracle/page_table.rs"]
mod page_table;

mod shapes {
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("oracle/shapes.rs");
}

/// A loaded machine takes seconds for what is done in one.
const COMES_UP: Duration = Duration::from_secs(120);

/// llama-server of the pinned build, which the lab keeps.
fn server() -> PathBuf {
    static SERVER: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-llama");
        let output = Command::new(tool).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "tests/lab/build-llama failed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("bin/llama-server")
    };
    SERVER.get_or_init(build).clone()
}

struct Model {
    file: PathBuf,
    choice: ModelChoice,
}

fn model(folder: &Path, name: &str, head: &[u8], size: u64, template: Option<ChatTemplate>) -> Model {
    let file = folder.join(format!("{name}.gguf"));
    let mut out = File::create(&file).unwrap();
    out.write_all(head).unwrap();
    out.set_len(size).unwrap();
    let header = Header::open(&file).unwrap();
    let shape = Shape::from_header(&header).unwrap();
    let weights = weights_of(&header, shape.layers.len());
    let variants = vec![Variant { weights, files: Vec::new(), size_bytes: size }];
    Model {
        file,
        choice: ModelChoice {
            id: name.parse().unwrap(),
            shape,
            chat_template: template,
            variants,
            checkpoint: None,
        },
    }
}

/// The registry's model with two layers, so that any of them starts in a moment.
fn of_registry(folder: &Path, id: &str, quant: &str) -> Model {
    let known = registry::find(id).unwrap();
    let dimensions = Dimensions { n_layer: 2, ..known.dimensions.clone() };
    let (head, size) = shapes::of_registry(&dimensions, quant).unwrap();
    model(folder, id, &head, size, Some(template::of_registry(&known)))
}

fn planned(model: &Model, profile: &str, fixed: Fixed) -> Plan {
    let request = Request {
        model: model.choice.clone(),
        profiles: profiles::all(),
        profile: Some(profile.to_string()),
        offers: offers::all(),
        containers: false,
        rates: offers::Rates::default(),
        prefer: None,
        budget: None,
        rag: None,
        fixed: Fixed { quant: true, ..fixed },
        build: build::find(build::DEFAULT).unwrap(),
    };
    plan::plan(&request).unwrap()
}

struct Server {
    child: Child,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the server as the plan says, but for paths and port, and gives its log once it is healthy.
fn report(folder: &Path, model: &Model, plan: &Plan) -> String {
    let (server, _) = start(folder, model, plan, &[]);
    fs::read_to_string(&server.log).unwrap()
}

/// The same, with some arguments set otherwise: the server and its port.
fn start(folder: &Path, model: &Model, plan: &Plan, otherwise: &[(&str, &str)]) -> (Server, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let key = folder.join("key");
    fs::write(&key, "test\n").unwrap();
    let mut args = plan.llama_server.args.to_argv();
    let mut set = |name: &str, value: &str| {
        let at = args.iter().position(|arg| arg == name).unwrap_or_else(|| panic!("no {name}"));
        args[at + 1] = value.to_string();
    };
    set("--model", model.file.to_str().unwrap());
    set("--port", &port.to_string());
    set("--api-key-file", key.to_str().unwrap());
    otherwise.iter().for_each(|(name, value)| set(name, value));
    if let Some(template) = &plan.model.chat_template {
        let file = folder.join("template.jinja");
        fs::write(&file, template).unwrap();
        set("--chat-template-file", file.to_str().unwrap());
    }
    let log = folder.join("server.log");
    let out = File::create(&log).unwrap();
    let child = Command::new(server())
        .args(&args)
        // The only argument that is not the plan's: zeros are no model to warm up.
        .arg("--no-warmup")
        .env("LLAMA_ARG_LOG_VERBOSITY", "4")
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .spawn()
        .unwrap();
    let mut server = Server { child, log };
    let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
    let start = Instant::now();
    loop {
        let health = client.get(format!("http://127.0.0.1:{port}/health")).send();
        if health.is_ok_and(|answer| answer.status().is_success()) {
            return (server, port);
        }
        let ended = server.child.try_wait().unwrap();
        assert!(
            ended.is_none() && start.elapsed() < COMES_UP,
            "llama-server did not come up ({ended:?}) with {args:?}\n{}",
            fs::read_to_string(&server.log).unwrap()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Holds the ledger of a CPU plan to the server's report, and returns the row of docs/measured.md.
fn holds(name: &str, plan: &Plan, log: &str) -> String {
    let proof = proof::compare(plan, &parse_log(log.lines()), &BTreeMap::new());
    let device = &proof.devices[0];
    let parts = [device.weights, device.kv, device.compute, device.output];
    let sum = |of: fn(&proof::Part) -> u64| parts.iter().map(of).sum::<u64>();
    let (planned, reported) = (sum(|part| part.planned), sum(|part| part.reported));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let row = format!(
        "| {name} | {} | {:.2} / {:.2} | {:+.2} |",
        parts.map(|part| format!("{:.2} / {:.2}", mib(part.planned), mib(part.reported))).join(" | "),
        mib(planned),
        mib(reported),
        mib(planned) - mib(reported),
    );
    // Logged numbers are hundredths of a MiB.
    assert!(planned + (64 << 10) >= reported, "{name}: the server took more than planned: {device:#?}");
    let allowed = (8u64 << 20).max(reported / 100);
    assert!(planned <= reported + allowed, "{name}: the plan is too far above the server: {device:#?}");
    assert!(device.kv.planned.abs_diff(device.kv.reported) <= 8 << 10, "{name}: {:?}", device.kv);
    row
}

/// Columns of a table of these rows, MiB.
const COLUMNS: &str = "model | weights | KV | compute | output | sum | ledger − server";

#[test]
fn each_of_the_eight_models_plans_is_taken_and_its_memory_is_as_planned() {
    let row = |id: &String| {
        let folder = tempfile::tempdir().unwrap();
        let model = of_registry(folder.path(), id, "Q8_0");
        let plan = planned(&model, "cpu-vps-64gb", Fixed::default());
        holds(id, &plan, &report(folder.path(), &model, &plan))
    };
    let rows: Vec<String> = Scale::embedded().models.iter().map(row).collect();
    page_table::hold("measured.md", "the server, eight models", COLUMNS, &rows);
}

#[test]
fn plans_with_other_caches_batches_and_shapes_are_taken_as_well() {
    let other = |n_ctx, slots, kv: &str, flash_attn, kv_unified| Fixed {
        n_ctx: Some(n_ctx),
        slots: Some(slots),
        kv_type: Some(kv.to_string()),
        flash_attn: Some(flash_attn),
        kv_unified,
        batch: Some(1024),
        ubatch: Some(256),
        ..Fixed::default()
    };
    let cases = [
        ("qwen2.5-0.5b", "q8_0, 4 slots", other(8192, 4, "q8_0", true, false)),
        ("qwen2.5-0.5b", "one cache for 4 slots", other(8192, 4, "f16", true, true)),
        ("llama-3.2-1b", "no flash attention", other(16384, 3, "f16", false, false)),
        ("gemma-2b", "bf16", other(4096, 1, "bf16", true, false)),
        ("qwen2.5-0.5b", "as planned", Fixed::default()),
    ];
    let row = |(name, otherwise, fixed): (&str, &str, Fixed)| {
        let folder = tempfile::tempdir().unwrap();
        let reference = shapes::ALL.iter().find(|reference| reference.name == name).unwrap();
        let (head, size) = shapes::file(&shapes::Reference { layers: 3, ..*reference });
        let model = model(folder.path(), name, &head, size, None);
        let plan = planned(&model, "cpu-vps-64gb", fixed);
        holds(&format!("{name}, {otherwise}"), &plan, &report(folder.path(), &model, &plan))
    };
    page_table::hold("measured.md", "the server, other caches", COLUMNS, &cases.map(row));
}

/// A build for the CPU parses what it cannot obey, and says so; a wrong flag ends it.
#[test]
fn the_arguments_of_plans_for_gpus_are_taken() {
    let tensor = Fixed { split_mode: Some(SplitMode::Tensor), ..Fixed::default() };
    let experts = Fixed { n_cpu_moe: Some(2), ..Fixed::default() };
    for (profile, name, fixed) in [
        ("gpu-24gb", "llama-65b", Fixed::default()),
        ("2x3090-nvlink", "llama-65b", Fixed::default()),
        ("gpu-24gb", "olmoe-1b-7b", experts),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let model = match shapes::ALL.iter().find(|reference| reference.name == name) {
            None => of_registry(folder.path(), name, "Q8_0"),
            Some(reference) => {
                let (head, size) = shapes::file(&shapes::Reference { layers: 2, ..*reference });
                model(folder.path(), name, &head, size, None)
            }
        };
        let plan = planned(&model, profile, fixed);
        assert!(plan.llama_server.args.to_argv().iter().any(|arg| arg == "--n-gpu-layers"));
        report(folder.path(), &model, &plan);
    }
    // Without a card this one cannot load, but its arguments are read.
    let folder = tempfile::tempdir().unwrap();
    let model = of_registry(folder.path(), "llama-7b", "Q8_0");
    let plan = planned(&model, "2xa100-nvlink", tensor);
    let args = plan.llama_server.args.to_argv();
    let at = args.iter().position(|arg| arg == "--split-mode").unwrap();
    assert_eq!(args[at + 1], "tensor");
    let output = Command::new(server()).args(&args[at..at + 4]).arg("--version").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Half requests keep threads of the server; the bound is the plan's, shortened here.
#[test]
fn half_requests_are_cut_and_slow_answers_are_not() {
    use std::io::Read;
    let folder = tempfile::tempdir().unwrap();
    let model = of_registry(folder.path(), "tinyllama-1.1b", "Q8_0");
    let plan = planned(&model, "cpu-vps-64gb", Fixed::default());
    let args = plan.llama_server.args.to_argv();
    let at = args.iter().position(|arg| arg == "--timeout").expect("the plan bounds half requests");
    assert!(args[at + 1].parse::<u64>().unwrap() <= 60, "{args:?}");
    let (_server, port) = start(folder.path(), &model, &plan, &[("--timeout", "2")]);
    let mut held: Vec<std::net::TcpStream> = (0..40)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(b"GET /health HTTP/1.1\r\nX: ").unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream
        })
        .collect();
    // A stream that is longer than the bound, and whose client is slow to read, is whole.
    let client = reqwest::blocking::Client::builder().no_proxy().timeout(None).build().unwrap();
    let body = r#"{"prompt": "a", "n_predict": 400, "stream": true, "ignore_eos": true}"#;
    let ask = client.post(format!("http://127.0.0.1:{port}/completion")).bearer_auth("test").body(body);
    let mut answer = ask.send().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let mut text = String::new();
    answer.read_to_string(&mut text).unwrap();
    assert!(text.matches("data: ").count() >= 400, "{}", text.len());
    for stream in &mut held {
        let mut said = Vec::new();
        // The end, or a reset; not the test's own bound.
        match stream.read_to_end(&mut said) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
}
