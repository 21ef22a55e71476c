//! Small questions to a server: a list, a header. Answers are read to a bound, busy and failing ones
//! are asked for again, and every wait ends.

use crate::error::{Context, Failure, Result};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use std::io::Read;
use std::time::{Duration, Instant};

const TRIES: u32 = 3;
/// Most a server's Retry-After is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// An answer that comes more slowly than this is given up, bytes/s; the first `stall` is free.
const LEAST_PACE: u64 = 64 << 10;

/// Asks one server; the token goes to it alone, not to where it redirects.
pub struct Asker {
    base: String,
    token: Option<String>,
    client: Client,
    /// The longest wait for the next byte.
    stall: Duration,
    /// Before the second try; doubled for the third.
    pause: Duration,
}

/// A whole answer.
pub struct Answer {
    pub body: Vec<u8>,
    /// The next page's address on the same server, where a list goes on.
    pub next: Option<String>,
}

/// No answer: the server's last word, or what failed.
pub enum Unanswered {
    Refused(StatusCode),
    Failed(anyhow::Error),
}

/// Bytes of a file from the first to before the second.
pub type Range = (u64, u64);

impl Asker {
    /// `what` names the address in an error, such as the variable it was read from.
    pub fn new(
        what: &str,
        base: &str,
        token: Option<String>,
        stall: Duration,
        pause: Duration,
    ) -> Result<Asker> {
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::usage(format!("{what} {base:?} is not a URL"))
                .hint("give an address that begins with https://")
                .into());
        }
        let client = super::client::client(stall)?;
        Ok(Asker { base: base.trim_end_matches('/').to_string(), token, client, stall, pause })
    }

    /// Without a final slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// The body of `url`, at most `most` bytes of it; of a range, exactly as many.
    pub fn get(&self, url: &str, range: Option<Range>, most: u64) -> Result<Answer, Unanswered> {
        let mut pause = self.pause;
        for tried in 1.. {
            let last = tried == TRIES;
            let wait = match self.try_get(url, range, most) {
                Ok(Tried::Answered(answer)) => return Ok(answer),
                Ok(Tried::Refused(status, _)) if !retried(status) || last => {
                    return Err(Unanswered::Refused(status));
                }
                Ok(Tried::Refused(_, after)) => after.unwrap_or(pause),
                Err(error) if last => {
                    let hint = format!("tried {TRIES} times; is {} reachable from here?", self.base);
                    let failure = Failure::failed(format!("{error:#}")).hint(hint);
                    return Err(Unanswered::Failed(failure.into()));
                }
                Err(_) => pause,
            };
            std::thread::sleep(wait.min(LONGEST_WAIT));
            pause *= 2;
        }
        unreachable!("the last try returns")
    }

    fn try_get(&self, url: &str, range: Option<Range>, most: u64) -> Result<Tried> {
        let mut request = self.client.get(url);
        if let Some((from, until)) = range {
            request = request.header("Range", format!("bytes={from}-{}", until - 1));
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().map_err(|error| error.without_url()).context("no answer")?;
        let status = response.status();
        if !status.is_success() {
            return Ok(Tried::Refused(status, retry_after(&response)));
        }
        let next = self.next_page(&response);
        // A server that ignores ranges sends the file from its start.
        let skip = match range {
            Some((from, _)) if status != StatusCode::PARTIAL_CONTENT => from,
            _ => 0,
        };
        let mut body = self.read(response, skip + most)?;
        body.drain(..(skip as usize).min(body.len()));
        if range.is_some() && (body.len() as u64) < most {
            return Err(Failure::failed(format!("{} of {most} bytes came", body.len())).into());
        }
        Ok(Tried::Answered(Answer { body, next }))
    }

    /// At most `most` bytes; one that trickles is given up.
    fn read(&self, mut response: Response, most: u64) -> Result<Vec<u8>> {
        let ends = Instant::now() + self.stall + Duration::from_secs(most / LEAST_PACE);
        let mut body = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        while (body.len() as u64) < most {
            let want = chunk.len().min((most - body.len() as u64) as usize);
            let read = response.read(&mut chunk[..want]).context("the download stopped")?;
            if read == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..read]);
            if Instant::now() > ends {
                return Err(Failure::failed(format!("only {} bytes came in time", body.len())).into());
            }
        }
        Ok(body)
    }

    /// `Link: <URL>; rel="next"`, of this server only.
    fn next_page(&self, response: &Response) -> Option<String> {
        let links = response.headers().get("Link")?.to_str().ok()?;
        let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
        let url = next.split_once('<')?.1.split_once('>')?.0;
        url.starts_with(&format!("{}/", self.base)).then(|| url.to_string())
    }
}

enum Tried {
    Answered(Answer),
    Refused(StatusCode, Option<Duration>),
}

fn retried(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn retry_after(response: &Response) -> Option<Duration> {
    response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A variable that is set to something.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Lower- or upper-case hex of a SHA-256, as lower-case.
pub fn sha256(text: &str) -> Option<String> {
    let hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| text.to_ascii_lowercase())
}
