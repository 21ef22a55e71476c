//! Every failure that src/ can make says what to do next, or is listed here with the reason why not.
//!
//! The files are read as tokens, as tests/rooms.rs does. A failure is a call of `Failure::new`, `failed` or `usage`; its
//! hint follows it, or is added to the name that it is bound to.

#[path = "rooms/source.rs"]
mod source;

use source::{Token, read_tree};
use std::collections::BTreeSet;
use std::path::Path;

#[path = "errors/produced.rs"]
mod produced;
#[path = "errors/said.rs"]
mod said;
#[path = "errors/unsaid.rs"]
mod unsaid;
#[path = "errors/without_hint.rs"]
mod without_hint;

use without_hint::WITHOUT_HINT;

/// A failure: its module, and the first text of its message; empty where the message is made elsewhere.
type Site = (String, String);

fn is_word(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token::Word(found)) if found == word)
}

/// Returns whether a hint is added at `at`: `.hint(`.
fn hint_at(tokens: &[Token], at: usize) -> bool {
    tokens.get(at) == Some(&Token::Sign('.')) && is_word(tokens.get(at + 1), "hint")
}

/// The index of the bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    panic!("a bracket is not closed")
}

/// The name that the statement around `at` binds: `let name = …`.
fn bound(tokens: &[Token], at: usize) -> Option<&str> {
    let ends = |token: &Token| matches!(token, Token::Sign(';' | '{' | '}'));
    let start = tokens[..at].iter().rposition(ends).map_or(0, |end| end + 1);
    match tokens.get(start..start + 2)? {
        [Token::Word(word), Token::Word(name)] if word == "let" => Some(name),
        _ => None,
    }
}

/// Returns whether the failure whose call ends at `end` gets a hint: there, where the name that it is bound to gets one, or
/// at each call of the closure that makes it.
fn has_hint(tokens: &[Token], start: usize, end: usize) -> bool {
    let later = |name: &str| {
        let uses = || (end..tokens.len()).filter(|i| is_word(tokens.get(*i), name));
        let mut calls = uses().filter(|i| tokens.get(i + 1) == Some(&Token::Sign('('))).peekable();
        uses().any(|i| hint_at(tokens, i + 1))
            || (calls.peek().is_some() && calls.all(|i| hint_at(tokens, closing(tokens, i + 1) + 1)))
    };
    hint_at(tokens, end + 1) || bound(tokens, start).is_some_and(later)
}

/// Every failure with whether it has a hint.
fn failures() -> Vec<(Site, bool)> {
    let mut found = Vec::new();
    for (module, tokens) in read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = module.join("::");
        if module == "error" {
            continue;
        }
        for start in 0..tokens.len() {
            let makes = ["new", "failed", "usage"].iter().any(|name| is_word(tokens.get(start + 2), name));
            if !(is_word(tokens.get(start), "Failure") && tokens[start + 1] == Token::Path && makes) {
                continue;
            }
            // Without an argument it is a function that is handed on.
            let called = tokens.get(start + 3) == Some(&Token::Sign('('));
            let end = if called { closing(&tokens, start + 3) } else { start + 2 };
            let text = tokens[start..end].iter().find_map(|token| match token {
                Token::Text(text) => Some(text.clone()),
                _ => None,
            });
            found.push(((module.clone(), text.unwrap_or_default()), has_hint(&tokens, start, end)));
        }
    }
    found
}

#[test]
fn a_failure_says_what_to_do_next_or_is_listed_with_the_reason() {
    let failures = failures();
    assert!(failures.len() > 250, "only {} failures were found", failures.len());
    let listed: BTreeSet<(&str, &str)> =
        WITHOUT_HINT.iter().map(|(module, text, _)| (*module, *text)).collect();
    assert_eq!(listed.len(), WITHOUT_HINT.len(), "an entry is there twice");
    let without: BTreeSet<(&str, &str)> = failures
        .iter()
        .filter(|(_, hint)| !hint)
        .map(|((module, text), _)| (module.as_str(), text.as_str()))
        .collect();
    let new: Vec<_> = without.difference(&listed).collect();
    assert!(new.is_empty(), "add `.hint(…)`, or a line in tests/errors/without_hint.rs: {new:#?}");
    let gone: Vec<_> = listed.difference(&without).collect();
    assert!(gone.is_empty(), "no such failure, or it has a hint now: {gone:#?}");
}

#[test]
fn a_hint_is_found_where_it_is_added() {
    let check = |source: &str| {
        let tokens = source::tokens(source);
        let start = tokens.iter().position(|token| is_word(Some(token), "Failure")).unwrap();
        has_hint(&tokens, start, closing(&tokens, start + 3))
    };
    assert!(check(r#"Err(Failure::usage(format!("{x} ({y})")).hint("z").into())"#));
    assert!(check(
        r#"{ let failure = Failure::failed("a"); match b { true => failure.hint("c"), false => failure } }"#
    ));
    assert!(!check(r#"{ let failure = Failure::failed("a"); other.hint("c") }"#));
    assert!(check(r#"{ let no = |x| Failure::usage(x); no("a").hint("b") }"#));
    assert!(!check(r#"{ let no = |x| Failure::usage(x); no("a").hint("b"); no("c") }"#));
    assert!(!check(r#"f(Failure::failed("a").into()); other.hint("c")"#));
}
