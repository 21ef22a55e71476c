//! Settings of a configuration for one host, in the words of `ssh -G`: a keyword in lower case and its value, as
//! often as it is there.

use std::collections::BTreeMap;
use std::time::Duration;

/// Values by keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found(BTreeMap<String, Vec<String>>);

impl Found {
    /// Reads what `ssh -G` prints.
    pub fn printed(text: &str) -> Found {
        let mut found = Found::default();
        for line in text.lines() {
            let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
            found.add(keyword, value);
        }
        found
    }

    /// Adds a value after those that are there.
    pub fn add(&mut self, keyword: &str, value: &str) {
        self.0.entry(keyword.to_ascii_lowercase()).or_default().push(value.to_string());
    }

    pub fn has(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// The first value, unless it is empty or `none`.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.all(keyword).first().map(String::as_str).filter(|value| !value.is_empty() && !is_none(value))
    }

    /// The first value where any word is a name, `none` too: a host, a user, an alias.
    pub fn name(&self, keyword: &str) -> Option<&str> {
        self.all(keyword).first().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every value.
    pub fn all(&self, keyword: &str) -> &[String] {
        self.0.get(keyword).map_or(&[], Vec::as_slice)
    }

    pub fn is_yes(&self, keyword: &str) -> bool {
        self.get(keyword).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "yes" | "true"))
    }

    pub fn is_no(&self, keyword: &str) -> bool {
        self.get(keyword).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "no" | "false"))
    }

    pub fn seconds(&self, keyword: &str) -> Option<Duration> {
        self.get(keyword)?.parse().ok().map(Duration::from_secs)
    }

    /// Names of files that stand on one line. `ssh -G` prints no quotation marks: a word that begins no path
    /// of its own belongs to the one before.
    pub fn files(&self, keyword: &str) -> Vec<String> {
        let mut files: Vec<String> = Vec::new();
        let line = self.get(keyword).unwrap_or_default();
        for word in line.split(' ') {
            match files.last_mut() {
                Some(last) if !word.starts_with(['/', '~']) && last.starts_with(['/', '~']) => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ if word.is_empty() || is_none(word) => {}
                _ => files.push(word.to_string()),
            }
        }
        files
    }
}

pub(super) fn is_none(value: &str) -> bool {
    value.eq_ignore_ascii_case("none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_ssh_g_is_parsed() {
        let found = Found::printed(
            "user me\nport 22\nidentityfile ~/a b\nidentityfile /c#1\nproxycommand none\n\
             userknownhostsfile /home/a b/k /etc/k\nconnecttimeout 60\nbatchmode no\npubkeyauthentication true\n",
        );
        assert_eq!(found.get("user"), Some("me"));
        assert_eq!(found.all("identityfile"), ["~/a b", "/c#1"]);
        assert_eq!((found.get("proxycommand"), found.get("nothing")), (None, None));
        assert_eq!(found.files("userknownhostsfile"), ["/home/a b/k", "/etc/k"]);
        assert_eq!(found.seconds("connecttimeout"), Some(Duration::from_secs(60)));
        assert!(found.is_no("batchmode") && found.is_yes("pubkeyauthentication"));
        assert!(Found::printed("userknownhostsfile none\n").files("userknownhostsfile").is_empty());
    }
}
