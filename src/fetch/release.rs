//! An engine's release archive: its address, size and SHA-256 from GitHub's API.
//!
//! GITHUB_ENDPOINT names another server with the same API, GITHUB_TOKEN is sent to it alone (without
//! one GitHub answers 60 questions an hour).

use super::answer::Asked;
use super::api::Api;
use super::ask::Unanswered;
use crate::checked::{Checksum, DownloadUrl};
use crate::error::{Context, Failure, Result};
use serde::Deserialize;

/// A release's list of some forty archives is about 100 KB.
const MAX_LIST: u64 = 4 << 20;

/// An archive of a release, pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Address of the file.
    pub url: DownloadUrl,
    /// SHA-256 of the file, as the publisher gives it.
    pub sha256: Checksum,
    /// Size of the file, bytes.
    pub size_bytes: u64,
}

/// The releases of a repository, on a server that speaks GitHub's API.
pub struct Releases {
    api: Api,
    repository: &'static str,
}

#[derive(Deserialize)]
struct Release {
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    size: u64,
    /// `sha256:…`; archives of before June 2025 have none.
    digest: Option<String>,
    browser_download_url: String,
}

impl Releases {
    /// Returns the releases of `owner/name` at the publisher's address, or at the one that the environment names.
    pub fn from_env(repository: &'static str) -> Result<Releases> {
        let api = Api::from_env("GITHUB_ENDPOINT", "https://api.github.com", "GITHUB_TOKEN")?;
        Ok(Releases { api, repository })
    }

    /// The archive called `name` of the release of `build`.
    pub fn archive(&self, build: &str, name: &str) -> Result<Archive> {
        let Releases { api, repository } = self;
        let url = format!("{}/repos/{repository}/releases/tags/{build}", api.base());
        let project = repository.rsplit('/').next().unwrap_or(repository);
        let what = || format!("looking up {project} {build}");
        let asked = Asked::All { most: MAX_LIST };
        let list = api.get(&url, asked).map_err(|no| self.refusal(no, build)).with_context(what)?;
        let release: Release = serde_json::from_slice(&list.body)
            .with_context(|| format!("{}: {} did not answer as GitHub does", what(), api.base()))?;
        let asset = release.assets.into_iter().find(|asset| asset.name == name).ok_or_else(|| {
            Failure::failed(format!("the release {build} of {repository} has no {name}")).hint(GIVE)
        })?;
        let digest = asset.digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:"));
        let sha256 = digest
            .and_then(|digest| Checksum::parse(digest).ok())
            .ok_or_else(|| Failure::failed(format!("GitHub gives no SHA-256 of {name}")).hint(GIVE))?;
        let url =
            DownloadUrl::new(asset.browser_download_url).with_context(|| format!("looking up {name}"))?;
        Ok(Archive { url, sha256, size_bytes: asset.size })
    }

    fn refusal(&self, unanswered: Unanswered, build: &str) -> anyhow::Error {
        let (status, why) = match unanswered {
            Unanswered::Failed(error) => return error,
            Unanswered::Refused { status, why } => (status, why),
        };
        let (why, hint) = match status {
            401 => ("the token is refused".to_string(), "unset GITHUB_TOKEN, or set one that is valid"),
            404 => (format!("there is no release {build} of {}", self.repository), GIVE),
            403 | 429 => (
                format!("{} asks to slow down ({status})", self.api.base()),
                "GITHUB_TOKEN raises the limit of 60 questions an hour",
            ),
            _ => (format!("{}: {why}", self.api.base()), "try again later"),
        };
        Failure::failed(why).hint(hint).into()
    }
}

const GIVE: &str = "give the archive to `apply` with --runtime-archive";

#[cfg(test)]
#[path = "release_tests.rs"]
mod tests;
