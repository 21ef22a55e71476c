//! Small questions to a server: a list, a catalogue, a header. Answers are read to a bound, busy and failing
//! ones are asked for again, and every wait ends.

use super::answer::{self, Asked, NextTry, Refusal, Sent};
use super::client;
use super::route::Route;
use super::source::Token;
use crate::error::{Failure, Result};
use reqwest::blocking::{Client, Response};
use reqwest::header;
use std::io::Read;
use std::time::{Duration, Instant};

const TRIES: u32 = 3;
/// Most that a server's Retry-After is obeyed: someone waits at a terminal.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// An answer that comes more slowly than this is given up, bytes/s; the first `stall` is free.
const LEAST_PACE: u64 = 64 << 10;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// At most, for a connection and for its next bytes.
    pub stall: Duration,
    /// Before the second try, about; doubled for the third.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { stall: Duration::from_secs(15), pause: Duration::from_millis(500) }
    }
}

/// Asks servers; the token goes to its own site alone, not to where that redirects.
pub struct Asker {
    client: Client,
    token: Option<Token>,
    patience: Patience,
}

/// A whole answer.
pub struct Reply {
    /// Body of the answer.
    pub body: Vec<u8>,
    /// The next page's address on the same server, where a list goes on.
    pub next: Option<String>,
    /// RFC 2822, as the server gave it.
    pub last_modified: Option<String>,
}

/// No answer.
pub enum Unanswered {
    /// The server's last word.
    Refused {
        /// HTTP status.
        status: u16,
        /// Reason, as a clause about the address.
        why: String,
    },
    /// Failed on the way; the error has a hint.
    Failed(anyhow::Error),
}

impl Asker {
    /// Returns a client whose requests take `route`. Fails if TLS cannot be set up.
    pub fn new(token: Option<Token>, patience: Patience, route: &Route) -> Result<Asker> {
        Ok(Asker { client: client::client(patience.stall, route)?, token, patience })
    }

    /// Returns whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Gets the asked part of `url`, whole. Tries `TRIES` times at most.
    pub fn get(&self, url: &str, asked: Asked) -> Result<Reply, Unanswered> {
        for tried in 1.. {
            let refusal = match self.try_get(url, asked) {
                Ok(reply) => return Ok(reply),
                Err(refusal) => refusal,
            };
            let after = match refusal.then {
                NextTry::Later(after) if tried < TRIES => after,
                _ => return Err(unanswered(refusal, url)),
            };
            let pause = answer::pause(self.patience.pause, tried, client::chance());
            std::thread::sleep(after.unwrap_or(pause).min(LONGEST_WAIT));
        }
        unreachable!("the last try returns")
    }

    fn try_get(&self, url: &str, asked: Asked) -> Result<Reply, Refusal> {
        let mut request = self.client.get(url).header(header::ACCEPT_ENCODING, "identity");
        if let Asked::Part { start, end, .. } = asked {
            request = request.header(header::RANGE, format!("bytes={start}-{}", end - 1));
        }
        if let Some(secret) = self.token.as_ref().and_then(|token| token.for_url(url)) {
            request = request.bearer_auth(secret);
        }
        // A signature may stand after the question mark.
        tracing::info!("asks {}", url.split('?').next().unwrap_or_default());
        let response = request.send().map_err(|error| client::not_sent(error, self.patience.stall))?;
        tracing::debug!("is answered with {}", response.status());
        let sent = answer::judge(&client::head(&response), asked)?;
        let (next, last_modified) = (next_page(&response), client::text(&response, header::LAST_MODIFIED));
        let body = match asked {
            Asked::All { most } => {
                let body = self.read(response, 0, most.saturating_add(1))?;
                if body.len() as u64 > most {
                    return Err(Refusal::too_large(most));
                }
                body
            }
            Asked::Part { start, end, .. } => {
                let skip = if sent == Sent::Whole { start } else { 0 };
                let body = self.read(response, skip, end - start)?;
                if (body.len() as u64) < end - start {
                    return Err(later(format!("{} of {} bytes came", body.len(), end - start)));
                }
                body
            }
        };
        Ok(Reply { body, next, last_modified })
    }

    /// At most `most` bytes after the first `skip`; one that trickles is given up.
    fn read(&self, mut response: Response, skip: u64, most: u64) -> Result<Vec<u8>, Refusal> {
        let stall = self.patience.stall;
        let began = Instant::now();
        let (mut body, mut chunk, mut came) = (Vec::new(), vec![0; 64 << 10], 0);
        let end = skip.saturating_add(most);
        while came < end {
            let want = (chunk.len() as u64).min(end - came) as usize;
            let read = match response.read(&mut chunk[..want]) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(client::broken(&error, stall)),
            };
            let before = skip.saturating_sub(came).min(read as u64) as usize;
            body.extend_from_slice(&chunk[before..read]);
            came += read as u64;
            let took = began.elapsed();
            if took > stall + Duration::from_secs(came / LEAST_PACE) {
                return Err(later(format!("only {came} bytes came in {:.0} s", took.as_secs_f64())));
            }
        }
        Ok(body)
    }
}

fn later(why: String) -> Refusal {
    Refusal::broken(why, NextTry::Later(None))
}

fn unanswered(refusal: Refusal, url: &str) -> Unanswered {
    let Refusal { status, why, then } = refusal;
    if let Some(status) = status {
        return Unanswered::Refused { status, why };
    }
    let hint = match then {
        NextTry::Later(_) => format!("tried {TRIES} times; is {} reachable from here?", site(url)),
        _ => format!("is {} the right address?", site(url)),
    };
    Unanswered::Failed(Failure::failed(why).hint(hint).into())
}

/// `Link: <URL>; rel="next"`, of this server only.
fn next_page(response: &Response) -> Option<String> {
    let links = client::text(response, header::LINK)?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    (reqwest::Url::parse(url).ok()?.origin() == response.url().origin()).then(|| url.to_string())
}

/// Scheme, host and port of an address.
fn site(url: &str) -> String {
    reqwest::Url::parse(url).map_or_else(|_| url.to_string(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
