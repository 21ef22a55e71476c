//! A bundle as one tar file, the way it travels to a host. Regular files only: links lie in the
//! manifest, and nothing else is needed, so that reading needs no care for anything else.

use super::broken::broken;
use super::manifest::{MAX_BYTES, MAX_ENTRIES, check_path};
use crate::checked::RelativePath;
use crate::error::{Context, Result};
use std::collections::BTreeMap;
use std::io::Read;
use tar::{Archive, Builder, EntryType, Header};

/// Packs `(path, mode, content)` in the given order; the bytes depend on nothing else.
pub(super) fn pack<'a>(files: impl Iterator<Item = (&'a str, u32, &'a [u8])>) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (path, mode, content) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        header.set_path(path).with_context(|| format!("packing {path}"))?;
        header.set_cksum();
        builder.append(&header, content).with_context(|| format!("packing {path}"))?;
    }
    builder.into_inner().context("packing the bundle")
}

/// The files of a tar that anyone may have made. Bounded in number and size; no absolute paths, no
/// `..`, no links, devices or duplicates.
pub(super) fn unpack(bytes: &[u8]) -> Result<BTreeMap<RelativePath, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut total = 0u64;
    let mut archive = Archive::new(bytes);
    // Raw: extensions (long names, other sizes) are entries like any other, and refused below.
    for entry in archive.entries().context("reading the bundle's tar")?.raw(true) {
        let mut entry = entry.context("reading the bundle's tar")?;
        let path = entry.header().path_bytes().into_owned();
        let path = String::from_utf8(path).map_err(|_| broken("a path is not UTF-8".to_string()))?;
        let path = RelativePath::new(path).map_err(|refused| broken(refused.to_string()))?;
        check_path(&path)?;
        let kind = entry.header().entry_type();
        if kind != EntryType::Regular {
            return Err(broken(format!(
                "{path:?} is not a regular file (tar type {:?})",
                kind.as_byte() as char
            )));
        }
        if files.len() >= MAX_ENTRIES {
            return Err(broken(format!("it has more than {MAX_ENTRIES} files")));
        }
        let size = entry.header().entry_size().with_context(|| format!("reading the size of {path:?}"))?;
        total = total.saturating_add(size);
        if total > MAX_BYTES {
            return Err(broken(format!("its files have more than {MAX_BYTES} bytes")));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).with_context(|| format!("reading {path:?}"))?;
        if content.len() as u64 != size {
            return Err(broken(format!("{path:?} is cut short")));
        }
        if files.contains_key(&path) {
            return Err(broken(format!("{path:?} is there twice")));
        }
        files.insert(path, content);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_of(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, kind, content) in entries {
            let mut header = Header::new_ustar();
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            if kind.is_symlink() || kind.is_hard_link() {
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn refused(entries: &[(&str, EntryType, &[u8])], why: &str) {
        let error = format!("{:#}", unpack(&tar_of(entries)).unwrap_err());
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn packed_files_come_back() {
        let files = [("a", 0o644, &b"1"[..]), ("b/c", 0o600, &[0u8; 2000][..])];
        let tar = pack(files.into_iter()).unwrap();
        assert_eq!(tar, pack(files.into_iter()).unwrap());
        let back = unpack(&tar).unwrap();
        assert_eq!(
            back.into_iter().map(|(path, content)| (path.to_string(), content.len())).collect::<Vec<_>>(),
            [("a".to_string(), 1), ("b/c".to_string(), 2000)]
        );
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let file = EntryType::Regular;
        for path in ["../evil", "/etc/passwd", "a/../../evil", "a//b", "./a", "a/", "", "a\\b", "a\nb"] {
            refused(&[(path, file, b"x")], "not a relative path that stays in its folder");
        }
        refused(&[("rootfs/etc/cron.d/evil", file, b"x")], "no place for a bundle's file");
        refused(
            &[("rootfs/etc/agi-provision/../shadow", file, b"x")],
            "not a relative path that stays in its folder",
        );
    }

    #[test]
    fn only_regular_files_are_taken() {
        use EntryType::*;
        for kind in
            [Symlink, Link, Char, Block, Fifo, Directory, GNULongName, GNUSparse, XHeader, XGlobalHeader]
        {
            refused(&[("a", kind, b"")], "not a regular file");
        }
    }

    #[test]
    fn the_same_path_twice_is_refused() {
        refused(&[("a", EntryType::Regular, b"1"), ("a", EntryType::Regular, b"2")], "there twice");
    }

    #[test]
    fn number_and_size_are_bounded() {
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("f{n}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), EntryType::Regular, &b""[..])).collect();
        refused(&many, "more than 256 files");

        let mut header = Header::new_ustar();
        header.set_path("a").unwrap();
        header.set_size(MAX_BYTES + 1);
        header.set_cksum();
        let error = unpack(header.as_bytes()).unwrap_err();
        assert!(format!("{error:#}").contains("more than 33554432 bytes"), "{error:#}");
    }

    #[test]
    fn a_tar_that_ends_early_is_refused() {
        let tar = pack([("a", 0o644, &[7u8; 3000][..])].into_iter()).unwrap();
        for end in [600, 512 + 2999] {
            assert!(unpack(&tar[..end]).is_err(), "{end}");
        }
    }
}
