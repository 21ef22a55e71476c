//! Downloads that survive: several ranges at once, resumed after anything, hashed while they stream.
//!
//! [`fetch`] brings one file of known size and SHA-256 to one place. Threads take gaps of the file in
//! order ([`ranges`], `work`), one thread follows them with the hash, one writes down what is on the disk
//! for certain ([`record`]). What an HTTP answer means is decided in [`answer`]. Space is reserved before
//! the first byte. Memory does not depend on the size: a buffer per thread, under 8 MiB in all.
//! [`ask`] is for what fits in memory: [`api`] asks servers that pin, [`page`] reads catalogues.

pub mod answer;
pub mod api;
pub mod ask;
mod client;
mod hash;
pub mod page;
pub mod ranges;
pub mod rate;
pub mod record;
pub mod release;
#[cfg(test)]
pub(crate) mod scripted;
mod state;
mod work;

pub use record::{discard, held};

use crate::checked::Checksum;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::secret::Secret;
use record::Record;
use state::{Shared, State};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

/// File to fetch: known by its content, found at one of several addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Tried in this order.
    pub urls: Vec<String>,
    pub sha256: Checksum,
    pub size_bytes: u64,
}

/// A secret for one site.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Token {
    /// `https://huggingface.co`: addresses elsewhere never see the secret.
    pub origin: String,
    pub secret: Secret,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token for {}", self.origin)
    }
}

impl Token {
    /// The secret, if `url` lies at the token's site: same scheme, host and port.
    fn for_url(&self, url: &str) -> Option<&str> {
        let (origin, url) = (reqwest::Url::parse(&self.origin).ok()?, reqwest::Url::parse(url).ok()?);
        (origin.origin() == url.origin() && origin.has_host()).then_some(self.secret.expose())
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Sent as a bearer token to its own site only.
    pub token: Option<Token>,
    /// Connections at once; 1 to 16.
    pub ranges: usize,
    /// Longest wait for a connection's next bytes, and the time over which it must bring 1 KiB/s.
    pub stall: Duration,
    /// Failures in a row, without a new byte, after which the next address is tried.
    pub attempts: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { token: None, ranges: 4, stall: Duration::from_secs(30), attempts: 10 }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there, those of earlier tries included.
    pub done: u64,
    pub total: u64,
}

/// The download stopped and its partial file stays for the next try; in an error's chain, for
/// `downcast_ref`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}{}", kept(*have, *total))]
pub struct Unfinished {
    pub message: String,
    pub have: u64,
    pub total: u64,
    /// A site wants a token, or another one.
    pub needs_token: bool,
}

fn kept(have: u64, total: u64) -> String {
    match have {
        0 => String::new(),
        _ => format!("; {have} of {total} bytes are there and stay for the next try"),
    }
}

/// Brings `source` to `dest`, which is not there yet. `progress` is called about ten times a second
/// and stops the download by an error.
///
/// # Errors
/// [`Unfinished`] where a later try may go on: no address gives the file now. What came stays. A [`Failure`] where the
/// disk is too small, or what came has another hash at every address; nothing is kept then.
pub fn fetch(
    source: &Source,
    dest: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> Result<()>,
) -> Result<()> {
    let client = client::client(options.stall)?;
    let mut url = 0;
    loop {
        let record = Record::read(dest, &source.sha256, source.size_bytes);
        let resumed = record.have.total() > 0;
        let file = reserve(source, dest, &record)?;
        let shared = Shared::new(State::new(record, url));
        let job = work::Job { source, dest, options, client: &client, file: &file, shared: &shared };
        let found = job.run(progress).inspect_err(|error| {
            // Nothing came, and the space is not ours to keep.
            if error.downcast_ref::<Unfinished>().is_some_and(|unfinished| unfinished.have == 0) {
                let _ = record::discard(dest);
            }
        })?;
        if found == source.sha256 {
            return finish(&file, dest);
        }
        drop(file);
        record::discard(dest)?;
        // The part that an earlier try left may be the damaged one; it gets no second chance.
        if !resumed {
            url = shared.lock().url + 1;
        }
        if url >= source.urls.len() {
            return Err(damaged(source, dest, &found));
        }
    }
}

fn finish(file: &File, dest: &Path) -> Result<()> {
    file.sync_all().with_context(|| format!("writing {}", dest.display()))?;
    let partial = record::partial(dest);
    fs::rename(&partial, dest).with_context(|| format!("moving {}", partial.display()))?;
    files::sync_folder(dest)?;
    files::remove(&record::record(dest))
}

/// Opens the partial file with all its space taken: a full disk shows now, not after an hour.
fn reserve(source: &Source, dest: &Path, record: &Record) -> Result<File> {
    let path = record::partial(dest);
    let what = || format!("reserving {} bytes for {}", source.size_bytes, path.display());
    let reserved = (|| -> io::Result<File> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        files::reserve(&file, source.size_bytes)?;
        Ok(file)
    })();
    reserved.map_err(|error| {
        if record.have.total() == 0 {
            let _ = record::discard(dest);
        }
        match files::full(&error) {
            true => no_space(source, dest),
            false => anyhow::Error::from(error).context(what()),
        }
    })
}

fn no_space(source: &Source, dest: &Path) -> anyhow::Error {
    let folder = dest.parent().unwrap_or(Path::new("/"));
    Failure::failed(format!(
        "the disk is full: {} bytes do not fit under {}",
        source.size_bytes,
        folder.display()
    ))
    .hint("free some space there or take a larger disk")
    .into()
}

fn damaged(source: &Source, dest: &Path, found: &str) -> anyhow::Error {
    let name = dest.file_name().unwrap_or_default().to_string_lossy();
    Failure::failed(format!(
        "{name} arrived damaged or is another file: its SHA-256 is {found}, not {}",
        source.sha256
    ))
    .hint("the publisher may have replaced it: `agi-provision plan --resolve` pins the file of today")
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_its_site_alone() {
        let token = Token { origin: "https://huggingface.co".into(), secret: "hf_x".into() };
        assert_eq!(token.for_url("https://huggingface.co/a/b/resolve/main/c.gguf"), Some("hf_x"));
        for other in [
            "http://huggingface.co/a",
            "https://huggingface.co.evil.example/a",
            "https://huggingface.co@evil.example/a",
            "https://cdn.huggingface.co/a",
            "https://huggingface.co:8443/a",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert_eq!(token.for_url(other), None, "{other}");
        }
        assert!(!format!("{token:?}").contains("hf_x"));
    }
}
