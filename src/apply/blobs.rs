//! Files of this machine that go to hosts: known by their content, which is hashed once.

use crate::checked::{Checksum, FileName};
use crate::error::{Context, Failure, Result};
use crate::files::Stamp;
use crate::hash::sha256_file;
use crate::outside::{self, Kind};
use crate::wire::needs::RuntimeNeeds;
use crate::wire::protocol::Blob;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file with the name it gets on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Path on this machine.
    pub path: PathBuf,
    /// Name, hash and size.
    pub blob: Blob,
}

impl LocalFile {
    /// Hashes `path`, or takes the hash from the cache while the file is unchanged.
    pub fn open(path: &Path, name: FileName, progress: impl FnMut(u64)) -> Result<LocalFile> {
        let what = || format!("reading {}", path.display());
        let stamp = Stamp::of(path).with_context(what)?;
        if path.is_dir() {
            return Err(Failure::usage(format!("{} is a directory", path.display()))
                .hint("name the file itself")
                .into());
        }
        let mut cache = Cache::load();
        let key = std::fs::canonicalize(path).with_context(what)?.to_string_lossy().into_owned();
        let sha256 = match cache.entries.get(&key).filter(|entry| entry.stamp == stamp) {
            Some(entry) => entry.sha256.clone(),
            None => {
                let sha256 = sha256_file(path, progress).with_context(what)?;
                let entry = Entry { stamp: stamp.clone(), sha256: sha256.clone(), needs: None };
                cache.entries.insert(key, entry);
                cache.save();
                sha256
            }
        };
        let blob = Blob { name, sha256, size_bytes: stamp.size_bytes };
        Ok(LocalFile { path: path.to_path_buf(), blob })
    }

    /// Reads what this archive of llama.cpp needs of a host, once; `None` where it is no such archive, which the host
    /// says in its own words.
    pub fn runtime_needs(&self) -> Option<RuntimeNeeds> {
        let key = std::fs::canonicalize(&self.path).ok()?.to_string_lossy().into_owned();
        let mut cache = Cache::load();
        let noted = cache.entries.get_mut(&key).filter(|entry| entry.sha256 == self.blob.sha256);
        if let Some(known) = noted.as_ref().and_then(|entry| entry.needs.clone()) {
            return Some(known);
        }
        let needs = super::needs::read(&self.path).ok()?;
        if let Some(entry) = noted {
            entry.needs = Some(needs.clone());
            cache.save();
        }
        Some(needs)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Entry {
    stamp: Stamp,
    sha256: Checksum,
    /// Needs of an archive of llama.cpp that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needs: Option<RuntimeNeeds>,
}

/// Hashes taken earlier, in the user's cache folder. Losing it costs time, nothing else.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Cache {
    entries: BTreeMap<String, Entry>,
}

impl Cache {
    fn path() -> Option<PathBuf> {
        Some(crate::home::cache()?.join("hashes.json"))
    }

    fn load() -> Cache {
        let text = Cache::path()
            .and_then(|path| outside::read_bounded(&path, outside::DOCUMENT, Kind::Regular).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    fn save(&self) {
        let Some(path) = Cache::path() else { return };
        let write = || -> Result<()> {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            crate::files::write(&path, &serde_json::to_vec(self)?, 0o600)
        };
        let _ = write();
    }
}
