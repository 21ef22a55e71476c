//! SHA-256 as text.

use super::text::{Refused, text_type};

text_type!(
    /// A SHA-256: 64 hex digits, lower case. Folders and files on a host are named by it.
    Checksum,
    "a SHA-256",
    check
);

fn check(text: &str) -> Result<(), String> {
    let right = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if right { Ok(()) } else { Err("that is 64 lower-case hex digits".to_string()) }
}

impl Checksum {
    /// Returns the checksum of the bytes that a hash function gave.
    pub fn of(bytes: [u8; 32]) -> Checksum {
        Checksum(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Parses a checksum as others write it: upper case counts too.
    pub fn parse(text: &str) -> Result<Checksum, Refused> {
        Checksum::new(text.to_ascii_lowercase())
    }
}
