//! The executables under `/usr/local/lib/agi-provision`, which sessions share. Each session and job holds
//! a shared lock on the one it runs from, and one is removed only by whoever gets its lock alone: what
//! another session needs stays, and the last one takes it along.

use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Whoever has it alone is about to remove it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where this process's executable lies, although another staging may have replaced it: its name says its
/// content.
pub fn executable() -> Result<PathBuf> {
    let path = std::env::current_exe().context("finding this executable")?;
    let text = path.to_string_lossy();
    let there = text.strip_suffix(" (deleted)").map(PathBuf::from).filter(|there| there.is_file());
    Ok(there.unwrap_or(path))
}

/// This process's executable is needed until this is dropped.
#[derive(Debug)]
pub struct InUse {
    /// `None`: it was not staged.
    file: Option<Staged>,
}

#[derive(Debug)]
struct Staged {
    path: PathBuf,
    file: File,
    /// Of the file when this session began. A later one: another session has staged it since, is about to
    /// run from it, and takes it along.
    modified: Option<SystemTime>,
}

impl Staged {
    fn is_awaited(&self) -> bool {
        modified(&self.file) != self.modified
    }
}

fn modified(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

impl InUse {
    /// `None`: it was removed since it was started, and has to be staged again.
    pub fn enter() -> Result<Option<InUse>> {
        let path = executable()?;
        match path.starts_with(paths::LIB) {
            true => InUse::of(&path),
            false => Ok(Some(InUse { file: None })),
        }
    }

    fn of(path: &Path) -> Result<Option<InUse>> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
            };
            let locked = flock(&file, FlockOperation::NonBlockingLockShared).is_ok();
            // It may have been removed or replaced between open and flock.
            if locked && is_at(&file, path) {
                let modified = modified(&file);
                return Ok(Some(InUse { file: Some(Staged { path: path.to_path_buf(), file, modified }) }));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Failure::failed(format!("{} is held by another program", path.display()))
            .hint("`lsof` on the host names it")
            .into())
    }

    /// Takes along what no session or job runs from, this process's own executable first.
    pub fn leave(self) -> Result<()> {
        self.leave_in(Path::new(paths::LIB))
    }

    fn leave_in(self, folder: &Path) -> Result<()> {
        let mut keep = BTreeSet::new();
        if let Some(own) = &self.file {
            // A lock that is shared is lost here, and the next one to leave gets it alone.
            let alone = flock(&own.file, FlockOperation::NonBlockingLockExclusive).is_ok();
            if alone && !own.is_awaited() && is_at(&own.file, &own.path) {
                files::remove(&own.path)?;
            }
            keep.extend(own.path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        sweep(folder, &keep)?;
        // Not empty: another session's.
        let _ = fs::remove_dir(folder);
        Ok(())
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|ours| ours.ino() == there.ino()))
}

/// Removes from `folder` what is not among `keep` and nobody uses; the names of what went.
pub fn sweep(folder: &Path, keep: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if keep.contains(&name) || is_used(&entry.path(), &name) {
            continue;
        }
        files::remove(&entry.path())?;
        gone.push(name);
    }
    Ok(gone)
}

/// What a file that is on its way is called, before the process that writes it.
pub const STAGING: &str = ".staging.";

fn is_used(path: &Path, name: &str) -> bool {
    if let Some(writer) = name.strip_prefix(STAGING) {
        return writer.bytes().all(|byte| byte.is_ascii_digit()) && Path::new("/proc").join(writer).exists();
    }
    let plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    // Let go of at once: who wants it now finds it gone, and says so.
    plain
        && File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_in_use_or_on_its_way_stays() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        let living = format!("{STAGING}{}", std::process::id());
        for name in ["agent-1", "agent-2", "agent-3", &living, ".staging.4194304999", "other"] {
            fs::write(folder.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("agent-1", folder.join("agi-provision")).unwrap();
        let one = InUse::of(&folder.join("agent-1")).unwrap().unwrap();
        let again = InUse::of(&folder.join("agent-1")).unwrap().unwrap();
        let keep = ["agent-3".to_string()].into();
        let mut gone = sweep(folder, &keep).unwrap();
        gone.sort();
        assert_eq!(gone, [".staging.4194304999", "agent-2", "agi-provision", "other"]);
        drop(one);
        assert!(sweep(folder, &keep).unwrap().is_empty(), "the other one still runs");
        drop(again);
        assert_eq!(sweep(folder, &keep).unwrap(), ["agent-1"]);
        assert_eq!(names(folder), [living, "agent-3".to_string()]);
        assert!(InUse::of(&folder.join("agent-1")).unwrap().is_none(), "gone is told, and no error");
    }

    #[test]
    fn one_that_was_staged_anew_meanwhile_is_left_to_whoever_did() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("lib");
        let path = folder.join("agent-1");
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "x").unwrap();
        let first = InUse::of(&path).unwrap().unwrap();
        File::open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();
        first.leave_in(&folder).unwrap();
        assert!(path.exists(), "the other one is about to run from it");
        let other = InUse::of(&path).unwrap().unwrap();
        other.leave_in(&folder).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn of_two_that_leave_at_once_one_takes_it_along() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent-1");
        for _ in 0..200 {
            fs::write(&path, "x").unwrap();
            let both = [(); 2].map(|()| InUse::of(&path).unwrap().unwrap());
            let alone = std::thread::scope(|scope| {
                let threads = both.map(|one| {
                    scope.spawn(move || {
                        let file = one.file.unwrap().file;
                        // Nobody lets go before all have tried, or have gone.
                        flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                    })
                });
                threads.map(|thread| thread.join().unwrap())
            });
            assert!(alone.contains(&true), "both left it to the other");
        }
    }
}
