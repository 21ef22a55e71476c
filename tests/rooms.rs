//! Imports in src/ run one way: no file imports, directly or through others, one that imports it, and
//! neither does a folder.
//!
//! The rule, in every folder of src/: its files and subfolders import each other without a circle, where a
//! subfolder stands for everything below it, and the folder's own `mod.rs` is one of its files. So `mod.rs`
//! may declare its children and use them, as long as no child uses an item of it; or children use what
//! `mod.rs` defines, and it only declares them. `mod child;` is a declaration, no import; `pub use` is an
//! import. Unit tests, and modules that exist for tests alone, may import what they like.
//!
//! The files are read as tokens, without a compiler: `use` trees, paths in the text (`crate::a::b()`), and
//! names that a `use` brought in (`use super::a; a::b::c()`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Path of a module below the crate, such as `["agent", "store", "key"]`; the crate itself is empty.
type Name = Vec<String>;

#[test]
fn imports_of_src_have_no_circle() {
    let modules = read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(modules.len() > 100, "only {} modules were found", modules.len());
    let circles = circles(&imports(&modules));
    assert!(circles.is_empty(), "{} import circles:\n\n{}", circles.len(), circles.join("\n\n"));
}

/// Modules that may have words of a folder all the same, each with its reason.
type Besides = &'static [(&'static str, &'static str)];

/// Words that stand in code or strings of one folder of src/ only, in lower case. One more of a kind is added in its
/// folder, and nowhere else.
const OWN_WORDS: &[(&str, &[&str], Besides)] = &[
    ("processor", &["x86", "amd64", "aarch64", "arm64"], &[]),
    (
        "hardware::vendor",
        &["nvidia-smi", "nvidia-modprobe", "char-", "amdgpu", "i915", "mem_info_vram", "/dev/kfd"],
        &[],
    ),
    (
        "engine::llama_cpp",
        &["llama-server", "llama.cpp"],
        &[
            ("model::loads", "says which GGUF files llama.cpp loads, by its own rules"),
            ("model::gguf", "names llama.cpp as the reader of the format"),
            ("plan::graph", "is llama.cpp's graph, from which the ledger's buffers follow"),
            ("plan::ledger", "counts llama.cpp's buffers, and refuses the KV caches that it refuses"),
            ("plan::placement", "refuses the splits that llama.cpp refuses"),
            ("plan::explain", "names the source of each number"),
            ("plan::choice", "tells the rules of llama.cpp by which a plan was chosen"),
            (
                "plan::host_cards",
                "leaves out cards that llama.cpp's builds have no code for, and knows its process",
            ),
            ("plan::runtime", "knows the archives of llama.cpp's releases"),
            ("hardware", "tells which drivers and cards llama.cpp's backends work with"),
            ("processor", "tells which CPU flags llama.cpp's builds use"),
            ("report::status", "labels `llama_build`, a key of status/1"),
            ("cli", "helps with files that people have of llama.cpp"),
        ],
    ),
];

#[test]
fn names_of_a_kind_stand_in_its_folder_alone() {
    let modules = read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let of_path = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
    for (folder, words, besides) in OWN_WORDS {
        let folder = of_path(folder);
        assert!(modules.contains_key(&folder), "no folder {folder:?}");
        let mut elsewhere = Vec::new();
        let mut unused: Vec<Name> = besides.iter().map(|(path, _)| of_path(path)).collect();
        let others: Vec<Name> = unused.clone();
        for (name, tokens) in modules.iter().filter(|(name, _)| !name.starts_with(&folder)) {
            let texts = tokens.iter().filter_map(|token| match token {
                Token::Word(text) | Token::Text(text) => Some(text.to_lowercase()),
                _ => None,
            });
            let found: Vec<String> =
                texts.filter(|text| words.iter().any(|word| text.contains(word))).collect();
            match others.iter().find(|other| name.starts_with(other)) {
                Some(other) if !found.is_empty() => unused.retain(|path| path != other),
                Some(_) => {}
                None => elsewhere.extend(found.iter().map(|text| format!("{}: {text:?}", name.join("::")))),
            }
        }
        assert!(elsewhere.is_empty(), "{}", elsewhere.join("\n"));
        assert!(unused.is_empty(), "exceptions that are none: {unused:?}");
    }
}

// ---- Tokens ----

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Path,
    /// Any other character.
    Sign(char),
    /// A string.
    Text(String),
}

/// Splits Rust source into tokens, without comments, lifetimes and the text of characters.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if let Some((text, end)) = string(&chars, i) {
            tokens.push(Token::Text(text));
            i = end;
        } else if c == '\'' {
            // A character, or a lifetime, which has no quote at its end.
            i += match (at(i + 1), at(i + 2)) {
                ('\\', _) => 3 + chars[i + 3..].iter().position(|c| *c == '\'').map_or(0, |n| n + 1),
                (_, '\'') => 3,
                _ => 1 + chars[i + 1..].iter().take_while(|c| is_word(**c)).count(),
            };
        } else if is_word(c) {
            let start = i;
            while i < chars.len() && is_word(chars[i]) {
                i += 1;
            }
            tokens.push(Token::Word(chars[start..i].iter().collect()));
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push(Token::Path);
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Sign(c));
            }
            i += 1;
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The string that begins at `start`, and where it ends: `"…"`, `r#"…"#`, `b"…"`, `c"…"`, `br"…"`.
fn string(chars: &[char], start: usize) -> Option<(String, usize)> {
    let mut i = start;
    while matches!(chars.get(i), Some('b' | 'c' | 'r')) && i < start + 2 {
        i += 1;
    }
    let raw = chars[start..i].contains(&'r');
    let hashes = if raw { chars[i..].iter().take_while(|c| **c == '#').count() } else { 0 };
    i += hashes;
    if chars.get(i) != Some(&'"') {
        return None;
    }
    i += 1;
    let begin = i;
    while i < chars.len() {
        if chars[i] == '\\' && !raw {
            i += 2;
        } else if chars[i] == '"'
            && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
        {
            return Some((chars[begin..i].iter().collect(), i + 1 + hashes));
        } else {
            i += 1;
        }
    }
    Some((String::new(), chars.len()))
}

// ---- Files ----

/// Every module that has a file of its own, from `lib.rs` down. Those for tests alone are left out.
fn read_tree(src: &Path) -> BTreeMap<Name, Vec<Token>> {
    let mut modules = BTreeMap::new();
    let mut open = vec![(Name::new(), src.join("lib.rs"))];
    while let Some((name, file)) = open.pop() {
        let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens = without_tests(&tokens(&source));
        let folder = file.parent().unwrap();
        // Where the files of this module's children lie.
        let below = match file.file_name().unwrap().to_str() {
            Some("lib.rs" | "mod.rs") => folder.to_path_buf(),
            _ => folder.join(name.last().unwrap()),
        };
        for (child, path) in declared(&tokens) {
            let candidates = match path {
                Some(path) => vec![folder.join(path)],
                None => vec![below.join(format!("{child}.rs")), below.join(&child).join("mod.rs")],
            };
            let found = candidates.iter().find(|path| path.is_file());
            let found =
                found.unwrap_or_else(|| panic!("{} declares {child}, which has no file", file.display()));
            open.push(([name.clone(), vec![child]].concat(), found.clone()));
        }
        modules.insert(name, tokens);
    }
    modules
}

/// `mod name;` with the path of its file, where that is given.
fn declared(tokens: &[Token]) -> Vec<(String, Option<String>)> {
    let word = |index: usize, text: &str| tokens.get(index) == Some(&Token::Word(text.to_string()));
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if let (Token::Word(name), Some(Token::Sign(';'))) = (token, tokens.get(i + 1))
            && i > 0
            && word(i - 1, "mod")
        {
            let path = match tokens[..i - 1].iter().rposition(|token| *token == Token::Sign('[')) {
                Some(open) if word(open + 1, "path") => match (&tokens[open + 3], &tokens[open + 4..i - 1]) {
                    (Token::Text(path), [Token::Sign(']')] | [Token::Sign(']'), Token::Word(_)]) => {
                        Some(path.clone())
                    }
                    _ => None,
                },
                _ => None,
            };
            found.push((name.clone(), path));
        }
    }
    found
}

/// The tokens without the items under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let sign = Token::Sign;
    let word = |text: &str| Token::Word(text.to_string());
    let attribute = [sign('#'), sign('['), word("cfg"), sign('('), word("test"), sign(')'), sign(']')];
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if !tokens[i..].starts_with(&attribute) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += attribute.len();
        // The item ends with its block, or with a semicolon outside of any bracket.
        let mut depth = 0;
        while i < tokens.len() {
            let token = &tokens[i];
            i += 1;
            match token {
                Token::Sign('{' | '(' | '[') => depth += 1,
                Token::Sign(')' | ']') => depth -= 1,
                Token::Sign('}') => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Token::Sign(';') if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

// ---- Imports ----

/// A module → the modules that its file imports.
type Imports = BTreeMap<Name, BTreeSet<Name>>;

fn imports(modules: &BTreeMap<Name, Vec<Token>>) -> Imports {
    let names: BTreeSet<Name> = modules.keys().cloned().collect();
    let of = |(name, tokens): (&Name, &Vec<Token>)| (name.clone(), imports_of(name, tokens, &names));
    modules.iter().map(of).collect()
}

/// The modules that the file of `module` names, itself left out.
fn imports_of(module: &Name, tokens: &[Token], modules: &BTreeSet<Name>) -> BTreeSet<Name> {
    let paths = paths(tokens);
    // Names that `use` gives, and what each stands for. A name that two inline modules give to different things
    // stands for both.
    let mut known: BTreeMap<String, Vec<Name>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| path.is_use) {
        for absolute in absolute(module, path, modules, &BTreeMap::new()) {
            known.entry(path.called.clone()).or_default().push(absolute);
        }
    }
    for path in &paths {
        for absolute in absolute(module, path, modules, &known) {
            let owner = (0..=absolute.len()).rev().map(|length| absolute[..length].to_vec());
            found.extend(owner.into_iter().find(|name| modules.contains(name)));
        }
    }
    found.remove(module);
    found.remove(&Name::new());
    found
}

/// The path from the crate's root, or several where a name is ambiguous; none for another crate's.
fn absolute(
    module: &Name,
    path: &Found,
    modules: &BTreeSet<Name>,
    known: &BTreeMap<String, Vec<Name>>,
) -> Vec<Name> {
    let mut here = [module.clone(), path.inline.clone()].concat();
    let mut rest = path.segments.as_slice();
    match rest.first().map(String::as_str) {
        Some("crate") => here.clear(),
        Some("self" | "super") => {}
        Some(first) => {
            let child = [here.clone(), vec![first.to_string()]].concat();
            if modules.contains(&child) {
                return vec![[here, rest.to_vec()].concat()];
            }
            let known = known.get(first).cloned().unwrap_or_default();
            return known.into_iter().map(|known| [known, rest[1..].to_vec()].concat()).collect();
        }
        None => return Vec::new(),
    }
    while let [first, more @ ..] = rest {
        match first.as_str() {
            "super" => drop(here.pop()),
            "self" | "crate" => {}
            _ => break,
        }
        rest = more;
    }
    vec![[here, rest.to_vec()].concat()]
}

/// A path in a file.
#[derive(Debug)]
struct Found {
    segments: Vec<String>,
    /// The inline modules that it stands in.
    inline: Vec<String>,
    is_use: bool,
    /// By which name a `use` makes it known.
    called: String,
}

/// The paths of all `use` trees, and those of two segments or more in the rest.
fn paths(tokens: &[Token]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut i = 0;
    let word = |index: usize| match tokens.get(index) {
        Some(Token::Word(word)) => Some(word.clone()),
        _ => None,
    };
    while i < tokens.len() {
        let names: Vec<String> = inline.iter().map(|(name, _)| name.clone()).collect();
        match &tokens[i] {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth -= 1;
                inline.retain(|(_, at)| *at <= depth);
            }
            Token::Word(keyword) if keyword == "mod" && tokens.get(i + 2) == Some(&Token::Sign('{')) => {
                inline.push((word(i + 1).unwrap_or_default(), depth + 1));
            }
            Token::Word(keyword) if keyword == "use" => {
                i = tree(tokens, i + 1, &[], &names, &mut found);
                continue;
            }
            Token::Word(first) if i == 0 || tokens[i - 1] != Token::Path => {
                let mut segments = vec![first.clone()];
                while tokens.get(i + 1) == Some(&Token::Path)
                    && let Some(next) = word(i + 2)
                {
                    segments.push(next);
                    i += 2;
                }
                if segments.len() > 1 {
                    found.push(Found { segments, inline: names, is_use: false, called: String::new() });
                }
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Reads one `use` tree below `prefix`; gives the index after it.
fn tree(
    tokens: &[Token],
    mut i: usize,
    prefix: &[String],
    inline: &[String],
    found: &mut Vec<Found>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut called = None;
    loop {
        match tokens.get(i) {
            Some(Token::Word(word)) if word == "as" => {
                if let Some(Token::Word(name)) = tokens.get(i + 1) {
                    called = Some(name.clone());
                }
                i += 1;
            }
            // `a::{self}` is `a`.
            Some(Token::Word(word)) if word == "self" && !segments.is_empty() => {}
            Some(Token::Word(word)) => segments.push(word.clone()),
            Some(Token::Path) => {}
            Some(Token::Sign('*')) => called = Some("*".to_string()),
            Some(Token::Sign('{')) => {
                i += 1;
                while tokens.get(i).is_some_and(|token| *token != Token::Sign('}')) {
                    i = tree(tokens, i, &segments, inline, found);
                    if tokens.get(i) == Some(&Token::Sign(',')) {
                        i += 1;
                    }
                }
                return i + 1;
            }
            _ => break,
        }
        i += 1;
    }
    let called = called.or(segments.last().cloned()).unwrap_or_default();
    found.push(Found { segments, inline: inline.to_vec(), is_use: true, called });
    i
}

// ---- Circles ----

/// One text for each folder whose files and subfolders import each other in a circle.
fn circles(imports: &Imports) -> Vec<String> {
    let mut folders: BTreeSet<Name> = BTreeSet::new();
    for name in imports.keys() {
        folders.extend((0..name.len()).map(|length| name[..length].to_vec()));
    }
    folders.iter().flat_map(|folder| circles_in(folder, imports)).collect()
}

fn circles_in(folder: &Name, imports: &Imports) -> Vec<String> {
    let part = |name: &Name| -> Option<String> {
        let below = name.strip_prefix(folder.as_slice())?;
        Some(below.first().cloned().unwrap_or_else(|| "mod.rs".to_string()))
    };
    // A part of the folder → the parts that it imports, with the files that do.
    let mut graph: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (from, to) in imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to))) {
        if let (Some(part_from), Some(part_to)) = (part(from), part(to))
            && part_from != part_to
        {
            let edge = format!("{} imports {}", from.join("::"), to.join("::"));
            graph.entry(part_from).or_default().entry(part_to).or_default().push(edge);
        }
    }
    let reach = |start: &String| -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start.clone()];
        while let Some(part) = open.pop() {
            for next in graph.get(&part).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|part| (part, reach(part))).collect();
    let mut told = BTreeSet::new();
    let mut texts = Vec::new();
    for (part, reaches) in reached.iter().filter(|(part, reaches)| reaches.contains(**part)) {
        let circle: BTreeSet<&String> =
            reaches.iter().filter(|other| reached.get(other).is_some_and(|r| r.contains(*part))).collect();
        if !told.insert(circle.clone()) {
            continue;
        }
        let within = |(from, to): &(&String, &String)| circle.contains(from) && circle.contains(to);
        let pairs = graph.iter().flat_map(|(from, to)| to.keys().map(move |to| (from, to))).filter(within);
        let edges: Vec<String> = pairs.flat_map(|(from, to)| graph[from][to].clone()).collect();
        let parts: Vec<&str> = circle.iter().map(|part| part.as_str()).collect();
        let path: PathBuf = std::iter::once("src".to_string()).chain(folder.iter().cloned()).collect();
        texts.push(format!("{}: {}\n  {}", path.display(), parts.join(", "), edges.join("\n  ")));
    }
    texts
}

// ---- The reader itself ----

/// The imports of modules given as text, `a → b, c`.
fn read(sources: &[(&str, &str)]) -> Vec<String> {
    let name = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
    let module = |text: &str| without_tests(&tokens(text));
    let modules = sources.iter().map(|(path, text)| (name(path), module(text))).collect();
    let joined =
        |names: BTreeSet<Name>| names.iter().map(|name| name.join("::")).collect::<Vec<_>>().join(", ");
    let lines = imports(&modules).into_iter().filter(|(_, to)| !to.is_empty());
    lines.map(|(from, to)| format!("{} → {}", from.join("::"), joined(to))).collect()
}

#[test]
fn every_way_to_name_a_module_is_read() {
    let rest = [("a", ""), ("a::b", ""), ("a::b::c", ""), ("d", "")];
    let of = |name: &'static str, text: &'static str| read(&[&rest[..], &[(name, text)]].concat());
    for (text, expected) in [
        ("use crate::a::b::Item;", "e → a::b"),
        ("pub use crate::{a::b, d::Item as Other};", "e → a::b, d"),
        ("use crate::{\n a::{self, b::{self, c::*}},\n d,\n};", "e → a, a::b, a::b::c, d"),
        ("fn f() -> super::d::Item { crate::a::b::c::make::<u8>() }", "e → a::b::c, d"),
        ("use super::a; fn f() { a::b::c::g() }", "e → a, a::b::c"),
        ("use super::a as x; fn f() { x::b::g() }", "e → a, a::b"),
        ("mod inside { use super::super::d::X; fn f(x: super::super::a::b::Y) {} }", "e → a::b, d"),
        (
            "impl<'a> From<crate::d::X> for Y<'a> { fn f(c: char) -> bool { c == '\"' || c == '\\'' } }",
            "e → d",
        ),
        ("const C: &[u8] = &[b'\\\\', b'x']; use crate::d;", "e → d"),
        ("macro_rules! m { () => { $crate::d::X } }", "e → d"),
    ] {
        assert_eq!(of("e", text), [expected], "{text}");
    }
    for text in [
        "// use crate::a;\n/* crate::a::b /* nested */ crate::d */ //! [`crate::a`]",
        "const S: &str = \"use crate::a;\"; const R: &str = r#\"crate::\"a\"::b\"#;",
        "use std::fs; use serde::de; fn f() { fs::read(); de::x::y() }",
        "#[cfg(test)] mod tests { use crate::a::b; fn f() { crate::d::g() } }",
        "#[cfg(test)]\nuse crate::a;",
        "fn f() { crate::version() }",
    ] {
        assert_eq!(of("e", text), [] as [&str; 0], "{text}");
    }
    assert_eq!(of("a::b::e", "use super::c::X; use super::super::super::d;"), ["a::b::e → a::b::c, d"]);
    assert_eq!(read(&[("a", "mod b; use b::X; fn f() -> b::Y {}"), ("a::b", "use super::Z;")]).len(), 2);
}

#[test]
fn circles_are_found_at_every_level_and_only_there() {
    let of = |sources: &[(&str, &str)]| {
        let name = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
        let module = |text: &str| tokens(text);
        let modules = sources.iter().map(|(path, text)| (name(path), module(text))).collect();
        circles(&imports(&modules))
    };
    let folder = ("a", "pub mod x; pub mod y;");
    // One way.
    assert!(of(&[folder, ("a::x", "use super::y::Y;"), ("a::y", ""), ("b", "use crate::a::x;")]).is_empty());
    // Two files of a folder.
    let found = of(&[folder, ("a::x", "use super::y::Y;"), ("a::y", "use crate::a::x::X;")]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("src/a: x, y\n") && found[0].contains("a::y imports a::x"), "{}", found[0]);
    // Two folders, whose files import each other one way.
    let found = of(&[
        folder,
        ("a::x", "use crate::b::z;"),
        ("a::y", ""),
        ("b", ""),
        ("b::z", ""),
        ("b::w", "use crate::a::y;"),
    ]);
    assert!(found.len() == 1 && found[0].starts_with("src: a, b\n"), "{found:?}");
    // A child that uses its folder's item, and is used by it.
    let found = of(&[("a", "pub mod x; pub use x::X;"), ("a::x", "use super::Item;")]);
    assert!(found.len() == 1 && found[0].starts_with("src/a: mod.rs, x\n"), "{found:?}");
    // Three in a row.
    let three = [("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "fn f() { crate::a::g() }")];
    assert_eq!(of(&three).len(), 1);
}
