//! RevokedHostKeys: files of keys that are never taken, one a line, whatever known_hosts says.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::host_key::HostKey;
use super::known_hosts::{Place, type_of};
use crate::error::{Exit, Failure};
use crate::outside::{self, Kind};

/// Beginning of a key revocation list (KRL), which is binary.
const KRL: &[u8] = b"SSHKRL\n\0";
/// Largest list that is read, bytes: a larger one is refused, as keys behind that would be trusted.
const MAX_FILE: u64 = 16 << 20;

/// Refuses `key` of the host that is shown as `name` if a line of `files` has it.
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
            return Err(Failure::new(
                Exit::HostKey,
                format!("RevokedHostKeys {} is a binary key revocation list, which this program does not read", file.display()),
            )
            .hint("list the revoked public keys as text, one a line, and name that file in RevokedHostKeys"));
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
    use std::path::Path;

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
            (vec![&krl], "binary key revocation list"),
            (vec![Path::new("/nonexistent/list")], "cannot be read"),
        ] {
            let failure = check(&files).unwrap_err();
            assert_eq!(failure.exit, Exit::HostKey);
            assert!(failure.message.contains(why) && failure.hint.is_some(), "{failure:?}");
        }
    }
}
