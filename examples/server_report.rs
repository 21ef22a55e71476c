//! Plans for GGUF files, starts a real llama-server as planned, and prints the server's own report of
//! its memory next to the ledger, and its speed next to the interval: one Markdown row a file.
//!
//!     cargo run --example server_report -- [--sizes] [--tensor] LLAMA_SERVER MACHINE FILE.gguf…
//!
//! MACHINE is a profile, or a file of facts as `probe --format json` writes it. With `--sizes` no token is computed: on
//! a busy machine speeds say nothing. With `--tensor` every card has a part of each matrix.
//!
//! tests/oracle/server-report makes the files and runs it. It changes nothing and needs no root.

use agi_provision::agent::servers::proof::{self, Device, Part};
use agi_provision::engine::llama_cpp::log::parse_log;
use agi_provision::plan::Plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PORT: u16 = 18_411;
/// Reading a file of many gigabytes for the first time takes minutes.
const LOADING: Duration = Duration::from_secs(600);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let given = args.first().is_some_and(|arg| arg == name);
        args.drain(..usize::from(given));
        given
    };
    let (sizes, tensor) = (flag("--sizes"), flag("--tensor"));
    let [server, machine, files @ ..] = args.as_slice() else {
        return Err("usage: server_report [--sizes] [--tensor] LLAMA_SERVER MACHINE FILE.gguf…".into());
    };
    println!(
        "| model | device | weights | KV | compute | output | ledger − server | decode tokens/s | planned |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    for file in files {
        let plan = plan(file, machine, tensor)?;
        let log = tempfile::NamedTempFile::new()?;
        let mut child = start(server, &plan, file, sizes, log.reopen()?)?;
        let speed = || if sizes { Ok(None) } else { decode(&plan).map(Some) };
        let result = ready(&mut child).and_then(|()| Ok((report(&plan, log.path())?, speed()?)));
        let _ = child.kill();
        child.wait()?;
        let (proof, speed) = result.map_err(|error| {
            format!("{file}: {error}\n{}", std::fs::read_to_string(log.path()).unwrap_or_default())
        })?;
        for device in &proof.devices {
            row(&plan, device, speed);
        }
        if let Some(why) = proof.fallback() {
            println!("\n{file}: {why}\n");
        }
    }
    Ok(())
}

fn plan(file: &str, machine: &str, tensor: bool) -> Result<Plan> {
    // The example lies beside the program: target/…/examples/server_report.
    let tool = std::env::current_exe()?.with_file_name("../agi-provision");
    let known_by = if Path::new(machine).is_file() { "--facts" } else { "--profile" };
    let args = ["plan", "--model", file, known_by, machine, "--ctx", "4096", "--slots", "2"];
    let split: &[&str] = if tensor { &["--split-mode", "tensor"] } else { &[] };
    let output = Command::new(tool).args(args).args(split).args(["--format", "json"]).output()?;
    Ok(Plan::from_json(&String::from_utf8(output.stdout)?)?)
}

/// Starts the server as the plan says, but for the paths and the key of a host.
fn start(server: &str, plan: &Plan, file: &str, sizes: bool, log: File) -> Result<Child> {
    let mut args = plan.llama_server.args.to_argv();
    set(&mut args, "--model", file);
    set(&mut args, "--port", &PORT.to_string());
    set(&mut args, "--api-key-file", "/dev/null");
    if let Some(at) = args.iter().position(|arg| arg == "--api-key-file" || arg == "--chat-template-file") {
        args.drain(at..at + 2);
    }
    if sizes {
        args.push("--no-warmup".to_string());
    }
    let child = Command::new(server)
        .args(&args)
        .env("LLAMA_ARG_LOG_VERBOSITY", "4")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(child)
}

fn set(args: &mut [String], name: &str, value: &str) {
    if let Some(at) = args.iter().position(|arg| arg == name) {
        args[at + 1] = value.to_string();
    }
}

fn ready(child: &mut Child) -> Result<()> {
    let client = reqwest::blocking::Client::builder().no_proxy().build()?;
    let start = Instant::now();
    loop {
        let health = client.get(format!("http://127.0.0.1:{PORT}/health")).send();
        if health.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if child.try_wait()?.is_some() || start.elapsed() > LOADING {
            return Err("the server did not come up".into());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn report(plan: &Plan, log: &std::path::Path) -> Result<proof::Proof> {
    let text = std::fs::read_to_string(log)?;
    Ok(proof::compare(plan, &parse_log(text.lines()), &BTreeMap::new()))
}

/// tokens/s of the better of two answers; the first one still reads the file.
fn decode(plan: &Plan) -> Result<f64> {
    let client = reqwest::blocking::Client::builder().no_proxy().timeout(LOADING).build()?;
    let count = (plan.speed.decode_tok_s.low * 10.0).clamp(4.0, 32.0) as u64;
    let body =
        json!({"prompt": [1, 300, 301, 302], "n_predict": count, "ignore_eos": true, "cache_prompt": false});
    let mut best: f64 = 0.0;
    for _ in 0..2 {
        let answer = client.post(format!("http://127.0.0.1:{PORT}/completion")).json(&body).send()?;
        let value: Value = answer.json()?;
        best = best.max(value["timings"]["predicted_per_second"].as_f64().unwrap_or(0.0));
    }
    Ok(best)
}

fn row(plan: &Plan, device: &Device, speed: Option<f64>) {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let cell = |part: Part| format!("{:.2} / {:.2}", mib(part.planned), mib(part.reported));
    let parts = [device.weights, device.kv, device.compute, device.output];
    let planned: u64 = parts.iter().map(|part| part.planned).sum();
    let reported: u64 = parts.iter().map(|part| part.reported).sum();
    let interval = plan.speed.decode_tok_s;
    println!(
        "| {} | {} | {} | {} | {} | {} | {:+.2} MiB | {} | {:.1}–{:.1} |",
        plan.model.id,
        device.device,
        cell(device.weights),
        cell(device.kv),
        cell(device.compute),
        cell(device.output),
        mib(planned) - mib(reported),
        speed.map_or("-".to_string(), |speed| format!("{speed:.2}")),
        interval.low,
        interval.high,
    );
}
