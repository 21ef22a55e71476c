//! The HTTP interface of vLLM: OpenAI's, with `/health` and `/tokenize` beside it.

use crate::engine::question::{Guarded, Method, Question};
use crate::engine::streamed::Streamed;
use crate::error::Result;
use serde_json::{Value, json};

/// Requests that only the key opens, by docs/usage/security.md (00b005cf): those below `/v1`. `/invocations`, `/tokenize`
/// and `/pause` are among those that it leaves open to whoever reaches the port, which is why it is 127.0.0.1's alone.
pub const GUARDED: &[Guarded] = &[
    Guarded { method: Method::Get, path: "/v1/models" },
    Guarded { method: Method::Post, path: "/v1/chat/completions" },
    Guarded { method: Method::Post, path: "/v1/completions" },
    Guarded { method: Method::Post, path: "/v1/responses" },
];

/// Answers 200 once the model is loaded; before that nothing listens.
pub const HEALTH: &str = "/health";

/// Asks for `tokens` of an answer through the model's template. The one model that there is needs no name.
pub fn chat(text: &str, tokens: u64) -> Question {
    let body = json!({
        "messages": [{"role": "user", "content": text}],
        "max_tokens": tokens,
    });
    Question::streamed("/v1/chat/completions", body)
}

/// Asks for the tokens of a text.
pub fn tokenize(text: &str) -> Question {
    Question { path: "/tokenize", body: json!({"prompt": text}) }
}

/// Asks for one token: `/tokenize` asks for no key.
pub fn asks_key() -> Question {
    Question { path: "/v1/completions", body: json!({"prompt": "a", "max_tokens": 1}) }
}

/// Asks for `generate` tokens after the first `prompt` tokens of a text that was tokenized; nothing ends them early.
pub fn timed(text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question {
    let tokens = tokenized["tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let start = &tokens[..tokens.len().min(prompt as usize)];
    let body = json!({
        "prompt": if start.is_empty() { json!(text) } else { json!(start) },
        "max_tokens": generate,
        "ignore_eos": true,
    });
    Question::streamed("/v1/completions", body)
}

/// Takes in a line of an answer.
///
/// # Errors
/// The server says that it failed, or what no server says.
pub fn hear(line: &str, streamed: &mut Streamed) -> Result<()> {
    streamed.hear_openai(line, &["reasoning_content", "reasoning"])
}
