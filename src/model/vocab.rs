//! Looks for what a tokenizer must have, as `llama_vocab::impl::load` of llama-vocab.cpp (b11434) asks for it.

use super::gguf::{Header, Value};

/// Kinds of tokenizers (`tokenizer.ggml.model`) that have tokens.
const KINDS: &[&str] =
    &["bert", "gemma4", "gpt2", "hybriddna", "llama", "plamo2", "rwkv", "t5", "whitespace"];
/// And those without.
const EMPTY: &[&str] = &["no_vocab", "none"];
/// Tokenizers that join tokens by a list.
const MERGING: &[&str] = &["gemma4", "gpt2"];

/// Ways in which a `gpt2` splits a text before it joins tokens (`tokenizer.ggml.pre`).
const SPLITS: &[&str] = &[
    "a.x-4.0",
    "afmoe",
    "bailingmoe",
    "bailingmoe2",
    "bloom",
    "chameleon",
    "chatglm-bpe",
    "codeshell",
    "cohere2moe",
    "command-r",
    "dbrx",
    "deepseek-coder",
    "deepseek-llm",
    "deepseek-r1-qwen",
    "deepseek-v3",
    "default",
    "exaone",
    "exaone-moe",
    "exaone4",
    "f2llmv2",
    "falcon",
    "falcon-h1",
    "falcon3",
    "gemma4",
    "gigachat",
    "glm4",
    "glm5",
    "gpt-2",
    "gpt-4o",
    "gpt3-finnish",
    "granite-docling",
    "granite-embed-multi-311m",
    "granite-embed-multi-97m",
    "grok-2",
    "hunyuan",
    "hunyuan-dense",
    "hy_v4",
    "jais",
    "jais-2",
    "jina-de",
    "jina-es",
    "jina-v1-en",
    "jina-v2-code",
    "jina-v2-de",
    "jina-v2-es",
    "jina-v5-nano",
    "joyai-llm",
    "kanana2",
    "kimi-k2",
    "kormo",
    "laguna",
    "lfm2",
    "llada-moe",
    "llama-bpe",
    "llama-v3",
    "llama3",
    "llama4",
    "megrez",
    "mellum",
    "mellum2",
    "midm-2.0",
    "minerva-7b",
    "minicpm5",
    "minimax-m2",
    "mmbert",
    "modern-bert",
    "mpt",
    "olmo",
    "phi-2",
    "pixtral",
    "poro-chat",
    "qwen2",
    "qwen35",
    "refact",
    "roberta-bpe",
    "sarvam-moe",
    "seed-coder",
    "smaug-bpe",
    "smollm",
    "solar-open",
    "spark2_5",
    "stablelm2",
    "starcoder",
    "superbpe",
    "talkie",
    "tekken",
    "tiny_aya",
    "trillion",
    "ufakzeka",
    "viking",
    "whitespace",
    "youtu",
];

/// Why llama.cpp does not take the file's tokenizer; none where it does.
pub(super) fn refusal(header: &Header) -> Option<String> {
    let Some(kind) = header.text("tokenizer.ggml.model") else {
        return Some("the file has no tokenizer (tokenizer.ggml.model)".to_string());
    };
    if EMPTY.contains(&kind) {
        return None;
    }
    if !KINDS.contains(&kind) {
        return Some(format!("no server knows the tokenizer {kind:?} (tokenizer.ggml.model)"));
    }
    let Some(tokens) = header.length("tokenizer.ggml.tokens") else {
        return Some("the file's tokenizer has no tokens (tokenizer.ggml.tokens)".to_string());
    };
    for key in ["tokenizer.ggml.scores", "tokenizer.ggml.token_type"] {
        if let Some(length) = header.length(key).filter(|length| *length < tokens) {
            return Some(format!("{key} has {length} entries for the tokenizer's {tokens} tokens"));
        }
    }
    let split = header.text("tokenizer.ggml.pre").unwrap_or_default();
    let merges = matches!(header.metadata.get("tokenizer.ggml.merges"), Some(Value::Skipped(_)));
    if MERGING.contains(&kind) && !merges && split != "kimi-k2" {
        return Some("the file's tokenizer has no merges (tokenizer.ggml.merges)".to_string());
    }
    let unknown = kind == "gpt2" && !split.is_empty() && !SPLITS.contains(&split);
    unknown.then(|| format!("no server knows how {split:?} splits a text (tokenizer.ggml.pre)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gguf_write::{Field, header};
    use crate::model::tiny;

    fn with(changes: Vec<(&str, Field<'static>)>) -> Option<String> {
        let mut fields = tiny::fields(None);
        fields.retain(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        fields.extend(changes.into_iter().map(|(key, field)| (key.to_string(), field)));
        refusal(&Header::read(&header(&fields, &[])[..], None).unwrap())
    }

    /// llama-fit-params b11434 was asked about each on 29 November 2026.
    #[test]
    fn a_tokenizer_that_llama_cpp_does_not_take_is_told() {
        let kind = |kind| ("tokenizer.ggml.model", Field::Text(kind));
        let merges = || ("tokenizer.ggml.merges", Field::Texts(vec!["a b".into()]));
        let split = |split| ("tokenizer.ggml.pre", Field::Text(split));
        let table = [
            (vec![], None),
            (vec![kind("none")], None),
            (vec![kind("gpt2"), merges()], None),
            (vec![kind("gpt2"), merges(), split("llama-bpe")], None),
            (vec![kind("magic")], Some("knows the tokenizer \"magic\"")),
            (vec![kind("gpt2")], Some("no merges")),
            (vec![kind("gpt2"), split("kimi-k2")], None),
            (vec![kind("gpt2"), merges(), split("no-such-pre")], Some("how \"no-such-pre\" splits")),
            (
                vec![("tokenizer.ggml.scores", Field::Floats(vec![0.0; 10]))],
                Some("10 entries for the tokenizer's 512"),
            ),
            (
                vec![("tokenizer.ggml.token_type", Field::Ints(vec![1; 10]))],
                Some("token_type has 10 entries"),
            ),
        ];
        for (changes, said) in table {
            let why = with(changes);
            match said {
                None => assert_eq!(why, None),
                Some(said) => {
                    assert!(why.as_deref().is_some_and(|why| why.contains(said)), "{said}: {why:?}")
                }
            }
        }
    }
}
