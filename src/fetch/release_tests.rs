//! Against a server that plays scripts.

use super::*;
use crate::error::hint;
use crate::fetch::ask::Patience;
use crate::fetch::scripted::{Play, serve};
use std::sync::mpsc;
use std::time::Duration;

const ARCHIVE: &str = "llama-b11434-bin-ubuntu-x64.tar.gz";

fn releases(plays: Vec<Play>) -> (Releases, mpsc::Receiver<Vec<String>>) {
    let (base, requests) = serve(plays);
    let patience = Patience { stall: Duration::from_millis(1500), pause: Duration::from_millis(5) };
    let token = Some("gh_secret".to_string());
    let api = Api::new("GITHUB_ENDPOINT", &base, token, patience).unwrap();
    (Releases { api, repository: "ggml-org/llama.cpp" }, requests)
}

fn list(name: &str, digest: &str) -> String {
    format!(
        r#"{{"tag_name":"b11434","assets":[{{"name":"other.zip","size":1,"browser_download_url":"https://x/o"}},
        {{"name":"{name}","size":31415926,"digest":{digest},"browser_download_url":"https://x/{name}"}}]}}"#
    )
}

#[test]
fn an_archive_is_pinned_by_its_digest() {
    let (name, sha) = (ARCHIVE.to_string(), "A".repeat(64));
    let (releases, requests) = releases(vec![Play::Text(list(&name, &format!("\"sha256:{sha}\"")))]);
    let archive = releases.archive("b11434", &name).unwrap();
    assert_eq!(archive.url, "https://x/llama-b11434-bin-ubuntu-x64.tar.gz");
    assert_eq!((archive.size_bytes, archive.sha256.as_str()), (31415926, "a".repeat(64).as_str()));
    let request = requests.recv().unwrap().join("\n");
    assert!(request.starts_with("GET /repos/ggml-org/llama.cpp/releases/tags/b11434 "), "{request}");
    assert!(request.to_ascii_lowercase().contains("authorization: bearer gh_secret"), "{request}");
}

#[test]
fn a_release_that_cannot_be_pinned_is_an_error_that_says_why() {
    let name = ARCHIVE.to_string();
    for (plays, message, word) in [
        (vec![Play::Text(list("x.tar.gz", "null"))], "has no llama-b11434", "--runtime-archive"),
        (vec![Play::Text(list(&name, "null"))], "no SHA-256", "--runtime-archive"),
        (vec![Play::Text(list(&name, "\"sha256:abc\""))], "no SHA-256", "--runtime-archive"),
        (vec![Play::Status(404, "")], "no release b11434", "--runtime-archive"),
        (vec![Play::Status(403, "")], "slow down", "GITHUB_TOKEN"),
        (vec![Play::Status(401, "")], "token is refused", "GITHUB_TOKEN"),
        (vec![Play::Cut, Play::Stall, Play::Cut], "looking up llama.cpp b11434", "tried 3 times"),
    ] {
        let (releases, _requests) = releases(plays);
        let error = releases.archive("b11434", &name).unwrap_err();
        assert!(format!("{error:#}").contains(message), "{message}: {error:#}");
        assert!(hint(&error).unwrap().contains(word), "{word}: {error:#}");
        assert!(!format!("{error:#}").contains("gh_secret"));
    }
    let (releases, _requests) = releases(vec![Play::Text("<html>".to_string())]);
    let error = releases.archive("b11434", &name).unwrap_err();
    assert!(format!("{error:#}").contains("did not answer as GitHub does"), "{error:#}");
}
