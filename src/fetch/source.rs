//! Sources of a download, its options, and the ways in which it can end.

use super::route::Route;
use crate::checked::Checksum;
use crate::error::Failure;
use crate::secret::Secret;
use std::path::Path;
use std::time::Duration;

/// File to fetch: known by its content, found at one of several addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Tried in this order.
    pub urls: Vec<String>,
    /// SHA-256 that the file must have.
    pub sha256: Checksum,
    /// Size that the file must have, bytes.
    pub size_bytes: u64,
}

/// A secret for one site.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Token {
    /// `https://huggingface.co`: addresses elsewhere never see the secret.
    pub origin: String,
    /// The token.
    #[serde(with = "crate::secret::travels")]
    pub secret: Secret,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token for {}", self.origin)
    }
}

impl Token {
    /// The secret, if `url` lies at the token's site: same scheme, host and port.
    pub(super) fn for_url(&self, url: &str) -> Option<&str> {
        let (origin, url) = (reqwest::Url::parse(&self.origin).ok()?, reqwest::Url::parse(url).ok()?);
        (origin.origin() == url.origin() && origin.has_host()).then_some(self.secret.expose())
    }
}

/// Settings of a download.
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
    /// The way to the internet.
    pub route: Route,
}

impl Default for Options {
    fn default() -> Options {
        Options { token: None, ranges: 4, stall: Duration::from_secs(30), attempts: 10, route: Route::Usual }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there, those of earlier tries included.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// The download stopped and its partial file stays for the next try; in an error's chain, for
/// `downcast_ref`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}{}", kept(*have, *total))]
pub struct Unfinished {
    /// Reason, in one sentence.
    pub message: String,
    /// Bytes that are kept for the next try.
    pub have: u64,
    /// Bytes in all.
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

/// Hint of a download that the disk has no room for.
pub const NO_ROOM: &str = "free some space there or take a larger disk";

/// The disk is too small for `source`.
pub(super) fn no_space(source: &Source, dest: &Path) -> anyhow::Error {
    let folder = dest.parent().unwrap_or(Path::new("/"));
    Failure::failed(format!(
        "the disk is full: {} bytes do not fit under {}",
        source.size_bytes,
        folder.display()
    ))
    .hint(NO_ROOM)
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
