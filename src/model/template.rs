//! The template that chats are written with: from the model's file, else the registry, else its family
//! (`profiles/chat-families.toml`, compiled in). A base model has none, and says so.

use super::gguf::Header;
use super::registry::{self, Model};
use crate::lang::Sentence;
use serde::Deserialize;
use std::sync::LazyLock;

/// A chat template and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatTemplate {
    /// Jinja source; `None` for a base model, which completes text, or where none is known.
    pub text: Option<String>,
    /// For people: the model's file, the registry, its family, or why there is none.
    pub from: Sentence,
    /// The file carries one, which was not read.
    pub in_file: bool,
}

/// A chat model whose name has all these words.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    name: String,
    words: Vec<String>,
    template: String,
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        family: Vec<Family>,
    }
    let text = include_str!("../../profiles/chat-families.toml");
    toml::from_str::<File>(text).expect("the embedded families are checked by a test").family
});

fn own() -> Sentence {
    sentence!("template-of-file")
}

/// Template of a model of the registry, before its file is read.
pub fn of_registry(model: &Model) -> ChatTemplate {
    match model.chat_template.as_deref() {
        Some("file") => ChatTemplate { text: None, from: own(), in_file: true },
        Some(name) => ChatTemplate {
            text: registry::chat_template(name).map(str::to_string),
            from: sentence!("template-of-registry", name = name),
            in_file: false,
        },
        None => ChatTemplate { text: None, from: sentence!("base-model", model = &model.id), in_file: false },
    }
}

/// Template of a file that was read: its own; else `known`, from the registry; else its family's, by
/// `names` (the file, the repository, `general.name`).
pub fn of_header(header: &Header, known: Option<ChatTemplate>, names: &[&str]) -> ChatTemplate {
    if let Some(text) = header.text("tokenizer.chat_template").filter(|text| !text.trim().is_empty()) {
        return ChatTemplate { text: Some(text.to_string()), from: own(), in_file: true };
    }
    if let Some(known) = known.filter(|known| !known.in_file) {
        return known;
    }
    let titles = ["general.name", "general.basename"].into_iter().filter_map(|key| header.text(key));
    let name: String = names.iter().copied().chain(titles).map(plain).collect::<Vec<_>>().join(" ");
    match FAMILIES.iter().find(|family| family.words.iter().all(|word| name.contains(word.as_str()))) {
        Some(family) => ChatTemplate {
            text: registry::chat_template(&family.template).map(str::to_string),
            from: sentence!("template-of-family", name = &family.name),
            in_file: false,
        },
        None => ChatTemplate { text: None, from: sentence!("no-template"), in_file: false },
    }
}

/// Letters and digits in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tiny;

    fn header(template: Option<&str>) -> Header {
        let mut bytes = Vec::new();
        tiny::write_tiny(&mut bytes, 1, template).unwrap();
        Header::read(bytes.as_slice(), None).unwrap()
    }

    #[test]
    fn the_files_own_comes_first_then_the_registrys_then_the_familys() {
        let known = || of_registry(&registry::find("saiga-13b").unwrap());
        let own = of_header(&header(Some("{{ messages }}")), Some(known()), &["saiga"]);
        assert_eq!(own.text.as_deref(), Some("{{ messages }}"));
        assert_eq!(of_header(&header(None), Some(known()), &[]), known());
        for empty in ["", " \n"] {
            assert_eq!(of_header(&header(Some(empty)), Some(known()), &[]), known());
        }
    }

    #[test]
    fn a_family_is_known_by_its_name() {
        for (name, template) in [
            ("IlyaGusev/saiga_llama3_8b_gguf", "llama-3"),
            ("saiga2_13b", "saiga"),
            ("TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF", "zephyr"),
            ("llama-2-7b-chat.Q4_K_M.gguf", "llama-2"),
            ("Meta-Llama-3-8B-Instruct.Q8_0.gguf", "llama-3"),
            ("mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf", "mistral"),
            ("qwen1_5-7b-chat-q4_k_m.gguf", "chatml"),
            ("phi-2.Q4_K_M.gguf", "phi-2"),
        ] {
            let found = of_header(&header(None), None, &[name]);
            assert_eq!(found.text.as_deref(), registry::chat_template(template), "{name}: {}", found.from);
            assert!(found.text.is_some() && found.from.contains("family"), "{name}");
        }
    }

    #[test]
    fn a_base_model_says_so() {
        for id in ["llama-7b", "llama-30b", "llama-65b"] {
            let template = of_registry(&registry::find(id).unwrap());
            assert_eq!(template.text, None);
            assert!(template.from.contains("base model"), "{template:?}");
        }
        let unknown = of_header(&header(None), None, &["llama-7b.Q4_K_M.gguf"]);
        assert!(unknown.text.is_none() && unknown.from.contains("base model"), "{unknown:?}");
    }

    #[test]
    fn every_model_of_the_registry_has_one_or_is_a_base_model() {
        for model in registry::all().filter(registry::Model::is_chat) {
            let template = of_registry(&model);
            let base = ["llama-7b", "llama-30b", "llama-65b"].contains(&model.id.as_str());
            assert_eq!(template.text.is_none() && !template.in_file, base, "{}: {}", model.id, template.from);
        }
        assert!(FAMILIES.iter().all(|family| registry::chat_template(&family.template).is_some()));
    }
}
