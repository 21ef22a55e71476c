//! Downloads on the host: which of a plan's files are pinned, and where they may come from.

use super::receive;
use crate::checked::FileName;
use crate::fetch::{self, Source};
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use crate::wire::protocol::Blob;

/// Returns the runtime that the plan pins.
pub fn runtime(plan: &Plan) -> Option<Blob> {
    let file = plan.llama_server.runtime.as_ref()?;
    let path = file.url.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = FileName::new(last).or_else(|_| FileName::new(plan.engine().name())).ok()?;
    Some(Blob { name, sha256: file.sha256.clone(), size_bytes: file.size_bytes })
}

/// Returns the model file as a download if the plan pins it: its address, hash and size are known.
pub fn model(file: &ModelFile) -> Option<Blob> {
    let (_, sha256) = (file.url.as_ref()?, file.sha256.clone()?);
    Some(Blob { name: file.name.clone(), sha256, size_bytes: file.size_bytes })
}

/// Lists where every pinned file may come from: mirrors in the order given, then its own address.
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

/// Returns the bytes of `blob` that an upload or a download left on the disk.
pub fn kept_bytes(blob: &Blob) -> u64 {
    receive::received_bytes(blob).max(fetch::downloaded_bytes(&receive::arrived(blob)))
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
