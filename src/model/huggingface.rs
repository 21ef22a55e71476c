//! Files of a Hugging Face repository: their sizes and SHA-256 from its API, and the header of one by
//! range reads, at most [`READS`].
//!
//! HF_ENDPOINT names another server, HF_TOKEN is sent to it alone. Busy and failing answers are
//! retried, every wait has a bound.

use super::gguf::{GgufError, Header};
use crate::error::{Context, Failure, Result};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use serde::Deserialize;
use std::io::Read;
use std::time::Duration;

/// Bytes asked for by each read of a header. The vocabularies of today's models take 1 to 15 MB.
const READS: [u64; 3] = [4 << 20, 28 << 20, 224 << 20];
const TRIES: u32 = 3;
/// Most a server's Retry-After is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Largest file list read.
const MAX_LIST: u64 = 16 << 20;

/// A server that speaks Hugging Face's API.
pub struct Hub {
    base: String,
    token: Option<String>,
    client: Client,
    /// Before the second try; doubled for the third.
    pause: Duration,
}

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// With its directories.
    pub path: String,
    pub size: u64,
    /// Lower-case hex; `None` for a small file that is not in LFS.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    oid: String,
    size: Option<u64>,
}

impl Hub {
    pub fn from_env() -> Result<Hub> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let base = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_string());
        Hub::new(&base, set("HF_TOKEN"), Duration::from_secs(30), Duration::from_secs(1))
    }

    /// `stall`: the longest wait for the next byte. `pause`: before a retry.
    pub fn new(base: &str, token: Option<String>, stall: Duration, pause: Duration) -> Result<Hub> {
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::usage(format!("HF_ENDPOINT {base:?} is not a URL")).into());
        }
        let client = Client::builder()
            .connect_timeout(stall)
            .timeout(stall)
            .user_agent(concat!("agi-provision/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing HTTPS")?;
        Ok(Hub { base: base.trim_end_matches('/').to_string(), token, client, pause })
    }

    /// Where a file is downloaded from.
    pub fn url(&self, repository: &str, path: &str) -> String {
        format!("{}/{repository}/resolve/main/{path}", self.base)
    }

    /// Every file of `repository`.
    pub fn files(&self, repository: &str) -> Result<Vec<RemoteFile>> {
        check_name(repository)?;
        let url = format!("{}/api/models/{repository}/tree/main?recursive=true", self.base);
        let what = format!("listing {repository}");
        let bytes = self.get(&url, None, MAX_LIST, repository).with_context(|| what.clone())?;
        let entries: Vec<Entry> = serde_json::from_slice(&bytes)
            .with_context(|| format!("{what}: {} did not answer as Hugging Face does", self.base))?;
        let sha = |oid: String| Some(oid.to_ascii_lowercase()).filter(|oid| is_sha256(oid));
        let file = |entry: Entry| RemoteFile {
            size: entry.lfs.as_ref().and_then(|lfs| lfs.size).unwrap_or(entry.size),
            sha256: entry.lfs.and_then(|lfs| sha(lfs.oid)),
            path: entry.path,
        };
        Ok(entries.into_iter().filter(|entry| entry.kind == "file").map(file).collect())
    }

    /// The header of a GGUF file of `size` bytes.
    pub fn header(&self, repository: &str, path: &str, size: u64) -> Result<Header> {
        check_name(repository)?;
        let url = self.url(repository, path);
        let what = || format!("reading the header of {path} in {repository}");
        let mut start = Vec::new();
        for length in READS {
            let from = start.len() as u64;
            let until = (from + length).min(size);
            if until <= from {
                break;
            }
            let more = self.get(&url, Some((from, until)), until - from, repository).with_context(what)?;
            start.extend(more);
            match Header::read(start.as_slice(), Some(size)) {
                Err(GgufError::Truncated(_)) if (start.len() as u64) < size => {}
                read => return read.with_context(what),
            }
        }
        Err(GgufError::Truncated("the header")).with_context(what)
    }

    /// The body of `url`, at most `most` bytes of it; `range` is first byte and the one after the last.
    fn get(&self, url: &str, range: Option<(u64, u64)>, most: u64, repository: &str) -> Result<Vec<u8>> {
        let mut pause = self.pause;
        for tried in 1.. {
            let last = tried == TRIES;
            let wait = match self.try_get(url, range, most) {
                Ok(Answer::Body(body)) => return Ok(body),
                Ok(Answer::Refused(status, _)) if !retried(status) || last => {
                    return Err(self.refusal(status, repository));
                }
                Ok(Answer::Refused(_, after)) => after.unwrap_or(pause),
                Err(error) if last => {
                    let hint = format!("tried {TRIES} times; is {} reachable from here?", self.base);
                    return Err(anyhow::Error::from(Failure::failed(format!("{error:#}")).hint(hint)));
                }
                Err(_) => pause,
            };
            std::thread::sleep(wait.min(LONGEST_WAIT));
            pause *= 2;
        }
        unreachable!("the last try returns")
    }

    fn try_get(&self, url: &str, range: Option<(u64, u64)>, most: u64) -> Result<Answer> {
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
            return Ok(Answer::Refused(status, retry_after(&response)));
        }
        // A server that ignores ranges sends the file from its start.
        let skip = match range {
            Some((from, _)) if status != StatusCode::PARTIAL_CONTENT => from,
            _ => 0,
        };
        let mut body = Vec::new();
        response.take(skip + most).read_to_end(&mut body).context("the download stopped")?;
        body.drain(..(skip as usize).min(body.len()));
        if range.is_some() && (body.len() as u64) < most {
            return Err(Failure::failed(format!("{} of {most} bytes came", body.len())).into());
        }
        Ok(Answer::Body(body))
    }

    fn refusal(&self, status: StatusCode, repository: &str) -> anyhow::Error {
        let token = match &self.token {
            Some(_) => "HF_TOKEN is set, but does not give access: accept the model's terms on its page",
            None => "set HF_TOKEN to a read token, and accept the model's terms on its page",
        };
        let (why, hint) = match status.as_u16() {
            401 | 403 => (format!("{repository} needs permission ({status})"), token),
            404 => (
                format!("{repository} has no such repository or file ({status})"),
                "the form is hf:owner/repository[:quant]; compare it with the model's page",
            ),
            429 => (
                format!("{} asks to slow down ({status})", self.base),
                "wait some minutes; HF_TOKEN raises the limit",
            ),
            _ => (format!("{} answers {status}", self.base), "try again later"),
        };
        Failure::failed(why).hint(hint).into()
    }
}

enum Answer {
    Body(Vec<u8>),
    Refused(StatusCode, Option<Duration>),
}

fn retried(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn retry_after(response: &Response) -> Option<Duration> {
    response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `owner/name`, so that a name can never become another path of the server.
fn check_name(repository: &str) -> Result<()> {
    let fine = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match repository.split_once('/') {
        Some((owner, name)) if fine(owner) && fine(name) => Ok(()),
        _ => Err(Failure::usage(format!("{repository:?} is not a Hugging Face repository"))
            .hint("the form is hf:owner/repository[:quant]")
            .into()),
    }
}

#[cfg(test)]
#[path = "huggingface_tests.rs"]
mod tests;
