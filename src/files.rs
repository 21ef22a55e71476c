//! Changes to files that are complete or not there: temporary file, fsync, rename, fsync the folder.

use crate::error::{Context, Result};
use rustix::fs::{FallocateFlags, Mode, OFlags, fallocate};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Writes `content` to `path` with `mode`; readers see the old file or the new one.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    write_inner(path, content, mode).with_context(|| format!("writing {}", path.display()))
}

fn write_inner(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let temporary = self::temporary(path);
    let _ = fs::remove_file(&temporary);
    let result = (|| {
        // The mode before the content: a secret is never readable for a moment.
        let mut file = File::options().write(true).create_new(true).mode(mode & 0o600).open(&temporary)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Points `path` at `target`, replacing a link that was there in one rename.
pub fn link(path: &Path, target: &Path) -> Result<()> {
    let temporary = self::temporary(path);
    let _ = fs::remove_file(&temporary);
    symlink(target, &temporary)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path))
        .with_context(|| format!("linking {} to {}", path.display(), target.display()))
}

/// Creates a directory with `mode`, and its parents with 0755. An existing one keeps its mode.
pub fn directory(path: &Path, mode: u32) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let create = || -> io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        sync_folder(path)
    };
    create().with_context(|| format!("creating {}", path.display()))
}

/// Removes a file or a whole tree; what is not there is fine. Links are not followed.
pub fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.with_context(|| format!("removing {}", path.display())),
    }
}

/// Gives `file` its size with all the space taken, so that a full disk shows before the first byte. Some file
/// systems cannot; there it shows while writing.
pub fn reserve(file: &File, size_bytes: u64) -> io::Result<()> {
    file.set_len(size_bytes)?;
    if size_bytes == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::empty(), 0, size_bytes).map_err(io::Error::from) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other,
    }
}

/// There is no room: on the disk, for this user, or for a file this large.
pub fn full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// A content hash taken earlier holds while these stay the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// Number of the inode.
    pub inode: u64,
    /// Size, bytes.
    pub size_bytes: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: i128,
}

impl Stamp {
    /// Returns the stamp of the file at `path`, links followed.
    pub fn of(path: &Path) -> io::Result<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path)?;
        Ok(Stamp {
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            modified_ns: metadata.mtime() as i128 * 1_000_000_000 + metadata.mtime_nsec() as i128,
        })
    }
}

/// Nothing of the file, or of all in the folder, is lost to a power cut from here on. Links lead nowhere.
pub fn sync(path: &Path) -> Result<()> {
    sync_below(path).and_then(|()| sync_folder(path)).with_context(|| format!("flushing {}", path.display()))
}

fn sync_below(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        fs::read_dir(path)?.try_for_each(|entry| sync_below(&entry?.path()))?;
    }
    if metadata.is_symlink() { Ok(()) } else { File::open(path)?.sync_all() }
}

/// Flushes `path`'s entry in its folder.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let folder = rustix::fs::open(parent, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    Ok(rustix::fs::fsync(&folder)?)
}

/// Where `path` is written before it takes its place; a power cut may leave it.
pub fn temporary(path: &Path) -> PathBuf {
    sibling(path, "new")
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_and_sets_the_mode_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, b"one", 0o600).unwrap();
        write(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_link_is_replaced_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("generation");
        link(&path, Path::new("1")).unwrap();
        link(&path, Path::new("2")).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("2"));
    }

    #[test]
    fn removing_does_not_follow_links_and_forgives_absence() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        fs::create_dir(&target).unwrap();
        link(&dir.path().join("link"), &target).unwrap();
        remove(&dir.path().join("link")).unwrap();
        assert!(target.is_dir());
        remove(&target).unwrap();
        remove(&target).unwrap();
    }

    #[test]
    fn a_folder_is_flushed_with_all_in_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("bin/lib")).unwrap();
        fs::write(dir.path().join("bin/lib/a"), "a").unwrap();
        symlink("nowhere", dir.path().join("bin/broken")).unwrap();
        sync(&dir.path().join("bin")).unwrap();
        let error = sync(&dir.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("flushing /"), "{error}");
    }

    #[test]
    fn a_failed_write_names_the_file() {
        let error = write(Path::new("/proc/no/such"), b"", 0o644).unwrap_err();
        assert!(format!("{error:#}").contains("/proc/no/such"));
    }
}
