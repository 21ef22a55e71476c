//! Every variant of an error is made somewhere in src/, and some test looks for it; and failures that no other test makes,
//! made by their command.

use super::{closing, is_word, source};
use agi_provision::model::gguf::{GgufError, Header};
use agi_provision::model::shape::Shape;
use source::{Token, read_tree, tokens, without_tests};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A variant: its enum, its name, the text of its message (empty where it has none of its own), and whether `?` makes it.
type Variant = (String, String, String, bool);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The variants of every enum in `tokens` that is an error (`thiserror::Error`), or is called `Exit`.
fn variants(tokens: &[Token]) -> Vec<Variant> {
    let mut found = Vec::new();
    let mut is_error = false;
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) if word == "thiserror" && is_word(tokens.get(i + 2), "Error") => {
                is_error = true
            }
            Token::Word(word) if word == "struct" || word == "fn" => is_error = false,
            Token::Word(word) if word == "enum" => {
                let (Some(Token::Word(name)), Some(Token::Sign('{'))) =
                    (tokens.get(i + 1), tokens.get(i + 2))
                else {
                    continue;
                };
                if is_error || name == "Exit" {
                    found.extend(names(name, &tokens[i + 3..closing(tokens, i + 2)]));
                }
                is_error = false;
            }
            _ => {}
        }
    }
    found
}

/// The variants in the body of an enum.
fn names(of: &str, body: &[Token]) -> Vec<Variant> {
    let (mut found, mut message, mut i) = (Vec::new(), String::new(), 0);
    while i < body.len() {
        match &body[i] {
            Token::Sign('#') => {
                let end = closing(body, i + 1);
                let text = body[i..end].iter().find_map(|token| match token {
                    Token::Text(text) => Some(text.clone()),
                    _ => None,
                });
                message = text.unwrap_or(message);
                i = end + 1;
            }
            Token::Word(name) => {
                found.push((of.to_string(), name.clone(), std::mem::take(&mut message), false));
                // Up to the comma after it, whatever it holds.
                i += 1;
                let begin = i;
                while i < body.len() && body[i] != Token::Sign(',') {
                    i = match body[i] {
                        Token::Sign('(' | '{') => closing(body, i) + 1,
                        _ => i + 1,
                    };
                }
                // `?` makes one from the error that it holds.
                let converted = body[begin..i].windows(2);
                found.last_mut().expect("the variant").3 = converted
                    .into_iter()
                    .any(|two| two[0] == Token::Sign('[') && is_word(two.get(1), "from"));
                i += 1;
            }
            _ => i += 1,
        }
    }
    found
}

/// Returns whether the variant is made in `tokens`: named, and not as a pattern.
fn is_made(tokens: &[Token], of: &str, name: &str) -> bool {
    (2..tokens.len()).any(|i| {
        is_word(tokens.get(i), name)
            && tokens[i - 1] == Token::Path
            && (is_word(tokens.get(i - 2), of) || is_word(tokens.get(i - 2), "Self"))
            && !is_pattern(tokens, i)
    })
}

/// Returns whether the variant named at `at` is matched: `=>`, `|`, `if` or `=` follows it and its content.
fn is_pattern(tokens: &[Token], at: usize) -> bool {
    let mut next = match tokens.get(at + 1) {
        Some(Token::Sign('(' | '{')) => closing(tokens, at + 1) + 1,
        _ => at + 1,
    };
    // Out of the brackets of `Some(…)` and `Err(…)`.
    while tokens.get(next) == Some(&Token::Sign(')')) {
        next += 1;
    }
    let equal = tokens.get(next) == Some(&Token::Sign('='));
    let is_compared = equal && tokens.get(next + 1) == Some(&Token::Sign('='));
    (equal && !is_compared)
        || matches!(tokens.get(next), Some(Token::Sign('|')))
        || is_word(tokens.get(next), "if")
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false if path.extension().is_some_and(|kind| kind == "rs") => all.push(path),
            false => {}
        }
    }
    all
}

/// Words and texts of all tests: tests/, and what is for tests alone in src/. The list of failures without a hint is none.
fn tests() -> Vec<Token> {
    let mut all = Vec::new();
    for path in files(&root().join("tests")) {
        if !path.ends_with("without_hint.rs") {
            all.extend(tokens(&fs::read_to_string(path).unwrap()));
        }
    }
    for path in files(&root().join("src")) {
        let source = tokens(&fs::read_to_string(&path).unwrap());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let kept = if name.ends_with("tests") { Vec::new() } else { without_tests(&source) };
        // What is left out is at the end of a file.
        let common = source.iter().zip(&kept).take_while(|(a, b)| a == b).count();
        all.extend_from_slice(&source[common..]);
    }
    all
}

/// Pieces of a message that stand in every text of it.
fn pieces(message: &str) -> impl Iterator<Item = &str> {
    let parts = message.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    parts.map(|piece| piece.trim_matches([' ', ':', ',', '.'])).filter(|piece| !piece.is_empty())
}

/// Numbers that tests compare the exit code with.
fn exits(tests: &[Token]) -> Vec<u8> {
    let mut found = Vec::new();
    for (i, token) in tests.iter().enumerate() {
        let about = matches!(token, Token::Word(word) if ["exit", "status", "code", "exit_code"].contains(&word.as_str()))
            || *token == Token::Text("exit".to_string());
        if about {
            let near = tests[i + 1..].iter().take(12);
            found.extend(near.filter_map(|token| match token {
                Token::Word(word) => word.parse::<u8>().ok(),
                _ => None,
            }));
        }
    }
    found
}

#[test]
fn every_variant_of_an_error_is_made_and_looked_for_by_a_test() {
    let tree: BTreeMap<_, _> = read_tree(&root().join("src"));
    let all: Vec<Variant> = tree.values().flat_map(|tokens| variants(tokens)).collect();
    assert!(all.len() > 30, "only {} variants were found", all.len());
    let (tests, outside) = (tests(), |module: &[String]| module.join("::") != "error");
    let codes = exits(&tests);
    let (mut unmade, mut untested) = (Vec::new(), Vec::new());
    let mut next_exit = 0;
    for (of, name, message, converted) in &all {
        let made = *converted
            || tree
                .iter()
                .any(|(module, tokens)| (of != "Exit" || outside(module)) && is_made(tokens, of, name));
        // `Failure::failed` and `Failure::usage` make two of the exits.
        let by_name = of == "Exit" && ["Failed", "Usage"].contains(&name.as_str());
        if !(made || by_name) {
            unmade.push(format!("{of}::{name}"));
        }
        let tested = match of.as_str() {
            "Exit" => {
                next_exit += 1;
                codes.contains(&(next_exit - 1)) || is_named(&tests, of, name)
            }
            // Its message is that of another error.
            _ if pieces(message).next().is_none() => true,
            _ => {
                let says = |token: &Token| match token {
                    Token::Text(text) => {
                        pieces(message).any(|piece| piece.len() > 7 && text.contains(piece))
                            || text.len() > 7 && message.contains(text.as_str())
                    }
                    _ => false,
                };
                is_named(&tests, of, name) || tests.iter().any(says)
            }
        };
        if !tested {
            untested.push(format!("{of}::{name}: {message}"));
        }
    }
    assert!(unmade.is_empty(), "nothing in src/ makes these; remove them: {unmade:#?}");
    assert!(untested.is_empty(), "no test names these or quotes their message: {untested:#?}");
}

fn is_named(tokens: &[Token], of: &str, name: &str) -> bool {
    let path = |i: usize| is_word(tokens.get(i), of) && tokens.get(i + 1) == Some(&Token::Path);
    (0..tokens.len()).any(|i| path(i) && is_word(tokens.get(i + 2), name))
}

#[test]
fn a_variant_that_is_only_matched_is_not_made() {
    let made = |text: &str| is_made(&tokens(text), "E", "A");
    assert!(
        made("f(E::A)") && made("Err(E::A(1))") && made("return E::A { x: 1 };") && made("map_err(E::A)")
    );
    assert!(made("a == E::A") && made("Self::A"));
    assert!(!made("match e { E::A => 1 }") && !made("match e { Some(E::A(x)) | None => 1 }"));
    assert!(!made("if let Err(E::A { x }) = f() {}") && !made("match e { E::A if x => 1 }"));
    assert!(!made("E::B") && !made("F::A"));
    let found = variants(&tokens(
        "#[derive(thiserror::Error)] pub enum E { #[error(\"a {x} b\")] A { x: u8 }, B(#[from] u8), }",
    ));
    let variant =
        |name: &str, text: &str, converted| ("E".to_string(), name.to_string(), text.to_string(), converted);
    assert_eq!(found, [variant("A", "a {x} b", false), variant("B", "", true)]);
    assert!(variants(&tokens("enum E { A }")).is_empty());
}

#[test]
fn a_header_that_cannot_be_read_or_lacks_a_setting_says_so() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = Header::read(Broken, None).unwrap_err();
    assert!(matches!(error, GgufError::Io(_)) && error.to_string() == "reading the file", "{error}");
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let (version, string) = (3u32.to_le_bytes(), 8u32.to_le_bytes());
    let (tensors, pairs) = (0u64.to_le_bytes(), 1u64.to_le_bytes());
    let (key, value) = (text("general.architecture"), text("llama"));
    let bytes = [b"GGUF", &version[..], &tensors, &pairs, &key, &string, &value].concat();
    let error = Shape::from_header(&Header::read(&bytes[..], None).unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("the header has no llama."), "{error}");
}

/// Failures by their command, which ends before anything is connected: arguments, exit, message, hint.
const FAILURES: &[(&[&str], i32, &str, &str)] = &[
    (&["tunnel", "--host", "a", "--host", "b"], 2, "tunnel leads to one host", "--host"),
    (
        &["logs", "--follow", "--host", "a", "--host", "b"],
        2,
        "--follow follows one host",
        "leave --follow out",
    ),
    (&["offers", "--provider", "nobody"], 2, "no offer is of a provider called \"nobody\"", ""),
    (&["plan", "--model", "hf:owner/name@"], 2, "names no revision after @", ""),
    (&["plan", "--model", "phi-2", "--profile", "hetzner/no-such"], 2, "no machine on offer is called", ""),
    (&["apply", "--model", "phi-2", "--host", "a"], 2, "apply asks before it changes a host", "--yes"),
    (&["remove", "--host", "a"], 2, "remove asks before it deletes", "--yes"),
    (&["rollback", "--host", "a"], 2, "rollback asks before it restarts a server", "--yes"),
    (&["key", "rotate", "--host", "a"], 2, "key rotate asks before it cuts clients off", "--yes"),
    (
        &["plan", "--model", "phi-2", "--hosts", "20x(gpu-24gb)", "--link", "1,1"],
        2,
        "no number of machines",
        "1 to 16",
    ),
    (&["status"], 2, "no host is named", "--inventory FILE"),
];

#[test]
fn failures_before_a_connection_are_told_with_their_hint() {
    let home = tempfile::tempdir().unwrap();
    for (args, exit, message, hint) in FAILURES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path())
            .stdin(Stdio::null())
            .args(*args);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*exit), "{args:?}: {said}");
        let (error, after) =
            said.split_once("\nhint: ").unwrap_or_else(|| panic!("{args:?}: no hint: {said}"));
        assert!(error.contains(message) && after.contains(hint), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
