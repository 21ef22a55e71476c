//! Removes what a killed `useradd`, `userdel` or `groupdel` leaves in `/etc`.
//!
//! shadow's tools lock a file with `NAME.lock`, made as `NAME.PID` and linked, and write it anew as
//! `NAME+` (its `lib/commonio.c`). All the while they hold `.pwd.lock` (lckpwdf(3)), which the kernel
//! drops with them; so whoever holds that finds only what is stale. Nobody takes it away but the next
//! tool, and not that if the process number is another's by then, as after a power cut: it says "try
//! again later" for good.

use crate::error::{Context, Result};
use crate::files;
use rustix::fs::{FlockOperation, fcntl_lock};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCKED: [&str; 6] = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid"];

/// Removes it from `etc`; nothing is done while a tool of shadow's, or systemd-sysusers, is at work.
pub fn sweep(etc: &Path) -> Result<()> {
    if stale(etc)?.is_empty() {
        return Ok(());
    }
    let path = etc.join(".pwd.lock");
    let lock = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = lock.with_context(|| format!("opening {}", path.display()))?;
    if fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(());
    }
    stale(etc)?.iter().try_for_each(|path| files::remove(path))
}

/// Lists the files that are stale if nobody holds `.pwd.lock`.
fn stale(etc: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(etc).with_context(|| format!("reading {}", etc.display()))? {
        let path = entry?.path();
        let Some((name, end)) = path.file_name().and_then(|name| name.to_str()?.split_once('.')) else {
            continue;
        };
        if !LOCKED.contains(&name) || !is_lock(&path, end) {
            continue;
        }
        let unfinished = etc.join(format!("{name}+"));
        if end == "lock" && unfinished.exists() {
            found.push(unfinished);
        }
        found.push(path);
    }
    Ok(found)
}

/// `path`, whose name ends in `end`, holds the number that a lock of that name does; or nothing, if its
/// maker was killed that early or the power was cut.
fn is_lock(path: &Path, end: &str) -> bool {
    let Some(pid) = content(path) else { return false };
    if !pid.is_empty() && !is_number(&pid) {
        return false;
    }
    end == "lock" || is_number(end) && (pid.is_empty() || pid == end)
}

/// Returns the text of a file as small as a lock, without the zero byte that shadow writes at its end.
fn content(path: &Path) -> Option<String> {
    let small = fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.size() <= 20);
    let text = small.then(|| fs::read_to_string(path).ok()).flatten()?;
    Some(text.trim_end_matches('\0').to_string())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the files that a sweep leaves.
    fn swept(files: &[(&str, &str)]) -> Vec<String> {
        let etc = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(etc.path().join(name), text).unwrap();
        }
        sweep(etc.path()).unwrap();
        let left = fs::read_dir(etc.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<String> = left.map(|name| name.into_string().unwrap()).collect();
        left.retain(|name| name != ".pwd.lock");
        left.sort();
        left
    }

    #[test]
    fn what_killed_tools_left_goes() {
        // A useradd killed at its first unlink, and at its first rename; host_steps::user kills a real one.
        assert_eq!(
            swept(&[("passwd", "root"), ("passwd.188", "188\0"), ("passwd.lock", "188\0")]),
            ["passwd"]
        );
        let renaming =
            [("passwd+", "root"), ("passwd-", "root"), ("passwd.lock", "9\0"), ("subuid.lock", "9\0")];
        assert_eq!(swept(&renaming), ["passwd-"]);
        assert_eq!(swept(&[("shadow.7", ""), ("gshadow.lock", "")]), [""; 0], "before it was written");
    }

    #[test]
    fn what_others_put_there_stays() {
        for stays in [
            ("passwd.20260101", "root:x:0:0:"),
            ("passwd.188", "189\0"),
            ("passwd.bak", ""),
            ("passwd.", ""),
            ("group.lock", "somebody"),
            ("hosts.lock", "12\0"),
            ("hosts.12", "12\0"),
            ("shadow+", "root"),
        ] {
            assert_eq!(swept(&[stays]), [stays.0], "{stays:?}");
        }
    }
}
