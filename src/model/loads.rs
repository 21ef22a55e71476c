//! Tells the kind of a GGUF file, and whether llama-server b11434 loads it as a model that answers.
//!
//! Follows `load_hparams`, `load_vocab` and the loaders in src/models/*.cpp of llama.cpp: they refuse a file
//! without a setting or tensor that they ask for, and one with a tensor that nobody asks for. The list of these is in
//! architectures.txt, which tests/oracle/architectures.py makes from llama.cpp itself.

use super::asked::{Asked, Name, asked};
use super::fits;
use super::gguf::{Header, Value};
use super::keys::Keys;
use super::layers::drafting_layers;
use super::vocab;
use std::collections::BTreeSet;

/// Why a file is not planned for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub why: String,
    pub hint: String,
    /// The file is whole, but of another kind than a model that answers.
    pub other_kind: bool,
}

/// Why llama-server would not answer with this file, in the order in which it would notice.
pub fn refusal(header: &Header) -> Option<Refusal> {
    let other = |(why, hint)| Refusal { why, hint, other_kind: true };
    let broken = |why| Refusal {
        why,
        hint: "download it again, or make it again with the convert_hf_to_gguf.py of a current llama.cpp"
            .to_string(),
        other_kind: false,
    };
    other_kind(header).map(other).or_else(|| missing(header).map(broken))
}

/// Architectures that make images or films; files of them are published as GGUF for other programs.
const IMAGES: &[&str] = &[
    "aura",
    "chroma",
    "cosmos",
    "flux",
    "flux2",
    "hidream",
    "hunyuan_video",
    "hyvid",
    "kontext",
    "ltxv",
    "lumina2",
    "mochi",
    "omnigen",
    "qwen_image",
    "sd1",
    "sd3",
    "sdxl",
    "wan",
    "z_image",
    "zimage",
];
const ENCODERS: &[&str] = &[
    "bert",
    "modern-bert",
    "nomic-bert",
    "nomic-bert-moe",
    "neo-bert",
    "jina-bert-v2",
    "jina-bert-v3",
    "eurobert",
    "gemma-embedding",
    "llama-embed",
];

fn other_kind(header: &Header) -> Option<(String, String)> {
    let kind = header.text("general.type").unwrap_or_default();
    let architecture = header.text("general.architecture").unwrap_or_default();
    let keys = Keys { header, architecture };
    let pooling = keys.optional("pooling_type").filter(|n| *n > 0);
    let labels = keys.name("classifier.output_labels");
    let has = |start: &str| header.tensors.iter().any(|tensor| tensor.name.starts_with(start));
    let ranks = pooling == Some(4) || header.metadata.contains_key(&labels) || has("cls.");
    let beside = |flag: &str| {
        format!(
            "name the model that it belongs to with --model; llama-server takes this file beside it, with {flag}"
        )
    };
    let (what, hint) = match architecture {
        _ if kind == "imatrix" || header.metadata.contains_key("imatrix.chunk_count") => (
            "an importance matrix (imatrix): llama-quantize reads it, no server does".to_string(),
            "name the GGUF file of the model that it was made from".to_string(),
        ),
        _ if kind == "adapter" || header.metadata.contains_key("adapter.type") => {
            ("a LoRA adapter: it changes a model and is none itself".to_string(), beside("--lora"))
        }
        _ if kind == "mmproj" || architecture == "clip" => (
            "a projector (mmproj): it turns pictures or sound into what a model reads".to_string(),
            beside("--mmproj"),
        ),
        "controlvector" => {
            ("a control vector: it steers a model and is none itself".to_string(), beside("--control-vector"))
        }
        "eagle3" | "dflash" | "gemma4-assistant" => (
            format!("a draft model ({architecture}): it guesses what a larger model will say"),
            beside("--model-draft"),
        ),
        "wavtokenizer-dec" | "pockettts" | "qwen3tts" => (
            format!("a speech model ({architecture}): it gives sound, not answers"),
            "llama-tts of llama.cpp runs such models; name a model that answers".to_string(),
        ),
        "t5" | "t5encoder" => (
            format!("an encoder-decoder ({architecture}): llama-server serves decoders only"),
            "llama-completion of llama.cpp runs T5; name a decoder such as llama, qwen3 or gemma3"
                .to_string(),
        ),
        "dream" | "llada" | "llada-moe" | "rnd1" => (
            format!(
                "a diffusion model ({architecture}): it writes all of its text at once, which llama-server cannot"
            ),
            "llama-diffusion-cli of llama.cpp runs it; name a model that writes word by word".to_string(),
        ),
        "clef" => (
            "a model that decides between answers (clef), and gives none".to_string(),
            "name a model that answers".to_string(),
        ),
        _ if IMAGES.contains(&architecture) => (
            format!("an image model ({architecture}): llama.cpp makes text only"),
            "stable-diffusion.cpp or ComfyUI run it; name a language model".to_string(),
        ),
        _ if ranks => (
            "a reranker: it scores texts and gives no answers".to_string(),
            "name a model that answers with --model; llama-server serves a reranker by itself, with --rerank"
                .to_string(),
        ),
        _ if pooling.is_some() || ENCODERS.contains(&architecture) => (
            "an embedding model: it gives vectors, not answers".to_string(),
            "--rag --rag-model FILE puts it beside a model that answers".to_string(),
        ),
        _ => return None,
    };
    Some((format!("the file is {what}"), hint))
}

/// Models without attention have no heads.
const HEADLESS: &[&str] = &["mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"];

fn missing(header: &Header) -> Option<String> {
    let Some(architecture) = header.text("general.architecture") else {
        let part = header.number("split.no").is_some();
        return Some(match part {
            true => "the file is a later part of a split model: its parts are named in the wrong order"
                .to_string(),
            false => "the header has no general.architecture: it is of no model".to_string(),
        });
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !architecture.chars().all(plain) {
        return Some(format!("no llama.cpp knows the architecture {architecture:?}"));
    }
    // An architecture that only a newer llama.cpp may know: the ledger is an estimate, and says so.
    let asked = asked(architecture)?;
    let keys = Keys { header, architecture };
    let has = |key: &str| header.metadata.contains_key(&keys.name(key));
    let mut needed = vec!["context_length", "embedding_length", "block_count"];
    if !HEADLESS.contains(&architecture) {
        needed.push("attention.head_count");
    }
    needed.extend(&asked.keys);
    if let Some(key) = needed.into_iter().find(|key| !has(key)) {
        return Some(format!("the header has no {}", keys.name(key)));
    }
    let numbers = ["context_length", "embedding_length", "block_count"].map(|key| keys.name(key));
    if let Some(key) = numbers.iter().find(|key| header.number(key).is_none()) {
        return Some(format!("{key} is no whole number"));
    }
    if let Some(key) = header.wide_numbers.iter().find(|key| key.starts_with(&format!("{architecture}."))) {
        return Some(format!("{key} is not an unsigned number of 32 bits, which llama.cpp asks for"));
    }
    let norms =
        ["attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon", "attention.group_norm_epsilon"];
    // Qwen 2 VL's may lack it.
    if architecture != "qwen2vl" && !norms.iter().any(|key| has(key)) {
        return Some(format!("the header has no {}", keys.name(norms[1])));
    }
    let is_float = |key: &str| matches!(header.metadata.get(&keys.name(key)), Some(Value::Float(_)) | None);
    if let Some(key) = norms.iter().find(|key| !is_float(key)) {
        return Some(format!("{} is no number with a fraction", keys.name(key)));
    }
    if let Some(why) = vocab::refusal(header) {
        return Some(why);
    }
    let tokens = header.length("tokenizer.ggml.tokens");
    let settings = || fits::settings(&keys, asked.whole_rope);
    let wrong = || fits::wrong_tensor(&keys, asked.attends);
    tensors(header, &keys, &asked, tokens).or_else(settings).or_else(wrong)
}

fn tensors(header: &Header, keys: &Keys, asked: &Asked, tokens: Option<u64>) -> Option<String> {
    let all = keys.optional("block_count").unwrap_or(0);
    let trunk = all - drafting_layers(header).min(all);
    let mut layers = vec![BTreeSet::new(); trunk.min(512) as usize];
    let mut top = BTreeSet::new();
    for tensor in &header.tensors {
        let (layer, part) = match tensor.name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) {
            Some((layer, part)) => (layer.parse::<u64>().ok(), part),
            None => (None, tensor.name.as_str()),
        };
        let name = base(part);
        let beyond = layer.is_some_and(|layer| layer >= all);
        // A matrix or norm is looked for with its suffix, and a layer by its number without zeros before it.
        let bare = name == part
            && !part.ends_with(".bias")
            && ["attn_", "output", "token_embd"].iter().any(|start| name.starts_with(start));
        let misspelt = bare || layer.is_some_and(|layer| tensor.name != format!("blk.{layer}.{part}"));
        let asked = asked.names.get(name).is_some_and(|name| name.top == layer.is_none());
        if beyond || misspelt || !asked {
            let why = if beyond {
                format!("its model has {all} layers")
            } else if misspelt {
                "it is not named so".to_string()
            } else {
                format!("a {} has none", keys.architecture)
            };
            return Some(format!("the tensor {:?} is one too many for llama.cpp: {why}", tensor.name));
        }
        match layer {
            None => _ = top.insert(name),
            Some(layer) if layer < trunk => {
                if let Some(parts) = layers.get_mut(layer as usize) {
                    parts.insert(name);
                }
            }
            Some(_) => {}
        }
    }
    let embedding = header.tensors.iter().find(|tensor| tensor.name == "token_embd.weight");
    let rows = embedding.map(|tensor| tensor.dims.get(1).copied().unwrap_or(1));
    match rows.zip(tokens) {
        None if rows.is_none() && asked.names.get("token_embd").is_some_and(|name| name.must) => {
            return Some("the tensor token_embd.weight is missing".to_string());
        }
        Some((rows, tokens)) if rows != tokens => {
            return Some(format!("token_embd.weight has {rows} rows for the tokenizer's {tokens} tokens"));
        }
        _ => {}
    }
    // Heads or widths that differ by layer are of models whose layers differ: DeciLM, hybrids.
    let lists = ["attention.head_count", "attention.head_count_kv", "feed_forward_length"];
    let uneven =
        lists.iter().any(|key| matches!(header.metadata.get(&keys.name(key)), Some(Value::Numbers(_))));
    let per_layer = |name: &str| layers.iter().any(|parts| parts.contains(name));
    for (name, Name { top: of_none, must }) in &asked.names {
        if *must && !(if *of_none { top.contains(name) } else { per_layer(name) }) {
            return Some(format!("the tensor {name} is missing"));
        }
    }
    if uneven {
        return None;
    }
    for (index, parts) in layers.iter().enumerate() {
        let lacks = |name: &str| {
            let suffix = if name.ends_with(".bias") { "" } else { ".weight" };
            Some(format!("the tensor blk.{index}.{name}{suffix} is missing"))
        };
        for (name, Name { top, must }) in &asked.names {
            if *must && !top && !parts.contains(name) {
                return lacks(name);
            }
        }
        let alone = ["attn_qkv", "attn_q", "attn_k", "attn_v"]
            .iter()
            .find(|name| parts.contains(format!("{name}.bias").as_str()) && !parts.contains(**name));
        if let Some(name) = alone {
            return Some(format!(
                "the tensor \"blk.{index}.{name}.bias\" is one too many for llama.cpp: there is no {name}"
            ));
        }
        let one_of = |names: &[&str]| names.iter().any(|name| parts.contains(name));
        let attention = ["attn_q", "attn_k", "attn_v"].iter().find(|name| !parts.contains(*name));
        if let Some(name) = attention.filter(|_| asked.attends && !parts.contains("attn_qkv")) {
            return lacks(name);
        }
        if asked.feeds && !one_of(&["ffn_down", "ffn_down_exps"]) {
            return lacks("ffn_down");
        }
        if parts.contains("ffn_down") && !one_of(&["ffn_up"]) {
            return lacks("ffn_up");
        }
        if parts.contains("ffn_down") && asked.gates && !parts.contains("ffn_gate") {
            return lacks("ffn_gate");
        }
        if parts.contains("ffn_down_exps")
            && asked.experts_gates
            && !one_of(&["ffn_gate_exps", "ffn_gate_up_exps"])
        {
            return lacks("ffn_gate_exps");
        }
        if parts.contains("ffn_down_exps") && !one_of(&["ffn_up_exps", "ffn_gate_up_exps"]) {
            return lacks("ffn_up_exps");
        }
    }
    None
}

/// `attn_q.weight` → `attn_q`. A bias keeps its suffix: it is asked for apart.
fn base(part: &str) -> &str {
    const SUFFIXES: [&str; 5] = [".weight", ".scale", ".input_scale", ".lora_a", ".lora_b"];
    SUFFIXES.iter().find_map(|suffix| part.strip_suffix(suffix)).unwrap_or(part)
}

#[cfg(test)]
#[path = "loads_tests.rs"]
mod tests;
