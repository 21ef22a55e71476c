//! Downloads on the host: which of a plan's files are pinned, where they may come from, and fetching
//! them in a job. The secret for a site never touches the disk: `/run` is memory, and the job removes
//! it when it starts.

use super::generation::Desired;
use super::protocol::{Blob, Unit};
use super::steps::Run;
use super::{clock, files, receive};
use crate::checked::FileName;
use crate::error::{Context, Failure, Result};
use crate::fetch::{self, Options, Source, Token, Unfinished};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use std::fs;
use std::path::Path;

/// The runtime that the plan pins.
pub fn runtime(plan: &Plan) -> Option<Blob> {
    let file = plan.llama_server.runtime.as_ref()?;
    let path = file.url.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = FileName::new(last).or_else(|_| FileName::new("llama.cpp")).ok()?;
    Some(Blob { name, sha256: file.sha256.clone(), size_bytes: file.size_bytes })
}

/// A model file that the plan pins: address, hash and size are known.
pub fn model(file: &ModelFile) -> Option<Blob> {
    let (_, sha256) = (file.url.as_ref()?, file.sha256.clone()?);
    Some(Blob { name: file.name.clone(), sha256, size_bytes: file.size_bytes })
}

/// Where every pinned file may come from: mirrors in the order given, then its own address.
pub fn sources(plan: &Plan, mirrors: &[(String, String)]) -> Vec<Source> {
    let runtime = plan.llama_server.runtime.as_ref().map(|file| (runtime(plan), &file.url));
    let models = plan.files().filter_map(|file| Some((model(file), file.url.as_ref()?)));
    let pinned = runtime.into_iter().chain(models).filter_map(|(blob, url)| Some((blob?, url)));
    pinned
        .map(|(blob, url)| Source {
            urls: addresses(url, mirrors),
            sha256: blob.sha256,
            size_bytes: blob.size_bytes,
        })
        .collect()
}

fn addresses(url: &str, mirrors: &[(String, String)]) -> Vec<String> {
    let mirrored =
        mirrors.iter().filter_map(|(from, to)| Some(format!("{to}{}", url.strip_prefix(from.as_str())?)));
    let mut urls: Vec<String> = mirrored.collect();
    urls.push(url.to_string());
    urls
}

/// Bytes of `blob` that an upload or a download left on the disk.
pub fn held(blob: &Blob) -> u64 {
    receive::held(blob).max(fetch::held(&receive::arrived(blob)))
}

/// The file `blob` in the folder of arrivals, downloaded where it did not arrive from the client.
pub fn arrived(blob: &Blob, desired: &Desired, run: &mut Run) -> Result<std::path::PathBuf> {
    let dest = receive::arrived(blob);
    if dest.exists() {
        return Ok(dest);
    }
    let source = desired.sources.iter().find(|source| source.sha256 == blob.sha256).ok_or_else(|| {
        Failure::failed(format!("{} did not arrive and the plan pins no download of it", blob.name)).hint(
            "give it with --model-file or --runtime-archive, or pin it with `agi-provision plan --resolve`",
        )
    })?;
    files::directory(Path::new(paths::INCOMING), 0o700)?;
    let options = Options { token: run.token.clone(), ..Options::default() };
    let fetched = fetch::fetch(source, &dest, &options, &mut |progress| {
        run.progress(progress.done, Some(progress.total), Unit::Bytes)
    });
    fetched.map_err(|error| explain(error, &blob.name, run.token.is_some()))?;
    Ok(dest)
}

fn explain(error: anyhow::Error, name: &str, token: bool) -> anyhow::Error {
    let Some(unfinished) = error.downcast_ref::<Unfinished>() else {
        return error.context(format!("downloading {name}"));
    };
    let doubt = clock::doubt(&unfinished.message, jiff::Timestamp::now());
    let failure = match (unfinished.needs_token, token) {
        _ if doubt.is_some() => Failure::failed(format!(
            "downloading {name} stopped, and {}",
            doubt.unwrap_or_default()
        ))
        .hint(format!(
            "if that is not the time, set it and apply again ({}); if it is, --mirror FROM=TO names another place",
            clock::SET_IT
        )),
        (true, true) => Failure::failed(format!("downloading {name}: the token is not accepted"))
            .hint("is it valid, and were the model's terms accepted at its site? Then apply again"),
        (true, false) => Failure::failed(format!("downloading {name} needs a token"))
            .hint("put it into the environment variable HF_TOKEN and apply again; it is sent on stdin and kept nowhere"),
        (false, _) => Failure::failed(format!("downloading {name} stopped"))
            .hint("apply again to go on where it stopped; --mirror FROM=TO names another place, --model-file sends it from here"),
    };
    error.context(failure)
}

/// Leaves a token for the job that starts now.
pub fn hand_over(token: Option<&Token>) -> Result<()> {
    match token {
        Some(token) => files::write(Path::new(paths::TOKEN), &serde_json::to_vec(token)?, 0o600),
        None => files::remove(Path::new(paths::TOKEN)),
    }
}

/// Takes the token that a session left; nobody can take it twice. `None` after a restart of the host.
pub fn take_token() -> Result<Option<Token>> {
    let Ok(bytes) = fs::read(paths::TOKEN) else { return Ok(None) };
    files::remove(Path::new(paths::TOKEN))?;
    Ok(Some(serde_json::from_slice(&bytes).context("reading the token")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_come_first_and_only_where_they_fit() {
        let mirrors = [
            ("https://huggingface.co/".to_string(), "https://mirror.example/hf/".to_string()),
            ("https://github.com/".to_string(), "https://other.example/".to_string()),
        ];
        assert_eq!(
            addresses("https://huggingface.co/a/b.gguf", &mirrors),
            ["https://mirror.example/hf/a/b.gguf", "https://huggingface.co/a/b.gguf"]
        );
        assert_eq!(addresses("https://x.example/b", &mirrors), ["https://x.example/b"]);
    }

    #[test]
    fn only_a_hash_and_an_address_make_a_download() {
        let (sum, url) = ("ab".repeat(32), "https://x.example/");
        let file = |sha256: Option<&str>, url: Option<&str>| ModelFile {
            name: "m.gguf".parse().unwrap(),
            size_bytes: 7,
            sha256: sha256.map(|sum| sum.parse().unwrap()),
            url: url.map(|url| url.parse().unwrap()),
        };
        assert!(model(&file(Some(&sum), Some(url))).is_some_and(|blob| blob.sha256 == sum));
        assert!(model(&file(None, Some(url))).is_none());
        assert!(model(&file(Some(&sum), None)).is_none());
    }
}
