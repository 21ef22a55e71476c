//! `%h`, `${NAME}` and `~/` in values of an SSH configuration.

use std::env;
use std::path::{Path, PathBuf};

/// Most bytes of an expanded value.
const LONGEST: usize = 64 << 10;

/// Values of the tokens for one host.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tokens(Vec<(char, String)>);

impl Tokens {
    pub fn new<const N: usize>(pairs: [(char, &str); N]) -> Tokens {
        Tokens(pairs.map(|(letter, value)| (letter, value.to_string())).into())
    }

    /// These tokens and one more.
    pub fn with(&self, letter: char, value: &str) -> Tokens {
        let mut tokens = self.clone();
        tokens.0.push((letter, value.to_string()));
        tokens
    }

    /// `text` with its tokens replaced; `%%` is one percent sign.
    ///
    /// # Errors
    /// A token that there is none of here, as in OpenSSH.
    pub fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => match chars.next() {
                    Some('%') => out.push('%'),
                    Some(letter) => match self.0.iter().find(|(token, _)| *token == letter) {
                        Some((_, value)) => out.push_str(value),
                        None => return Err(format!("there is no token %{letter} in {text:?}")),
                    },
                    None => return Err(format!("{text:?} ends with %")),
                },
                c => out.push(c),
            }
            if out.len() > LONGEST {
                return Err(format!("a value has more than {LONGEST} bytes"));
            }
        }
        Ok(out)
    }

    /// A path: `~/`, then `${NAME}` of the environment, then tokens.
    ///
    /// # Errors
    /// A token or a variable that there is none of.
    pub fn path(&self, text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
        let path = tilde(text, home);
        Ok(self.expand(&variables(&path.to_string_lossy())?)?.into())
    }
}

/// `text` with `${NAME}` replaced.
fn variables(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("${{ is not closed in {text:?}"))?;
        let value = env::var(name).map_err(|_| format!("the variable {name:?} of {text:?} is not set"))?;
        // Its percent signs are no tokens.
        out.push_str(before);
        out.push_str(&value.replace('%', "%%"));
        rest = after;
    }
    Ok(out + rest)
}

/// `~/` is the home.
pub(super) fn tilde(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        (None, Some(home)) if text == "~" => home.to_path_buf(),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_variables_and_the_home_are_replaced() {
        let tokens = Tokens::new([('h', "box"), ('r', "me")]);
        for (text, want) in [
            ("/k/%r@%h%%", "/k/me@box%"),
            ("~/k", "/home/me/k"),
            ("~", "/home/me"),
            ("/a/${CARGO_PKG_NAME}/%h", "/a/agi-provision/box"),
            ("plain", "plain"),
        ] {
            let got = tokens.path(text, Some(Path::new("/home/me")));
            assert_eq!(got, Ok(PathBuf::from(want)), "{text}");
        }
        for text in ["%x", "a%", "${NO_SUCH_VARIABLE}", "${HOME"] {
            assert!(tokens.path(text, None).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = Tokens::new([('h', "box")]).path(&text, Some(Path::new("/")));
        }
    }
}
