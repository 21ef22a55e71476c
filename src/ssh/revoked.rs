//! RevokedHostKeys: files of keys that are never taken, whatever known_hosts says. A file has one key a line, or is a
//! binary list that `ssh-keygen` is asked about: it says what is in such a list as `ssh` does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::host_key::HostKey;
use super::known_hosts::{Place, type_of};
use crate::error::{Exit, Failure};
use crate::outside::{self, Kind};
use crate::process::{self, Bounds, ProgramOutput};

/// Beginning of a key revocation list (KRL), which is binary.
const KRL: &[u8] = b"SSHKRL\n\0";
/// Largest list that is read, bytes: a larger one is refused, as keys behind that would be trusted.
const MAX_FILE: u64 = 16 << 20;

/// Bounds of the question to `ssh-keygen`, which reads the list whole.
const BOUNDS: Bounds =
    Bounds { limit: Duration::from_secs(30), memory: Some(512 << 20), keep: process::KEEP };

/// Refuses `key` of the host that is shown as `name` if one of `files` has it.
///
/// # Errors
/// Exit 6, also where a file cannot be read: going on without it could take a key that it revokes.
pub(super) fn check(files: &[PathBuf], key: &HostKey, name: &str) -> Result<(), Failure> {
    files.iter().try_for_each(|file| {
        let text = outside::read_bounded(file, MAX_FILE, Kind::Named).map_err(|error| {
            Failure::new(Exit::HostKey, format!("RevokedHostKeys {} cannot be read: {error}", file.display()))
                .hint("ssh takes no host's key then; make the file readable, or take the line out of the SSH configuration")
        })?;
        if text.starts_with(KRL) {
            return match in_binary_list(Path::new("ssh-keygen"), file, key)? {
                false => Ok(()),
                true => {
                    Err(key.refused_as_revoked(name, &format!("revoked by {} (RevokedHostKeys)", file.display())))
                }
            };
        }
        match line_with(&text, key) {
            None => Ok(()),
            Some(line) => {
                let at = Place { file: file.clone(), line };
                Err(key.refused_as_revoked(name, &format!("revoked at {at} (RevokedHostKeys)")))
            }
        }
    })
}

/// Asks `keygen` whether the binary list `file` revokes `key`.
///
/// # Errors
/// Exit 6 where it gives no answer: there is no such program, or it cannot read the list.
fn in_binary_list(keygen: &Path, file: &Path, key: &HostKey) -> Result<bool, Failure> {
    let what = format!("RevokedHostKeys {} is a binary key revocation list", file.display());
    let asked = || -> crate::error::Result<ProgramOutput> {
        let mut public = tempfile::NamedTempFile::new()?;
        writeln!(public, "{} {}", key.key_type, BASE64.encode(&key.blob))?;
        // A name that begins with a dash is no option.
        let list = std::path::absolute(file)?;
        let mut command = Command::new(keygen);
        command.arg("-Q").arg("-f").arg(list).arg(public.path());
        Ok(process::run_bounded(&mut command, "ssh-keygen", BOUNDS)?)
    };
    let outcome = asked().map_err(|error| {
        Failure::new(Exit::HostKey, format!("{what}, and ssh-keygen, which reads it, cannot be asked: {error:#}"))
            .hint("install OpenSSH's client, or list the revoked public keys as text, one a line, in the file that RevokedHostKeys names")
    })?;
    let said = outcome.stdout.trim_end();
    match outcome.code {
        Some(0) if said.ends_with(": ok") => Ok(false),
        Some(1) if said.ends_with(": REVOKED") => Ok(true),
        _ => Err(Failure::new(
            Exit::HostKey,
            format!("{what} that ssh-keygen cannot read: {}", outcome.stderr.trim()),
        )
        .hint("ssh takes no host's key then; make the list anew with `ssh-keygen -k`, or take the line out of the SSH configuration")),
    }
}

/// Returns the line, from 1, on which `key` stands. Lines that are no key are skipped, as ssh does.
fn line_with(text: &[u8], key: &HostKey) -> Option<usize> {
    let is_key = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(key_type), Some(blob)) = (words.next(), words.next()) else { return false };
        BASE64.decode(blob).is_ok_and(|blob| {
            blob == key.blob && type_of(&blob).is_some_and(|own| own.as_bytes() == key_type)
        })
    };
    text.split(|&b| b == b'\n').position(is_key).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    fn key() -> HostKey {
        HostKey::from_blob(&BASE64.decode(KEY).unwrap()).unwrap()
    }

    #[test]
    fn a_key_is_found_by_itself_wherever_it_stands() {
        for (text, want) in [
            (format!("ssh-ed25519 {KEY}\n"), Some(1)),
            (format!("# old\n\n \tssh-ed25519  {KEY} root@box\r\n"), Some(3)),
            (format!("# ssh-ed25519 {KEY}\n"), None),
            (format!("ssh-rsa {KEY}\n"), None),
            (format!("ssh-ed25519 {}\n", &KEY[..60]), None),
            (format!("nonsense\nssh-ed25519\nssh-ed25519 {KEY}"), Some(3)),
            (String::new(), None),
        ] {
            assert_eq!(line_with(text.as_bytes(), &key()), want, "{text}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_takes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            folder.path().join(name)
        };
        let (other, krl) = (file("other", b"ssh-ed25519 AAAA\n"), file("krl", b"SSHKRL\n\0\0\0\0\x01"));
        let revoked = file("revoked", format!("ssh-ed25519 {KEY}\n").as_bytes());
        let check = |files: &[&Path]| {
            let files: Vec<PathBuf> = files.iter().map(|file| file.to_path_buf()).collect();
            check(&files, &key(), "box:22")
        };
        assert!(check(&[]).is_ok() && check(&[&other]).is_ok());
        for (files, why) in [
            (vec![other.as_path(), &revoked], "revoked:1 (RevokedHostKeys)"),
            (vec![&krl], "that ssh-keygen cannot read"),
            (vec![Path::new("/nonexistent/list")], "cannot be read"),
        ] {
            let failure = check(&files).unwrap_err();
            assert_eq!(failure.exit, Exit::HostKey);
            assert!(failure.message.contains(why) && failure.hint.is_some(), "{failure:?}");
        }
    }

    #[test]
    fn a_binary_list_without_openssh_takes_no_key() {
        let failure =
            in_binary_list(Path::new("/nonexistent/ssh-keygen"), Path::new("krl"), &key()).unwrap_err();
        assert_eq!(failure.exit, Exit::HostKey);
        assert!(failure.message.contains("binary key revocation list"), "{failure:?}");
        assert!(failure.hint.unwrap().contains("install OpenSSH's client"));
    }
}
