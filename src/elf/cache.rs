//! /etc/ld.so.cache: where this machine's libraries are, by name (glibc's format since 2.2, which older
//! systems keep behind another one in the same file).

use std::collections::BTreeMap;
use std::path::PathBuf;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// Magic, number of entries, length of the texts, flags and what is unused.
const HEADER: usize = 48;
/// Flags, name, path, an OS version, a processor's features.
const ENTRY: usize = 24;

/// Paths by name, in the cache's order; nothing of what is no cache.
pub fn parse_cache(bytes: &[u8]) -> BTreeMap<String, Vec<PathBuf>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let Some(start) = bytes.windows(MAGIC.len()).position(|window| window == MAGIC) else { return found };
    // Places of texts count from here.
    let bytes = &bytes[start..];
    let number = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
    };
    let text = |at: usize| {
        let rest = bytes.get(at..)?;
        let end = rest.iter().take(4096).position(|byte| *byte == 0)?;
        std::str::from_utf8(&rest[..end]).ok()
    };
    for index in 0..number(20).unwrap_or(0) {
        let at = HEADER + index * ENTRY;
        if at + ENTRY > bytes.len() {
            break;
        }
        let entry = number(at + 4).and_then(text).zip(number(at + 8).and_then(text));
        if let Some((name, path)) = entry.filter(|(_, path)| path.starts_with('/')) {
            found.entry(name.to_string()).or_default().push(PathBuf::from(path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut texts = Vec::new();
        let mut table = Vec::new();
        for (name, path) in entries {
            let base = HEADER + entries.len() * ENTRY;
            table.extend(0x303u32.to_le_bytes());
            for text in [name, path] {
                table.extend(((base + texts.len()) as u32).to_le_bytes());
                texts.extend(text.as_bytes());
                texts.push(0);
            }
            table.extend([0; 12]);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend((entries.len() as u32).to_le_bytes());
        bytes.resize(HEADER, 0);
        [bytes, table, texts].concat()
    }

    #[test]
    fn libraries_are_found_by_name_in_both_formats() {
        let entries =
            [("libc.so.6", "/lib/a/libc.so.6"), ("libc.so.6", "/lib32/libc.so.6"), ("liby.so", "/y")];
        let new = cache(&entries);
        // The older format comes first, and its entries are not ours.
        let both = [b"ld.so-1.7.0\0\x01\0\0\0".to_vec(), vec![7; 12], new.clone()].concat();
        for bytes in [new, both] {
            let found = parse_cache(&bytes);
            assert_eq!(found["libc.so.6"], [PathBuf::from("/lib/a/libc.so.6"), "/lib32/libc.so.6".into()]);
            assert_eq!(found["liby.so"], [PathBuf::from("/y")]);
        }
    }

    #[test]
    fn a_damaged_cache_gives_what_can_be_read() {
        let whole = cache(&[("liba.so", "/a"), ("libb.so", "/b")]);
        for end in 0..whole.len() {
            assert!(parse_cache(&whole[..end]).len() <= 2);
        }
        let mut many = whole.clone();
        many[20..24].fill(0xff);
        many[HEADER + 4..HEADER + 8].fill(0xff);
        parse_cache(&many);
        assert!(parse_cache(b"").is_empty() && parse_cache(&[0; 100]).is_empty());
    }

    #[test]
    fn this_machines_cache_is_read() {
        let found = std::fs::read("/etc/ld.so.cache").map(|bytes| parse_cache(&bytes)).unwrap_or_default();
        assert!(found.get("libc.so.6").is_some_and(|paths| paths[0].is_absolute()), "{}", found.len());
    }
}
