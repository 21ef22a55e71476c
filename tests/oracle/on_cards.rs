//! Starts a server on a host whose cards are Mesa's software device, with each of the small shapes, and holds what it
//! allocates against the plan's ledger.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use agi_provision::agent::servers::proof::{Part, compare};
use agi_provision::engine::llama_cpp::build::{self, Build};
use agi_provision::engine::llama_cpp::log::parse_log;
use agi_provision::engine::split::SplitMode;
use agi_provision::hardware::{offers, profiles};
use agi_provision::model::gguf::Header;
use agi_provision::model::{Shape, weights_of};
use agi_provision::plan::request::{Fixed, ModelChoice, Request, Variant};
use agi_provision::plan::{self, Plan};

use crate::lab::{Host, gpu};

mod shapes {
    #![allow(dead_code, reason = "the large shapes are measured elsewhere")]
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("shapes.rs");
    include!("small.rs");
}

include!("small_plan.rs");

/// How the cards share a model, with the profile that has as many.
const SHARED: [(&str, usize, &str, Option<SplitMode>); 3] = [
    ("1", 1, "gpu-24gb", None),
    ("2-layer", 2, "2x3090-nvlink", Some(SplitMode::Layer)),
    ("2-tensor", 2, "2x3090-nvlink", Some(SplitMode::Tensor)),
];

/// The shapes that two cards share as well.
const ON_TWO: [&str; 2] = ["llama", "qwen3"];

/// Starts the plan's server, the program at `server`, on the host until it has reserved its buffers, and gives its log.
fn started(host: &Host, plan: &Plan, server: &str, cards: usize) -> String {
    let mut args = plan.llama_server.args.to_argv();
    let mut set = |name: &str, value: &str| {
        let at = args.iter().position(|arg| arg == name).unwrap_or_else(|| panic!("no {name}"));
        args[at + 1] = value.to_string();
    };
    set("--model", "/opt/model.gguf");
    set("--api-key-file", "/opt/key");
    let quoted: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let script = format!(
        "rm -f /opt/log; cd / && env {} LLAMA_ARG_LOG_VERBOSITY=4 {server} {} --no-warmup > /opt/log 2>&1 & \
         pid=$!; for i in $(seq 1200); do grep -q 'reserve took' /opt/log && break; kill -0 $pid || break; sleep 0.25; \
         done; kill -KILL $pid; wait $pid; cat /opt/log",
        gpu::environment(cards, "root").join(" "),
        quoted.join(" ")
    );
    host.exec(&script).stdout
}

/// Every shape by the program at `server` on the host, which is this build of llama.cpp. Panics where a buffer is larger than planned, or
/// much smaller.
#[track_caller]
pub fn buffers_are_as_planned(host: &Host, server: &str, build: &str) {
    host.exec("echo test > /opt/key").ok();
    let build = build::of_plan(build).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let record = std::env::var_os("AGI_PROVISION_RECORD").map(PathBuf::from);
    let mut wrong = Vec::new();
    for reference in shapes::ON_A_CARD {
        let (head, size) = shapes::file(reference);
        let file = folder.path().join("head");
        fs::write(&file, &head).unwrap();
        host.put(&file, "/opt/model.gguf");
        host.exec(&format!("truncate -s {size} /opt/model.gguf")).ok();
        for (shared, cards, profile, split) in SHARED {
            if cards > 1 && !ON_TWO.contains(&reference.name) {
                continue;
            }
            let name = format!("{} {shared}", reference.name);
            let plan = plan_of_file(reference.name, &head, size, profile, split, build);
            let log = started(host, &plan, server, cards);
            if let Some(folder) = &record {
                keep(&folder.join(format!("{}.{shared}.log", reference.name)), &log);
            }
            let proof = compare(&plan, &parse_log(log.lines()), &BTreeMap::new());
            assert_eq!((proof.fallback(), proof.warnings()), (None, vec![]), "{name}: {proof:#?}\n{log}");
            for device in &proof.devices {
                let parts = [device.weights, device.kv, device.compute, device.output];
                let sum = |of: fn(&Part) -> u64| parts.iter().map(of).sum::<u64>();
                let (planned, reported) = (sum(|part| part.planned), sum(|part| part.reported));
                let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
                let of = |part: Part| format!("{:.2} / {:.2}", mib(part.planned), mib(part.reported));
                println!("| {name} | {} | {} |", device.device, parts.map(of).join(" | "));
                // Logged numbers are hundredths of a MiB.
                let under = device.compute.planned + (16 << 10) < device.compute.reported
                    || planned + (64 << 10) < reported;
                if under || planned > reported + (8u64 << 20).max(reported / 100) {
                    wrong.push(format!("{name}: {device:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Writes a recording for tests/fixtures/llama-server, without what is not about devices and memory.
fn keep(file: &Path, log: &str) {
    let left_out = [" - kv ", "print_info:", "chat template", "EOG"];
    let lines = log.lines().filter(|line| !left_out.iter().any(|text| line.contains(text)));
    let until = lines.take_while(|line| !line.contains("threadpool"));
    fs::write(file, until.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}
