//! An answer that comes line by line: how far its prompt was read, then token by token.

/// Part of an answer that has arrived.
#[derive(Debug, Default)]
pub struct Streamed {
    /// Text so far.
    pub text: String,
    /// Pieces of text; a token or a few.
    pub pieces: u64,
    /// Tokens of the prompt: read so far, and in all.
    pub read: (u64, u64),
    /// The server's own measurement; `None` until the end.
    pub timings: Option<Timings>,
    /// Nothing comes any more.
    pub ended: bool,
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
