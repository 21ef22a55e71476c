//! The modules that a module imports.

use super::source::{Name, Token};
use std::collections::{BTreeMap, BTreeSet};

/// A module → the modules that its file imports.
pub type Imports = BTreeMap<Name, BTreeSet<Name>>;

pub fn imports(modules: &BTreeMap<Name, Vec<Token>>) -> Imports {
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
