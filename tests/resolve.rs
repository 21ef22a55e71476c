//! `plan --resolve` against servers on this machine that speak Hugging Face's and GitHub's API.

#[path = "http/mod.rs"]
mod http;
#[path = "resolve/names.rs"]
mod names;
#[path = "resolve/safetensors.rs"]
mod safetensors;

use agi_provision::hardware::facts::{Cpu, Disk, Facts, Gpu, Memory, Os};
use agi_provision::model::gguf_write::{Field, Tensor, header};
use agi_provision::model::registry;
use http::{Reply, Request, Server};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const ARCHIVE: &str = "llama-b11434-bin-ubuntu-x64.tar.gz";
const VULKAN: &str = "llama-b11434-bin-ubuntu-vulkan-x64.tar.gz";
const CUDA: &str = "llama-b11434-bin-ubuntu-cuda-12.8-x64.tar.gz";
const CUDA_BYTES: u64 = 300_000_000;

/// The release: beginning and rest of each archive's name, a digit that its SHA-256 repeats, and its size.
const ASSETS: [(&str, &str, &str, u64); 4] = [
    ("", VULKAN, "d", 28_000_000),
    ("", ARCHIVE, "c", 28_000_000),
    ("", CUDA, "e", CUDA_BYTES),
    ("cudart-", CUDA, "f", CUDA_BYTES),
];

/// The header of TinyLlama as a publisher might have made it: with a template and a longer context than
/// the registry knows of. Zeros follow, for reads that go beyond it.
fn tinyllama(quant: &str) -> Vec<u8> {
    written(quant, 1, 0..usize::MAX)
}

/// One of two parts, as llama-gguf-split makes them.
fn tinyllama_part(quant: &str, number: usize) -> Vec<u8> {
    let half = 100;
    written(quant, 2, if number == 1 { 0..half } else { half..usize::MAX })
}

fn written(quant: &str, parts: u32, of: std::ops::Range<usize>) -> Vec<u8> {
    let model = registry::find("tinyllama-1.1b").unwrap();
    let d = &model.dimensions;
    let number = |key: &str, n: u64| (format!("llama.{key}"), Field::U32(n as u32));
    let fields = [
        ("general.architecture".to_string(), Field::Text("llama")),
        ("tokenizer.chat_template".to_string(), Field::Text("{{ 'the publisher\\'s own' }}")),
        number("block_count", d.n_layer),
        number("embedding_length", d.n_embd),
        number("feed_forward_length", d.n_ff),
        number("attention.head_count", d.n_head),
        number("attention.head_count_kv", d.n_head_kv),
        number("context_length", 4096),
        ("llama.attention.layer_norm_rms_epsilon".to_string(), Field::F32(1e-5)),
        ("tokenizer.ggml.model".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts((0..d.n_vocab).map(|n| n.to_string()).collect())),
        ("split.count".to_string(), Field::U32(parts)),
    ];
    let tensors = model.dimensions.tensors(quant).unwrap();
    let tensors = tensors.into_iter().map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind });
    let tensors: Vec<Tensor> = tensors.enumerate().filter(|(n, _)| of.contains(n)).map(|(_, t)| t).collect();
    let mut bytes = header(&fields, &tensors);
    bytes.resize((5 << 20).max(bytes.len()), 0);
    bytes
}

fn file(path: &str, size: u64, oid: &str) -> Value {
    json!({"type": "file", "path": path, "size": 131, "lfs": {"oid": oid.repeat(64), "size": size}})
}

/// Both APIs on one server: `files` of every repository, and a release with one archive.
fn servers(files: Vec<Value>, content: Vec<u8>, size: u64) -> Server {
    let list = Value::Array(files).to_string();
    Server::start(content, move |_, request: &Request| {
        match request.path.as_str() {
        path if path.contains("/tree/main") => Reply::Text(list.clone()),
        path if path.contains("/releases/tags/b11434") => Reply::Text(
            json!({"assets": Vec::from(ASSETS.map(|(prefix, name, digit, size)| {
                json!({"name": format!("{prefix}{name}"), "size": size, "digest": format!("sha256:{}", digit.repeat(64)),
                    "browser_download_url": format!("https://downloads.example/{prefix}{name}")})
            }))})
            .to_string(),
        ),
        _ => Reply::OtherSize(size),
    }
    })
}

fn plan(address: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").arg("plan").args(args);
    command.env("HF_ENDPOINT", address).env("HF_TOKEN", "hf_secret").env("GITHUB_ENDPOINT", address);
    command.args(["--format", "json"]).output().unwrap()
}

#[track_caller]
fn document(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_registry_model_is_planned_again_from_the_published_header() {
    let size = 1_170_781_568;
    let name = "tinyllama-1.1b-chat-v1.0.Q8_0.gguf";
    let server = servers(vec![file(name, size, "a")], tinyllama("Q8_0"), size);
    let address = format!("http://{}", server.address);
    let output = plan(&address, &["--model", "tinyllama-1.1b", "--profile", "cpu-vps-32gb", "--resolve"]);
    let plan = document(&output);
    assert_eq!(
        plan["model"]["files"],
        json!([{"name": name, "size_bytes": size, "sha256": "a".repeat(64),
        "url": format!("{address}/TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF/resolve/main/{name}")}])
    );
    assert_eq!(plan["model"]["size_bytes"], size);
    // Values that only the header has.
    assert_eq!(plan["model"]["n_ctx_train"], 4096);
    assert_eq!(plan["workload"]["n_ctx"], 8192);
    assert_eq!(plan["model"]["chat_template"], "{{ 'the publisher\\'s own' }}");
    assert_eq!(plan["model"]["chat_template_from"], "the model's file");
    let weights = registry::find("tinyllama-1.1b").unwrap().weights("Q8_0").unwrap().total_bytes;
    assert_eq!(plan["memory"][0]["weights_bytes"], weights);
    assert_eq!(
        plan["llama_server"]["runtime"],
        json!({"url": format!("https://downloads.example/{ARCHIVE}"), "sha256": "c".repeat(64), "size_bytes": 28_000_000})
    );
    assert_eq!(plan["arrival"]["download_bytes"], size + 28_000_000);
    // A list, a read of the header, a release; the Hugging Face token went nowhere else.
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    for request in requests {
        let github = request.path.contains("/releases/");
        assert_eq!(request.authorization.is_none(), github, "{request:?}");
    }
}

#[test]
fn a_quantisation_that_is_not_published_any_more_is_not_chosen() {
    let size = 668_788_096;
    let server =
        servers(vec![file("tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf", size, "b")], tinyllama("Q4_K_M"), size);
    let address = format!("http://{}", server.address);
    let plan = document(&plan(&address, &["--model", "tinyllama-1.1b", "--resolve"]));
    assert_eq!((&plan["model"]["quant"], &plan["model"]["size_bytes"]), (&json!("Q4_K_M"), &json!(size)));
}

#[test]
fn a_split_repository_pins_every_part() {
    let part = |number: u32| format!("Q4/m-Q4_K_M-{number:05}-of-00002.gguf");
    let sizes = [700_000_000, 500_000_000];
    let list = json!([file(&part(1), sizes[0], "1"), file(&part(2), sizes[1], "2")]).to_string();
    let [one, two] = [1, 2].map(|number| std::sync::Arc::new(tinyllama_part("Q4_K_M", number)));
    let server = Server::start(Vec::new(), move |_, request: &Request| match request.path.as_str() {
        path if path.contains("/tree/main") => Reply::Text(list.clone()),
        path if path.ends_with("-00001-of-00002.gguf") => Reply::File(one.clone(), sizes[0]),
        _ => Reply::File(two.clone(), sizes[1]),
    });
    let address = format!("http://{}", server.address);
    let plan = document(&plan(&address, &["--model", "hf:o/m:Q4_K_M"]));
    let file = |number: usize| {
        json!({"name": part(number as u32).trim_start_matches("Q4/"), "size_bytes": sizes[number - 1],
            "sha256": number.to_string().repeat(64),
            "url": format!("{address}/o/m/resolve/main/{}", part(number as u32))})
    };
    assert_eq!(plan["model"]["files"], json!([file(1), file(2)]));
    assert_eq!(plan["model"]["size_bytes"], sizes[0] + sizes[1]);
    assert_eq!(plan["model"]["parameters"], 1_100_048_384);
    assert_eq!(server.requests().len(), 3, "a list, and one read of each header");
}

#[test]
fn a_plan_for_gpus_pins_the_archive_for_vulkan() {
    let size = 1_170_781_568;
    let files = vec![file("tinyllama-1.1b-chat-v1.0.Q8_0.gguf", size, "a")];
    let server = servers(files, tinyllama("Q8_0"), size);
    let address = format!("http://{}", server.address);
    let output = plan(&address, &["--model", "tinyllama-1.1b", "--profile", "gpu-8gb", "--resolve"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("vulkan-x64.tar.gz is pinned") && told.contains("archives for CUDA are a pair"),
        "{told}"
    );
    let plan = document(&output);
    assert_eq!(
        plan["llama_server"]["runtime"],
        json!({"url": format!("https://downloads.example/{VULKAN}"), "sha256": "d".repeat(64), "size_bytes": 28_000_000})
    );
}

/// A machine with an RTX 3090 and a driver that runs CUDA 12.8, as it was probed.
fn card_on(glibc: &str) -> Facts {
    let gpu = Gpu {
        name: "NVIDIA GeForce RTX 3090".into(),
        memory_total_bytes: 24 << 30,
        compute_capability: Some("8.6".into()),
        cuda_version: Some("12.8".into()),
        ..Gpu::default()
    };
    Facts {
        schema: "agi-provision/facts/1".into(),
        os: Os { arch: "x86_64".into(), glibc: Some(glibc.into()), ..Os::default() },
        cpu: Cpu { logical: 8, ..Cpu::default() },
        memory: Memory { total_bytes: 32 << 30, ..Memory::default() },
        disk: Disk { free_bytes: 1 << 40, ..Disk::default() },
        gpus: vec![gpu],
        ..Facts::default()
    }
}

#[test]
fn a_host_that_cudas_archives_are_right_for_gets_both_pinned() {
    let size = 1_170_781_568;
    let files = vec![file("tinyllama-1.1b-chat-v1.0.Q8_0.gguf", size, "a")];
    let server = servers(files, tinyllama("Q8_0"), size);
    let address = format!("http://{}", server.address);
    let folder = tempfile::tempdir().unwrap();
    let resolved = |glibc: &str| {
        let path = folder.path().join("facts.json");
        std::fs::write(&path, serde_json::to_vec(&card_on(glibc)).unwrap()).unwrap();
        let facts = path.to_str().unwrap();
        let output = plan(&address, &["--model", "tinyllama-1.1b", "--facts", facts, "--resolve"]);
        (document(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let disk = |plan: &Value| {
        let all = plan["requirements"].as_array().unwrap();
        all.iter().find(|one| one["id"] == "disk").unwrap()["need"].as_u64().unwrap()
    };

    let (pair, _) = resolved("2.39");
    let pinned = |name: &str, digit: &str, size: u64| json!({"url": format!("https://downloads.example/{name}"), "sha256": digit.repeat(64), "size_bytes": size});
    assert_eq!(pair["llama_server"]["runtime"], pinned(CUDA, "e", CUDA_BYTES));
    let libraries = pinned(&format!("cudart-{CUDA}"), "f", CUDA_BYTES);
    assert_eq!(pair["llama_server"]["runtime_beside"], json!([libraries]));
    assert_eq!(pair["arrival"]["runtime_bytes"], 2 * CUDA_BYTES);

    // An older C library: one archive, a smaller one, and the reason.
    let (single, told) = resolved("2.36");
    assert_eq!(single["llama_server"]["runtime"], pinned(VULKAN, "d", 28_000_000));
    assert_eq!(single["llama_server"]["runtime_beside"], Value::Null);
    assert!(told.contains("it needs glibc 2.39, and the host has 2.36"), "{told}");
    assert!(disk(&pair) > disk(&single) + 2 * CUDA_BYTES, "{} {}", disk(&pair), disk(&single));
}

#[test]
fn without_an_archive_the_plan_stands_and_says_so() {
    let size = 1_170_781_568;
    let files = vec![file("tinyllama-1.1b-chat-v1.0.Q8_0.gguf", size, "a")];
    let server = servers(files, tinyllama("Q8_0"), size);
    let address = format!("http://{}", server.address);
    for profile in ["cpu-vps-32gb", "gpu-8gb"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command.args([
            "plan",
            "--model",
            "tinyllama-1.1b",
            "--profile",
            profile,
            "--resolve",
            "--format",
            "json",
        ]);
        command.env("HF_ENDPOINT", &address).env_remove("GITHUB_TOKEN");
        // A server that knows no release.
        let none = Server::start(Vec::new(), |_, _| Reply::Status(404, Vec::new()));
        let output = command.env("GITHUB_ENDPOINT", format!("http://{}", none.address)).output().unwrap();
        let plan = document(&output);
        assert_eq!(plan["llama_server"]["runtime"], Value::Null);
        assert_eq!(plan["arrival"]["runtime_bytes"], Value::Null);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with("warning: ") && told.contains("no release b11434"), "{told}");
        assert!(told.contains("hint: ") && told.contains("--runtime-archive"), "{told}");
    }
}

#[test]
fn a_server_that_does_not_help_ends_with_a_reason_and_a_hint() {
    let again = || vec!["Retry-After: 0".to_string()];
    let table: Vec<(Reply, &str, &str)> = vec![
        (Reply::Status(401, Vec::new()), "needs permission", "HF_TOKEN"),
        (Reply::Status(404, Vec::new()), "no such repository", "hf:owner/repository"),
        (Reply::Status(429, again()), "slow down", "wait some minutes"),
        (Reply::Status(503, again()), "503", "try again later"),
        (Reply::Cut(2), "listing o/m", "tried 3 times"),
        (Reply::Text("[]".to_string()), "has no GGUF file", "name ends in GGUF"),
        (Reply::Text("<html>".to_string()), "did not answer as Hugging Face does", "HF_ENDPOINT"),
    ];
    for (reply, message, hint) in table {
        let name = format!("{reply:?}");
        let server = Server::start(vec![7; 1000], move |_, _| reply.clone());
        let began = Instant::now();
        let output = plan(&format!("http://{}", server.address), &["--model", "hf:o/m"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{name}: {told}");
        assert!(told.starts_with("error: ") && told.contains(message), "{name}: {told}");
        assert!(told.contains("\n\nhint: ") && told.contains(hint), "{name}: {told}");
        assert!(!told.contains("hf_secret"), "{name}: {told}");
        assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
    }
    // Nobody listens there.
    let began = Instant::now();
    let output = plan("http://127.0.0.1:9", &["--model", "hf:o/m"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("hint: tried 3 times; is http://127.0.0.1:9 reachable from here?"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// The release of text-generation-webui that its archives are pinned from.
const TEXTGEN: &str = "textgen-portable-4.9-linux";

#[test]
fn text_generation_webui_is_pinned_from_its_own_release_where_an_archive_is_known() {
    let size = 1_170_781_568;
    let name = "tinyllama-1.1b-chat-v1.0.Q8_0.gguf";
    let list = json!([file(name, size, "a")]).to_string();
    let server = Server::start(tinyllama("Q8_0"), move |_, request: &Request| match request.path.as_str() {
        path if path.contains("/tree/main") => Reply::Text(list.clone()),
        "/repos/oobabooga/textgen/releases/tags/v4.9" => {
            let asset = |variant: &str, digit: &str| {
                json!({"name": format!("{TEXTGEN}-{variant}.tar.gz"), "size": 90_000_000,
                    "digest": format!("sha256:{}", digit.repeat(64)),
                    "browser_download_url": format!("https://downloads.example/{TEXTGEN}-{variant}.tar.gz")})
            };
            Reply::Text(json!({"assets": [asset("cpu", "1"), asset("vulkan", "2")]}).to_string())
        }
        path if path.contains("/releases/") => Reply::Status(404, Vec::new()),
        _ => Reply::OtherSize(size),
    });
    let address = format!("http://{}", server.address);
    let resolved = |more: &[&str]| {
        let args = ["--model", "tinyllama-1.1b", "--resolve", "--engine", "text-generation-webui"];
        let output = plan(&address, &[&args[..], more].concat());
        (document(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (profile, variant, digit) in [("cpu-vps-32gb", "cpu", "1"), ("gpu-8gb", "vulkan", "2")] {
        let (plan, told) = resolved(&["--profile", profile]);
        let url = format!("https://downloads.example/{TEXTGEN}-{variant}.tar.gz");
        let pinned = json!({"url": url, "sha256": digit.repeat(64), "size_bytes": 90_000_000});
        assert_eq!(plan["llama_server"]["runtime"], pinned, "{told}");
        assert_eq!(plan["llama_server"]["engine"], "text-generation-webui");
        assert!(!told.contains("warning"), "{told}");
    }
    // The release's archives for CUDA: none of its own is known to be right.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("facts.json");
    std::fs::write(&path, serde_json::to_vec(&card_on("2.39")).unwrap()).unwrap();
    let (plan, told) = resolved(&["--facts", path.to_str().unwrap()]);
    assert_eq!(plan["llama_server"]["runtime"], Value::Null);
    assert!(told.contains("stays unpinned: no archive of text-generation-webui is known"), "{told}");
    assert!(told.contains("--runtime-archive"), "{told}");
}
