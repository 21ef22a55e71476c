//! An SSH configuration as one text for one host: files that `Include` names are read in their place, blocks
//! that apply become `Host *`, the others `Host !*`.
//!
//! The parser would do both: it reads every file that a pattern names, devices too, as often as it is named,
//! and adds the lines of a `Match` to the block before. Here the number of files, their bytes and their depth
//! are bounded. Of a `Match` only what names hosts is understood; whether others apply cannot be said, so they
//! never do.

use super::known_hosts::glob;
use crate::outside::{self, Kind, quoted};
use glob::{MatchOptions, Pattern};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Most bytes of the configuration with everything that it includes.
pub(super) const MOST_BYTES: u64 = 4 << 20;
/// Files inside each other, as in OpenSSH.
const DEEPEST: usize = 16;
/// Files read, each counted as often as it is named.
const MOST_FILES: usize = 512;
/// Entries of directories that patterns are compared with.
const MOST_ENTRIES: usize = 20_000;
/// Blocks that apply.
const MOST_BLOCKS: usize = 2048;

/// The configuration `text` as it is for the host that the user calls `name`.
///
/// # Errors
/// With the file where one cannot be read or a bound is passed.
pub(super) fn flatten(text: &str, name: &str, home: &Path) -> Result<String, String> {
    let mut flat =
        Flat { name, home, out: String::new(), applies: true, files: 0, bytes: 0, entries: 0, blocks: 0 };
    flat.add(text, true, 0)?;
    Ok(flat.out)
}

struct Flat<'a> {
    name: &'a str,
    home: &'a Path,
    out: String,
    /// Whether the last block that was written applies.
    applies: bool,
    files: usize,
    bytes: u64,
    entries: usize,
    blocks: usize,
}

impl Flat<'_> {
    /// Adds a file's text; `outer` says whether the block applies that includes it.
    fn add(&mut self, text: &str, outer: bool, depth: usize) -> Result<(), String> {
        self.bytes += text.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(format!("with what it includes it has more than {MOST_BYTES} bytes"));
        }
        let mut applies = outer;
        for line in text.lines() {
            let (keyword, rest) = words(line);
            match keyword.to_ascii_lowercase().as_str() {
                "host" => {
                    applies = outer && self.is_named(&rest);
                    self.block(applies)?;
                }
                "match" => {
                    applies = outer && self.is_matched(&rest);
                    self.block(applies)?;
                }
                // What a block includes that does not apply does not apply either.
                "include" if !applies => {}
                "include" => {
                    for pattern in rest {
                        self.include(&pattern, depth)?;
                    }
                    self.block(applies)?;
                }
                _ => {
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, applies: bool) -> Result<(), String> {
        if !applies && !self.applies {
            return Ok(());
        }
        self.blocks += 1;
        if self.blocks > MOST_BLOCKS {
            return Err(format!("more than {MOST_BLOCKS} of its blocks apply to {}", quoted(self.name)));
        }
        self.out.push_str(if applies { "Host *\n" } else { "Host !*\n" });
        self.applies = applies;
        Ok(())
    }

    fn is_named(&self, patterns: &[String]) -> bool {
        let fits = |pattern: &str| glob(pattern.as_bytes(), self.name.as_bytes());
        let refused = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(fits);
        !refused && patterns.iter().filter(|pattern| !pattern.starts_with('!')).any(|pattern| fits(pattern))
    }

    fn is_matched(&self, criteria: &[String]) -> bool {
        let lower: Vec<String> = criteria.iter().map(|word| word.to_ascii_lowercase()).collect();
        match lower.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["all"] => true,
            ["host" | "originalhost", hosts] => {
                self.is_named(&hosts.split(',').map(String::from).collect::<Vec<_>>())
            }
            _ => false,
        }
    }

    fn include(&mut self, pattern: &str, depth: usize) -> Result<(), String> {
        if depth == DEEPEST {
            return Err(format!("more than {DEEPEST} files include each other"));
        }
        for path in self.named(pattern)? {
            self.files += 1;
            if self.files > MOST_FILES {
                return Err(format!("it includes more than {MOST_FILES} files"));
            }
            let text = match outside::text(&path, MOST_BYTES, Kind::Regular) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                text => {
                    text.map_err(|error| format!("Include {}: {error}", quoted(&path.to_string_lossy())))?
                }
            };
            self.add(&text, true, depth + 1)?;
        }
        Ok(())
    }

    /// The files that a pattern names, in order. A relative one lies below `~/.ssh`.
    fn named(&mut self, pattern: &str) -> Result<Vec<PathBuf>, String> {
        let full = match pattern.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => self.home.join(".ssh").join(pattern),
        };
        let mut found = vec![PathBuf::new()];
        for part in full.components() {
            let part = part.as_os_str();
            match part.to_str().filter(|text| text.contains(['*', '?', '['])) {
                Some(text) => found = self.matching(&found, text)?,
                None => found.iter_mut().for_each(|path| path.push(part)),
            }
        }
        Ok(found)
    }

    /// The entries of `folders` that fit one part of a pattern.
    fn matching(&mut self, folders: &[PathBuf], part: &str) -> Result<Vec<PathBuf>, String> {
        // `**` means nothing special to OpenSSH.
        let mut plain = part.to_string();
        while plain.contains("**") {
            plain = plain.replace("**", "*");
        }
        let pattern = Pattern::new(&plain).map_err(|error| format!("Include {}: {error}", quoted(part)))?;
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let mut found = Vec::new();
        for folder in folders {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            let before = found.len();
            for entry in entries.flatten() {
                self.entries += 1;
                if self.entries > MOST_ENTRIES {
                    return Err(format!("Include looks through more than {MOST_ENTRIES} directory entries"));
                }
                let name = entry.file_name();
                if name.to_str().is_some_and(|name| pattern.matches_with(name, options)) {
                    found.push(entry.path());
                }
            }
            found[before..].sort();
        }
        Ok(found)
    }
}

/// A line's keyword and its words, as `Keyword a "b c"` or `Keyword=a`; a comment has none.
fn words(line: &str) -> (&str, Vec<String>) {
    let line = line.trim();
    let end = line.find([' ', '\t', '=']).unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start().strip_prefix('=').unwrap_or(rest);
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for c in rest.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '#' if !quoted && !begun => break,
            ' ' | '\t' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    (keyword, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new(files: &[(&str, &str)]) -> Home {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = dir.path().join(".ssh").join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Home(dir)
        }

        fn flat(&self, text: &str, name: &str) -> Result<String, String> {
            flatten(text, name, self.0.path())
        }

        /// The lines that apply.
        fn applying(&self, text: &str, name: &str) -> Vec<String> {
            let flat = self.flat(text, name).unwrap();
            let mut applies = true;
            let mut lines = Vec::new();
            for line in flat.lines().map(str::trim) {
                match line {
                    "Host *" => applies = true,
                    "Host !*" => applies = false,
                    _ if applies => lines.push(line.to_string()),
                    _ => {}
                }
            }
            lines
        }
    }

    #[test]
    fn included_lines_apply_where_both_blocks_do() {
        let home = Home::new(&[
            ("inner", "Port 1\nHost box\n Port 2\nMatch exec true\n Port 3\n"),
            ("conf.d/b.conf", "User b\n"),
            ("conf.d/a.conf", "User a\n"),
            ("conf.d/.hidden.conf", "User hidden\n"),
            ("conf.d/other", "User other\n"),
        ]);
        let text = "Host box other\n Include inner\n User after\nHost *\n User last\n";
        assert_eq!(home.applying(text, "box"), ["Port 1", "Port 2", "User after", "User last"]);
        assert_eq!(home.applying(text, "other"), ["Port 1", "User after", "User last"]);
        assert_eq!(home.applying(text, "third"), ["User last"]);
        let all = home.applying("Include=\"conf.d/*.conf\" missing ~/.ssh/inner # no\n", "box");
        assert_eq!(all, ["User a", "User b", "Port 1", "Port 2"]);
    }

    #[test]
    fn hosts_are_matched_as_openssh_does() {
        let home = Home::new(&[]);
        for (line, name, applies) in [
            ("Host b*x", "box", true),
            ("Host *.lan !secret.lan", "secret.lan", false),
            ("Host !secret.lan *.lan", "a.lan", true),
            ("Host !a", "b", false),
            ("HOST = \"box\"", "box", true),
            ("Match all", "box", true),
            ("Match host a,b?x", "box", true),
            ("Match originalhost \"box\"", "box", true),
            ("Match host *,!box", "box", false),
            ("Match exec true", "box", false),
            ("Match host box user me", "box", false),
        ] {
            let lines = home.applying(&format!("{line}\n Port 1\n"), name);
            assert_eq!(!lines.is_empty(), applies, "{line} for {name}");
        }
    }

    #[test]
    fn files_depth_bytes_entries_and_blocks_are_bounded() {
        let doubled: Vec<(String, String)> =
            (0..15).map(|n| (format!("exp{n}"), format!("Include exp{}\n", n + 1).repeat(2))).collect();
        let mut files: Vec<(&str, &str)> = doubled.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let large = "# comment\n".repeat(200_000);
        files.extend([
            ("self", "Include self\n"),
            ("a", "Include b\n"),
            ("b", "Include a\n"),
            ("large", &large),
        ]);
        let home = Home::new(&files);
        rustix::fs::symlink("/dev/zero", home.0.path().join(".ssh/zero")).unwrap();
        for (text, why) in [
            ("Include self\n", "more than 16 files include each other"),
            ("Include a\n", "more than 16 files include each other"),
            ("Include exp0\n", "more than 512 files"),
            ("Include /dev/zero\n", "\"/dev/zero\": it is not a regular file but a device"),
            ("Include zero\n", "not a regular file"),
            ("Include large large large\n", "more than 4194304 bytes"),
            ("Include /*/*/*/*/*/*/*/nothing\n", "20000 directory entries"),
            ("Include [\n", "Include"),
        ] {
            let error = home.flat(text, "box").unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        let error = home.flat(&"Host *\n".repeat(3000), "box").unwrap_err();
        assert!(error.contains("2048"), "{error}");
        assert!(home.flat(&"Host other\n Port 1\n".repeat(30_000), "box").is_ok());
    }
}
