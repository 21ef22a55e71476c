//! Files of a Hugging Face repository: their sizes and SHA-256 from its API, and the header of one by
//! range reads, at most `READS`.
//!
//! HF_ENDPOINT names another server, HF_TOKEN is sent to it alone. Busy and failing answers are
//! retried, every wait has a bound.

use super::gguf::{GgufError, Header};
use super::hub::HubName;
use super::safetensors::header as safetensors;
use crate::checked::{Checksum, DownloadUrl};
use crate::error::{Context, Failure, Result};
use crate::fetch::answer::Asked;
use crate::fetch::api::Api;
use crate::fetch::ask::{Reply, Unanswered};
use serde::Deserialize;

/// Bytes asked for by each read of a header. The vocabularies of today's models take 1 to 15 MB.
const READS: [u64; 3] = [4 << 20, 28 << 20, 224 << 20];
/// Bytes asked for by the first read of a safetensors header; most of them fit.
const SAFETENSORS_READ: u64 = 256 << 10;
/// Largest page of a file list read, and the most pages; the server gives 1000 files a page.
const MAX_LIST: u64 = 16 << 20;
const MAX_PAGES: usize = 20;

/// A server that speaks Hugging Face's API.
pub struct Hub(Api);

/// A repository at a revision; by its name alone at `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repo<'a> {
    /// `owner/name`.
    pub name: &'a str,
    /// A branch, tag or commit.
    pub revision: &'a str,
}

impl<'a> From<&'a str> for Repo<'a> {
    fn from(name: &'a str) -> Repo<'a> {
        Repo { name, revision: "main" }
    }
}

impl<'a> From<&'a HubName> for Repo<'a> {
    fn from(named: &'a HubName) -> Repo<'a> {
        Repo { name: &named.repository, revision: &named.revision }
    }
}

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// With its directories.
    pub path: String,
    pub size: u64,
    /// `None` for a small file that is not in LFS.
    pub sha256: Option<Checksum>,
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
        Ok(Hub(Api::from_env("HF_ENDPOINT", "https://huggingface.co", "HF_TOKEN")?))
    }

    /// Where a file is downloaded from.
    pub fn url<'a>(&self, repo: impl Into<Repo<'a>>, path: &str) -> Result<DownloadUrl> {
        let Repo { name, revision } = repo.into();
        let what = || format!("where {path} of {name} is downloaded from");
        let mut url = reqwest::Url::parse(self.0.base()).with_context(what)?;
        let parts = name.split('/').chain(["resolve", revision]).chain(path.split('/'));
        // A name may have a space, `#` or `?`.
        match url.path_segments_mut() {
            Ok(mut path) => drop(path.pop_if_empty().extend(parts)),
            Err(()) => return Err(Failure::failed(format!("{} has no paths", self.0.base())).into()),
        }
        DownloadUrl::new(url).with_context(what)
    }

    /// Every file of a repository.
    pub fn files<'a>(&self, repo: impl Into<Repo<'a>>) -> Result<Vec<RemoteFile>> {
        let Repo { name: repository, revision } = repo.into();
        check_name(repository)?;
        let what = format!("listing {repository}");
        let revision = revision.replace('/', "%2F");
        let first = format!("{}/api/models/{repository}/tree/{revision}?recursive=true", self.0.base());
        let mut next = Some(first);
        let mut files = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { break };
            let asked = Asked::All { most: MAX_LIST };
            let list = self.get(&url, asked, repository).with_context(|| what.clone())?;
            let entries: Vec<Entry> = serde_json::from_slice(&list.body).map_err(|error| {
                let why = format!("{what}: {} did not answer as Hugging Face does: {error}", self.0.base());
                Failure::failed(why).hint("HF_ENDPOINT is to name a server with Hugging Face's API")
            })?;
            let of_files = entries.into_iter().filter(|entry| entry.kind == "file");
            files.extend(of_files.map(|entry| RemoteFile {
                size: entry.lfs.as_ref().and_then(|lfs| lfs.size).unwrap_or(entry.size),
                sha256: entry.lfs.and_then(|lfs| Checksum::parse(&lfs.oid).ok()),
                path: entry.path,
            }));
            next = list.next;
        }
        Ok(files)
    }

    /// The header of a GGUF file of `size` bytes.
    pub fn header<'a>(&self, repo: impl Into<Repo<'a>>, path: &str, size: u64) -> Result<Header> {
        let repo = repo.into();
        let repository = repo.name;
        check_name(repository)?;
        let url = self.url(repo, path)?;
        let what = || format!("reading the header of {path} in {repository}");
        let mut start = Vec::new();
        for length in READS {
            let from = start.len() as u64;
            let end = (from + length).min(size);
            if end <= from {
                break;
            }
            let asked = Asked::Part { start: from, end, size };
            let more = self.get(&url, asked, repository).with_context(what)?;
            start.extend(more.body);
            match Header::read(start.as_slice(), Some(size)) {
                Err(GgufError::Truncated(_)) if (start.len() as u64) < size => {}
                read => return read.with_context(what),
            }
        }
        Err(GgufError::Truncated("the header")).with_context(what)
    }

    /// A file of at most `most` bytes.
    pub fn small<'a>(&self, repo: impl Into<Repo<'a>>, path: &str, most: u64) -> Result<Vec<u8>> {
        let repo = repo.into();
        check_name(repo.name)?;
        let url = self.url(repo, path)?;
        let reply = self.get(&url, Asked::All { most }, repo.name);
        Ok(reply.with_context(|| format!("reading {path} in {}", repo.name))?.body)
    }

    /// The header of a safetensors file of `size` bytes.
    pub fn safetensors_header<'a>(
        &self,
        repo: impl Into<Repo<'a>>,
        path: &str,
        size: u64,
    ) -> Result<safetensors::Header> {
        let repo = repo.into();
        check_name(repo.name)?;
        let url = self.url(repo, path)?;
        let what = || format!("reading the header of {path} in {}", repo.name);
        let part = |start: u64, end: u64| {
            let asked = Asked::Part { start, end: end.min(size), size };
            self.get(&url, asked, repo.name).with_context(what)
        };
        let mut start = part(0, SAFETENSORS_READ)?.body;
        let end = safetensors::LENGTH + safetensors::length(&start).with_context(what)?;
        let has = start.len() as u64;
        if end > has && end <= size {
            start.extend(part(has, end)?.body);
        }
        safetensors::Header::read(start.as_slice(), Some(size)).with_context(what)
    }

    fn get(&self, url: &str, asked: Asked, repository: &str) -> Result<Reply> {
        self.0.get(url, asked).map_err(|unanswered| self.refusal(unanswered, repository))
    }

    fn refusal(&self, unanswered: Unanswered, repository: &str) -> anyhow::Error {
        let (status, why) = match unanswered {
            Unanswered::Failed(error) => return error,
            Unanswered::Refused { status, why } => (status, why),
        };
        let token = match self.0.has_token() {
            true => "HF_TOKEN is set, but does not give access: accept the model's terms on its page",
            false => "set HF_TOKEN to a read token, and accept the model's terms on its page",
        };
        let (why, hint) = match status {
            401 | 403 => (format!("{repository} needs permission ({status})"), token),
            404 => (
                format!("{repository} has no such repository or file ({status})"),
                "the form is hf:owner/repository[:quant]; compare it with the model's page",
            ),
            429 => (
                format!("{} asks to slow down ({status})", self.0.base()),
                "wait some minutes; HF_TOKEN raises the limit",
            ),
            _ => (format!("{}: {why}", self.0.base()), "try again later"),
        };
        Failure::failed(why).hint(hint).into()
    }
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
