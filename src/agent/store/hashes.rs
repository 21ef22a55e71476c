//! Hashes of the files of a folder.

use crate::checked::{Checksum, RelativePath};
use crate::error::{Context, Result};
use crate::hash::sha256_file;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the SHA-256 of each regular file below `folder`, by relative path; links lead to one of them.
pub fn hashes(folder: &Path) -> Result<BTreeMap<RelativePath, Checksum>> {
    let mut all = BTreeMap::new();
    for path in below(folder)? {
        if fs::symlink_metadata(&path)?.is_file() {
            let sha256 = sha256_file(&path, |_| {}).with_context(|| format!("reading {}", path.display()))?;
            all.insert(relative(folder, &path)?, sha256);
        }
    }
    Ok(all)
}

/// Returns the part of `path` below `folder`; a name that a note cannot keep is refused.
pub fn relative(folder: &Path, path: &Path) -> Result<RelativePath> {
    Ok(RelativePath::from_os(path.strip_prefix(folder).unwrap_or(path))?)
}

/// Lists everything below `folder` that is not a folder.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut all, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(&below).with_context(|| format!("reading {}", below.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                all.push(entry.path());
            }
        }
    }
    Ok(all)
}
