//! A model in safetensors on Hugging Face: its headers by range reads, its files pinned, and how it is named.

use super::http::{Reply, Request, Server};
use super::{document, file, plan};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const LAYERS: u64 = 2;
const WIDTH: u64 = 4096;

/// The header of a part with these tensors, as a file of its whole size would begin; and that size.
fn part(tensors: &[(String, Vec<u64>)]) -> (Vec<u8>, u64) {
    let (mut at, mut table) = (0, serde_json::Map::new());
    for (name, shape) in tensors {
        let end = at + 2 * shape.iter().product::<u64>();
        table.insert(name.clone(), json!({"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    // Beyond the first read.
    let text = Value::Object(table).to_string() + &" ".repeat(300 << 10);
    let bytes = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let size = bytes.len() as u64 + at;
    (bytes, size)
}

/// A repository with a model in two parts.
fn repository(changed: impl Fn(&mut BTreeMap<String, (Vec<u8>, u64)>)) -> Server {
    let mut first = vec![("model.embed_tokens.weight".to_string(), vec![32000, WIDTH])];
    let mut second = vec![
        ("lm_head.weight".to_string(), vec![32000, WIDTH]),
        ("model.norm.weight".to_string(), vec![WIDTH]),
    ];
    for layer in 0..LAYERS {
        let of = if layer == 0 { &mut first } else { &mut second };
        for (name, shape) in [
            ("self_attn.q_proj", vec![WIDTH, WIDTH]),
            ("self_attn.k_proj", vec![WIDTH, WIDTH]),
            ("self_attn.v_proj", vec![WIDTH, WIDTH]),
            ("self_attn.o_proj", vec![WIDTH, WIDTH]),
            ("mlp.gate_proj", vec![11008, WIDTH]),
            ("mlp.up_proj", vec![11008, WIDTH]),
            ("mlp.down_proj", vec![WIDTH, 11008]),
            ("input_layernorm", vec![WIDTH]),
            ("post_attention_layernorm", vec![WIDTH]),
        ] {
            of.push((format!("model.layers.{layer}.{name}.weight"), shape));
        }
    }
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let mut map = serde_json::Map::new();
    for (name, of) in names.iter().zip([&first, &second]) {
        map.extend(of.iter().map(|(tensor, _)| (tensor.clone(), json!(name))));
    }
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "num_hidden_layers": LAYERS, "hidden_size": WIDTH,
        "intermediate_size": 11008, "num_attention_heads": 32, "vocab_size": 32000, "max_position_embeddings": 4096,
    });
    let text = |value: Value| {
        let bytes = value.to_string().into_bytes();
        let size = bytes.len() as u64;
        (bytes, size)
    };
    let mut files = BTreeMap::from([
        ("config.json".to_string(), text(config)),
        ("model.safetensors.index.json".to_string(), text(json!({"weight_map": map}))),
        ("tokenizer.json".to_string(), text(json!({}))),
        ("README.md".to_string(), (b"# m".to_vec(), 3)),
        (names[0].to_string(), part(&first)),
        (names[1].to_string(), part(&second)),
    ]);
    changed(&mut files);
    let list: Vec<Value> = files.iter().map(|(name, (_, size))| file(name, *size, "a")).collect();
    let list = Value::Array(list).to_string();
    let files: BTreeMap<String, (Arc<Vec<u8>>, u64)> =
        files.into_iter().map(|(name, (bytes, size))| (name, (Arc::new(bytes), size))).collect();
    Server::start(Vec::new(), move |_, request: &Request| match request.path.as_str() {
        path if path.contains("/tree/main") => Reply::Text(list.clone()),
        path => match files.get(path.rsplit('/').next().unwrap_or_default()) {
            Some((bytes, size)) => Reply::File(bytes.clone(), *size),
            None => Reply::Status(404, Vec::new()),
        },
    })
}

const VLLM: [&str; 4] = ["--engine", "vllm", "--profile", "gpu-24gb"];

#[test]
fn a_repository_is_planned_from_the_headers_of_its_parts_and_every_file_pinned() {
    let server = repository(|_| {});
    let address = format!("http://{}", server.address);
    let plan = document(&plan(&address, &[&["--model", "hf:o/Some-Model"], &VLLM[..]].concat()));
    assert_eq!(plan["model"]["id"], "some-model");
    let files = plan["model"]["files"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "config.json",
            "tokenizer.json"
        ]
    );
    assert!(files.iter().all(|file| file["sha256"] == "a".repeat(64)), "{files:?}");
    assert_eq!(files[0]["url"], format!("{address}/o/Some-Model/resolve/main/{}", names[0]));
    let layer = 4 * WIDTH * WIDTH + 3 * 11008 * WIDTH + 2 * WIDTH;
    assert_eq!(plan["memory"][1]["weights_bytes"], 2 * (2 * 32000 * WIDTH + WIDTH + LAYERS * layer));
    assert_eq!(plan["model"]["quant"], "BF16");
    // A list, two small files, and two reads of each header.
    let requests = server.requests();
    assert_eq!(requests.len(), 7, "{requests:?}");
}

#[test]
fn a_repository_that_is_not_whole_or_of_another_format_says_what_to_do() {
    let said = |server: &Server, args: &[&str]| {
        let output = plan(&format!("http://{}", server.address), args);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let vllm = [&["--model", "hf:o/m"], &VLLM[..]].concat();
    let whole = repository(|_| {});
    let (code, told) = said(&whole, &["--model", "hf:o/m"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("has no GGUF file, but safetensors") && told.contains("--engine vllm"), "{told}");
    let (code, told) = said(&whole, &[&["--model", "hf:o/m:Q4_K_M"], &VLLM[..]].concat());
    assert!(code == Some(2) && told.contains("reads a whole repository"), "{told}");
    let lacking = repository(|files| drop(files.remove("model-00002-of-00002.safetensors")));
    let (code, told) = said(&lacking, &vllm);
    assert!(
        code == Some(1) && told.contains("model-00002-of-00002.safetensors of the split model is missing"),
        "{told}"
    );
    let long = repository(|files| {
        files.get_mut("model-00001-of-00002.safetensors").unwrap().0[7] = 0xff;
    });
    let (code, told) = said(&long, &vllm);
    assert!(code == Some(1) && told.contains("is the most"), "{told}");
    let gguf = repository(|files| {
        files.clear();
        files.insert("m.Q4_K_M.gguf".to_string(), (b"GGUF".to_vec(), 4));
    });
    let (code, told) = said(&gguf, &vllm);
    assert!(code == Some(2) && told.contains("--engine llama.cpp serves it"), "{told}");
}
