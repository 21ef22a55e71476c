//! The folder in `/run` that root alone can enter. Locks and secrets lie in it: nobody else can hold a lock
//! that they cannot open, or leave anything there beforehand.

use crate::error::{Context, Failure, Result};
use crate::paths;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// Makes the folder, whoever was there first: what is not root's own folder of mode 0700 is refused.
pub fn enter() -> Result<()> {
    enter_at(Path::new(paths::PRIVATE), 0)
}

fn enter_at(folder: &Path, root: u32) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("creating {}", folder.display())),
    }
    let found = fs::symlink_metadata(folder).with_context(|| format!("reading {}", folder.display()))?;
    match found.is_dir() && found.uid() == root && found.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(Failure::failed(format!(
            "{} is not a folder that root alone can enter (it is of uid {}, mode {:04o})",
            folder.display(),
            found.uid(),
            found.mode() & 0o7777
        ))
        .hint("who made it, and why? Remove it, then try again")
        .into()),
    }
}

/// Removes the folder once nothing is in it.
pub fn leave() {
    // Not empty: another one's lock, or a secret on its way.
    let _ = fs::remove_dir(paths::PRIVATE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_folder_that_others_can_enter_or_redirect_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let me = rustix::process::geteuid().as_raw();
        let (fresh, open, link, file) = (
            dir.path().join("fresh"),
            dir.path().join("open"),
            dir.path().join("link"),
            dir.path().join("file"),
        );
        enter_at(&fresh, me).unwrap();
        enter_at(&fresh, me).unwrap();
        assert_eq!(fs::metadata(&fresh).unwrap().mode() & 0o7777, 0o700);
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o711)).unwrap();
        symlink(&fresh, &link).unwrap();
        fs::write(&file, "").unwrap();
        for path in [&open, &link, &file] {
            let error = enter_at(path, me).unwrap_err().to_string();
            assert!(error.contains("root alone can enter"), "{error}");
        }
        assert!(enter_at(&fresh, me + 1).is_err(), "another one's");
    }
}
