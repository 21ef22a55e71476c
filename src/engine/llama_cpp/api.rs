//! The HTTP interface of llama-server: what is asked of it, and how its answers are read. The lines of an answer are
//! those of b11434 with `stream` and `return_progress`, of `/v1/chat/completions` and of `/completion`.

use crate::engine::question::{Guarded, Method, Question, Vector};
use crate::engine::streamed::{Streamed, Timings};
use crate::error::Result;
use serde_json::{Value, json};

/// Requests that only the key opens. A server that is open answers them at once: nothing is in them.
pub const GUARDED: &[Guarded] = &[
    Guarded { method: Method::Get, path: "/metrics" },
    Guarded { method: Method::Post, path: "/v1/chat/completions" },
    Guarded { method: Method::Post, path: "/completion" },
    Guarded { method: Method::Post, path: "/v1/embeddings" },
];

/// Asks for `tokens` of an answer through the model's template.
pub fn chat(text: &str, tokens: u64) -> Question {
    let body = json!({
        "messages": [{"role": "user", "content": text}],
        "max_tokens": tokens,
        "temperature": 0.0,
        "cache_prompt": false,
        "stream": true,
        "return_progress": true,
    });
    Question { path: "/v1/chat/completions", body }
}

/// Asks for the tokens of a text.
pub fn tokenize(text: &str) -> Question {
    Question { path: "/tokenize", body: json!({"content": text}) }
}

/// Asks for `generate` tokens after the first `prompt` tokens of a text that was tokenized; nothing ends them early.
pub fn timed(tokenized: &Value, prompt: u64, generate: u64) -> Question {
    let tokens = tokenized["tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let body = json!({
        "prompt": &tokens[..tokens.len().min(prompt as usize)],
        "n_predict": generate, "ignore_eos": true, "temperature": 0.0,
        "cache_prompt": false, "stream": true, "return_progress": true,
    });
    Question { path: "/completion", body }
}

/// Asks for the vector of a text.
pub fn embed(text: &str) -> Question {
    Question { path: "/v1/embeddings", body: json!({"input": text}) }
}

/// Reads the vector of an answer; `None` where there is none.
pub fn vector(answer: &Value) -> Option<Vector> {
    let numbers = answer["data"][0]["embedding"].as_array()?;
    let numbers = numbers.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()?;
    Some(Vector { numbers, tokens: answer["usage"]["prompt_tokens"].as_u64().unwrap_or(0) })
}

/// Takes in a line of an answer; everything that brings it nearer to its end makes [`Streamed::done`] larger.
///
/// # Errors
/// The server says that it failed, or what no server says.
pub fn hear(line: &str, streamed: &mut Streamed) -> Result<()> {
    let Some(value) = streamed.event(line)? else { return Ok(()) };
    let progress = &value["prompt_progress"];
    let number = |name: &str| progress[name].as_u64().unwrap_or(0);
    streamed.read = (streamed.read.0.max(number("processed")), streamed.read.1.max(number("total")));
    let piece = value["content"].as_str().or(value["choices"][0]["delta"]["content"].as_str());
    if let Some(piece) = piece.filter(|piece| !piece.is_empty()) {
        streamed.text += piece;
        streamed.pieces += 1;
    }
    if value["timings"].is_object() {
        streamed.timings = Some(timings(&value["timings"]));
    }
    // `/completion` has no other end.
    streamed.ended |= value["stop"] == true;
    Ok(())
}

fn timings(value: &Value) -> Timings {
    let speed = |name: &str| value[name].as_f64().unwrap_or(0.0);
    Timings {
        prompt_tokens: value["prompt_n"].as_u64(),
        generated_tokens: value["predicted_n"].as_u64(),
        prefill_tok_s: speed("prompt_per_second"),
        decode_tok_s: speed("predicted_per_second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> (Streamed, Vec<u64>) {
        let mut streamed = Streamed::default();
        let mut done = Vec::new();
        for line in lines {
            hear(line, &mut streamed).unwrap();
            done.push(streamed.done());
        }
        (streamed, done)
    }

    #[test]
    fn a_chats_answer_is_read_and_its_progress_with_it() {
        let (streamed, done) = after(&[
            r#"data: {"choices":[{"delta":{"role":"assistant","content":null}}],"prompt_progress":{"total":40,"cache":0,"processed":0,"time_ms":0}}"#,
            "",
            ":",
            r#"data: {"choices":[{"delta":{}}],"prompt_progress":{"total":40,"cache":0,"processed":40,"time_ms":900}}"#,
            r#"data: {"choices":[{"delta":{"content":"I can"}}]}"#,
            r#"data: {"choices":[{"delta":{"content":" read"}}]}"#,
            r#"data: {"choices":[{"finish_reason":"length","delta":{}}],"timings":{"predicted_n":2,"predicted_per_second":4.5}}"#,
            "data: [DONE]",
        ]);
        // A comment is no progress, or a server that only says that it lives would never be given up.
        assert_eq!(done, [0, 0, 0, 40, 41, 42, 42, 42]);
        assert_eq!((streamed.text.as_str(), streamed.ended), ("I can read", true));
        assert_eq!(streamed.timings.unwrap().generated_tokens, Some(2));
    }

    #[test]
    fn a_completions_answer_ends_without_a_last_word() {
        let (streamed, done) = after(&[
            r#"data: {"content":"","stop":false,"prompt_progress":{"total":16,"cache":0,"processed":16,"time_ms":1}}"#,
            r#"data: {"content":"a","stop":false}"#,
            r#"data: {"content":"","stop":true,"timings":{"prompt_n":16}}"#,
        ]);
        assert_eq!(done, [16, 17, 17]);
        assert!(streamed.ended && streamed.timings.unwrap().prompt_tokens == Some(16));
    }

    #[test]
    fn a_failed_answer_says_why_and_how_far_it_came() {
        let mut streamed = Streamed::default();
        assert_eq!(streamed.so_far(), "it has not begun");
        hear(r#"data: {"prompt_progress":{"total":40,"processed":8}}"#, &mut streamed).unwrap();
        assert_eq!(streamed.so_far(), "it has read 8 of 40 tokens of the question");
        hear(r#"data: {"content":"a"}"#, &mut streamed).unwrap();
        assert_eq!(streamed.so_far(), "it has given 1 tokens");
        let error =
            hear(r#"data: {"error":{"code":500,"message":"out of memory"}}"#, &mut streamed).unwrap_err();
        assert_eq!(error.to_string(), "the server gave up answering: out of memory");
        assert!(hear("data: <html>", &mut streamed).is_err());
    }
}
