//! An answer that comes line by line: how far its prompt was read, then token by token.

use crate::error::{Context, Failure, Result};
use serde_json::Value;
use std::time::Duration;

/// Part of an answer that has arrived.
#[derive(Debug, Default)]
pub struct Streamed {
    /// Text so far.
    pub text: String,
    /// Pieces of text; a token or a few.
    pub pieces: u64,
    /// Tokens of the prompt: read so far, and in all.
    pub read: (u64, u64),
    /// Tokens that it says there were; `None` until the end, and where it says what it measured instead.
    pub usage: Option<Usage>,
    /// The server's own measurement; `None` until the end.
    pub timings: Option<Timings>,
    /// Whether its end has come.
    pub ended: bool,
}

/// Numbers of tokens by the server that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub answer: u64,
}

/// Measurement of one request by the server that answered it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Tokens of the prompt, if it says so.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer, if it says so.
    pub generated_tokens: Option<u64>,
    /// Speed at which the prompt was read, tokens/s.
    pub prefill_tok_s: f64,
    /// Speed of the answer, tokens/s.
    pub decode_tok_s: f64,
}

impl Streamed {
    /// Returns the event of a line of server-sent events; `None` for the last one, which it notes, and for lines between
    /// events.
    ///
    /// # Errors
    /// The server says that it failed, or what no server says.
    pub fn event(&mut self, line: &str) -> Result<Option<Value>> {
        // Others are comments, which come when nothing else does, and the blank lines between events.
        let Some(data) = line.trim_end().strip_prefix("data: ") else { return Ok(None) };
        if data == "[DONE]" {
            self.ended = true;
            return Ok(None);
        }
        let value: Value = serde_json::from_str(data).context("reading the model's answer")?;
        let Some(error) = value.get("error").filter(|error| !error.is_null()) else { return Ok(Some(value)) };
        let text = error["message"].as_str().map_or_else(|| error.to_string(), str::to_string);
        let short: String = text.chars().take(300).collect();
        Err(Failure::failed(format!("the server gave up answering: {short}")).into())
    }

    /// Takes in a line of an answer of OpenAI's API. `thoughts` are the fields of a piece that have what comes before its
    /// content.
    ///
    /// # Errors
    /// The same as [`Streamed::event`].
    pub fn hear_openai(&mut self, line: &str, thoughts: &[&str]) -> Result<()> {
        let Some(value) = self.event(line)? else { return Ok(()) };
        let choice = &value["choices"][0];
        let delta = &choice["delta"];
        let thoughts = thoughts.iter().map(|name| &delta[*name]);
        let pieces = std::iter::once(&choice["text"]).chain(thoughts).chain([&delta["content"]]);
        for piece in pieces.filter_map(Value::as_str).filter(|piece| !piece.is_empty()) {
            self.text += piece;
            self.pieces += 1;
        }
        if let Some(usage) = value["usage"].as_object() {
            let number = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            self.usage = Some(Usage { prompt: number("prompt_tokens"), answer: number("completion_tokens") });
        }
        Ok(())
    }

    /// Returns the server's own measurement, or else ours, of an answer whose first token came after `first` and whose
    /// end after `all`. `None`: it said neither.
    pub fn timings_of(&self, first: Duration, all: Duration) -> Option<Timings> {
        let measured = |Usage { prompt, answer }| {
            let speed = |tokens: u64, time: Duration| match time.as_secs_f64() {
                seconds if seconds > 0.0 => tokens as f64 / seconds,
                _ => 0.0,
            };
            Timings {
                prompt_tokens: Some(prompt),
                generated_tokens: Some(answer),
                prefill_tok_s: speed(prompt, first),
                // The first token ends the prompt's time.
                decode_tok_s: speed(answer.saturating_sub(1), all.saturating_sub(first)),
            }
        };
        self.timings.or(self.usage.map(measured))
    }

    /// Grows with every token that was read or given.
    pub fn done(&self) -> u64 {
        self.read.0.saturating_add(self.pieces)
    }

    /// Returns how far it came, for the error of a request that was given up.
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

    #[test]
    fn a_server_that_measures_nothing_is_timed_by_when_its_tokens_came() {
        let seconds = Duration::from_secs;
        let mut streamed = Streamed { usage: Some(Usage { prompt: 40, answer: 9 }), ..Streamed::default() };
        let timed = streamed.timings_of(seconds(2), seconds(6)).unwrap();
        assert_eq!((timed.prefill_tok_s, timed.decode_tok_s), (20.0, 2.0));
        assert_eq!((timed.prompt_tokens, timed.generated_tokens), (Some(40), Some(9)));
        // All at once: no speed, and no division by nothing.
        assert_eq!(streamed.timings_of(seconds(0), seconds(0)).unwrap().decode_tok_s, 0.0);
        let own = Timings { decode_tok_s: 7.0, ..Timings::default() };
        streamed.timings = Some(own);
        assert_eq!(streamed.timings_of(seconds(2), seconds(6)), Some(own));
        assert_eq!(Streamed::default().timings_of(seconds(2), seconds(6)), None);
    }
}
