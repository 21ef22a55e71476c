//! The server's own HTTP interface on this host: is it ready, and does it answer?

use super::ask::{BEAT, Patience, client, given_up, lines, status};
use super::owner::{self, Owner};
use crate::engine::kind::Engine;
use crate::engine::question::{Question, Vector};
use crate::engine::server::{ADDRESS, ServerName};
use crate::engine::streamed::Streamed;
use crate::error::{Context, Failure, Result};
use crate::plan::servers::Server;
use crate::secret::Secret;
use reqwest::blocking::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Answer of `/health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The model is loaded and the server answers.
    Ready,
    /// 503 while the model loads.
    Loading,
    /// Nothing listens, or it answers something else.
    Silent(String),
    /// Somebody else listens on its port.
    Stranger(String),
}

/// A timed chat completion.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "TimedAnswer")]
pub struct Answer {
    /// Text of the answer.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub generated_tokens: u64,
    /// Speed at which the prompt was read, tokens/s as the server measured it.
    pub prefill_tok_s: f64,
    /// Speed of the answer, tokens/s.
    pub decode_tok_s: f64,
    /// From request to answer, seconds.
    pub seconds: f64,
}

/// Speeds of one request, tokens/s as the server measured them.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Timing {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub generated_tokens: u64,
    /// Speed at which the prompt was read, tokens/s.
    pub prefill_tok_s: f64,
    /// Speed of the answer, tokens/s.
    pub decode_tok_s: f64,
}

/// Something to read; what it says does not matter.
const PROSE: &str = "The weights are read once for every token, so the memory sets the pace of the answer. ";

/// One text as a vector.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Embedded {
    /// Numbers in the vector.
    pub dimensions: u64,
    /// Tokens of the text.
    pub tokens: u64,
    /// From request to answer, seconds.
    pub seconds: f64,
}

/// HTTP API of a server on this host.
pub struct Api {
    /// Server that is asked.
    pub server: ServerName,
    pub(super) engine: &'static dyn Engine,
    base: String,
    /// For short questions.
    client: Client,
}

impl Api {
    /// That server of this host. No proxy is used and no certificate is needed.
    pub fn of(server: &Server) -> Result<Api> {
        let base = format!("http://{ADDRESS}:{}", server.name.port());
        let client = client(Duration::from_secs(5))?;
        Ok(Api { server: server.name, engine: server.engine(), base, client })
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
        match self.client.get(format!("{}{}", self.base, self.engine.health())).send() {
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
        let asked = self.engine.tokenize(&text);
        let tokenized = self.post(key, asked, Patience { silence, tick: &mut *tick })?;
        let asked = self.engine.timed(&text, &tokenized, prompt, generate);
        let timings = self.stream(key, asked, Patience { silence, tick })?.timings.unwrap_or_default();
        Ok(Timing {
            prompt_tokens: timings.prompt_tokens.unwrap_or(0),
            generated_tokens: timings.generated_tokens.unwrap_or(0),
            prefill_tok_s: timings.prefill_tok_s,
            decode_tok_s: timings.decode_tok_s,
        })
    }

    /// Asks for a short chat completion through the model's template, and times it.
    pub fn smoke(&self, key: &Secret, patience: Patience) -> Result<Answer> {
        let start = Instant::now();
        let asked = self.engine.chat("Say in one sentence what you can do.", 32);
        let streamed = self.stream(key, asked, patience)?;
        answer(&streamed, start.elapsed())
    }

    /// Asks for the vector of `text`; one that is all zeros or no numbers is no answer.
    pub fn embed(&self, key: &Secret, text: &str, patience: Patience) -> Result<Embedded> {
        let start = Instant::now();
        let answer = self.post(key, self.engine.embed(text), patience)?;
        embedded(self.engine.vector(&answer), start.elapsed())
    }

    /// The HTTP status of a small question, asked with `key` or without any.
    pub fn status_with(&self, key: Option<&Secret>, patience: Patience) -> Result<u16> {
        let Question { path, body } = self.engine.asks_key();
        let request = client(patience.silence)?.post(format!("{}{path}", self.base));
        let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key.expose()));
        status(request.json(&body), patience)
    }

    /// Asks for an answer that comes in one piece.
    fn post(&self, key: &Secret, asked: Question, patience: Patience) -> Result<Value> {
        let Question { path, body } = asked;
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
    fn stream(&self, key: &Secret, asked: Question, patience: Patience) -> Result<Streamed> {
        let Question { path, body } = asked;
        let request = self.request(key, path, &body, patience.silence)?;
        let (start, mut first) = (Instant::now(), None);
        let mut streamed = Streamed::default();
        let result = lines(request, path, patience, |line| {
            self.engine.hear(line, &mut streamed)?;
            if streamed.pieces > 0 {
                first.get_or_insert_with(|| start.elapsed());
            }
            Ok((streamed.done(), streamed.ended))
        });
        result.map_err(|error| given_up(error, &streamed.so_far()))?;
        let all = start.elapsed();
        streamed.timings = streamed.timings_of(first.unwrap_or(all), all);
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
    let timings = streamed.timings.unwrap_or_default();
    let generated = timings.generated_tokens.unwrap_or(streamed.pieces);
    if generated == 0 {
        return Err(Failure::failed("the model answered without a single token").into());
    }
    Ok(Answer {
        text: streamed.text.clone(),
        prompt_tokens: timings.prompt_tokens.unwrap_or(streamed.read.1),
        generated_tokens: generated,
        prefill_tok_s: timings.prefill_tok_s,
        decode_tok_s: timings.decode_tok_s,
        seconds: elapsed.as_secs_f64(),
    })
}

fn embedded(vector: Option<Vector>, elapsed: Duration) -> Result<Embedded> {
    let vector = vector.filter(|vector| vector.numbers.iter().any(|number| *number != 0.0));
    let Some(Vector { numbers, tokens }) = vector else {
        return Err(
            Failure::failed("the embedding server answered without a vector, or with an empty one").into()
        );
    };
    Ok(Embedded { dimensions: numbers.len() as u64, tokens, seconds: elapsed.as_secs_f64() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use serde_json::json;
    use std::io::Read;

    #[test]
    fn only_a_vector_is_an_answer() {
        let of = |vector: Value| {
            let answer = json!({"data": [{"embedding": vector}], "usage": {"prompt_tokens": 4}});
            embedded(engine::default().vector(&answer), Duration::ZERO)
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
        let client = client(Duration::from_secs(5)).unwrap();
        Api { server: ServerName::CHAT, engine: engine::default(), base, client }
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
