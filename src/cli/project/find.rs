//! Finds the project's file: in the working folder or the nearest one above it.

use super::file::Refused;
use crate::outside::{self, Kind};
use rustix::process::geteuid;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Name of a project's file.
pub const NAME: &str = "agi-provision.toml";

/// Returns the project's file for a command that is started in `folder`.
///
/// # Errors
/// The file is somebody else's, or anybody may write to it: it would choose hosts and files for this user.
pub fn find(folder: &Path) -> Result<Option<PathBuf>, Refused> {
    for above in folder.ancestors() {
        let path = above.join(NAME);
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        return match trusted(metadata.uid(), metadata.mode(), geteuid().as_raw(), sudo_user()) {
            true => Ok(Some(path)),
            false => Err(Refused {
                line: 0,
                why: "it was found above the working folder, but another user owns it or may write to it"
                    .to_string(),
                hint: format!("--project {} takes it all the same, --project /dev/null none", path.display()),
            }),
        };
    }
    Ok(None)
}

/// Returns whether a file that was found, not named, is the user's own, or root's, or that of the user who called sudo.
fn trusted(owner: u32, mode: u32, user: u32, sudo: Option<u32>) -> bool {
    let own = owner == user || owner == 0 || user == 0 && sudo == Some(owner);
    own && mode & 0o002 == 0
}

fn sudo_user() -> Option<u32> {
    std::env::var("SUDO_UID").ok()?.parse().ok()
}

/// Reads a file of settings; `None` where there is none.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    match outside::text(path, outside::NOTE, Kind::Named) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_user_is_not_taken_unasked() {
        for (owner, mode, user, sudo, taken) in [
            (1000, 0o644, 1000, None, true),
            (1000, 0o664, 1000, None, true),
            (0, 0o644, 1000, None, true),
            (1001, 0o644, 1000, None, false),
            (1000, 0o666, 1000, None, false),
            (1000, 0o644, 0, None, false),
            (1000, 0o644, 0, Some(1000), true),
            (1001, 0o644, 0, Some(1000), false),
            (1001, 0o644, 1000, Some(1001), false),
        ] {
            assert_eq!(trusted(owner, mode, user, sudo), taken, "{owner} {mode:o} {user} {sudo:?}");
        }
    }

    #[test]
    fn the_nearest_file_above_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let write = |folder: &Path| std::fs::write(folder.join(NAME), "").unwrap();
        write(dir.path());
        assert_eq!(find(&below).unwrap(), Some(dir.path().join(NAME)));
        write(&dir.path().join("a"));
        assert_eq!(find(&below).unwrap(), Some(dir.path().join("a").join(NAME)));
        assert_eq!(read(&below.join(NAME)).unwrap(), None);
    }
}
