//! Private key files: enough of their formats to know whether one is encrypted and whose it is.
//! libssh2 does the rest.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use zeroize::Zeroizing;

use super::agent::string;
use crate::outside::{self, Kind};

/// A larger file is no key, bytes.
const LARGEST: u64 = 64 << 10;
const OPENSSH: &str = "OPENSSH PRIVATE KEY";

#[derive(Clone, PartialEq, Eq)]
pub(super) struct KeyFile {
    /// PEM text with Unix line ends.
    pub text: Zeroizing<String>,
    pub encrypted: bool,
    /// The public key, SSH wire format, where the file or the `.pub` beside it says it.
    pub public: Option<Vec<u8>>,
    /// Only the public half is here; the private one may be in ssh-agent.
    pub is_half: bool,
}

impl KeyFile {
    /// The type of a key that a hardware token signs with.
    pub fn hardware(&self) -> Option<&str> {
        hardware(self.public.as_deref()?)
    }
}

/// The type of the public key `blob` if a hardware token signs with it (`sk-…`).
pub(super) fn hardware(mut blob: &[u8]) -> Option<&str> {
    std::str::from_utf8(string(&mut blob)?).ok().filter(|name| name.starts_with("sk-"))
}

/// Reads a key file.
///
/// # Errors
/// `NotFound` and the like from the system; `InvalidData` where it is not a private key.
pub(super) fn read_key_file(path: &Path) -> io::Result<KeyFile> {
    let bytes = match outside::read_bounded(path, LARGEST, Kind::Named) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Err(invalid(&format!("it is too large for a private key: {error}")));
        }
        bytes => bytes?,
    };
    let text = String::from_utf8(bytes).map_err(|_| invalid("it is not a private key"))?;
    let text = Zeroizing::new(text);
    let half = || parse_half(&text);
    let mut key = parse(&text).or_else(half).ok_or_else(|| invalid("it is not a private key"))?;
    if key.public.is_none() {
        let mut beside = path.as_os_str().to_os_string();
        beside.push(".pub");
        key.public = outside::text(Path::new(&beside), LARGEST, Kind::Regular)
            .ok()
            .and_then(|line| BASE64.decode(line.split_ascii_whitespace().nth(1)?).ok());
    }
    Ok(key)
}

/// `type base64` of a public key in SSH wire format.
pub(super) fn public_line(mut blob: &[u8]) -> Option<String> {
    let whole = blob;
    let name = std::str::from_utf8(string(&mut blob)?).ok()?;
    Some(format!("{name} {}", BASE64.encode(whole)))
}

/// Reads the public half where the private key is not in a file: in `path` itself, or beside it.
pub(super) fn read_half(path: &Path) -> Option<KeyFile> {
    let mut beside = path.as_os_str().to_os_string();
    beside.push(".pub");
    parse_half(&outside::text(Path::new(&beside), LARGEST, Kind::Regular).ok()?)
}

/// `type base64 comment`.
pub(super) fn parse_half(text: &str) -> Option<KeyFile> {
    let mut words = text.split_ascii_whitespace();
    let (name, blob) = (words.next()?, BASE64.decode(words.next()?).ok()?);
    let half = KeyFile { text: Zeroizing::default(), encrypted: true, public: Some(blob), is_half: true };
    let named = string(&mut half.public.as_deref()?)? == name.as_bytes();
    (named && !name.contains("-cert-")).then_some(half)
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

pub(super) fn parse(text: &str) -> Option<KeyFile> {
    // A file that went through Windows or a copy and paste.
    let mut mended = Zeroizing::new(String::with_capacity(text.len() + 1));
    text.lines().for_each(|line| mended.extend([line.trim_end(), "\n"]));
    let text = mended;
    let label = text.lines().find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))?;
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let (encrypted, public) = if label == OPENSSH {
        let body: String = text
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN"))
            .skip(1)
            .take_while(|line| !line.starts_with("-----"))
            .collect();
        openssh(&BASE64.decode(body).ok()?)?
    } else {
        (label.starts_with("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED"), None)
    };
    Some(KeyFile { encrypted, public, text, is_half: false })
}

/// Whether a decoded openssh-key-v1 file is encrypted, and its public key.
fn openssh(bytes: &[u8]) -> Option<(bool, Option<Vec<u8>>)> {
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let cipher = string(&mut rest)?;
    let _kdf = string(&mut rest)?;
    let _kdf_options = string(&mut rest)?;
    let (_count, mut rest) = rest.split_first_chunk::<4>()?;
    let public = string(&mut rest)?.to_vec();
    Some((cipher != b"none", Some(public)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::process::Command;

    fn generate(folder: &Path, args: &[&str]) -> std::path::PathBuf {
        let file = folder.join(args.join("-"));
        let done = Command::new("ssh-keygen").args(["-q", "-f"]).arg(&file).args(args).status();
        assert!(done.expect("ssh-keygen is needed: apt-get install openssh-client").success());
        file
    }

    #[test]
    fn real_keys_of_each_format_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        for (args, encrypted) in [
            (&["-t", "ed25519", "-N", ""][..], false),
            (&["-t", "ed25519", "-N", "secret"], true),
            (&["-t", "ecdsa", "-m", "PEM", "-N", ""], false),
            (&["-t", "rsa", "-m", "PEM", "-N", "secret"], true),
            (&["-t", "rsa", "-m", "PKCS8", "-N", "secret"], true),
        ] {
            let file = generate(folder.path(), args);
            let key = read_key_file(&file).unwrap();
            assert_eq!(key.encrypted, encrypted, "{args:?}");
            let public = fs::read_to_string(file.with_extension("pub")).ok();
            let public =
                public.or_else(|| fs::read_to_string(format!("{}.pub", file.display())).ok()).unwrap();
            let want = BASE64.decode(public.split(' ').nth(1).unwrap()).unwrap();
            assert_eq!(key.public, Some(want), "{args:?}");
        }
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        for (text, why) in [("ssh-ed25519 AAAA me\n", "not a private key"), ("hello\n", "not a private key")]
        {
            fs::write(&file, text).unwrap();
            assert!(read_key_file(&file).err().unwrap().to_string().contains(why));
        }
        assert!(read_key_file(Path::new("/dev/zero")).err().unwrap().to_string().contains("a device"));
        fs::write(&file, vec![b'x'; LARGEST as usize + 1]).unwrap();
        assert!(read_key_file(&file).err().unwrap().to_string().contains("more than 65536 bytes"));
        assert_eq!(read_key_file(Path::new("/nonexistent")).err().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_public_half_is_told_and_so_is_a_key_on_hardware() {
        let folder = tempfile::tempdir().unwrap();
        let file = generate(folder.path(), &["-t", "ed25519", "-N", ""]);
        let half = Path::new(&format!("{}.pub", file.display())).to_path_buf();
        let (whole, half) = (read_key_file(&file).unwrap(), read_key_file(&half).unwrap());
        assert!(half.is_half && !whole.is_half && half.public == whole.public);
        assert_eq!((whole.hardware(), half.hardware()), (None, None));
        fs::remove_file(&file).unwrap();
        assert!(read_half(&file).is_some_and(|key| key.public == whole.public));
        let name = "sk-ssh-ed25519@openssh.com";
        let blob = [&(name.len() as u32).to_be_bytes(), name.as_bytes(), &[0, 0, 0, 1, 7]].concat();
        let key = parse_half(&format!("{name} {} me\n", BASE64.encode(blob))).unwrap();
        assert_eq!(key.hardware(), Some(name));
    }

    #[test]
    fn windows_line_ends_are_mended() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\r\nAAAA\r\n-----END RSA PRIVATE KEY-----";
        assert_eq!(*parse(text).unwrap().text, text.replace('\r', "") + "\n");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(body in "[A-Za-z0-9+/=\n]{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&format!("-----BEGIN {OPENSSH}-----\n{body}\n-----END {OPENSSH}-----\n"));
            let _ = openssh(&[b"openssh-key-v1\0".as_slice(), &bytes].concat());
        }
    }
}
