//! Folders of models in safetensors, as publishers lay them out, without their numbers: files of the right size that
//! take no room on the disk.

use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Dimensions of a model.
#[derive(Clone, Copy)]
pub struct Dims {
    pub architecture: &'static str,
    pub layers: u64,
    pub width: u64,
    pub ff: u64,
    pub heads: u64,
    pub heads_kv: u64,
    pub vocabulary: u64,
}

pub const MISTRAL_7B: Dims = Dims {
    architecture: "MistralForCausalLM",
    layers: 32,
    width: 4096,
    ff: 14336,
    heads: 32,
    heads_kv: 8,
    vocabulary: 32000,
};
pub const LLAMA_13B: Dims = Dims {
    architecture: "LlamaForCausalLM",
    layers: 40,
    width: 5120,
    ff: 13824,
    heads: 40,
    heads_kv: 40,
    vocabulary: 32000,
};
pub const LLAMA_65B: Dims = Dims {
    architecture: "LlamaForCausalLM",
    layers: 80,
    width: 8192,
    ff: 22016,
    heads: 64,
    heads_kv: 64,
    vocabulary: 32000,
};

/// How matrices are written.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    F16,
    Gptq,
    Awq,
}

type Tensors = Vec<(String, &'static str, Vec<u64>)>;

fn matrix(kind: Kind, name: &str, inputs: u64, outputs: u64) -> Tensors {
    let named = |end: &str| format!("{name}.{end}");
    match kind {
        Kind::F16 => vec![(named("weight"), "F16", vec![outputs, inputs])],
        Kind::Gptq => vec![
            (named("qweight"), "I32", vec![inputs / 8, outputs]),
            (named("qzeros"), "I32", vec![inputs / 128, outputs / 8]),
            (named("scales"), "F16", vec![inputs / 128, outputs]),
            (named("g_idx"), "I32", vec![inputs]),
        ],
        Kind::Awq => vec![
            (named("qweight"), "I32", vec![inputs, outputs / 8]),
            (named("qzeros"), "I32", vec![inputs / 128, outputs / 8]),
            (named("scales"), "F16", vec![inputs / 128, outputs]),
        ],
    }
}

fn tensors(d: Dims, kind: Kind) -> Tensors {
    let mut all = vec![
        ("model.embed_tokens.weight".to_string(), "F16", vec![d.vocabulary, d.width]),
        ("lm_head.weight".to_string(), "F16", vec![d.vocabulary, d.width]),
        ("model.norm.weight".to_string(), "F16", vec![d.width]),
    ];
    let keys = d.width / d.heads * d.heads_kv;
    for layer in 0..d.layers {
        let at = |name: &str| format!("model.layers.{layer}.{name}");
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            all.push((at(&format!("{norm}.weight")), "F16", vec![d.width]));
        }
        for (name, inputs, outputs) in [
            ("self_attn.q_proj", d.width, d.width),
            ("self_attn.k_proj", d.width, keys),
            ("self_attn.v_proj", d.width, keys),
            ("self_attn.o_proj", d.width, d.width),
            ("mlp.gate_proj", d.width, d.ff),
            ("mlp.up_proj", d.width, d.ff),
            ("mlp.down_proj", d.ff, d.width),
        ] {
            all.extend(matrix(kind, &at(name), inputs, outputs));
        }
    }
    all
}

/// Writes a file with these tensors, and returns the bytes of their data.
fn write_part(path: &Path, tensors: &[(String, &'static str, Vec<u64>)]) -> u64 {
    let (mut at, mut table) = (0, serde_json::Map::new());
    table.insert("__metadata__".to_string(), json!({"format": "pt"}));
    for (name, dtype, shape) in tensors {
        let end = at + shape.iter().product::<u64>() * if *dtype == "I32" { 4 } else { 2 };
        table.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    let text = Value::Object(table).to_string();
    let mut file = File::create(path).unwrap();
    file.write_all(&(text.len() as u64).to_le_bytes()).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_len(8 + text.len() as u64 + at).unwrap();
    at
}

/// Writes a model's folder in so many parts, and returns the bytes of its tensors.
pub fn write(folder: &Path, d: Dims, kind: Kind, parts: usize) -> u64 {
    std::fs::create_dir_all(folder).unwrap();
    let mut config = json!({
        "architectures": [d.architecture], "num_hidden_layers": d.layers, "hidden_size": d.width,
        "intermediate_size": d.ff, "num_attention_heads": d.heads, "num_key_value_heads": d.heads_kv,
        "vocab_size": d.vocabulary, "max_position_embeddings": 4096, "torch_dtype": "float16",
        "tie_word_embeddings": false, "sliding_window": null,
    });
    let quantised =
        |method: &str| json!({"quant_method": method, "bits": 4, "group_size": 128, "desc_act": false});
    match kind {
        Kind::F16 => {}
        Kind::Gptq => config["quantization_config"] = quantised("gptq"),
        Kind::Awq => config["quantization_config"] = quantised("awq"),
    }
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.join("tokenizer.json"), "{}").unwrap();
    let all = tensors(d, kind);
    if parts == 1 {
        return write_part(&folder.join("model.safetensors"), &all);
    }
    let mut map = serde_json::Map::new();
    let mut bytes = 0;
    for (number, part) in all.chunks(all.len().div_ceil(parts)).enumerate() {
        let name = format!("model-{:05}-of-{parts:05}.safetensors", number + 1);
        bytes += write_part(&folder.join(&name), part);
        map.extend(part.iter().map(|(tensor, ..)| (tensor.clone(), name.clone().into())));
    }
    let index = json!({"metadata": {"total_size": bytes}, "weight_map": map});
    std::fs::write(folder.join("model.safetensors.index.json"), index.to_string()).unwrap();
    bytes
}
