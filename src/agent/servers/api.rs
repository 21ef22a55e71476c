//! The server's own HTTP interface on this host: is it ready, and does it answer?

use super::ask::{BEAT, Patience, client, given_up, lines, status};
use super::owner::{self, Owner};
use super::streamed::Streamed;
use crate::error::{Context, Failure, Result};
use crate::plan::server::ServerName;
use crate::plan::server_args::ADDRESS;
use crate::secret::Secret;
use reqwest::blocking::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Answer of `/health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Ready,
    /// 503 while the model loads.
    Loading,
    /// Nothing listens, or it answers something else.
    Silent(String),
    /// Somebody else listens on its port.
    Stranger(String),
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
    /// For short questions.
    client: Client,
}

impl Api {
    /// That server of this host. No proxy is used and no certificate is needed.
    pub fn of(server: ServerName) -> Result<Api> {
        let base = format!("http://{ADDRESS}:{}", server.port());
        Ok(Api { server, base, client: client(Duration::from_secs(5))? })
    }

    /// Asks for the health of the unit's main process `pid`. An answer of another process that has the port is not
    /// our server's.
    pub fn health(&self, pid: u32) -> Health {
        let port = self.server.port();
        match owner::of(port, &self.server.unit(), pid) {
            Owner::Ours => {}
            Owner::Nobody => return Health::Silent("nothing listens yet".to_string()),
            Owner::Stranger(who) => return Health::Stranger(format!("port {port} belongs to {who}")),
        }
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
    pub fn timed(&self, key: &Secret, prompt: u64, generate: u64, patience: Patience) -> Result<Timing> {
        let text = PROSE.repeat((prompt as usize).div_ceil(PROSE.split(' ').count()).max(1));
        let Patience { silence, tick } = patience;
        let tokens =
            self.post(key, "/tokenize", json!({"content": text}), Patience { silence, tick: &mut *tick })?;
        let tokens = tokens["tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tokens = &tokens[..tokens.len().min(prompt as usize)];
        let body = json!({
            "prompt": tokens, "n_predict": generate, "ignore_eos": true, "temperature": 0.0,
            "cache_prompt": false, "stream": true, "return_progress": true,
        });
        let streamed = self.stream(key, "/completion", body, Patience { silence, tick })?;
        let number = |name: &str| streamed.timings[name].as_f64().unwrap_or(0.0);
        Ok(Timing {
            prompt_tokens: number("prompt_n") as u64,
            generated_tokens: number("predicted_n") as u64,
            prefill_tok_s: number("prompt_per_second"),
            decode_tok_s: number("predicted_per_second"),
        })
    }

    /// Asks for a short chat completion through the model's template, and times it.
    pub fn smoke(&self, key: &Secret, patience: Patience) -> Result<Answer> {
        let body = json!({
            "messages": [{"role": "user", "content": "Say in one sentence what you can do."}],
            "max_tokens": 32,
            "temperature": 0.0,
            "cache_prompt": false,
            "stream": true,
            "return_progress": true,
        });
        let start = Instant::now();
        let streamed = self.stream(key, "/v1/chat/completions", body, patience)?;
        answer(&streamed, start.elapsed())
    }

    /// Asks for the vector of `text`; one that is all zeros or no numbers is no answer.
    pub fn embed(&self, key: &Secret, text: &str, patience: Patience) -> Result<Embedded> {
        let start = Instant::now();
        let value = self.post(key, "/v1/embeddings", json!({"input": text}), patience)?;
        embedded(&value, start.elapsed())
    }

    /// The HTTP status of a small question, asked with `key` or without any.
    pub fn status_with(&self, key: Option<&Secret>, patience: Patience) -> Result<u16> {
        let request = client(patience.silence)?.post(format!("{}/tokenize", self.base));
        let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key.expose()));
        status(request.json(&json!({"content": "a"})), patience)
    }

    /// Asks for an answer that comes in one piece.
    fn post(&self, key: &Secret, path: &'static str, body: Value, patience: Patience) -> Result<Value> {
        let request = self.request(key, path, &body, patience.silence)?;
        let mut text = String::new();
        let result = lines(request, path, patience, |line| {
            text += line;
            Ok((text.len() as u64, false))
        });
        result.map_err(|error| given_up(error, "it has not answered"))?;
        serde_json::from_str(&text).context("reading the model's answer")
    }

    /// Asks for an answer that comes token by token.
    fn stream(&self, key: &Secret, path: &'static str, body: Value, patience: Patience) -> Result<Streamed> {
        let request = self.request(key, path, &body, patience.silence)?;
        let mut streamed = Streamed::default();
        let result = lines(request, path, patience, |line| {
            streamed.line(line)?;
            Ok((streamed.done(), streamed.ended))
        });
        result.map_err(|error| given_up(error, &streamed.so_far()))?;
        Ok(streamed)
    }

    /// Every read of its answer may take `silence`.
    fn request(&self, key: &Secret, path: &str, body: &Value, silence: Duration) -> Result<RequestBuilder> {
        // A read that gets nothing ends a little after it was given up.
        let limit = silence.saturating_add(BEAT * 5);
        Ok(client(limit)?.post(format!("{}{path}", self.base)).bearer_auth(key.expose()).json(body))
    }
}

fn answer(streamed: &Streamed, elapsed: Duration) -> Result<Answer> {
    let number = |name: &str| streamed.timings[name].as_f64().unwrap_or(0.0);
    let generated = streamed.timings["predicted_n"].as_u64().unwrap_or(streamed.pieces);
    if generated == 0 {
        return Err(Failure::failed("the model answered without a single token").into());
    }
    Ok(Answer {
        text: streamed.text.clone(),
        prompt_tokens: streamed.timings["prompt_n"].as_u64().unwrap_or(streamed.read.1),
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
    use std::io::Read;

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

    /// Serves one request with these parts of an answer, each after a pause, and then keeps silent.
    fn server(parts: Vec<(Duration, String)>) -> Api {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            let _ = std::io::Write::write_all(&mut stream, head.as_bytes());
            for (pause, part) in parts {
                std::thread::sleep(pause);
                let _ = std::io::Write::write_all(&mut stream, part.as_bytes());
            }
            // Until the other side has gone.
            let _ = stream.read(&mut buffer);
        });
        Api { server: ServerName::CHAT, base, client: client(Duration::from_secs(5)).unwrap() }
    }

    const TOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    const LAST: &str = "data: {\"choices\":[],\"timings\":{\"prompt_n\":20,\"prompt_per_second\":500.5,\
        \"predicted_n\":32,\"predicted_per_second\":40.25}}\n\ndata: [DONE]\n\n";

    #[test]
    fn an_answer_that_takes_longer_than_the_bound_is_one_while_tokens_come() {
        let pause = Duration::from_millis(700);
        let mut parts = vec![(pause, TOKEN.to_string()); 6];
        parts.push((pause, LAST.to_string()));
        let mut beats = 0;
        let mut tick = || {
            beats += 1;
            Ok(())
        };
        // Twice as long as the bound, which is well above the pauses on a machine with other work, too.
        let patience = Patience { silence: Duration::from_secs(2), tick: &mut tick };
        let answer = server(parts).smoke(&"k".to_string().into(), patience).unwrap();
        assert_eq!((answer.generated_tokens, answer.decode_tok_s, answer.text.len()), (32, 40.25, 6));
        assert!(beats > 0);
    }

    #[test]
    fn a_server_that_only_says_that_it_lives_is_given_up() {
        let mut parts = vec![(Duration::ZERO, TOKEN.to_string())];
        parts.extend(vec![(Duration::from_millis(100), ":\n\n".to_string()); 600]);
        let patience = Patience { silence: Duration::from_secs(2), tick: &mut || Ok(()) };
        let error = server(parts).smoke(&"k".to_string().into(), patience).unwrap_err();
        assert_eq!(error.to_string(), "the model came no further for 2 s: it has given 1 tokens");
        assert!(crate::error::hint(&error).unwrap().contains("--start-timeout"));
    }

    #[test]
    fn an_answer_without_a_token_is_none() {
        let error = answer(&Streamed::default(), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("without a single token"));
    }
}
