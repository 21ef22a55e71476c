//! Against a server that plays scripts.

use super::*;
use crate::error::hint;
use crate::fetch::ask::Patience;
use crate::fetch::scripted::{Play, serve};
use crate::model::tiny;
use std::sync::mpsc;
use std::time::Duration;

/// A hub that gets `plays` in order, and the requests it made.
fn hub(plays: Vec<Play>) -> (Hub, mpsc::Receiver<Vec<String>>) {
    let (base, requests) = serve(plays);
    let patience = Patience { stall: Duration::from_millis(1500), pause: Duration::from_millis(5) };
    let token = Some("hf_secret".to_string());
    (Hub(Api::new("HF_ENDPOINT", &base, token, patience).unwrap()), requests)
}

fn tiny_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    tiny::write_tiny(&mut bytes, 1, None).unwrap();
    bytes
}

#[test]
fn a_list_gives_sizes_and_hashes() {
    let sha = "a".repeat(64);
    let list = format!(
        r#"[{{"type":"directory","path":"x"}},{{"type":"file","path":"x/m.gguf","size":130,
        "lfs":{{"oid":"{sha}","size":123456}}}},{{"type":"file","path":"README.md","size":7}}]"#
    );
    let (hub, requests) = hub(vec![Play::Text(list)]);
    let files = hub.files("owner/name").unwrap();
    assert_eq!(
        files[0],
        RemoteFile { path: "x/m.gguf".into(), size: 123456, sha256: Some(sha.parse().unwrap()) }
    );
    assert_eq!(files[1], RemoteFile { path: "README.md".into(), size: 7, sha256: None });
    let request = requests.recv().unwrap().join("\n");
    assert!(request.starts_with("GET /api/models/owner/name/tree/main?recursive=true "), "{request}");
    assert!(request.to_ascii_lowercase().contains("authorization: bearer hf_secret"), "{request}");
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end_and_stays_with_its_server() {
    let page = |name: &str| format!(r#"[{{"type":"file","path":"{name}","size":7}}]"#);
    let (hub, requests) = hub(vec![
        Play::Page(page("a.gguf"), "</api/models/o/n/tree/main?cursor=2>; rel=\"next\"".to_string()),
        Play::Page(page("b.gguf"), "<https://elsewhere.example/3>; rel=\"next\"".to_string()),
    ]);
    let files = hub.files("o/n").unwrap();
    assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a.gguf", "b.gguf"]);
    assert_eq!(requests.iter().count(), 2);
}

#[test]
fn a_header_comes_in_at_most_three_reads() {
    let file = tiny_file();
    let (hub, requests) = hub(vec![Play::Range(file.clone())]);
    let header = hub.header("owner/name", "m.gguf", file.len() as u64).unwrap();
    assert_eq!(header.text("general.architecture"), Some("llama"));
    assert_eq!(requests.iter().count(), 1);
}

#[test]
fn a_header_longer_than_the_first_read_is_continued() {
    use crate::model::gguf_write::{Field, header};
    let tokens = (0..400_000).map(|n| format!("token-number-{n}")).collect();
    let fields = [
        ("general.architecture".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts(tokens)),
    ];
    let file = header(&fields, &[]);
    assert!(file.len() as u64 > READS[0]);
    let (hub, requests) = hub(vec![Play::Range(file.clone()), Play::Range(file.clone())]);
    let read = hub.header("owner/name", "m.gguf", file.len() as u64).unwrap();
    assert_eq!(read.length("tokenizer.ggml.tokens"), Some(400_000));
    let ranges: Vec<String> =
        requests.iter().map(|request| request.join("\n").to_ascii_lowercase()).collect();
    assert!(ranges[1].contains(&format!("range: bytes={}-", READS[0])), "{}", ranges[1]);
}

#[test]
fn a_busy_server_is_asked_again() {
    let file = tiny_file();
    let size = file.len() as u64;
    let (hub, _requests) =
        hub(vec![Play::Status(503, ""), Play::Status(429, "Retry-After: 0\r\n"), Play::Range(file)]);
    hub.header("owner/name", "m.gguf", size).unwrap();
}

#[test]
fn a_stalled_and_a_cut_download_are_tried_again_and_then_told() {
    let file = tiny_file();
    let size = file.len() as u64;
    let (ok, _requests) = hub(vec![Play::Cut, Play::Stall, Play::Range(file)]);
    ok.header("owner/name", "m.gguf", size).unwrap();
    let (never, _requests) = hub(vec![Play::Cut, Play::Cut, Play::Cut]);
    let error = never.header("owner/name", "m.gguf", size).unwrap_err();
    assert!(hint(&error).unwrap().contains("tried 3 times"), "{error:#}");
}

#[test]
fn refusals_say_what_to_do() {
    for (status, word) in [(401, "HF_TOKEN"), (403, "terms"), (404, "hf:owner/repository")] {
        let (hub, requests) = hub(vec![Play::Status(status, "")]);
        let error = hub.files("owner/name").unwrap_err();
        assert!(hint(&error).unwrap().contains(word), "{status}: {error:#}");
        assert!(!format!("{error:#}").contains("hf_secret"));
        assert_eq!(requests.iter().count(), 1, "{status} is not retried");
    }
    let (hub, _requests) = hub(vec![Play::Status(503, ""), Play::Status(503, ""), Play::Status(503, "")]);
    assert!(format!("{:#}", hub.files("owner/name").unwrap_err()).contains("503"));
}

#[test]
fn a_name_stays_a_name() {
    let (hub, _requests) = hub(Vec::new());
    for name in ["", "x", "a/b/c", "../x", "a/..", "a/b?c", "a b/c", "a/b#c"] {
        assert!(hub.files(name).is_err(), "{name}");
    }
}
