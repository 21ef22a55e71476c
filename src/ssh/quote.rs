//! Words that any POSIX shell reads back as they were.

/// One shell word that stands for exactly `word`.
pub fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b);
    // A leading '=' or '%' means something to zsh and to job control.
    if !word.is_empty() && word.bytes().all(plain) && !word.starts_with(['=', '%']) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command line that runs `script` in `sh`, whatever the login shell is.
///
/// sshd hands a command to the user's login shell, which may be fish, csh or rbash; `sh -c` and one
/// quoted word mean the same to all of them (rbash knows no `exec`). The script must not contain NUL.
/// Csh reads `!` even inside quotes and knows no line breaks there, so scripts do without both.
pub fn sh(script: &str) -> String {
    format!("sh -c '{}'", script.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(quote("/usr/bin/env"), "/usr/bin/env");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(sh("echo 'a b'"), r"sh -c 'echo '\''a b'\'''");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_real_shell_reads_the_word_back(word in "[^\0]{0,30}") {
            let line = format!("printf %s {}", quote(&word));
            let output = Command::new("sh").args(["-c", &line]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), word.as_str());
            let nested = sh(&line);
            let output = Command::new("sh").args(["-c", &nested]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), word.as_str());
        }
    }
}
