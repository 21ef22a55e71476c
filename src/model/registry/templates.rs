//! Chat templates that are compiled in: `templates/chat/*.jinja`.

macro_rules! embedded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../templates/chat/", $name, ".jinja")))),*]
    };
}

const CHAT_TEMPLATES: &[(&str, &str)] =
    embedded!("chatml" "llama-2" "llama-3" "mistral" "phi-2" "saiga" "zephyr");

/// The source of the chat template called `name`.
pub fn chat_template(name: &str) -> Option<&'static str> {
    CHAT_TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
