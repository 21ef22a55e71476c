//! User certificates beside private keys (`id_ed25519-cert.pub`): which key one belongs to, and whether
//! it is of any use now. The server judges the rest.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::agent::string;
use crate::outside::{self, Kind};

const SUFFIX: &str = "-cert-v01@openssh.com";
const USER: u32 = 1;
/// A larger file is no certificate, bytes.
const LARGEST: u64 = 64 << 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    pub path: PathBuf,
    /// `type base64`, as libssh2 takes it.
    pub text: String,
    /// SSH wire format.
    pub blob: Vec<u8>,
    /// The public key that it is about, SSH wire format.
    pub key: Vec<u8>,
    kind: u32,
    /// Seconds since 1970.
    from: u64,
    until: u64,
}

/// Where OpenSSH looks for the certificate of a key file.
pub(super) fn beside(key: &Path) -> PathBuf {
    let mut path = key.as_os_str().to_os_string();
    path.push("-cert.pub");
    path.into()
}

/// # Errors
/// `NotFound` and the like from the system; `InvalidData` where it is no certificate.
pub(super) fn read_certificate(path: &Path) -> io::Result<Certificate> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it is not an SSH certificate");
    let line = outside::text(path, LARGEST, Kind::Regular)?;
    parse(path, &line).ok_or_else(invalid)
}

pub(super) fn parse(path: &Path, line: &str) -> Option<Certificate> {
    let mut words = line.split_ascii_whitespace();
    let (name, encoded) = (words.next()?, words.next()?);
    let blob = BASE64.decode(encoded).ok()?;
    let plain = name.strip_suffix(SUFFIX)?;
    let mut rest = blob.as_slice();
    if string(&mut rest)? != name.as_bytes() {
        return None;
    }
    let _nonce = string(&mut rest)?;
    let fields = match plain {
        "ssh-ed25519" => 1,
        "ssh-rsa" => 2,
        _ if plain.starts_with("ecdsa-sha2-") => 2,
        _ => return None,
    };
    let before = rest;
    for _ in 0..fields {
        string(&mut rest)?;
    }
    let mut key = (plain.len() as u32).to_be_bytes().to_vec();
    key.extend_from_slice(plain.as_bytes());
    key.extend_from_slice(&before[..before.len() - rest.len()]);
    let (_serial, mut rest) = rest.split_first_chunk::<8>()?;
    let (kind, after) = rest.split_first_chunk::<4>()?;
    rest = after;
    let (_id, _principals) = (string(&mut rest)?, string(&mut rest)?);
    let (from, rest) = rest.split_first_chunk::<8>()?;
    let (until, _) = rest.split_first_chunk::<8>()?;
    Some(Certificate {
        path: path.to_path_buf(),
        text: format!("{name} {encoded}"),
        key,
        kind: u32::from_be_bytes(*kind),
        from: u64::from_be_bytes(*from),
        until: u64::from_be_bytes(*until),
        blob,
    })
}

impl Certificate {
    /// Why no server would take it, by this machine's clock.
    pub fn useless(&self, now: SystemTime) -> Option<String> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let date = |seconds: u64| {
            let timestamp = i64::try_from(seconds).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
            timestamp.map_or_else(|| "never".to_string(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        };
        if self.kind != USER {
            return Some("it is a host's certificate".into());
        }
        if now >= self.until {
            return Some(format!("it expired on {}", date(self.until)));
        }
        (now < self.from).then(|| format!("it is not valid before {}", date(self.from)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::key_file;
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    fn keygen(folder: &Path, args: &[&str]) {
        let done = Command::new("ssh-keygen").arg("-q").args(args).current_dir(folder).status();
        assert!(done.expect("ssh-keygen is needed: apt-get install openssh-client").success());
    }

    #[test]
    fn a_certificate_knows_its_key_and_its_time() {
        let folder = tempfile::tempdir().unwrap();
        keygen(folder.path(), &["-t", "ed25519", "-N", "", "-f", "ca"]);
        for (name, kind) in [("e", "ed25519"), ("r", "rsa"), ("c", "ecdsa")] {
            keygen(folder.path(), &["-t", kind, "-N", "", "-f", name]);
            let validity = ["-V", "20200101Z:20200102Z"];
            let public = format!("{name}.pub");
            keygen(
                folder.path(),
                &[&["-s", "ca", "-I", "me", "-n", "root"], &validity[..], &[&public]].concat(),
            );
            let key = folder.path().join(name);
            let certificate = read_certificate(&beside(&key)).unwrap();
            assert_eq!(
                Some(&certificate.key),
                key_file::read_key_file(&key).unwrap().public.as_ref(),
                "{kind}"
            );
            let at = |seconds| certificate.useless(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(at(1_577_880_000), None);
            assert!(at(1_577_923_200).unwrap().contains("expired on 2020-01-02"), "{kind}");
            assert!(at(1_577_836_799).unwrap().contains("not valid before 2020-01-01"), "{kind}");
        }
        keygen(folder.path(), &["-s", "ca", "-I", "box", "-h", "e.pub"]);
        let host = read_certificate(&folder.path().join("e-cert.pub")).unwrap();
        assert!(host.useless(SystemTime::now()).unwrap().contains("host"));
        assert!(read_certificate(&folder.path().join("e.pub")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let name = "ssh-ed25519-cert-v01@openssh.com";
            let mut blob = (name.len() as u32).to_be_bytes().to_vec();
            blob.extend_from_slice(name.as_bytes());
            blob.extend_from_slice(&bytes);
            let _ = parse(Path::new("x"), &format!("{name} {}", BASE64.encode(blob)));
        }
    }
}
