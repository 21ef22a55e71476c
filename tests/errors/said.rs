//! Every sentence of src/ that people read is a message of locales/en/said.ftl, and so has its Russian text: the file is
//! taken from the code, and the name of a message changes with its English text.

use super::source::{Token, read_tree};
use super::unsaid::{MODULES, NEVER_SAID, SAID, STARTS};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Calls whose texts are compared, looked for or written for programmers, and macros that name a message by themselves.
const NOT_FOR_PEOPLE: [&str; 40] = [
    "expect",
    "expect_err",
    "panic",
    "unreachable",
    "todo",
    "assert",
    "assert_eq",
    "debug_assert",
    "debug_assert_eq",
    "debug",
    "trace",
    "info",
    "command",
    "arg",
    "args",
    "value",
    "get",
    "starts_with",
    "ends_with",
    "contains",
    "strip_prefix",
    "strip_suffix",
    "split",
    "split_once",
    "rsplit_once",
    "find",
    "replace",
    "trim_start_matches",
    "matches",
    "include_str",
    "include_bytes",
    "sentence",
    "tr",
    "english",
    "after_help",
    "after_long_help",
    "derive",
    "serde",
    "schemars",
    "clap",
];

/// Names of what becomes an error later.
const BOUND: [&str; 6] = ["hint", "message", "advice", "why", "what", "todo"];

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Fixed(String),
    Value(String),
}

/// How a text is used.
#[derive(Clone, Copy, PartialEq)]
enum Site {
    /// An error's message, hint or context.
    Error,
    /// An attribute other than `#[error(…)]`, or a call of [`NOT_FOR_PEOPLE`].
    NotForPeople,
    /// Anything else.
    Any,
}

/// Returns a string as the program has it, from how its source is written.
fn unescaped(source: &str) -> String {
    let (mut text, mut rest) = (String::new(), source.chars().peekable());
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match rest.next().unwrap_or('\\') {
            '\n' => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'u' => {
                let code: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                text.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            other => text.push(other),
        }
    }
    text
}

/// Takes a format string apart. A value has the name that the code gives it, or the number of its place.
fn parts(text: &str) -> Option<Vec<Part>> {
    let (mut all, mut fixed, mut values) = (Vec::new(), String::new(), 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        fixed += &rest[..at];
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            fixed += &rest[..1];
            rest = &rest[2..];
            continue;
        }
        let (inside, after) = rest.strip_prefix('{')?.split_once('}')?;
        values += 1;
        let name = inside.split([':', '.']).next().unwrap_or_default().trim().to_lowercase();
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !fixed.is_empty() {
            all.push(Part::Fixed(std::mem::take(&mut fixed)));
        }
        all.push(Part::Value(if named { name } else { format!("v{values}") }));
        rest = after;
    }
    fixed += rest;
    if !fixed.is_empty() {
        all.push(Part::Fixed(fixed));
    }
    Some(all)
}

/// The text with a sign in the place of each value, by which it is the same sentence wherever it stands.
fn key(parts: &[Part]) -> String {
    parts.iter().map(|part| if let Part::Fixed(text) = part { text.as_str() } else { "\0" }).collect()
}

/// Words of running text: in lower case, with nothing of a path, a flag or an assignment beside them.
fn words(key: &str) -> usize {
    let beside = |c: char| "/.-=_".contains(c) || c.is_alphanumeric();
    key.split(|c: char| !beside(c))
        .map(|word| word.strip_suffix('.').unwrap_or(word))
        .filter(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        .count()
}

/// Whether a text is one that people read.
fn is_said(text: &str, key: &str, site: Site) -> bool {
    let fixed = key.chars().filter(|c| *c != '\0').count();
    let has_words = match site {
        Site::NotForPeople => false,
        Site::Error => words(key) > 0,
        Site::Any => words(key) > 1 || SAID.contains(&text),
    };
    has_words
        && fixed >= 4
        && text.trim().contains(' ')
        && !text.contains('\n')
        && !STARTS.iter().any(|start| text.starts_with(start))
        && !NEVER_SAID.iter().any(|(never, _)| text == *never)
}

/// Returns how what stands in the bracket at `at` is used.
fn site(tokens: &[Token], at: usize) -> Site {
    let word = |index: Option<usize>| match index.and_then(|index| tokens.get(index)) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    let before = at.checked_sub(1);
    if tokens[at] == Token::Sign('[') && before.is_some_and(|index| tokens[index] == Token::Sign('#')) {
        return if word(Some(at + 1)) == "error" { Site::Error } else { Site::NotForPeople };
    }
    let is_macro = before.is_some_and(|index| tokens[index] == Token::Sign('!'));
    let called = word(if is_macro { at.checked_sub(2) } else { before });
    let of_failure = matches!(called, "new" | "failed" | "usage")
        && before.and_then(|index| index.checked_sub(2)).is_some_and(|index| word(Some(index)) == "Failure");
    let is_error = matches!(called, "hint" | "context" | "with_context" | "bail" | "ensure" | "anyhow");
    match (of_failure || is_error, NOT_FOR_PEOPLE.contains(&called)) {
        (true, _) => Site::Error,
        (_, true) => Site::NotForPeople,
        _ => Site::Any,
    }
}

/// Whether a statement begins here that binds a message or a hint: `let hint = …`, `let (message, hint) = …`.
fn makes_message(tokens: &[Token]) -> bool {
    let [Token::Word(word), rest @ ..] = tokens else { return false };
    let is_name = |token: &Token| matches!(token, Token::Word(name) if BOUND.contains(&name.as_str()));
    let bound = rest.iter().take_while(|token| !matches!(token, Token::Sign('=' | ';'))).take(6);
    word == "let" && bound.into_iter().any(is_name)
}

/// The sentences of a module, with what stands for each.
fn of_module(module: &str, tokens: &[Token]) -> Vec<(String, Vec<Part>)> {
    let listed = MODULES.iter().any(|(name, _)| module == *name || module.starts_with(&format!("{name}::")));
    let (mut found, mut open) = (Vec::new(), Vec::new());
    // Depth of the statement that makes a message or a hint for later.
    let mut made: Option<usize> = None;
    for (index, token) in tokens.iter().enumerate() {
        if made.is_none() && makes_message(&tokens[index..]) {
            made = Some(open.len());
        }
        match token {
            Token::Sign(';') if made == Some(open.len()) => made = None,
            Token::Sign('(' | '[' | '{') => open.push(site(tokens, index)),
            Token::Sign(')' | ']' | '}') => {
                open.pop();
            }
            Token::Text(source) => {
                let site = match open.iter().rposition(|site| *site == Site::Error) {
                    Some(at) if !open[at..].contains(&Site::NotForPeople) => Site::Error,
                    _ if open.contains(&Site::NotForPeople) || listed => Site::NotForPeople,
                    _ if made.is_some() => Site::Error,
                    _ => Site::Any,
                };
                let text = unescaped(source);
                let Some(parts) = parts(&text) else { continue };
                let key = key(&parts);
                if is_said(&text, &key, site) {
                    found.push((key, parts));
                }
            }
            _ => {}
        }
    }
    found
}

/// A name that changes with the text: its first words, and a hash of it (FNV-1a).
fn name(key: &str) -> String {
    let hash =
        key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut name = String::from("said");
    for word in key.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if name.len() + word.len() > 40 {
            break;
        }
        name += &format!("-{}", word.to_ascii_lowercase());
    }
    format!("{name}-{:05x}", hash & 0xf_ffff)
}

/// A sentence as Fluent writes it.
fn pattern(parts: &[Part]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        let text = match part {
            Part::Value(name) => {
                out += &format!("{{ ${name} }}");
                continue;
            }
            Part::Fixed(text) => text.as_str(),
        };
        let quoted =
            |blanks: &str| if blanks.is_empty() { String::new() } else { format!("{{ \"{blanks}\" }}") };
        let start = if at == 0 { text.len() - text.trim_start_matches(' ').len() } else { 0 };
        let end = if at + 1 == parts.len() { text.trim_end_matches(' ').len() } else { text.len() };
        let middle: String = text[start..end]
            .chars()
            .map(|c| if "{}".contains(c) { format!("{{ \"{c}\" }}") } else { c.to_string() })
            .collect();
        out += &(quoted(&text[..start]) + &middle + &quoted(&text[end..]));
    }
    out
}

const HEAD: &str = "\
# Sentences of src/ that people read, as the code has them: errors, hints, warnings, what an agent says. They are found again
# by their text. Written by `AGI_PROVISION_GOLDEN=update cargo test --test errors`; the Russian ones are in locales/ru/said.ftl.
";

/// The file, from the code.
fn file() -> String {
    let (mut out, mut seen) = (HEAD.to_string(), BTreeMap::new());
    for (module, tokens) in read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = module.join("::");
        let mut head = Some(format!("\n## {module}\n\n"));
        for (key, parts) in of_module(&module, &tokens) {
            let name = name(&key);
            if let Some(other) = seen.insert(name.clone(), key.clone()) {
                assert_eq!(other, key, "two sentences have the name {name}");
                continue;
            }
            out += &head.take().unwrap_or_default();
            out += &format!("{name} = {}\n", pattern(&parts));
        }
    }
    out
}

fn names(file: &str) -> BTreeSet<&str> {
    let begins = |line: &&str| line.starts_with("said-");
    file.lines().filter(begins).filter_map(|line| Some(line.split_once(" = ")?.0)).collect()
}

#[test]
fn every_sentence_of_the_code_has_its_russian_text() {
    let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
    let [english, russian] = ["en", "ru"].map(|lang| locales.join(lang).join("said.ftl"));
    let wanted = file();
    assert!(names(&wanted).len() > 1000, "only {} sentences were found", names(&wanted).len());
    if std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|mode| mode == "update") {
        fs::write(&english, &wanted).unwrap();
    }
    let [kept, russian] = [english, russian].map(|path| fs::read_to_string(path).unwrap());
    let line =
        |name: &str| wanted.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap().to_string();
    let new: Vec<String> = names(&wanted).difference(&names(&russian)).map(|name| line(name)).collect();
    assert!(new.is_empty(), "add these to locales/ru/said.ftl, in Russian: {new:#?}");
    let gone: Vec<&str> = names(&russian).difference(&names(&wanted)).copied().collect();
    assert!(gone.is_empty(), "no code says these any more; take them out of locales/ru/said.ftl: {gone:#?}");
    let how = "AGI_PROVISION_GOLDEN=update cargo test --test errors";
    assert!(kept == wanted, "locales/en/said.ftl is not what the code says: {how}");
}

#[test]
fn what_is_listed_as_never_said_is_there() {
    let modules = read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let names: BTreeSet<String> = modules.keys().map(|name| name.join("::")).collect();
    for (name, _) in MODULES {
        assert!(names.contains(*name), "no module {name}");
    }
    let texts: BTreeSet<String> = modules
        .values()
        .flatten()
        .filter_map(|token| if let Token::Text(text) = token { Some(unescaped(text)) } else { None })
        .collect();
    for (text, _) in NEVER_SAID {
        assert!(texts.contains(*text), "no text {text:?}");
    }
    for text in SAID {
        assert!(texts.contains(*text), "no text {text:?}");
    }
    for start in STARTS {
        assert!(texts.iter().any(|text| text.starts_with(start)), "no text begins with {start:?}");
    }
}

#[test]
fn sentences_are_found_where_they_are_said() {
    let found = |source: &str| -> Vec<String> {
        let found = of_module("a", &super::source::tokens(source));
        found.into_iter().map(|(_, parts)| pattern(&parts)).collect()
    };
    assert_eq!(
        found(r#"Failure::usage(format!("no {x} in {}", y)).hint("try it")"#),
        ["no { $x } in { $v2 }", "try it"]
    );
    assert_eq!(found("bail!(\"it is \\\n   {{gone}} \")"), ["it is { \"{\" }gone{ \"}\" }{ \" \" }"]);
    assert_eq!(found(r#"#[error("the {0} is gone")] #[doc = "no such thing"] a"#), ["the { $v1 } is gone"]);
    assert_eq!(found(r#"text.contains("no such thing"); x.expect("it is there")"#), [""; 0]);
    assert_eq!(found(r#"Err("the name is empty"); join("a-b c")"#), ["the name is empty"]);
    assert_eq!(found(r#"let hint = format!("X takes {}", y); f("X takes")"#), ["X takes { $v1 }"]);
    let [one, other] = ["the name is empty", "the name is empty!"].map(name);
    assert_ne!(one, other, "a name changes with its text");
}
