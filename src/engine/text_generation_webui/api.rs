//! The HTTP interface of text-generation-webui: what is asked of it, and how its answers are read. Read in
//! modules/api of v4.9.

use crate::engine::question::{Guarded, Method, Question};
use crate::engine::streamed::Streamed;
use crate::error::Result;
use serde_json::{Value, json};

/// Requests that only a key opens. The two of `model` ask for another key than the API's.
pub const GUARDED: &[Guarded] = &[
    Guarded { method: Method::Get, path: "/v1/models" },
    Guarded { method: Method::Post, path: "/v1/chat/completions" },
    Guarded { method: Method::Post, path: "/v1/completions" },
    Guarded { method: Method::Post, path: "/v1/messages" },
    Guarded { method: Method::Post, path: "/v1/embeddings" },
    Guarded { method: Method::Post, path: "/v1/internal/encode" },
    Guarded { method: Method::Post, path: "/v1/internal/model/load" },
    Guarded { method: Method::Post, path: "/v1/internal/model/unload" },
];

/// Page that needs no key: the list of its requests. It listens only once the model is loaded.
pub const HEALTH: &str = "/openapi.json";

/// Asks for `tokens` of an answer through the model's template.
pub fn chat(text: &str, tokens: u64) -> Question {
    let body = json!({
        "messages": [{"role": "user", "content": text}],
        "mode": "instruct",
        "max_tokens": tokens,
    });
    Question::streamed("/v1/chat/completions", body)
}

/// Asks for the tokens of a text.
pub fn tokenize(text: &str) -> Question {
    Question { path: "/v1/internal/encode", body: json!({"text": text}) }
}

/// Asks for `generate` tokens after about the first `prompt` tokens of a text that was tokenized: it takes texts, and no
/// tokens. Nothing ends the answer early.
pub fn timed(text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question {
    let tokens = tokenized["length"].as_u64().unwrap_or(0).max(1);
    let part = text.chars().count() as u64 * prompt.min(tokens) / tokens;
    let body = json!({
        "prompt": text.chars().take(part as usize).collect::<String>(),
        "max_tokens": generate,
        "ban_eos_token": true,
    });
    Question::streamed("/v1/completions", body)
}

/// Takes in a line of an answer.
///
/// # Errors
/// The server says that it failed, or what no server says.
pub fn hear(line: &str, streamed: &mut Streamed) -> Result<()> {
    streamed.hear_openai(line, &["reasoning_content"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::streamed::Usage;

    fn after(lines: &[&str]) -> Streamed {
        let mut streamed = Streamed::default();
        lines.iter().for_each(|line| hear(line, &mut streamed).unwrap());
        streamed
    }

    #[test]
    fn an_answer_is_read_with_the_number_of_its_tokens() {
        let streamed = after(&[
            r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant","refusal":null,"content":""},"logprobs":null}]}"#,
            "",
            ": ping - 2026-11-28 17:00:00",
            r#"data: {"choices":[{"index":0,"finish_reason":null,"delta":{"reasoning_content":"Hm."}}]}"#,
            r#"data: {"choices":[{"index":0,"finish_reason":null,"delta":{"content":"I can"}}]}"#,
            r#"data: {"choices":[{"index":0,"finish_reason":"length","delta":{}}],"usage":null}"#,
            r#"data: {"choices":[],"usage":{"prompt_tokens":18,"completion_tokens":32,"total_tokens":50}}"#,
            "data: [DONE]",
        ]);
        assert_eq!((streamed.text.as_str(), streamed.pieces, streamed.ended), ("Hm.I can", 2, true));
        assert_eq!(streamed.usage, Some(Usage { prompt: 18, answer: 32 }));
        let streamed = after(&[r#"data: {"choices":[{"index":0,"finish_reason":null,"text":" a"}]}"#]);
        assert_eq!((streamed.text.as_str(), streamed.done(), streamed.ended), (" a", 1, false));
    }

    #[test]
    fn a_failed_answer_says_why() {
        let mut streamed = Streamed::default();
        let error = hear(r#"data: {"error":{"message":"no model is loaded"}}"#, &mut streamed).unwrap_err();
        assert_eq!(error.to_string(), "the server gave up answering: no model is loaded");
        assert!(hear("data: <html>", &mut streamed).is_err());
    }

    #[test]
    fn a_prompt_is_the_part_of_the_text_that_has_its_tokens() {
        let asked = |prompt| {
            timed("one two three four ", &json!({"tokens": [1, 2, 3, 4], "length": 4}), prompt, 5).body
        };
        assert_eq!((&asked(2)["prompt"], &asked(2)["max_tokens"]), (&json!("one two t"), &json!(5)));
        assert_eq!(asked(9)["prompt"], "one two three four ");
        assert_eq!(timed("one", &json!({"detail": "Unauthorized"}), 1, 4).body["prompt"], "one");
    }
}
