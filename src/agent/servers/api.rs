//! The server's own HTTP interface on this host: is it ready, and does it answer?

use crate::error::{Context, Failure, Result};
use crate::plan::server::ServerName;
use crate::plan::server_args::ADDRESS;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What /health says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Ready,
    /// 503 while the model loads.
    Loading,
    /// Nothing listens, or it answers something else.
    Silent(String),
}

/// A timed chat completion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub text: String,
    pub prompt_tokens: u64,
    pub generated_tokens: u64,
    /// tokens/s, as llama-server measured them.
    pub prefill_tok_s: f64,
    pub decode_tok_s: f64,
    /// From request to answer, seconds.
    pub seconds: f64,
}

/// Speeds of one request, tokens/s as llama-server measured them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    pub prompt_tokens: u64,
    pub generated_tokens: u64,
    pub prefill_tok_s: f64,
    pub decode_tok_s: f64,
}

/// Something to read; what it says does not matter.
const PROSE: &str = "The weights are read once for every token, so the memory sets the pace of the answer. ";

/// One text as a vector.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Embedded {
    /// Numbers in the vector.
    pub dimensions: u64,
    pub tokens: u64,
    /// From request to answer, seconds.
    pub seconds: f64,
}

pub struct Api {
    pub server: ServerName,
    base: String,
    client: reqwest::blocking::Client,
}

impl Api {
    /// That server of this host. No proxy is used and no certificate is needed.
    pub fn of(server: ServerName) -> Result<Api> {
        let client = reqwest::blocking::Client::builder()
            .no_proxy()
            // Plain HTTP: the host's authorities need not be read.
            .tls_certs_only([])
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Api { server, base: format!("http://{ADDRESS}:{}", server.port()), client })
    }

    pub fn health(&self) -> Health {
        match self.client.get(format!("{}/health", self.base)).send() {
            Ok(response) => match response.status().as_u16() {
                200 => Health::Ready,
                503 => Health::Loading,
                other => Health::Silent(format!("it answers {other}")),
            },
            Err(error) if error.is_connect() => Health::Silent("nothing listens yet".to_string()),
            Err(error) => Health::Silent(error.without_url().to_string()),
        }
    }

    /// Times a prompt of about `prompt` tokens and `generate` tokens after it.
    pub fn timed(&self, key: &str, prompt: u64, generate: u64, limit: Duration) -> Result<Timing> {
        let text = PROSE.repeat((prompt as usize).div_ceil(PROSE.split(' ').count()).max(1));
        let tokens = self.post(key, "/tokenize", &json!({"content": text}), limit)?;
        let tokens = tokens["tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tokens = &tokens[..tokens.len().min(prompt as usize)];
        let body = json!({
            "prompt": tokens, "n_predict": generate, "ignore_eos": true, "temperature": 0.0,
            "cache_prompt": false,
        });
        let value = self.post(key, "/completion", &body, limit)?;
        let number = |name: &str| value["timings"][name].as_f64().unwrap_or(0.0);
        Ok(Timing {
            prompt_tokens: number("prompt_n") as u64,
            generated_tokens: number("predicted_n") as u64,
            prefill_tok_s: number("prompt_per_second"),
            decode_tok_s: number("predicted_per_second"),
        })
    }

    /// Asks for a short chat completion through the model's template, and times it.
    pub fn smoke(&self, key: &str, limit: Duration) -> Result<Answer> {
        let body = json!({
            "messages": [{"role": "user", "content": "Say in one sentence what you can do."}],
            "max_tokens": 32,
            "temperature": 0.0,
            "cache_prompt": false,
        });
        let start = Instant::now();
        let value = self.post(key, "/v1/chat/completions", &body, limit)?;
        answer(&value, start.elapsed())
    }

    /// Asks for the vector of `text`; one that is all zeros or no numbers is no answer.
    pub fn embed(&self, key: &str, text: &str, limit: Duration) -> Result<Embedded> {
        let start = Instant::now();
        let value = self.post(key, "/v1/embeddings", &json!({"input": text}), limit)?;
        embedded(&value, start.elapsed())
    }

    fn post(&self, key: &str, path: &str, body: &Value, limit: Duration) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(key).timeout(limit);
        let response = request.json(body).send().map_err(|error| match error.is_timeout() {
            true => Failure::failed(format!("the model did not answer within {} s", limit.as_secs())).into(),
            false => anyhow::Error::from(error.without_url()).context("asking the model"),
        })?;
        let status = response.status();
        let text = response.text().context("reading the model's answer")?;
        if !status.is_success() {
            let short: String = text.chars().take(300).collect();
            return Err(Failure::failed(format!("the server refused {path}: {status} {short}")).into());
        }
        serde_json::from_str(&text).context("reading the model's answer")
    }
}

fn answer(value: &Value, elapsed: Duration) -> Result<Answer> {
    let timings = &value["timings"];
    let number = |name: &str| timings[name].as_f64().unwrap_or(0.0);
    let generated =
        timings["predicted_n"].as_u64().or(value["usage"]["completion_tokens"].as_u64()).unwrap_or(0);
    if generated == 0 {
        return Err(Failure::failed("the model answered without a single token").into());
    }
    Ok(Answer {
        text: value["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_string(),
        prompt_tokens: timings["prompt_n"].as_u64().unwrap_or(0),
        generated_tokens: generated,
        prefill_tok_s: number("prompt_per_second"),
        decode_tok_s: number("predicted_per_second"),
        seconds: elapsed.as_secs_f64(),
    })
}

fn embedded(value: &Value, elapsed: Duration) -> Result<Embedded> {
    let vector = value["data"][0]["embedding"].as_array().map(Vec::as_slice).unwrap_or_default();
    let numbers: Vec<f64> = vector.iter().filter_map(Value::as_f64).collect();
    if numbers.len() != vector.len() || !numbers.iter().any(|number| *number != 0.0) {
        return Err(
            Failure::failed("the embedding server answered without a vector, or with an empty one").into()
        );
    }
    let tokens = value["usage"]["prompt_tokens"].as_u64().unwrap_or(0);
    Ok(Embedded { dimensions: numbers.len() as u64, tokens, seconds: elapsed.as_secs_f64() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vector_is_an_answer() {
        let of = |vector: Value| {
            embedded(&json!({"data": [{"embedding": vector}], "usage": {"prompt_tokens": 4}}), Duration::ZERO)
        };
        assert_eq!(of(json!([0.5, 0.0, -1.0])).unwrap().dimensions, 3);
        for wrong in [json!([]), json!([0.0, 0.0]), json!([0.5, null]), json!("AAAA")] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }

    /// The shape of b11434's answer.
    #[test]
    fn the_timings_are_read() {
        let value = json!({
            "choices": [{"message": {"role": "assistant", "content": "hello"}}],
            "usage": {"completion_tokens": 32},
            "timings": {"prompt_n": 20, "prompt_per_second": 500.5, "predicted_n": 32, "predicted_per_second": 40.25}
        });
        let answer = answer(&value, Duration::from_secs(1)).unwrap();
        assert_eq!(
            (answer.generated_tokens, answer.decode_tok_s, answer.text.as_str()),
            (32, 40.25, "hello")
        );
        assert!(super::answer(&json!({"choices": []}), Duration::ZERO).is_err());
    }
}
