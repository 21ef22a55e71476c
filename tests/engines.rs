//! `plan` and `bundle` with each engine, over the mission's resume table. Needs no host and no root.

#[path = "engines/checkpoint.rs"]
mod checkpoint;
#[path = "engines/container.rs"]
mod container;

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const LLAMA: &str = "llama.cpp";
const TEXTGEN: &str = "text-generation-webui";

/// The mission's resume table of 27 May 2025, in this program's profiles: level, profile, model, quantisation, and the
/// engines that serve it there.
const RESUME: &[(&str, &str, &str, &str, &[&str])] = &[
    ("laptop, 16 GB", "laptop-cpu-16gb", "tinyllama-1.1b", "auto", &[LLAMA, TEXTGEN]),
    ("laptop, 16 GB", "laptop-cpu-16gb", "phi-2", "auto", &[LLAMA, TEXTGEN]),
    ("8 GB card", "gpu-8gb", "llama-7b", "4-bit", &[LLAMA, TEXTGEN]),
    ("8 GB card", "gpu-8gb", "mistral-7b", "4-bit", &[LLAMA, TEXTGEN]),
    ("8 GB card", "gpu-8gb", "saiga-8b", "4-bit", &[LLAMA, TEXTGEN]),
    ("24 GB card", "gpu-24gb", "saiga-13b", "auto", &[LLAMA, TEXTGEN]),
    ("24 GB card", "gpu-24gb", "mistral-7b", "F16", &[LLAMA, TEXTGEN]),
    ("2×A100", "2xa100-nvlink", "llama-65b", "auto", &[LLAMA, TEXTGEN]),
];

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder).current_dir(folder).args(args);
    command.output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A bundle's file, and its server's arguments, one a line.
fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_resume_table_is_planned_and_bundled_with_each_engine_of_its_rows() {
    for (level, profile, model, quant, engines) in RESUME {
        for engine in *engines {
            let row = format!("{level}: {model} {quant} with {engine}");
            let folder = tempfile::tempdir().unwrap();
            let flags = ["--model", model, "--profile", profile, "--quant", quant, "--engine", engine];
            let output = run(folder.path(), &[&["plan", "--format", "json"], &flags[..]].concat());
            let plan: Value = serde_json::from_str(&done(&output)).unwrap();
            assert_ne!(plan["verdict"], "impossible", "{row}");
            assert_eq!(plan["llama_server"]["engine"].as_str().unwrap_or(LLAMA), *engine, "{row}");
            let output = run(folder.path(), &[&["bundle", "--out", "b"], &flags[..]].concat());
            done(&output);
            let bundled: Value = serde_json::from_str(&read(folder.path(), "b/plan.json")).unwrap();
            // What was warned of is part of what is printed, and not of the plan that is kept.
            let mut printed = plan.clone();
            assert_eq!(printed.as_object_mut().unwrap().remove("warnings"), Some(json!([])), "{row}");
            assert_eq!(bundled, printed, "{row}");
            let args = read(folder.path(), "b/rootfs/etc/agi-provision/generation/llama-server.args");
            let listed: Vec<&str> = args.lines().collect();
            let planned: Vec<&str> =
                plan["llama_server"]["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(listed, planned, "{row}");
            let unit = read(folder.path(), "b/rootfs/etc/systemd/system/agi-provision-llama.service");
            assert!(
                unit.contains(&format!("Description=Language model server ({engine})")),
                "{row}:\n{unit}"
            );
        }
    }
}

#[test]
fn engines_share_one_ledger_where_they_run_the_same_server() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |engine: &str| -> Value {
        let flags = ["--model", "saiga-8b", "--profile", "gpu-8gb", "--engine", engine, "--format", "json"];
        serde_json::from_str(&done(&run(folder.path(), &[&["plan"], &flags[..]].concat()))).unwrap()
    };
    let (one, other) = (plan(LLAMA), plan(TEXTGEN));
    for key in ["memory", "verdict", "workload", "speed", "model"] {
        assert_eq!(one[key], other[key], "{key}");
    }
    assert_ne!(one["llama_server"]["args"], other["llama_server"]["args"]);
}

#[test]
fn an_engine_that_is_not_known_or_not_made_for_this_is_refused_with_the_way_on() {
    let folder = tempfile::tempdir().unwrap();
    for (args, message) in [
        (
            &["plan", "--model", "phi-2", "--engine", "ollama"][..],
            "no engine is called \"ollama\": llama.cpp, text-generation-webui, vllm",
        ),
        (
            &["bundle", "--model", "phi-2", "--engine", TEXTGEN, "--webui", "--out", "b"],
            "text-generation-webui's own page asks for no key",
        ),
    ] {
        let output = run(folder.path(), args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(message), "{told}");
        assert!(!folder.path().join("b").exists(), "{args:?}");
    }
}
