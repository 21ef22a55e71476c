use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

#[path = "../../tests/hostile/tars.rs"]
mod tars;

use tars::{Entry, entry, file, folder, gzip, link, noise, packed, record};

const SMALL: Limits = Limits {
    entries: 50,
    bytes: 1 << 20,
    name_bytes: 300,
    depth: 8,
    header_bytes: 4096,
    ratio: 50,
    ratio_from: 100_000,
};

/// Unpacks into a folder beside which lies a file that must not change; gives the folder.
fn unpacked(tar: &[u8]) -> (tempfile::TempDir, Result<()>) {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::write(&outside, "as it was").unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o600)).unwrap();
    let result = unpack(tar, &dir.path().join("in"), &SMALL, &["note.json"]);
    let mut names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["in", "outside"], "something was written beside the folder");
    assert_eq!(fs::read(&outside).unwrap(), b"as it was");
    assert_eq!(fs::metadata(&outside).unwrap().permissions().mode() & 0o7777, 0o600);
    (dir, result)
}

#[track_caller]
fn refuses(tar: &[u8], why: &str) {
    for tar in [tar.to_vec(), gzip(tar)] {
        let (_dir, result) = unpacked(&tar);
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error:?} does not say {why:?}");
        assert!(error.chars().count() < 400, "{} characters", error.chars().count());
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn a_release_archive_is_unpacked_with_our_modes() {
    let long = format!("llama-b1/{}", "n".repeat(150));
    let tar = packed(&[
        Entry { mode: 0o777, ..folder("llama-b1/") },
        Entry { mode: 0o6777, ..file("llama-b1/llama-server", b"program") },
        Entry { mode: 0o666, ..file("llama-b1/libggml.so.0.9", b"library") },
        link("llama-b1/libggml.so.0", "libggml.so.0.9"),
        link("llama-b1/libggml.so", "./libggml.so.0"),
        folder("./llama-b1/empty"),
        link("lib", "llama-b1"),
        entry(b'L', "././@LongLink", "", &[long.as_bytes(), b"\0"].concat()),
        file("cut", b"long"),
        entry(b'x', "pax", "", &[record("mtime", "1.5"), record("path", "llama-b1/from-pax")].concat()),
        file("other", b"pax"),
        entry(b'g', "pax_global_header", "", &record("comment", "0123abc")),
        file("implied/folder/file", b"x"),
    ]);
    for tar in [tar.clone(), gzip(&tar)] {
        let (dir, result) = unpacked(&tar);
        result.unwrap();
        let at = |name: &str| dir.path().join("in").join(name);
        for (name, mode) in [
            ("", 0o755),
            ("llama-b1", 0o755),
            ("llama-b1/llama-server", 0o755),
            ("llama-b1/libggml.so.0.9", 0o644),
            ("llama-b1/empty", 0o755),
            ("implied/folder", 0o755),
            ("implied/folder/file", 0o644),
        ] {
            let metadata = fs::symlink_metadata(at(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{name}");
            assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw(), "{name}");
        }
        assert_eq!(fs::read(at("llama-b1/libggml.so")).unwrap(), b"library");
        assert_eq!(fs::read_link(at("lib")).unwrap(), PathBuf::from("llama-b1"));
        assert_eq!(fs::read(at(&long)).unwrap(), b"long");
        assert_eq!(fs::read(at("llama-b1/from-pax")).unwrap(), b"pax");
        assert!(!at("cut").exists() && !at("other").exists());
    }
}

#[test]
fn names_and_links_that_lead_outside_are_refused() {
    let deep = ["a", "a/b", "a/b/c", "a/b/c/d"].map(folder);
    let chain = |last: Vec<Entry<'static>>| {
        packed(&deep.iter().map(|e| Entry { ..*e }).chain(last).collect::<Vec<_>>())
    };
    for (tar, why) in [
        (packed(&[file("../outside", b"x")]), "leads outside"),
        (packed(&[file("a/../../outside", b"x")]), "leads outside"),
        (packed(&[file("/etc/passwd", b"x")]), "absolute name"),
        (packed(&[folder("..")]), "leads outside"),
        (packed(&[link("l", "/etc/passwd")]), "leads outside, to /etc/passwd"),
        (packed(&[link("l", "../outside")]), "leads outside"),
        (packed(&[folder("a"), link("a/l", "../../outside")]), "leads outside"),
        (packed(&[link("l", "nothing")]), "leads to nothing in the archive"),
        (packed(&[link("l", "")]), "leads nowhere"),
        (packed(&[link("l", ".")]), "folder of the archive itself"),
        (packed(&[link("a", "b"), link("b", "a")]), "too many links"),
        (packed(&[file("f", b"x"), link("l", "f/..")]), "leads through a file"),
        // A link, and then a file through it; then one through a chain of them.
        (packed(&[link("l", "../"), file("l/outside", b"x")]), "lies below l, which is a link"),
        (chain(vec![link("a/b/c/d/r", "../../../.."), file("a/b/c/d/r/x", b"x")]), "which is a link"),
        (chain(vec![link("a/b/c/d/r", "../../../.."), link("a/b/c/d/r/x", "../outside")]), "which is a link"),
        // Each stays inside by its own text; where the first one leads, the second leads outside.
        (chain(vec![link("up", "a/b/c/d"), link("a/b/c/d/r", "../../../../../outside")]), "leads outside"),
        (chain(vec![link("a/top", ".."), folder("x"), link("x/l", "../a/top/../outside")]), "leads"),
        (packed(&[entry(b'1', "hard", "/etc/passwd", b"")]), "hard link"),
        (packed(&[file("f", b"x"), entry(b'1', "hard", "f", b"")]), "hard link"),
    ] {
        refuses(&tar, why);
    }
}

#[test]
fn what_is_no_file_folder_or_link_is_refused() {
    for (kind, why) in
        [(b'3', "a device"), (b'4', "a device"), (b'6', "a pipe"), (b'S', "sparse"), (b'V', "tar's type")]
    {
        refuses(&packed(&[entry(kind, "odd", "", b"")]), why);
    }
    let sparse = record("GNU.sparse.major", "1");
    refuses(&packed(&[entry(b'x', "pax", "", &sparse), file("f", b"x")]), "sparse");
    refuses(&packed(&[entry(b'5', "folder", "", b"content")]), "is no file and has 7 bytes");
    refuses(&packed(&[entry(b'2', "link", "f", b"content")]), "is no file and has 7 bytes");
}

#[test]
fn one_name_means_one_thing() {
    for (entries, why) in [
        (vec![file("f", b"1"), file("f", b"2")], "f is there twice"),
        (vec![file("f", b"1"), file("./f", b"2")], "f is there twice"),
        (vec![file("f", b"1"), folder("f")], "f is there twice"),
        (vec![folder("d"), file("d", b"1")], "d is there twice"),
        (vec![folder("d"), link("d", "x")], "d is there twice"),
        (vec![file("f", b"1"), file("f/x", b"2")], "lies below f, which is a file"),
        (vec![file("d/x", b"1"), file("d", b"2")], "d is there twice"),
        (vec![file("note.json", b"{}")], "kept for ourselves"),
        (vec![folder("note.json/x")], "kept for ourselves"),
    ] {
        refuses(&packed(&entries), why);
    }
    let (first, second) = (record("path", "a"), record("path", "b"));
    let twice = [first.clone(), second].concat();
    let said = "two names or two sizes";
    refuses(&packed(&[entry(b'x', "pax", "", &twice), file("f", b"x")]), said);
    refuses(
        &packed(&[entry(b'L', "l", "", b"one\0"), entry(b'L', "l", "", b"two\0"), file("f", b"x")]),
        said,
    );
    refuses(
        &packed(&[entry(b'L', "l", "", b"one\0"), entry(b'x', "pax", "", &first), file("f", b"x")]),
        said,
    );
    let size = record("size", "4096");
    refuses(&packed(&[entry(b'x', "pax", "", &size), file("f", b"x")]), "two sizes");
    refuses(&packed(&[entry(b'g', "pax", "", &first), file("f", b"x")]), "one name or size to all");
    let folders = [folder("d"), folder("d/"), folder("./d"), file("d/x", b"1")];
    unpacked(&packed(&folders)).1.unwrap();
}

#[test]
fn names_are_short_and_can_be_shown() {
    let long = "a/".repeat(200);
    let part = "x".repeat(256);
    let path = |name: &str| packed(&[entry(b'x', "pax", "", &record("path", name)), file("f", b"x")]);
    for (tar, why) in [
        (path(&"n".repeat(301)), "has 301 bytes; at most 300 are taken"),
        (path(&long), "400 bytes"),
        (path(&part), "a part of more than 255 bytes"),
        (path(&"a/".repeat(9)), "more than 8 folders deep"),
        (packed(&[file("a\x1b[2Jb", b"x")]), r"a\u{1b}[2Jb has a control character"),
        (packed(&[file("a\nerror: forged", b"x")]), r"a\nerror: forged has a control character"),
        (packed(&[file("a\\b", b"x")]), "backslash"),
        (packed(&[file("f", b"x"), link("l", "f\x1b]0;x\x07")]), "control character"),
        (packed(&[file("\u{202e}txt", b"x"), file("\u{202e}txt", b"x")]), r"\u{202e}txt is there twice"),
    ] {
        refuses(&tar, why);
    }
    let mut wrong = packed(&[file("f", b"x")]);
    wrong[0] = 0xff;
    let mut header = tar::Header::from_byte_slice(&wrong[..512]).clone();
    header.set_cksum();
    wrong[..512].copy_from_slice(header.as_bytes());
    refuses(&wrong, "is not UTF-8");
}

#[test]
fn number_and_size_are_bounded() {
    let names: Vec<String> = (0..51).map(|n| format!("f{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| file(name, b"")).collect();
    refuses(&packed(&many), "more than 50 entries");
    let deep: Vec<String> = (0..10).map(|n| format!("{n}/a/b/c/d/e/f")).collect();
    let deep: Vec<_> = deep.iter().map(|name| file(name, b"")).collect();
    refuses(&packed(&deep), "more than 50 files, folders and links");
    let extensions: Vec<_> = (0..51).map(|_| entry(b'g', "pax", "", b"")).collect();
    refuses(&packed(&extensions), "more than 50 entries");
    refuses(
        &packed(&[Entry { size: 2 << 20, ..file("big", b"") }]),
        "2097152 bytes; at most 1048576 are unpacked",
    );
    refuses(&packed(&[Entry { size: 1 << 62, ..file("big", b"") }]), "bytes; at most 1048576 are unpacked");
    let half = noise(600_000);
    refuses(&packed(&[file("a", &half), file("b", &half)]), "it unpacks to more than 1048576 bytes");
    for kind in [b'L', b'K', b'x', b'g'] {
        refuses(
            &packed(&[Entry { size: 1 << 30, ..entry(kind, "ext", "", b"") }]),
            "an extension header of 1073741824 bytes; at most 4096 are read",
        );
    }
}

#[test]
fn an_archive_that_unpacks_to_far_more_than_itself_is_refused() {
    let bomb = packed(&[file("zeros", &vec![0; 900_000])]);
    let (_dir, result) = unpacked(&gzip(&bomb));
    assert_eq!(result.unwrap_err().to_string(), "it unpacks to more than 50 times its compressed size");
    // Zeros of which the tar says nothing are passed over by whoever reads it, and count all the same.
    let hidden = packed(&[Entry { size: 900_000, ..folder("d") }]);
    let hidden = [hidden, vec![0; 900_000]].concat();
    assert!(unpacked(&gzip(&hidden)).1.is_err());
    // An archive that is not compressed has no ratio to exceed.
    unpacked(&bomb).1.unwrap();
}

#[test]
fn what_is_no_archive_or_ends_early_is_said() {
    for (bytes, why) in [
        (b"this is no archive, only some text that goes on".to_vec(), "not a .tar or .tar.gz"),
        ("<!DOCTYPE html>".repeat(100).into_bytes(), "not a .tar or .tar.gz"),
        (
            gzip(b"not a tar, but compressed; long enough to be a header of one").repeat(9),
            "not a .tar or .tar.gz",
        ),
    ] {
        let error = unpacked(&bytes).1.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let tar = packed(&[file("llama-server", &noise(10_000)), file("b", b"x")]);
    for end in [700, 9_000, 10_800] {
        let error = unpacked(&tar[..end]).1.unwrap_err();
        assert!(matches!(error, UnpackError::Truncated | UnpackError::Unreadable(_)), "{end}: {error}");
    }
    let packed_gz = gzip(&tar);
    let error = unpacked(&packed_gz[..packed_gz.len() / 2]).1.unwrap_err();
    assert!(matches!(error, UnpackError::Truncated), "{error}");
    let dangling = packed(&[entry(b'L', "l", "", b"name\0")]);
    assert!(matches!(unpacked(&dangling).1.unwrap_err(), UnpackError::Truncated));
}

#[test]
fn a_folder_that_is_there_already_is_not_unpacked_into() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/", dir.path().join("link")).unwrap();
    for name in ["", "link"] {
        let error = unpack(&*packed(&[file("f", b"x")]), &dir.path().join(name), &SMALL, &[]).unwrap_err();
        assert!(matches!(error, UnpackError::Write { .. }), "{error}");
    }
}
