//! `plan --resolve` and llama.cpp's releases: the archive that fits the hardware is pinned with its
//! digest, from a real server that answers as GitHub's API does.

#[path = "http/mod.rs"]
mod http;

use http::{Reply, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn plan(home: &Path, profile: &str, api: &str) -> (Output, Value) {
    let model = home.join("tiny.gguf");
    if !model.exists() {
        let mut file = std::fs::File::create(&model).unwrap();
        agi_provision::model::tiny::write_tiny(&mut file, 1, None).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_agi-provision"))
        .args(["plan", "--model", "tiny.gguf", "--profile", profile, "--resolve", "--format", "json"])
        .env_clear()
        .env("HOME", home)
        .env("GITHUB_API_URL", api)
        .current_dir(home)
        .output()
        .unwrap();
    let plan = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (output, plan)
}

fn release() -> Vec<u8> {
    let asset = |name: &str, digest: &str| {
        json!({"name": name, "size": 30_000_000, "digest": format!("sha256:{}", digest.repeat(32)),
            "browser_download_url": format!("https://github.com/ggml-org/llama.cpp/releases/download/b11434/{name}")})
    };
    let assets = [
        asset("llama-b11434-bin-macos-arm64.tar.gz", "00"),
        asset("llama-b11434-bin-ubuntu-x64.tar.gz", "c0"),
        asset("llama-b11434-bin-ubuntu-vulkan-x64.tar.gz", "f0"),
    ];
    json!({"tag_name": "b11434", "assets": assets}).to_string().into_bytes()
}

#[test]
fn the_archive_that_fits_the_hardware_is_pinned() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(release(), |_, _| Reply::Good);
    for (profile, name, digest) in
        [("laptop-cpu-16gb", "ubuntu-x64.tar.gz", "c0"), ("gpu-8gb", "ubuntu-vulkan-x64.tar.gz", "f0")]
    {
        let (output, plan) = plan(home.path(), profile, &server.url(""));
        assert!(output.status.success(), "{output:?}");
        let runtime = &plan["llama_server"]["runtime"];
        assert!(runtime["url"].as_str().unwrap().ends_with(&format!("llama-b11434-bin-{name}")), "{runtime}");
        assert_eq!(runtime["sha256"], digest.repeat(32), "{runtime}");
        assert_eq!(runtime["size_bytes"], 30_000_000, "{runtime}");
    }
    assert!(server.requests().iter().all(|r| r.path == "/repos/ggml-org/llama.cpp/releases/tags/b11434"));
}

#[test]
fn without_a_release_the_plan_is_as_good_and_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let gone = Server::start(Vec::new(), |_, _| Reply::Status(404, vec![]));
    let flaky = Server::start(release(), |number, _| match number {
        0 => Reply::Status(503, vec![]),
        _ => Reply::Good,
    });
    let odd = Server::start(b"<!DOCTYPE html>".to_vec(), |_, _| Reply::Good);
    for (server, expected) in [(&gone, "it has no such release"), (&odd, "did not answer as GitHub does")] {
        let (output, plan) = plan(home.path(), "laptop-cpu-16gb", &server.url(""));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && plan["llama_server"]["runtime"].is_null(), "{output:?}");
        assert!(
            said.contains(expected) && said.contains("hint: apply then needs --runtime-archive"),
            "{said}"
        );
    }
    let (output, plan) = plan(home.path(), "laptop-cpu-16gb", &flaky.url(""));
    assert!(output.status.success() && plan["llama_server"]["runtime"].is_object(), "{output:?}");
}
