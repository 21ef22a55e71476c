//! Records the content of a partial file in a small file beside it, so that a download goes on after anything.

use super::ranges::Ranges;
use crate::error::Result;
use crate::files;
use crate::outside::{self, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The partial file's companion. Believed only for the same content; the final hash judges it all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub sha256: String,
    pub size_bytes: u64,
    /// Strong entity tags by address, without its query.
    #[serde(default)]
    pub etags: BTreeMap<String, String>,
    /// On the disk for certain.
    pub have: Ranges,
}

/// `NAME.download`, beside the final file.
pub fn partial(dest: &Path) -> PathBuf {
    with_suffix(dest, "download")
}

/// `NAME.download.json`.
pub fn record(dest: &Path) -> PathBuf {
    with_suffix(dest, "download.json")
}

fn with_suffix(dest: &Path, suffix: &str) -> PathBuf {
    let mut name = dest.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(suffix);
    dest.with_file_name(name)
}

/// Bytes of `dest` that an earlier download left, 0 where there is none.
pub fn downloaded_bytes(dest: &Path) -> u64 {
    outside::read_bounded(&record(dest), outside::DOCUMENT, Kind::Regular)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok())
        .map_or(0, |record| record.have.total().min(record.size_bytes))
}

impl Record {
    /// The record of an earlier try at the same content, or an empty one.
    pub fn read(dest: &Path, sha256: &str, size_bytes: u64) -> Record {
        let fresh = Record { sha256: sha256.to_string(), size_bytes, ..Record::default() };
        let length = std::fs::metadata(partial(dest)).map_or(0, |metadata| metadata.len());
        let Ok(bytes) = outside::read_bounded(&record(dest), outside::DOCUMENT, Kind::Regular) else {
            return fresh;
        };
        let Ok(found) = serde_json::from_slice::<Record>(&bytes) else { return fresh };
        if found.sha256 != sha256 || found.size_bytes != size_bytes {
            return fresh;
        }
        // Written by nobody else, but read as if by anyone.
        let limit = size_bytes.min(length);
        let pairs = found.have.pairs().iter().map(|(start, end)| (*start, (*end).min(limit)));
        Record { have: Ranges::new(pairs.collect::<Vec<_>>()), ..found }
    }

    pub fn write(&self, dest: &Path) -> Result<()> {
        files::write(&record(dest), &serde_json::to_vec(self)?, 0o600)
    }
}

/// Removes what an unfinished download left.
pub fn discard(dest: &Path) -> Result<()> {
    files::remove(&record(dest))?;
    files::remove(&partial(dest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_believed_for_its_content_and_length_only() {
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("model");
        assert_eq!(Record::read(&dest, "aa", 100).have, Ranges::default());
        let record = Record {
            sha256: "aa".into(),
            size_bytes: 100,
            have: Ranges::new([(0, 10), (90, 100)]),
            ..Record::default()
        };
        record.write(&dest).unwrap();
        assert_eq!(Record::read(&dest, "aa", 100).have.total(), 0, "there is no partial file");
        std::fs::write(partial(&dest), [0; 95]).unwrap();
        assert_eq!(Record::read(&dest, "aa", 100).have.pairs(), [(0, 10), (90, 95)]);
        assert_eq!(Record::read(&dest, "bb", 100).have.total(), 0);
        assert_eq!(Record::read(&dest, "aa", 99).have.total(), 0);
        assert_eq!(downloaded_bytes(&dest), 20);
        std::fs::write(super::record(&dest), b"{\"have\":[[5,1]]").unwrap();
        assert_eq!(Record::read(&dest, "aa", 100).have.total(), 0);
        discard(&dest).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
