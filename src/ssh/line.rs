//! One line of an SSH configuration.

/// A keyword in lower case and what follows it.
pub(super) struct Line<'a> {
    pub keyword: String,
    /// Without the space around it, and without the `=` that may follow the keyword.
    pub rest: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for an empty line or a comment.
    pub fn of(text: &'a str) -> Option<Line<'a>> {
        let text = text.trim_matches([' ', '\t', '\r', '\x0c']);
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        if let Some((keyword, rest)) = text.strip_prefix('"').and_then(|text| text.split_once('"')) {
            return Some(Line { keyword: keyword.to_ascii_lowercase(), rest: value(rest) });
        }
        let end = text.find([' ', '\t', '=', '\r']).unwrap_or(text.len());
        let (keyword, rest) = text.split_at(end);
        Some(Line { keyword: keyword.to_ascii_lowercase(), rest: value(rest) })
    }

    pub fn words(&self) -> Result<Vec<String>, String> {
        let words = split(self.rest)?;
        if words.is_empty() { Err(format!("{:?} has no value", self.keyword)) } else { Ok(words) }
    }

    /// The only word.
    pub fn word(&self) -> Result<String, String> {
        let mut words = self.words()?;
        match words.len() {
            1 => Ok(words.remove(0)),
            _ => Err(format!("{:?} has more than one value", self.keyword)),
        }
    }
}

fn value(rest: &str) -> &str {
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    rest.strip_prefix('=').unwrap_or(rest).trim_start_matches([' ', '\t', '\r'])
}

/// Words as OpenSSH parts them: both kinds of quotation marks, a backslash before one of them, before itself and
/// outside of them before a space; a `#` that begins a word begins a comment.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut open, mut begun) = (Vec::new(), String::new(), None, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (open, c) {
            (None, '#') if !begun => break,
            (None, ' ' | '\t') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (_, '\\')
                if chars.peek().is_some_and(|next| {
                    matches!(next, '"' | '\'' | '\\') || (open.is_none() && *next == ' ')
                }) =>
            {
                word.extend(chars.next());
                begun = true;
            }
            (None, '"' | '\'') => (open, begun) = (Some(c), true),
            (Some(quote), c) if c == quote => open = None,
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if open.is_some() {
        return Err("a quotation mark is not closed".into());
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parted() {
        for (text, keyword, words) in [
            ("Host a b", "host", vec!["a", "b"]),
            ("\tUser=alice\r", "user", vec!["alice"]),
            ("HostName = \"10.0.0.1\"   ", "hostname", vec!["10.0.0.1"]),
            ("Include \"c d/a\" b # both", "include", vec!["c d/a", "b"]),
            ("IdentityFile k#1", "identityfile", vec!["k#1"]),
            ("IdentityFile a\\ b", "identityfile", vec!["a b"]),
            ("User \"a\\\"b\"", "user", vec!["a\"b"]),
            ("User 'a b'", "user", vec!["a b"]),
            ("User a\\b", "user", vec!["a\\b"]),
        ] {
            let line = Line::of(text).unwrap();
            assert_eq!(
                (line.keyword.as_str(), line.words().unwrap()),
                (keyword, words.iter().map(|w| w.to_string()).collect()),
                "{text}"
            );
        }
        assert!(Line::of("  # comment").is_none() && Line::of("\r").is_none());
        for text in ["User", "User \"a", "User # me"] {
            assert!(Line::of(text).unwrap().words().is_err(), "{text}");
        }
        assert!(Line::of("User a b").unwrap().word().is_err());
    }
}
