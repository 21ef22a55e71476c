//! Files that `Include` names, with bounds: how deep, how many, how large, and how many directory entries are
//! compared with patterns.

use super::tokens::tilde;
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

pub(super) struct Included {
    home: PathBuf,
    /// Where relative names lie: `~/.ssh`, or the folder of the machine's own configuration.
    folder: PathBuf,
    files: usize,
    bytes: u64,
    entries: usize,
}

impl Included {
    pub fn new(home: &Path) -> Included {
        Included { home: home.into(), folder: home.join(".ssh"), files: 0, bytes: 0, entries: 0 }
    }

    /// Goes over to what the file `path` includes, directly or not.
    pub fn root(&mut self, path: &Path) {
        self.folder = match path.starts_with("/etc/ssh") {
            true => "/etc/ssh".into(),
            false => self.home.join(".ssh"),
        };
    }

    /// Counts a file's bytes.
    pub fn bytes(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes += bytes as u64;
        match self.bytes > MOST_BYTES {
            true => Err(format!("with what it includes it has more than {MOST_BYTES} bytes")),
            false => Ok(()),
        }
    }

    /// The files that a pattern names, with their text, in order.
    pub fn files(&mut self, pattern: &str, depth: usize) -> Result<Vec<(PathBuf, String)>, String> {
        if depth == DEEPEST {
            return Err(format!("more than {DEEPEST} files include each other"));
        }
        let mut files = Vec::new();
        for path in self.named(pattern)? {
            self.files += 1;
            if self.files > MOST_FILES {
                return Err(format!("it includes more than {MOST_FILES} files"));
            }
            match outside::read_bounded(&path, MOST_BYTES, Kind::Regular) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("Include {}: {error}", quoted(&path.to_string_lossy()))),
                Ok(bytes) => files.push((path, String::from_utf8_lossy(&bytes).into_owned())),
            }
        }
        Ok(files)
    }

    fn named(&mut self, pattern: &str) -> Result<Vec<PathBuf>, String> {
        let full = self.folder.join(tilde(pattern, Some(&self.home)));
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
