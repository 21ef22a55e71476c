//! llama.cpp's release archives: address, size and SHA-256 as GitHub's API tells them.
//!
//! There are archives for the CPU and for Vulkan, which runs on NVIDIA cards with nothing but the
//! driver, and none for CUDA on Linux (asset lists of b8133 to b11211, seen 2026-11-24).

use crate::error::{Context, Failure, Result};
use reqwest::blocking::Client;
use serde::Deserialize;
use std::io::Read;
use std::time::Duration;

const REPOSITORY: &str = "ggml-org/llama.cpp";
/// Largest answer read; a release has about forty assets.
const MOST: u64 = 4 << 20;
const TRIES: u32 = 3;

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    pub url: String,
    /// Lower-case hex.
    pub sha256: String,
    pub size_bytes: u64,
}

#[derive(Deserialize)]
struct Release {
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    size: u64,
    /// `sha256:…`
    digest: Option<String>,
    browser_download_url: String,
}

/// The name of `build`'s archive for Linux x86-64.
pub fn name(build: &str, gpus: bool) -> String {
    format!("llama-{build}-bin-ubuntu-{}x64.tar.gz", if gpus { "vulkan-" } else { "" })
}

/// A server that speaks GitHub's API.
pub struct Releases {
    base: String,
    client: Client,
    /// Before the second try.
    pause: Duration,
}

impl Releases {
    /// GITHUB_API_URL names another server than GitHub's own.
    pub fn from_env() -> Result<Releases> {
        let base = std::env::var("GITHUB_API_URL").ok().filter(|url| !url.trim().is_empty());
        let base = base.unwrap_or_else(|| "https://api.github.com".to_string());
        Releases::new(&base, Duration::from_secs(20), Duration::from_secs(1))
    }

    pub fn new(base: &str, stall: Duration, pause: Duration) -> Result<Releases> {
        let client = Client::builder()
            .connect_timeout(stall)
            .timeout(stall)
            .user_agent(concat!("agi-provision/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing HTTPS")?;
        Ok(Releases { base: base.trim_end_matches('/').to_string(), client, pause })
    }

    /// The archive of `build` for the CPU, or for GPUs.
    pub fn archive(&self, build: &str, gpus: bool) -> Result<Archive> {
        let url = format!("{}/repos/{REPOSITORY}/releases/tags/{build}", self.base);
        let what = || format!("looking for llama.cpp {build} at {}", self.base);
        let release: Release = serde_json::from_slice(&self.get(&url).with_context(what)?)
            .with_context(|| format!("{}: it did not answer as GitHub does", what()))?;
        pick(release.assets, build, gpus)
    }

    fn get(&self, url: &str) -> Result<Vec<u8>> {
        for tried in 1.. {
            match self.try_get(url) {
                Err(error) if tried == TRIES || error.downcast_ref::<Failure>().is_some() => {
                    return Err(error);
                }
                Err(_) => std::thread::sleep(self.pause),
                body => return body,
            }
        }
        unreachable!("the last try returns")
    }

    fn try_get(&self, url: &str) -> Result<Vec<u8>> {
        let response =
            self.client.get(url).send().map_err(|error| error.without_url()).context("no answer")?;
        let status = response.status();
        match status.as_u16() {
            200..300 => {}
            404 => return Err(Failure::failed("it has no such release").into()),
            // What is refused now is refused in a second as well.
            401 | 403 | 429 => return Err(Failure::failed(format!("it refuses ({status})")).into()),
            _ => return Err(anyhow::anyhow!("it answers {status}")),
        }
        let mut body = Vec::new();
        response.take(MOST).read_to_end(&mut body).context("the answer stopped")?;
        Ok(body)
    }
}

fn pick(assets: Vec<Asset>, build: &str, gpus: bool) -> Result<Archive> {
    let wanted = name(build, gpus);
    let asset = assets
        .into_iter()
        .find(|asset| asset.name == wanted)
        .ok_or_else(|| Failure::failed(format!("the release {build} has no {wanted}")))?;
    let digest = asset.digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:"));
    let sha256 = digest.filter(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let sha256 = sha256.ok_or_else(|| Failure::failed(format!("{wanted} comes without a SHA-256")))?;
    Ok(Archive {
        url: asset.browser_download_url,
        sha256: sha256.to_ascii_lowercase(),
        size_bytes: asset.size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> Vec<Asset> {
        let asset = |name: &str, digest: Option<String>| Asset {
            name: name.to_string(),
            size: 7,
            digest,
            browser_download_url: format!("https://x.example/{name}"),
        };
        vec![
            asset("llama-b1-bin-ubuntu-vulkan-arm64.tar.gz", None),
            asset("llama-b1-bin-ubuntu-x64.tar.gz", Some(format!("sha256:{}", "AB".repeat(32)))),
            asset("llama-b1-bin-ubuntu-vulkan-x64.tar.gz", Some(format!("sha256:{}", "cd".repeat(32)))),
            asset("llama-b2-bin-ubuntu-x64.tar.gz", Some("md5:ab".into())),
        ]
    }

    #[test]
    fn a_plan_with_gpus_takes_vulkan_and_one_without_does_not() {
        let cpu = pick(assets(), "b1", false).unwrap();
        assert_eq!((cpu.sha256.as_str(), cpu.size_bytes), ("ab".repeat(32).as_str(), 7));
        assert!(cpu.url.ends_with("/llama-b1-bin-ubuntu-x64.tar.gz"));
        assert!(pick(assets(), "b1", true).unwrap().url.ends_with("ubuntu-vulkan-x64.tar.gz"));
        // Never without its hash, and never another build's.
        assert!(pick(assets(), "b2", false).unwrap_err().to_string().contains("without a SHA-256"));
        assert!(
            pick(assets(), "b3", true).unwrap_err().to_string().contains("no llama-b3-bin-ubuntu-vulkan")
        );
    }
}
