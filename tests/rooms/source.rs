//! The files of src/ as tokens, by module.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Path of a module below the crate, such as `["agent", "store", "key"]`; the crate itself is empty.
pub type Name = Vec<String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(String),
    /// `::`
    Path,
    /// Any other character.
    Sign(char),
    /// A string.
    Text(String),
}

/// Splits Rust source into tokens, without comments, lifetimes and the text of characters.
pub fn tokens(source: &str) -> Vec<Token> {
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

/// Every module that has a file of its own, from `lib.rs` down. Those for tests alone are left out.
pub fn read_tree(src: &Path) -> BTreeMap<Name, Vec<Token>> {
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
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
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
