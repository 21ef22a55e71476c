//! Keeps the executables under `/usr/local/lib/agi-provision`, which sessions share. Each session and job holds a
//! shared lock for the one it runs from, and only a session that gets the lock alone removes one: an executable that
//! another session needs stays, and the last one removes it. The lock is a file of root's own, as everyone can open
//! the executable.

use crate::agent::host::private;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Time to wait for a lock whose exclusive holder is about to remove the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the path of this process's executable, although another staging may have replaced it: its name is derived
/// from its content.
pub fn executable() -> Result<PathBuf> {
    let path = std::env::current_exe().context("finding this executable")?;
    let text = path.to_string_lossy();
    let there = text.strip_suffix(" (deleted)").map(PathBuf::from).filter(|there| there.is_file());
    Ok(there.unwrap_or(path))
}

/// Name of the mark in the folder that says we made it: the record of what was made does not exist yet by then.
pub const MARK: &str = ".made";
/// Prefix of a file that is being written; the writing process's id follows.
pub const STAGING: &str = ".staging.";

/// Notes that the folder is ours.
pub fn mark() -> Result<()> {
    files::write(&Path::new(paths::LIB).join(MARK), b"", 0o644)
}

/// Returns whether this tool gives such a name in the folder.
pub fn is_ours(name: &str) -> bool {
    let all = |rest: &str, kind: fn(&u8) -> bool| !rest.is_empty() && rest.as_bytes().iter().all(kind);
    let agent = name.strip_prefix("agent-").is_some_and(|hash| all(hash, u8::is_ascii_hexdigit));
    let staging = name.strip_prefix(STAGING).is_some_and(|writer| all(writer, u8::is_ascii_digit));
    agent || staging || [MARK, "agi-provision", ".agi-provision.new"].contains(&name)
}

/// Folder of the locks, each of the executable's name.
#[derive(Clone, Copy, Debug)]
struct Locks<'a>(&'a Path);

impl Locks<'_> {
    fn of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Takes the lock of `name`, alone or shared; `None` if another has it, or it has just gone.
    fn take(&self, name: &str, how: FlockOperation) -> io::Result<Option<File>> {
        let path = self.of(name);
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let taken = flock(&file, how).is_ok() && is_at(&file, &path);
        Ok(taken.then_some(file))
    }

    /// Removes the lock of `name`, which the caller has alone.
    fn end(&self, name: &str) {
        let _ = fs::remove_file(self.of(name));
    }
}

/// Keeps this process's executable from being removed until it is dropped.
#[derive(Debug)]
pub struct InUse {
    /// The lock; `None` if the executable was not staged.
    file: Option<Staged>,
}

#[derive(Debug)]
struct Staged {
    path: PathBuf,
    name: String,
    file: File,
    lock: File,
    locks: PathBuf,
    /// Modification time of the file when this session began. A later one means that another session has staged it
    /// since, is about to run from it, and removes it.
    modified: Option<SystemTime>,
    /// Whether the lock was given up; it may be another session's by now.
    left: bool,
}

impl Staged {
    fn is_awaited(&self) -> bool {
        modified(&self.file) != self.modified
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.left && flock(&self.lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            Locks(&self.locks).end(&self.name);
        }
        private::leave();
    }
}

fn modified(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

impl InUse {
    /// Enters; `None` if the executable was removed since it was started, and has to be staged again.
    pub fn enter() -> Result<Option<InUse>> {
        let path = executable()?;
        match path.starts_with(paths::LIB) {
            true => InUse::of(&path, Path::new(paths::PRIVATE), private::enter),
            false => Ok(Some(InUse { file: None })),
        }
    }

    /// Does the same; `prepare` makes the folder of the locks, which goes with the last of them.
    fn of(path: &Path, locks: &Path, prepare: impl Fn() -> Result<()>) -> Result<Option<InUse>> {
        let start = Instant::now();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        while start.elapsed() < PATIENCE {
            prepare()?;
            let lock = match Locks(locks).take(&name, FlockOperation::NonBlockingLockShared) {
                Ok(Some(lock)) => lock,
                // Taken alone for a moment, or gone with its folder.
                Ok(None) => {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| format!("locking {}", path.display())),
            };
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
                        Locks(locks).end(&name);
                    }
                    private::leave();
                    return Ok(None);
                }
                Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
            };
            let (path, locks, modified) = (path.to_path_buf(), locks.to_path_buf(), modified(&file));
            return Ok(Some(InUse {
                file: Some(Staged { path, name, file, lock, locks, modified, left: false }),
            }));
        }
        Err(Failure::failed(format!("{} is about to be removed by another session", path.display()))
            .hint("try again in a moment; `fuser` on the host names who has it")
            .into())
    }

    /// Removes the executables that no session or job runs from, this process's own first.
    pub fn leave(self) -> Result<()> {
        self.leave_in(Path::new(paths::LIB), Path::new(paths::PRIVATE))
    }

    fn leave_in(mut self, folder: &Path, locks: &Path) -> Result<()> {
        let mut keep = BTreeSet::new();
        if let Some(own) = &mut self.file {
            // A lock that is shared is lost here, and the next one to leave gets it alone.
            let alone = flock(&own.lock, FlockOperation::NonBlockingLockExclusive).is_ok();
            own.left = !alone;
            if alone && !own.is_awaited() && is_at(&own.file, &own.path) {
                files::remove(&own.path)?;
            }
            keep.insert(own.name.clone());
        }
        sweep_with(folder, &keep, Locks(locks))?;
        remove_if_ours(folder)
    }
}

/// Removes the folder if we made it and nothing is left in it.
fn remove_if_ours(folder: &Path) -> Result<()> {
    let names: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.file_name()).collect();
    if !matches!(&names[..], [one] if one == MARK) {
        return Ok(());
    }
    let mark = folder.join(MARK);
    files::remove(&mark)?;
    if fs::remove_dir(folder).is_err() && folder.is_dir() {
        // Not empty: another session uses it by now, and it is still ours.
        files::write(&mark, b"", 0o644)?;
    }
    Ok(())
}

fn is_at(file: &File, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|ours| ours.ino() == there.ino()))
}

/// Removes our own files in the folder of executables that are not among `keep` and that nobody uses; returns the
/// names of those removed.
pub fn sweep(keep: &BTreeSet<String>) -> Result<Vec<String>> {
    sweep_with(Path::new(paths::LIB), keep, Locks(Path::new(paths::PRIVATE)))
}

fn sweep_with(folder: &Path, keep: &BTreeSet<String>, locks: Locks) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == MARK || !is_ours(&name) || keep.contains(&name) {
            continue;
        }
        if let Some(writer) = name.strip_prefix(STAGING) {
            if Path::new("/proc").join(writer).exists() {
                continue;
            }
        } else if locks.of(&name).exists() {
            match locks.take(&name, FlockOperation::NonBlockingLockExclusive) {
                // Released at once: a process that wants it now finds it gone, and says so.
                Ok(Some(_alone)) => {
                    files::remove(&entry.path())?;
                    locks.end(&name);
                    gone.push(name);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                _ => continue,
            }
        }
        files::remove(&entry.path())?;
        gone.push(name);
    }
    Ok(gone)
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

    fn use_of(path: &Path, locks: &Path) -> Option<InUse> {
        InUse::of(path, locks, || Ok(())).unwrap()
    }

    #[test]
    fn what_is_in_use_or_on_its_way_or_of_others_stays() {
        let (dir, locks) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, locks) = (dir.path(), locks.path());
        let living = format!("{STAGING}{}", std::process::id());
        for name in
            ["agent-1", "agent-2", "agent-3", &living, ".staging.4194304999", "other", "agent-x", MARK]
        {
            fs::write(folder.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("agent-1", folder.join("agi-provision")).unwrap();
        let one = use_of(&folder.join("agent-1"), locks).unwrap();
        let again = use_of(&folder.join("agent-1"), locks).unwrap();
        let keep = ["agent-3".to_string()].into();
        let sweep = || sweep_with(folder, &keep, Locks(locks));
        let mut gone = sweep().unwrap();
        gone.sort();
        assert_eq!(gone, [".staging.4194304999", "agent-2", "agi-provision"]);
        drop(one);
        assert!(sweep().unwrap().is_empty(), "the other one still runs");
        drop(again);
        assert_eq!(sweep().unwrap(), ["agent-1"]);
        assert_eq!(names(folder), [MARK, &living, "agent-3", "agent-x", "other"]);
        assert!(use_of(&folder.join("agent-1"), locks).is_none(), "gone is told, and no error");
        assert_eq!(names(locks), [""; 0], "no lock stays");
    }

    #[test]
    fn whoever_can_read_an_executable_holds_nobody_up() {
        let (dir, locks) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, locks) = (dir.path().join("agent-1"), locks.path());
        fs::write(&path, "x").unwrap();
        let theirs = File::open(&path).unwrap();
        flock(&theirs, FlockOperation::NonBlockingLockExclusive).unwrap();
        let ours = use_of(&path, locks).unwrap();
        let lock = fs::metadata(locks.join("agent-1")).unwrap();
        assert_eq!(lock.mode() & 0o7777, 0o600);
        ours.leave_in(dir.path(), locks).unwrap();
        assert!(!path.exists() && dir.path().is_dir(), "the folder was there before");
    }

    #[test]
    fn one_that_was_staged_anew_meanwhile_is_left_to_whoever_did() {
        let (dir, locks) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, locks) = (dir.path().join("lib"), locks.path());
        let path = folder.join("agent-1");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(MARK), "").unwrap();
        fs::write(&path, "x").unwrap();
        let first = use_of(&path, locks).unwrap();
        File::open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();
        first.leave_in(&folder, locks).unwrap();
        assert!(path.exists(), "the other one is about to run from it");
        let other = use_of(&path, locks).unwrap();
        other.leave_in(&folder, locks).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn of_two_that_leave_at_once_one_takes_it_along() {
        let (dir, locks) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = dir.path().join("agent-1");
        for _ in 0..200 {
            fs::write(&path, "x").unwrap();
            let both = [(); 2].map(|()| use_of(&path, locks.path()).unwrap());
            let alone = std::thread::scope(|scope| {
                let threads = both.map(|one| {
                    scope.spawn(move || {
                        let mut staged = one.file.unwrap();
                        staged.left = true;
                        // Nobody lets go before all have tried, or have gone.
                        flock(&staged.lock, FlockOperation::NonBlockingLockExclusive).is_ok()
                    })
                });
                threads.map(|thread| thread.join().unwrap())
            });
            assert!(alone.contains(&true), "both left it to the other");
        }
    }
}
