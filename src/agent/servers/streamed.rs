//! An answer of llama-server that comes line by line: how far it has read the prompt, then token by token.
//! The lines are those of b11434 with `stream` and `return_progress`, of `/v1/chat/completions` and of
//! `/completion`.

use crate::error::{Context, Failure, Result};
use serde_json::Value;

/// Part of an answer that has arrived.
#[derive(Debug, Default)]
pub struct Streamed {
    pub text: String,
    /// Pieces of text; a token or a few.
    pub pieces: u64,
    /// Tokens of the prompt: read so far, and in all.
    pub read: (u64, u64),
    /// The server's own measurement; null until the end.
    pub timings: Value,
    /// Nothing comes any more.
    pub ended: bool,
}

impl Streamed {
    /// Takes in a line; everything that brings it nearer to its end makes [`Streamed::done`] larger.
    ///
    /// # Errors
    /// The server says that it failed, or what no server says.
    pub fn line(&mut self, line: &str) -> Result<()> {
        // Others are comments, which come when nothing else does, and the blank lines between events.
        let Some(data) = line.trim_end().strip_prefix("data: ") else { return Ok(()) };
        if data == "[DONE]" {
            self.ended = true;
            return Ok(());
        }
        let value: Value = serde_json::from_str(data).context("reading the model's answer")?;
        if let Some(error) = value.get("error") {
            let text = error["message"].as_str().map_or_else(|| error.to_string(), str::to_string);
            let short: String = text.chars().take(300).collect();
            return Err(Failure::failed(format!("the server gave up answering: {short}")).into());
        }
        let progress = &value["prompt_progress"];
        let number = |name: &str| progress[name].as_u64().unwrap_or(0);
        self.read = (self.read.0.max(number("processed")), self.read.1.max(number("total")));
        let piece = value["content"].as_str().or(value["choices"][0]["delta"]["content"].as_str());
        if let Some(piece) = piece.filter(|piece| !piece.is_empty()) {
            self.text += piece;
            self.pieces += 1;
        }
        if value["timings"].is_object() {
            self.timings = value["timings"].clone();
        }
        // `/completion` has no other end.
        self.ended |= value["stop"] == true;
        Ok(())
    }

    /// Grows with every token that was read or given.
    pub fn done(&self) -> u64 {
        self.read.0.saturating_add(self.pieces)
    }

    /// How far it came, for whoever gave it up.
    pub fn so_far(&self) -> String {
        match (self.read, self.pieces) {
            ((0, 0), 0) => "it has not begun".to_string(),
            ((read, total), 0) => format!("it has read {read} of {total} tokens of the question"),
            (_, pieces) => format!("it has given {pieces} tokens"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> (Streamed, Vec<u64>) {
        let mut streamed = Streamed::default();
        let mut done = Vec::new();
        for line in lines {
            streamed.line(line).unwrap();
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
        assert_eq!(streamed.timings["predicted_n"], 2);
    }

    #[test]
    fn a_completions_answer_ends_without_a_last_word() {
        let (streamed, done) = after(&[
            r#"data: {"content":"","stop":false,"prompt_progress":{"total":16,"cache":0,"processed":16,"time_ms":1}}"#,
            r#"data: {"content":"a","stop":false}"#,
            r#"data: {"content":"","stop":true,"timings":{"prompt_n":16}}"#,
        ]);
        assert_eq!(done, [16, 17, 17]);
        assert!(streamed.ended && streamed.timings["prompt_n"] == 16);
    }

    #[test]
    fn what_fails_says_why_and_how_far_it_came() {
        let mut streamed = Streamed::default();
        assert_eq!(streamed.so_far(), "it has not begun");
        streamed.line(r#"data: {"prompt_progress":{"total":40,"processed":8}}"#).unwrap();
        assert_eq!(streamed.so_far(), "it has read 8 of 40 tokens of the question");
        streamed.line(r#"data: {"content":"a"}"#).unwrap();
        assert_eq!(streamed.so_far(), "it has given 1 tokens");
        let error = streamed.line(r#"data: {"error":{"code":500,"message":"out of memory"}}"#).unwrap_err();
        assert_eq!(error.to_string(), "the server gave up answering: out of memory");
        assert!(streamed.line("data: <html>").is_err());
    }
}
