//! Whole applies on a host with graphics cards that are Mesa's software device: llama.cpp's Vulkan backend really
//! offloads, allocates and computes there, and says so. The stub nvidia-smi plays the driver. Needs root, and
//! `tests/lab/install` first.

#[path = "lab/mod.rs"]
mod lab;
#[path = "oracle/on_cards.rs"]
mod on_cards;

use std::time::Duration;

use agi_provision::engine::llama_cpp::build;
use lab::gpu::{self, GpuHost};
use lab::journey::{Answer, Client, PORT, assert_serves, chat, text};
use lab::{Host, llama_archive, wait_for};
use serde_json::Value;

/// A first start compiles shaders: one to two minutes where the machine has nothing else to do.
const PATIENCE: &str = "1800";

struct Journey {
    gpu: GpuHost,
    client: Client,
    archive: String,
}

impl Journey {
    fn apply(&self, more: &[&str]) -> Answer {
        let mut args = vec!["--start-timeout", PATIENCE];
        if !more.contains(&"--runtime-archive") {
            args.extend(["--runtime-archive", &self.archive]);
        }
        args.extend(more);
        self.client.apply(&self.gpu.host, "root", &args)
    }

    /// The receipt's proof: layers on cards, and the part of each device.
    fn proof(&self, answer: &Answer) -> Value {
        let log = || self.gpu.host.exec("journalctl --no-pager -n 80 -u agi-provision-llama").stdout;
        assert_eq!(answer.exit, 0, "{answer:?}\n{}", log());
        let receipt = self.gpu.host.exec("cat /var/lib/agi-provision/receipt.json").ok();
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        let warnings = receipt["warnings"].to_string();
        assert!(
            !warnings.contains("more than the ledger") && !warnings.contains("does not use"),
            "{warnings}"
        );
        let proof = receipt["measured"]["proof"].clone();
        assert_eq!(proof["offloaded_reported"], proof["offloaded_planned"], "{proof}");
        proof
    }
}

/// Bytes of weights that the server reports on every card of a proof.
fn on_cards(proof: &Value) -> Vec<u64> {
    let devices = proof["devices"].as_array().unwrap();
    devices[1..].iter().map(|device| device["weights"]["reported"].as_u64().unwrap()).collect()
}

#[test]
fn one_card_and_two_serve_and_none_is_taken_back() {
    let journey =
        Journey { gpu: GpuHost::boot(), client: Client::new(), archive: text(&gpu::archive()).to_owned() };
    let (gpu, host) = (&journey.gpu, &journey.gpu.host);

    // One card: its plan comes true, also after a restart of the server and of the host.
    gpu.has("single", 1);
    let proof = journey.proof(&journey.apply(&["--profile", "gpu-24gb"]));
    assert_eq!(proof["offloaded_planned"], 3, "{proof}");
    assert!(on_cards(&proof).iter().all(|bytes| *bytes > 0), "{proof}");
    assert_serves(host);
    host.exec("systemctl restart agi-provision-llama").ok();
    serves_again(&journey);
    host.reboot();
    serves_again(&journey);

    // Two cards, a part of every matrix on each: one device to the server, and a share of each card.
    gpu.has("dual-nvlink", 2);
    let tensor = ["--profile", "2x3090-nvlink", "--split-mode", "tensor"];
    let proof = journey.proof(&journey.apply(&tensor));
    let shares = on_cards(&proof);
    assert!(shares.len() == 2 && shares[0] > 0 && shares[0] == shares[1], "{proof}");
    let log = host.exec("journalctl --no-pager -u agi-provision-llama").stdout;
    assert!(log.contains("Meta() model buffer size"), "{log}");
    assert_serves(host);

    // Two cards, a layer on each.
    let layer = ["--profile", "2x3090-nvlink", "--split-mode", "layer"];
    let proof = journey.proof(&journey.apply(&layer));
    assert!(on_cards(&proof).len() == 2 && on_cards(&proof).iter().all(|bytes| *bytes > 0), "{proof}");
    println!("the gate with two cards took {} ms", quickest_gate(host));

    // A build without the backend, and Vulkan without a card that the driver knows: the layers would be on the CPU, and
    // what served before serves again.
    let (archive, shorter) = (llama_archive(), [&layer[..], &["--ctx", "2048"]].concat());
    let taken_back = |more: &[&str]| {
        let answer = journey.apply(&[&shorter[..], more].concat());
        assert_eq!(answer.exit, 8, "{answer:?}");
        let message = answer.message();
        assert!(message.contains("the model does not run on the GPU as planned"), "{message}");
    };
    taken_back(&["--runtime-archive", text(&archive)]);
    serves_again(&journey);
    gpu.has("dual-nvlink", 0);
    taken_back(&[]);
    gpu.has("dual-nvlink", 2);

    // Back to the generation before, which shares every matrix.
    let back = journey.client.json_on(host, "root", &["rollback", "--yes"]);
    assert_eq!(back.exit, 0, "{back:?}");
    let plan = host.exec("cat /etc/agi-provision/generation/plan.json").ok();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let args: Vec<&str> =
        plan["llama_server"]["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(args.windows(2).any(|pair| pair == ["--split-mode", "tensor"]), "{args:?}");
    assert_serves(host);

    // A tensor split needs its cards: without them neither what comes nor what served before can start.
    gpu.has("dual-nvlink", 0);
    let lost = journey.apply(&layer);
    assert_eq!(lost.exit, 1, "{lost:?}");
    let message = lost.message();
    assert!(message.contains("the model does not run on the GPU as planned"), "{message}");
    assert!(message.contains("rolled back, but the old generation does not serve"), "{message}");
}

/// How long the gate took, ms: the quickest of all starts so far.
fn quickest_gate(host: &Host) -> u64 {
    let log = host.exec("journalctl --no-pager -u agi-provision-llama").stdout;
    let said = log.lines().filter_map(|line| line.split_once("(checked in ")?.1.strip_suffix(" ms)"));
    said.filter_map(|ms| ms.parse().ok()).min().expect("the gate's line")
}

/// The server loads, compiles what its cache lacks, and answers.
#[track_caller]
fn serves_again(journey: &Journey) {
    let host = &journey.gpu.host;
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    wait_for("an answer", Duration::from_secs(600), || {
        let listens = host.exec(&format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{PORT}'")).status == 0;
        listens && chat(host, Some(&key)).0 == 200
    });
}

#[test]
fn buffers_of_small_models_are_as_planned() {
    let host = Host::boot(gpu::IMAGE);
    host.put(&gpu::archive(), "/opt/llama.tar.gz");
    host.exec("cd /opt && tar -xzf llama.tar.gz").ok();
    on_cards::buffers_are_as_planned(&host, "/opt/llama-b11434/llama-server", build::DEFAULT);
}
