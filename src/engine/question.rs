//! Requests to a server's HTTP interface.

use serde_json::{Value, json};

/// Question that a server is asked by POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Path below the server's address.
    pub path: &'static str,
    /// Body, as JSON.
    pub body: Value,
}

impl Question {
    /// The question with which OpenAI's API streams its most probable answer, and says at the end how many tokens it was.
    pub fn streamed(path: &'static str, mut body: Value) -> Question {
        body["temperature"] = json!(0.0);
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        Question { path, body }
    }
}

/// Request that only the key may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Method of the request.
    pub method: Method,
    /// Path below the server's address.
    pub path: &'static str,
}

/// Method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a body in JSON.
    Post,
}

/// Vector of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Its numbers.
    pub numbers: Vec<f64>,
    /// Tokens of the text.
    pub tokens: u64,
}
