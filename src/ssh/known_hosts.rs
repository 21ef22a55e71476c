//! OpenSSH's known_hosts: reading, matching and adding a key. Pure apart from the two functions that
//! touch files, [`KnownHosts::read`] and [`append`].
//!
//! Like OpenSSH, looks a host on port 22 up by its name and on another port by `[name]:port`; if
//! that finds nothing, a plain `name` entry with the very same key is good enough. A host for which
//! only other keys are known, of whatever type, has a changed key.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::target::HostPort;
use crate::error::{Context, Result};
use crate::outside::{self, Kind};

const SSH_PORT: u16 = 22;
/// A line longer than this is skipped, bytes; the longest real entry (RSA 16384 bit) is below 4 KiB.
const MAX_LINE: usize = 64 << 10;
/// A larger file is an error: what it revokes beyond that would be trusted, bytes.
const MAX_FILE: u64 = 16 << 20;

/// Result of looking one key of one host up in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Known,
    /// Other keys are known: the first such line and every type known.
    Changed {
        at: Place,
        types: Vec<String>,
    },
    /// The key is marked `@revoked`.
    Revoked {
        at: Place,
    },
    Unknown,
}

/// A line of a file; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    None,
    CertAuthority,
    Revoked,
}

#[derive(Clone, Debug)]
struct Entry {
    marker: Marker,
    hosts: Hosts,
    key_type: String,
    blob: Vec<u8>,
    at: Place,
}

#[derive(Clone, Debug)]
enum Hosts {
    Hashed {
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    /// Lower case, with `*`, `?`, `!` and commas between them.
    Patterns(Vec<u8>),
}

/// The entries of all known_hosts files, in order.
#[derive(Clone, Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Reads those of `files` that exist.
    ///
    /// # Errors
    /// A file that exists and cannot be read: going on without it could take a revoked key.
    pub fn read(files: &[PathBuf]) -> Result<KnownHosts> {
        let mut known = KnownHosts::default();
        for file in files {
            match read_bounded(file) {
                Ok(text) => known.add(file, &text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", file.display()));
                }
            }
        }
        Ok(known)
    }

    /// Adds the entries of a file's text. Lines that make no sense are skipped, as ssh does.
    pub fn add(&mut self, file: &Path, text: &[u8]) {
        let lines = text.split(|&b| b == b'\n').enumerate();
        self.entries.extend(lines.filter_map(|(index, line)| {
            let at = || Place { file: file.to_path_buf(), line: index + 1 };
            parse_line(line, at)
        }));
    }

    /// Looks the key `blob` (SSH wire format) of `host` at `port` up.
    pub fn lookup(&self, host: &str, port: u16, blob: &[u8]) -> Lookup {
        let found = self.lookup_name(&name_for(host, port), blob);
        if port != SSH_PORT {
            let plain = self.lookup_name(&name_for(host, SSH_PORT), blob);
            let vouched = plain == Lookup::Known && found == Lookup::Unknown;
            if vouched || matches!(plain, Lookup::Revoked { .. }) {
                return plain;
            }
        }
        found
    }

    /// The types of the keys known for the host, first mentioned first. To be asked for in the
    /// handshake, or a server that has another type too would look like an impostor.
    pub fn key_types(&self, host: &str, port: u16) -> Vec<String> {
        let found = self.types_of(&name_for(host, port));
        if found.is_empty() && port != SSH_PORT {
            return self.types_of(&name_for(host, SSH_PORT));
        }
        found
    }

    fn types_of(&self, name: &str) -> Vec<String> {
        unique(self.matching(name).filter(|e| e.marker == Marker::None).map(key_type))
    }

    fn matching(&self, name: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.hosts.matches(name.as_bytes()))
    }

    fn lookup_name(&self, name: &str, blob: &[u8]) -> Lookup {
        // Revocation wins wherever it stands; a line's host list limits it as usual.
        let revoked = |e: &&Entry| e.marker == Marker::Revoked && e.blob == blob;
        if let Some(entry) = self.matching(name).find(revoked) {
            return Lookup::Revoked { at: entry.at.clone() };
        }
        let plain: Vec<&Entry> = self.matching(name).filter(|e| e.marker == Marker::None).collect();
        match plain.first() {
            None => Lookup::Unknown,
            Some(_) if plain.iter().any(|entry| entry.blob == blob) => Lookup::Known,
            Some(first) => {
                Lookup::Changed { at: first.at.clone(), types: unique(plain.iter().copied().map(key_type)) }
            }
        }
    }
}

fn key_type(entry: &Entry) -> String {
    entry.key_type.clone()
}

fn unique(types: impl Iterator<Item = String>) -> Vec<String> {
    types.fold(Vec::new(), |mut all, one| {
        if !all.contains(&one) {
            all.push(one);
        }
        all
    })
}

/// The name under which a host's entries are filed.
pub(super) fn name_for(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == SSH_PORT { host } else { format!("[{host}]:{port}") }
}

fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    outside::read_bounded(file, MAX_FILE, Kind::Regular)
}

fn parse_line(line: &[u8], at: impl Fn() -> Place) -> Option<Entry> {
    if line.len() > MAX_LINE {
        return None;
    }
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
    let mut words = line.split(blank).filter(|word| !word.is_empty()).peekable();
    let marker = match *words.peek()? {
        word if word.starts_with(b"#") => return None,
        b"@revoked" => Marker::Revoked,
        b"@cert-authority" => Marker::CertAuthority,
        // An unknown marker: whatever it means, it is not a plain key.
        word if word.starts_with(b"@") => return None,
        _ => Marker::None,
    };
    if marker != Marker::None {
        words.next();
    }
    let hosts = Hosts::parse(words.next()?)?;
    let key_type = String::from_utf8(words.next()?.to_vec()).ok()?;
    let blob = BASE64.decode(words.next()?).ok()?;
    if type_of(&blob)? != key_type {
        return None;
    }
    Some(Entry { marker, hosts, key_type, blob, at: at() })
}

/// The type that a key blob begins with.
pub(super) fn type_of(blob: &[u8]) -> Option<&str> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let name = rest.get(..u32::from_be_bytes(*length) as usize)?;
    std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && name.is_ascii())
}

impl Hosts {
    fn parse(word: &[u8]) -> Option<Hosts> {
        if let Some(rest) = word.strip_prefix(b"|1|") {
            let (salt, hash) = std::str::from_utf8(rest).ok()?.split_once('|')?;
            return Some(Hosts::Hashed { salt: BASE64.decode(salt).ok()?, hash: BASE64.decode(hash).ok()? });
        }
        Some(Hosts::Patterns(word.to_ascii_lowercase()))
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Hosts::Hashed { salt, hash } => keyed(salt, name).verify_slice(hash).is_ok(),
            Hosts::Patterns(patterns) => {
                let mut all = patterns.split(|&b| b == b',').filter(|pattern| !pattern.is_empty());
                let refused = all.clone().filter_map(|p| p.strip_prefix(b"!")).any(|p| glob(p, name));
                !refused && all.any(|p| !p.starts_with(b"!") && glob(p, name))
            }
        }
    }
}

fn keyed(salt: &[u8], name: &[u8]) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).expect("HMAC takes a key of any length");
    mac.update(name);
    mac
}

/// `*` and `?` as in OpenSSH, in time proportional to the product of the lengths.
pub(super) fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on from after the last `*`: the pattern behind it, and the name not yet tried.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, n));
            }
            Some(&c) if c == b'?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((after, tried)) => {
                    (p, n) = (after, tried + 1);
                    retry = Some((after, n));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// The line that files `blob` under the host's hashed name, with a random salt.
fn hashed_line(host: &str, port: u16, key_type: &str, blob: &[u8], salt: &[u8; 20]) -> String {
    let hash = keyed(salt, name_for(host, port).as_bytes()).finalize().into_bytes();
    format!("|1|{}|{} {key_type} {}\n", BASE64.encode(salt), BASE64.encode(hash), BASE64.encode(blob))
}

/// Adds a key to `file`, hashed, in one append; the folder is made 0700 and the file 0600.
///
/// # Errors
/// The file or its folder cannot be written: the key would be unknown again next time.
pub fn append(file: &Path, host: &str, port: u16, key_type: &str, blob: &[u8]) -> Result<()> {
    let mut salt = [0; 20];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let mut line = hashed_line(host, port, key_type, blob, &salt);
    let mut write = || -> io::Result<()> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        if read_bounded(file).is_ok_and(|text| text.last().is_some_and(|&b| b != b'\n')) {
            line.insert(0, '\n');
        }
        let mut file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        file.write_all(line.as_bytes())
    };
    write().with_context(|| format!("cannot add the key of {} to {}", HostPort(host, port), file.display()))
}

#[cfg(test)]
#[path = "known_hosts_tests.rs"]
mod tests;
