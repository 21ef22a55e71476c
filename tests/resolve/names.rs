//! How people name a model on Hugging Face, against repositories laid out as publishers lay them out.

use super::http::{Reply, Request, Server};
use super::{ARCHIVE, document, plan};
use agi_provision::model::gguf_write::{Field, Tensor, header};
use agi_provision::model::tensor_type::TensorType;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Repositories by name, each file by its path.
type Hub = BTreeMap<&'static str, BTreeMap<String, Arc<Vec<u8>>>>;

/// A llama of two layers whose matrices are of one type; of a split one, the part `number` of `count`.
fn llama(kind: &str, file_type: u32, number: u32, count: u32) -> Vec<u8> {
    let number_of = |key: &str, n: u32| (key.to_string(), Field::U32(n));
    let (d, ff, v) = (256, 512, 1024);
    let mut names = vec![
        ("token_embd.weight".to_string(), vec![d, v]),
        ("output_norm.weight".to_string(), vec![d]),
        ("output.weight".to_string(), vec![d, v]),
    ];
    for layer in 0..2 {
        for (name, dims) in [
            ("attn_norm", vec![d]),
            ("ffn_norm", vec![d]),
            ("attn_q", vec![d, d]),
            ("attn_k", vec![d, d / 2]),
            ("attn_v", vec![d, d / 2]),
            ("attn_output", vec![d, d]),
            ("ffn_gate", vec![d, ff]),
            ("ffn_up", vec![d, ff]),
            ("ffn_down", vec![ff, d]),
        ] {
            names.push((format!("blk.{layer}.{name}.weight"), dims));
        }
    }
    let all = names.len();
    let share = all.div_ceil(count as usize);
    let of = (number - 1) as usize * share..(number as usize * share).min(all);
    let tensor = |(name, dims): (String, Vec<u64>)| {
        let kind = if dims.len() == 1 { "F32" } else { kind };
        Tensor { name, dims, kind: TensorType::by_name(kind).unwrap() }
    };
    let tensors: Vec<Tensor> = names.into_iter().map(tensor).collect::<Vec<_>>().drain(of).collect();
    let mut fields = vec![
        ("general.architecture".to_string(), Field::Text("llama")),
        number_of("general.file_type", file_type),
        number_of("llama.block_count", 2),
        number_of("llama.embedding_length", d as u32),
        number_of("llama.feed_forward_length", ff as u32),
        number_of("llama.attention.head_count", 4),
        number_of("llama.attention.head_count_kv", 2),
        number_of("llama.context_length", 2048),
        ("llama.attention.layer_norm_rms_epsilon".to_string(), Field::F32(1e-5)),
        ("tokenizer.ggml.model".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts((0..v).map(|n| n.to_string()).collect())),
    ];
    if count > 1 {
        fields.push(number_of("split.count", count));
        fields.push(number_of("split.tensors.count", all as u32));
    }
    let mut bytes = header(&fields, &tensors);
    let weights: u64 = tensors.iter().map(|tensor| tensor.bytes().next_multiple_of(32)).sum();
    bytes.resize(bytes.len() + weights as usize, 0);
    bytes
}

fn whole(kind: &str, file_type: u32) -> Arc<Vec<u8>> {
    Arc::new(llama(kind, file_type, 1, 1))
}

fn repositories() -> Hub {
    let (q4, q8) = (whole("Q4_K", 15), whole("Q8_0", 7));
    let mut hub = Hub::new();
    let mut put = |repository: &'static str, path: &str, bytes: &Arc<Vec<u8>>| {
        hub.entry(repository).or_default().insert(path.to_string(), bytes.clone());
    };
    let other = Arc::new(b"not a model".to_vec());
    for (quant, bytes) in [
        ("Q4_K_M", q4.clone()),
        ("Q8_0", q8.clone()),
        ("UD-Q4_K_XL", q4.clone()),
        ("UD-IQ2_XXS", whole("IQ2_XXS", 19)),
        ("IQ4_NL", whole("IQ4_NL", 25)),
        ("UD-TQ1_0", whole("TQ1_0", 36)),
        ("MXFP4_MOE", whole("MXFP4", 38)),
        ("BF16", whole("BF16", 32)),
    ] {
        put("u/Model-GGUF", &format!("Model-{quant}.gguf"), &bytes);
    }
    for beside in ["mmproj-F16.gguf", "mmproj-BF16.gguf", "imatrix_unsloth.gguf", "MTP/mtp-Model-Q4_K_M.gguf"]
    {
        put("u/Model-GGUF", beside, &other);
    }
    for number in 1..=3 {
        let part = Arc::new(llama("Q6_K", 18, number, 3));
        put("u/Model-GGUF", &format!("UD-Q6_K_XL/Model-UD-Q6_K_XL-{number:05}-of-00003.gguf"), &part);
        if number != 2 {
            put("gap/Model-GGUF", &format!("Model-Q4_K_M-{number:05}-of-00003.gguf"), &part);
        }
        put("folder/Model-GGUF", &format!("Q6_K/model-{number:05}-of-00003.gguf"), &part);
    }
    put("lower/model-gguf", "model-q4_k_m.gguf", &q4);
    put("lower/model-gguf", "model.Q5_K_M.gguf", &whole("Q5_K", 17));
    put("official/Model-GGUF", "model-q4_k_m-instruct.gguf", &q4);
    put("suffix/Model-GGUF", "Model.Q4_K_M.gguf", &q4);
    put("suffix/Model-GGUF", "Model.mmproj-f16.gguf", &other);
    put("suffix/Model-GGUF", "Model.mmproj-Q8_0.gguf", &other);
    for size in ["1B", "3B", "7B"] {
        put("multi/Models-GGUF", &format!("Model-{size}-Q4_K_M.gguf"), &q4);
    }
    put("odd/Q2-Model-GGUF", "Q2-Model-7B.gguf", &whole("F16", 1));
    put("odd/APEX-GGUF", "Model-APEX-Balanced.gguf", &q4);
    put("odd/APEX-GGUF", "Model-APEX-I-Balanced.gguf", &q4);
    put("old/Model-GGUF", "Model.Q8_0.gguf-split-a", &other);
    put("st/Model", "model.safetensors", &other);
    hub
}

/// Answers lists and files of the repositories at `main` and at `v2`; moved/Model-GGUF lies elsewhere now.
fn server() -> Server {
    let hub = repositories();
    Server::start(Vec::new(), move |_, request: &Request| {
        let path = request.path.split('?').next().unwrap_or_default().trim_start_matches('/').to_string();
        if path.contains("releases/tags") {
            return Reply::Text(json!({"assets": [{"name": ARCHIVE}]}).to_string());
        }
        if path.contains("moved/Model-GGUF") {
            return Reply::Redirect(format!("/{}", path.replace("moved/Model-GGUF", "u/Model-GGUF")));
        }
        if let Some(rest) = path.strip_prefix("api/models/") {
            let (name, revision) = rest.split_once("/tree/").unwrap();
            let Some(files) = hub.get(name).filter(|_| ["main", "v2"].contains(&revision)) else {
                return Reply::Status(404, Vec::new());
            };
            let file = |(path, bytes): (&String, &Arc<Vec<u8>>)| {
                json!({"type": "file", "path": path, "size": bytes.len(),
                    "lfs": {"oid": "a".repeat(64), "size": bytes.len()}})
            };
            return Reply::Text(Value::from(files.iter().map(file).collect::<Vec<_>>()).to_string());
        }
        let file = path.split_once("/resolve/").and_then(|(name, rest)| {
            let (_, path) = rest.split_once('/')?;
            hub.get(name)?.get(path).cloned()
        });
        match file {
            Some(bytes) => {
                let size = bytes.len() as u64;
                Reply::File(bytes, size)
            }
            None => Reply::Status(404, Vec::new()),
        }
    })
}

#[test]
fn every_spelling_of_a_model_on_the_hub_finds_its_file() {
    let server = server();
    let address = format!("http://{}", server.address);
    let page = format!("{address}/u/Model-GGUF");
    let file = format!("{address}/u/Model-GGUF/resolve/main/Model-Q4_K_M.gguf?download=true");
    for (model, name) in [
        ("hf:u/Model-GGUF", "Model-Q4_K_M.gguf"),
        ("hf:u/Model-GGUF:", "Model-Q4_K_M.gguf"),
        ("hf:u/Model-GGUF:q4_k_m", "Model-Q4_K_M.gguf"),
        ("hf:u/Model-GGUF:UD-Q4_K_XL", "Model-UD-Q4_K_XL.gguf"),
        ("hf:u/Model-GGUF:Q4_K_XL", "Model-UD-Q4_K_XL.gguf"),
        ("hf:u/Model-GGUF:IQ4_NL", "Model-IQ4_NL.gguf"),
        ("hf:u/Model-GGUF:TQ1_0", "Model-UD-TQ1_0.gguf"),
        ("hf:u/Model-GGUF:MXFP4_MOE", "Model-MXFP4_MOE.gguf"),
        ("hf:u/Model-GGUF@v2:Q8_0", "Model-Q8_0.gguf"),
        ("hf:u/Model-GGUF/Model-Q8_0.gguf", "Model-Q8_0.gguf"),
        ("hf:u/Model-GGUF:Model-Q8_0.gguf", "Model-Q8_0.gguf"),
        ("hf.co/u/Model-GGUF:Q8_0", "Model-Q8_0.gguf"),
        ("hf://u/Model-GGUF:Q8_0", "Model-Q8_0.gguf"),
        ("HF:u/Model-GGUF:Q8_0", "Model-Q8_0.gguf"),
        ("u/Model-GGUF:Q8_0", "Model-Q8_0.gguf"),
        ("u/Model-GGUF", "Model-Q4_K_M.gguf"),
        (page.as_str(), "Model-Q4_K_M.gguf"),
        (file.as_str(), "Model-Q4_K_M.gguf"),
        ("hf:lower/model-gguf:Q4_K_M", "model-q4_k_m.gguf"),
        ("hf:lower/model-gguf", "model-q4_k_m.gguf"),
        ("hf:official/Model-GGUF:Q4_K_M", "model-q4_k_m-instruct.gguf"),
        ("hf:suffix/Model-GGUF", "Model.Q4_K_M.gguf"),
        ("hf:multi/Models-GGUF:Model-3B-Q4_K_M.gguf", "Model-3B-Q4_K_M.gguf"),
        ("hf:odd/Q2-Model-GGUF", "Q2-Model-7B.gguf"),
        ("hf:odd/APEX-GGUF:BALANCED", "Model-APEX-Balanced.gguf"),
        ("hf:odd/APEX-GGUF:I-Balanced", "Model-APEX-I-Balanced.gguf"),
        ("hf:moved/Model-GGUF:Q4_K_M", "Model-Q4_K_M.gguf"),
    ] {
        let plan = document(&plan(&address, &["--model", model, "--profile", "cpu-vps-32gb"]));
        assert_eq!(plan["model"]["files"][0]["name"], name, "{model}");
    }
    for (model, folder) in [
        ("hf:u/Model-GGUF:UD-Q6_K_XL", "UD-Q6_K_XL/Model-UD-Q6_K_XL"),
        ("hf:folder/Model-GGUF:Q6_K", "Q6_K/model"),
        ("hf:u/Model-GGUF@v2:UD-Q6_K_XL", "UD-Q6_K_XL/Model-UD-Q6_K_XL"),
    ] {
        let plan = document(&plan(&address, &["--model", model, "--profile", "cpu-vps-32gb"]));
        let files = plan["model"]["files"].as_array().unwrap();
        assert_eq!(files.len(), 3, "{model}");
        let url = files[1]["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("/{folder}-00002-of-00003.gguf")), "{model}: {url}");
        let revision = if model.contains('@') { "/resolve/v2/" } else { "/resolve/main/" };
        assert!(url.contains(revision), "{url}");
    }
}

#[test]
fn what_a_repository_does_not_settle_is_said_with_the_spelling_to_give() {
    let server = server();
    let address = format!("http://{}", server.address);
    for (model, exit, message, hint) in [
        ("hf:multi/Models-GGUF:Q4_K_M", 2, "3 models", "--model hf:multi/Models-GGUF:Model-1B-Q4_K_M.gguf"),
        ("hf:multi/Models-GGUF", 2, "3 models", "hf:multi/Models-GGUF:Model-7B-Q4_K_M.gguf"),
        ("hf:odd/APEX-GGUF", 2, "2 models", "hf:odd/APEX-GGUF:Model-APEX-I-Balanced.gguf"),
        ("hf:u/Model-GGUF:F16", 2, "no file of F16", "UD-Q4_K_XL"),
        ("hf:u/Model-GGUF:Q5_K_M", 2, "no file of Q5_K_M", "MXFP4_MOE"),
        ("hf:gap/Model-GGUF", 1, "Model-Q4_K_M-00002-of-00003.gguf", ""),
        ("hf:old/Model-GGUF", 1, "Model.Q8_0.gguf-split-a", "cat"),
        ("hf:st/Model", 1, "no GGUF file", "ends in GGUF"),
        ("hf:nobody/nothing", 1, "404", "model's page"),
        ("hf:u/Model-GGUF@v9", 1, "404", ""),
        ("hf:u/Model-GGUF/none.gguf", 1, "none.gguf", ""),
        ("https://example.org/model.gguf", 2, "no address of Hugging Face", "download the file"),
    ] {
        let output = plan(&address, &["--model", model, "--profile", "cpu-vps-32gb"]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{model}: {stderr}");
        assert!(stderr.contains(message) && stderr.contains(hint), "{model}: {stderr}");
    }
}

#[test]
fn a_name_of_ollamas_says_what_it_was_taken_for() {
    let output =
        plan("http://127.0.0.1:9", &["--model", "llama3.2:3b-instruct-q4_K_M", "--profile", "cpu-vps-32gb"]);
    let plan_of = document(&output);
    assert_eq!(
        (&plan_of["model"]["id"], &plan_of["model"]["quant"]),
        (&json!("llama-3.2-3b"), &json!("Q4_K_M"))
    );
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("llama-3.2-3b") && stderr.contains("Hugging Face"), "{stderr}");
    let unknown = plan("http://127.0.0.1:9", &["--model", "ollama:wizardzz:900b"]);
    let stderr = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr.contains("hf:owner/repository"), "{stderr}");
}
