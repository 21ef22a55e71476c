//! Writes files, folders and links below a folder. Each step of a path is opened on its own, as a folder
//! and not through a link, from the one before: whoever swaps a folder for a link meanwhile gains nothing.
//! (openat2 with RESOLVE_BENEATH does the same in one call, but not in every kernel and container; names
//! here have no `..`, so this is enough everywhere.)

use super::name::{Name, Target};
use rustix::fs::{self, AtFlags, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The folder that is unpacked into.
pub struct Root(OwnedFd);

/// Failure of a copy, by the side that failed.
pub enum Copy {
    Read(io::Error),
    Write(io::Error),
}

impl Root {
    /// Makes the folder; its parent must exist.
    pub fn create(folder: &Path) -> io::Result<Root> {
        fs::mkdir(folder, Mode::from_raw_mode(0o700))?;
        let root = fs::open(folder, FOLDER, Mode::empty())?;
        make_ours(&root, 0o755)?;
        Ok(Root(root))
    }

    /// Makes a folder whose parent was made before.
    pub fn folder(&self, name: &Name) -> io::Result<()> {
        let (parent, own) = self.parent(name)?;
        // Closed to others until it is ours.
        fs::mkdirat(&parent, own, Mode::from_raw_mode(0o700))?;
        make_ours(fs::openat(&parent, own, FOLDER, Mode::empty())?, 0o755)
    }

    /// Writes a file that is not there yet, and returns how many bytes `content` had.
    pub fn file(&self, name: &Name, executable: bool, content: &mut impl Read) -> Result<u64, Copy> {
        let create = || -> io::Result<File> {
            let (parent, own) = self.parent(name)?;
            let file = fs::openat(&parent, own, NEW, Mode::from_raw_mode(0o600))?;
            make_ours(&file, if executable { 0o755 } else { 0o644 })?;
            Ok(file.into())
        };
        let mut file = create().map_err(Copy::Write)?;
        let mut buffer = vec![0; 64 << 10];
        let mut copied = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => return Ok(copied),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Copy::Read(error)),
            };
            file.write_all(&buffer[..read]).map_err(Copy::Write)?;
            copied += read as u64;
        }
    }

    pub fn link(&self, name: &Name, target: &Target) -> io::Result<()> {
        let (parent, own) = self.parent(name)?;
        fs::symlinkat(target.as_str(), &parent, own)?;
        let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
        Ok(fs::chownat(&parent, own, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// The folder that `name` lies in, and its own name there.
    fn parent<'a>(&self, name: &'a Name) -> io::Result<(OwnedFd, &'a str)> {
        let (folder, own) = name.split();
        let mut at = self.0.try_clone()?;
        for part in folder.iter().flat_map(Name::parts) {
            at = fs::openat(&at, part, FOLDER, Mode::empty())?;
        }
        Ok((at, own))
    }
}

/// Ours alone to write: not what the archive, the umask or a set-group-ID folder above would make of it.
fn make_ours(file: impl AsFd, mode: u32) -> io::Result<()> {
    fs::fchown(file.as_fd(), Some(rustix::process::geteuid()), Some(rustix::process::getegid()))?;
    Ok(fs::fchmod(file.as_fd(), Mode::from_raw_mode(mode))?)
}
