//! Finds the engine's program in what was unpacked.

use crate::error::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the path of the program below `folder`; the shallowest one.
pub(super) fn find(folder: &Path, program: &str) -> Result<Option<PathBuf>> {
    let mut level = vec![folder.to_path_buf()];
    while !level.is_empty() {
        let mut below = Vec::new();
        level.sort();
        for directory in &level {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                // A file, not a link to one: its mode and stamp are its own.
                if entry.file_name() == program && entry.file_type()?.is_file() {
                    return Ok(entry.path().strip_prefix(folder).ok().map(Path::to_path_buf));
                }
                if entry.file_type()?.is_dir() {
                    below.push(entry.path());
                }
            }
        }
        level = below;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shallowest_server_is_found_and_no_link_to_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/b/c")).unwrap();
        fs::write(at("a/b/c/llama-server"), "x").unwrap();
        assert_eq!(find(dir.path(), "llama-server").unwrap(), Some(PathBuf::from("a/b/c/llama-server")));
        fs::write(at("a/b/llama-server"), "x").unwrap();
        std::os::unix::fs::symlink("b/llama-server", at("a/llama-server")).unwrap();
        assert_eq!(find(dir.path(), "llama-server").unwrap(), Some(PathBuf::from("a/b/llama-server")));
    }
}
