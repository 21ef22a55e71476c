//! One apply at a time on a host: an flock that the kernel drops with its holder, however it ends. Its file is
//! root's alone, as whoever can open a file can hold its lock.

use super::private;
use crate::error::{Context, Result};
use crate::paths;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Holder of the host's lock.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    pub pid: u32,
    /// `user@machine` of the client.
    pub client: String,
    /// [`crate::render::Bundle::id`] being applied; empty for other work.
    pub bundle: String,
    /// Time at which it began, in RFC 3339.
    pub since: String,
    /// The job's journal may be followed.
    pub job: bool,
}

/// The folder may go again and again between its making and the file's, but not for this long.
const GONE: Duration = Duration::from_secs(5);

/// The host's lock, which is released when this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    path: PathBuf,
}

/// Takes the lock, waiting at most `patience`. `Err` holds who has it.
pub fn take(holder: &Holder, patience: Duration) -> Result<Result<Lock, Holder>> {
    let lock = take_at(PathBuf::from(paths::LOCK), holder, patience, private::enter);
    if !matches!(lock, Ok(Ok(_))) {
        private::leave();
    }
    lock
}

/// Returns who has the lock now. Looks at the file alone: even a lock taken and dropped at once could turn away
/// somebody else.
pub fn holder() -> Option<Holder> {
    holder_at(std::path::Path::new(paths::LOCK))
}

fn holder_at(path: &std::path::Path) -> Option<Holder> {
    let file = File::open(path).ok()?;
    let inode = file.metadata().ok()?.ino();
    let mut text = String::new();
    file.take(1 << 16).read_to_string(&mut text).ok()?;
    let holder: Holder = serde_json::from_str(&text).ok()?;
    // A dead holder leaves its words behind; a living one has the file open.
    let open = fs::read_dir(format!("/proc/{}/fd", holder.pid)).ok()?.flatten();
    let has = |fd: fs::DirEntry| fs::metadata(fd.path()).is_ok_and(|metadata| metadata.ino() == inode);
    open.into_iter().any(has).then_some(holder)
}

/// `prepare` makes the folder, which the last holder takes along.
fn take_at(
    path: PathBuf,
    holder: &Holder,
    patience: Duration,
    prepare: impl Fn() -> Result<()>,
) -> Result<Result<Lock, Holder>> {
    let start = Instant::now();
    loop {
        prepare()?;
        let opened =
            File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound && start.elapsed() <= GONE => continue,
            opened => opened.with_context(|| format!("opening {}", path.display()))?,
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // The last holder may have removed the file between open and flock.
            let same = fs::metadata(&path)
                .is_ok_and(|now| file.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
            if !same {
                continue;
            }
            file.set_len(0)?;
            file.write_all(&serde_json::to_vec(holder)?)?;
            return Ok(Ok(Lock { _file: file, path }));
        }
        if start.elapsed() >= patience {
            let mut text = String::new();
            file.seek(SeekFrom::Start(0))?;
            file.take(1 << 16).read_to_string(&mut text).unwrap_or_default();
            return Ok(Err(serde_json::from_str(&text).unwrap_or_default()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while still held, so nobody else's lock goes.
        let _ = fs::remove_file(&self.path);
        private::leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_sees_the_first_and_gets_it_after() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = Holder { pid: std::process::id(), client: "a@b".into(), ..Holder::default() };
        assert_eq!(holder_at(&path), None);
        let lock = take_at(path.clone(), &first, Duration::ZERO, || Ok(())).unwrap().unwrap();
        assert_eq!(holder_at(&path).as_ref(), Some(&first));
        let seen = take_at(path.clone(), &Holder::default(), Duration::ZERO, || Ok(())).unwrap().unwrap_err();
        assert_eq!(seen, first);
        let mode = fs::metadata(&path).unwrap().mode() & 0o7777;
        assert_eq!(mode, 0o600, "nobody else can open it");
        drop(lock);
        assert!(!path.exists(), "nothing stays behind");
        // The words of one that died.
        fs::write(&path, serde_json::to_vec(&first).unwrap()).unwrap();
        assert_eq!(holder_at(&path), None);
        assert!(take_at(path, &Holder::default(), Duration::ZERO, || Ok(())).unwrap().is_ok());
    }
}
