//! The spellings of a model on Hugging Face: `hf:owner/repository`, its page's address, a file's.

use crate::error::{Failure, Result};
use reqwest::Url;

/// Servers that a bare address may name.
const HOSTS: [&str; 4] = ["huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName {
    /// `owner/name`.
    pub repository: String,
    /// A branch, tag or commit.
    pub revision: String,
    pub which: Which,
}

/// Part of the repository that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The planner's choice.
    Any,
    /// A quantisation, or a file's name.
    Tag(String),
    /// A file by its path.
    File(String),
}

const FORM: &str =
    "the form is hf:owner/repository[@revision][:quant]; a page's or a file's address works too";

/// `None` where `text` is no name on Hugging Face. `owner/repository` without a prefix is one: a file of that
/// name here is to be looked for first. A spelling that is broken: exit 2.
pub fn parse(text: &str) -> Option<Result<HubName>> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") {
        return Some(address(text));
    }
    let hosts = HOSTS.iter().find_map(|host| lower.strip_prefix(host)?.strip_prefix('/'));
    let rest = ["hf://", "hf:"].iter().find_map(|prefix| lower.strip_prefix(prefix)).or(hosts);
    if let Some(rest) = rest {
        return Some(named(text[text.len() - rest.len()..].trim_start_matches('/')));
    }
    let (repository, _) = text.split_once([':', '@']).unwrap_or((text, ""));
    let bare = repository.split('/').count() == 2
        && repository.split('/').all(is_part)
        && !lower.ends_with(".gguf")
        && !lower.starts_with("ollama/");
    bare.then(|| named(text))
}

/// `owner/repository[@revision][:quant|:file|/path/file.gguf]`.
fn named(text: &str) -> Result<HubName> {
    let (place, tag) = text.split_once(':').map_or((text, ""), |(place, tag)| (place, tag.trim()));
    let mut parts = place.splitn(3, '/');
    let (owner, rest) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let file = parts.next().filter(|file| !file.is_empty());
    let (repository, revision) = rest.split_once('@').unwrap_or((rest, ""));
    // A revision with slashes, refs/pr/2, is cut by the same slashes.
    if revision == "refs"
        && let Some((pr, number, after)) = file.and_then(pull_request)
    {
        let revision = format!("refs/{pr}/{number}");
        return checked(owner, repository, &revision, which(after, tag)?);
    }
    let file = file.map(str::to_string);
    if rest.contains('@') && revision.is_empty() {
        return Err(Failure::usage(format!("{text:?} names no revision after @")).hint(FORM).into());
    }
    checked(owner, repository, if revision.is_empty() { "main" } else { revision }, which(file, tag)?)
}

/// `pr/2` or `pr/2/file.gguf`.
fn pull_request(text: &str) -> Option<(&str, &str, Option<String>)> {
    let mut parts = text.splitn(3, '/');
    let (pr, number) = (parts.next()?, parts.next()?);
    let fine = pr == "pr" && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| (pr, number, parts.next().map(str::to_string)))
}

fn which(file: Option<String>, tag: &str) -> Result<Which> {
    match (file, tag) {
        (None, "") => Ok(Which::Any),
        (None, tag) => Ok(Which::Tag(tag.to_string())),
        (Some(file), "") if file.to_ascii_lowercase().ends_with(".gguf") => Ok(Which::File(file)),
        // A folder is named as the quantisation in it is.
        (Some(folder), "") if !folder.contains('/') => Ok(Which::Tag(folder)),
        (Some(file), _) => {
            Err(Failure::usage(format!("{file:?} is no .gguf file of a repository")).hint(FORM).into())
        }
    }
}

/// `https://huggingface.co/owner/repository[/resolve/revision/path]`.
fn address(text: &str) -> Result<HubName> {
    let bad = |why: &str| Failure::usage(format!("{text}: {why}")).hint(FORM);
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    let here = std::env::var("HF_ENDPOINT").ok().and_then(|endpoint| Url::parse(&endpoint).ok());
    let ours = |url: &Url| {
        url.host_str().is_some_and(|host| HOSTS.contains(&host))
            || here
                .as_ref()
                .is_some_and(|here| here.host_str() == url.host_str() && here.port() == url.port())
    };
    if !ours(&url) {
        return Err(Failure::usage(format!("{text} is no address of Hugging Face"))
            .hint("download the file, and give its path: --model ./model.gguf")
            .into());
    }
    let decoded = |part: &str| percent_decoded(part).ok_or_else(|| bad("it is not UTF-8"));
    let parts: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .map(decoded)
        .collect::<Result<_, _>>()?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [owner, rest] if rest.contains(':') => named(&format!("{owner}/{rest}")),
        [owner, repository] => checked(owner, repository, "main", Which::Any),
        [owner, repository, "tree", revision] => checked(owner, repository, revision, Which::Any),
        [owner, repository, "tree", revision, folder] => {
            checked(owner, repository, revision, Which::Tag(folder.to_string()))
        }
        [owner, repository, "resolve" | "blob" | "raw", revision, path @ ..] if !path.is_empty() => {
            let path = path.join("/");
            if !path.to_ascii_lowercase().ends_with(".gguf") {
                return Err(bad("it is no .gguf file").into());
            }
            checked(owner, repository, revision, Which::File(path))
        }
        _ => Err(bad("it is no page of a model, and no file of one").into()),
    }
}

fn percent_decoded(part: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match byte {
            b'%' => out.push((hex(bytes.next())? * 16 + hex(bytes.next())?) as u8),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

fn checked(owner: &str, repository: &str, revision: &str, which: Which) -> Result<HubName> {
    let name = format!("{owner}/{repository}");
    if !is_part(owner) || !is_part(repository) {
        return Err(Failure::usage(format!("{name:?} is not a Hugging Face repository")).hint(FORM).into());
    }
    let fine = |part: &str| !part.is_empty() && part != ".." && is_word(part);
    if revision.len() > 100 || !revision.split('/').all(fine) {
        return Err(Failure::usage(format!("{revision:?} is no revision of a repository"))
            .hint("a revision is a branch, a tag or a commit: hf:owner/repository@main")
            .into());
    }
    Ok(HubName { repository: name, revision: revision.to_string(), which })
}

fn is_word(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// An owner's or a repository's name, so that it can never become another path of the server.
fn is_part(part: &str) -> bool {
    !part.is_empty() && part.len() <= 96 && !part.starts_with('.') && is_word(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, String, Which) {
        let name =
            parse(text).unwrap_or_else(|| panic!("{text}")).unwrap_or_else(|e| panic!("{text}: {e:#}"));
        (name.repository, name.revision, name.which)
    }

    #[test]
    fn every_spelling_of_a_repository_is_that_repository() {
        let tag = |tag: &str| Which::Tag(tag.to_string());
        let file = |path: &str| Which::File(path.to_string());
        for (text, revision, which) in [
            ("hf:o/R-GGUF", "main", Which::Any),
            ("HF:o/R-GGUF:", "main", Which::Any),
            (" hf:o/R-GGUF:Q4_K_M ", "main", tag("Q4_K_M")),
            ("hf://o/R-GGUF:Q4_K_M", "main", tag("Q4_K_M")),
            ("hf.co/o/R-GGUF:Q4_K_M", "main", tag("Q4_K_M")),
            ("huggingface.co/o/R-GGUF", "main", Which::Any),
            ("o/R-GGUF", "main", Which::Any),
            ("o/R-GGUF:UD-Q4_K_XL", "main", tag("UD-Q4_K_XL")),
            ("hf:o/R-GGUF@v1.0:Q4_K_M", "v1.0", tag("Q4_K_M")),
            ("o/R-GGUF@0123456789abcdef", "0123456789abcdef", Which::Any),
            ("hf:o/R-GGUF@refs/pr/2", "refs/pr/2", Which::Any),
            ("hf:o/R-GGUF@refs/pr/2/a.gguf", "refs/pr/2", file("a.gguf")),
            ("hf:o/R-GGUF/a.gguf", "main", file("a.gguf")),
            ("hf:o/R-GGUF/Q4/a-00001-of-00002.gguf", "main", file("Q4/a-00001-of-00002.gguf")),
            ("hf:o/R-GGUF:a.gguf", "main", tag("a.gguf")),
            ("https://huggingface.co/o/R-GGUF", "main", Which::Any),
            ("https://huggingface.co/o/R-GGUF/", "main", Which::Any),
            ("https://hf.co/o/R-GGUF:Q8_0", "main", tag("Q8_0")),
            ("https://huggingface.co/o/R-GGUF/tree/main", "main", Which::Any),
            ("https://huggingface.co/o/R-GGUF/tree/main/Q4_K_M", "main", tag("Q4_K_M")),
            ("https://huggingface.co/o/R-GGUF/resolve/main/a.gguf?download=true", "main", file("a.gguf")),
            ("https://huggingface.co/o/R-GGUF/blob/v2/Q4/a%20b.gguf", "v2", file("Q4/a b.gguf")),
        ] {
            assert_eq!(of(text), ("o/R-GGUF".to_string(), revision.to_string(), which), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_of_a_repository_is_another_thing_or_refused() {
        for other in
            ["llama3:8b", "qwen3-8b", "./o/r", "/o/r", "a/b/c", "models/x.gguf", "ollama/llama3", "../o"]
        {
            assert!(parse(other).is_none(), "{other}");
        }
        for bad in [
            "hf:o",
            "hf:o/..",
            "hf:../r",
            "hf:o/r@",
            "hf:o/r@../../x",
            "hf:o/r@a b",
            "hf:o/r/readme.md/x",
            "https://example.org/o/r",
            "https://huggingface.co/o",
            "https://huggingface.co/o/r/resolve/main/model.safetensors",
            "https://huggingface.co/o/r/resolve/main/%ff.gguf",
        ] {
            assert!(parse(bad).is_some_and(|name| name.is_err()), "{bad}");
        }
    }
}
