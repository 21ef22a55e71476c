//! Tars as strangers make them: headers written as they are, where a library would refuse to.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Write;
use tar::EntryType;

/// An entry, written as it is: the library would refuse to make most of these.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub kind: u8,
    pub name: &'a str,
    pub target: &'a str,
    pub mode: u32,
    pub size: u64,
    pub content: &'a [u8],
}

pub fn entry<'a>(kind: u8, name: &'a str, target: &'a str, content: &'a [u8]) -> Entry<'a> {
    Entry { kind, name, target, mode: 0o644, size: content.len() as u64, content }
}

pub fn file<'a>(name: &'a str, content: &'a [u8]) -> Entry<'a> {
    entry(b'0', name, "", content)
}

pub fn folder(name: &str) -> Entry<'_> {
    entry(b'5', name, "", b"")
}

pub fn link<'a>(name: &'a str, target: &'a str) -> Entry<'a> {
    entry(b'2', name, target, b"")
}

pub fn packed(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Vec::new();
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::new(entry.kind));
        header.set_size(entry.size);
        header.set_mode(entry.mode);
        header.set_uid(1000);
        header.set_gid(1000);
        header.as_old_mut().name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.as_old_mut().linkname[..entry.target.len()].copy_from_slice(entry.target.as_bytes());
        header.set_cksum();
        tar.extend(header.as_bytes());
        tar.extend(entry.content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A PAX record: its own length, key and value.
pub fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
    format!("{length}{rest}").into_bytes()
}

/// Bytes that do not compress.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}
