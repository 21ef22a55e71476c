//! Hostile archives are refused in little memory, with nothing changed outside the folder they are unpacked into and
//! nothing in that writable by others.

mod counting;

use agi_provision::unpack::{Limits, UnpackError, unpack};
use counting::{HELD, ONE, PEAK};
use proptest::prelude::*;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

#[path = "hostile/tars.rs"]
mod tars;

use tars::{Entry, entry, file, folder, gzip, link, packed, record};

/// Most that unpacking may hold, bytes: names of ten thousand entries, twice.
const BOUND: usize = 40 << 20;

/// Unpacks with the limits that hosts use; gives the result and the most memory held meanwhile.
fn read(archive: impl Read) -> (Result<(), UnpackError>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = unpack(archive, &dir.path().join("in"), &Limits::RUNTIME, &["note.json"]);
    (result, PEAK.load(Relaxed) - before)
}

/// A tar whose first header says `size`, and as many zeros after it.
fn endless(kind: u8, size: u64) -> impl Read {
    let header = packed(&[Entry { size, ..entry(kind, "././@LongLink", "", b"") }])[..512].to_vec();
    io::Cursor::new(header).chain(io::repeat(0).take(size))
}

#[test]
fn a_header_of_a_gibibyte_takes_no_memory_compressed_or_not() {
    for kind in [b'L', b'K', b'x', b'g'] {
        let mut small = Vec::new();
        flate2::read::GzEncoder::new(endless(kind, 64 << 20), flate2::Compression::fast())
            .read_to_end(&mut small)
            .unwrap();
        for (result, held) in [read(endless(kind, 1 << 30)), read(&*small)] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("an extension header of"), "{error}");
            assert!(held < 1 << 20, "{held} bytes held");
        }
    }
}

#[test]
fn ten_thousand_long_names_take_bounded_memory_and_the_next_is_refused() {
    let name = |n: usize| format!("{n:0>200}/{n:0>200}/{n:0>200}/{n:0>200}/{n:0>200}");
    let records: Vec<_> = (0..12_000).map(|n| record("path", &name(n))).collect();
    let entries: Vec<Entry> =
        records.iter().flat_map(|record| [entry(b'x', "pax", "", record), file("f", b"")]).collect();
    let (result, held) = read(&*packed(&entries));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("more than 10000"), "{error}");
    assert!(held < BOUND, "{} MiB held", held >> 20);

    // No extension headers, and many folders that each file only implies.
    let short: Vec<String> = (0..5_000).map(|n| format!("{n}/a/b/c/d/e")).collect();
    let entries: Vec<Entry> = short.iter().map(|name| file(name, b"")).collect();
    let (result, held) = read(&*packed(&entries));
    assert!(result.unwrap_err().to_string().contains("more than 10000 files, folders and links"));
    assert!(held < BOUND, "{} MiB held", held >> 20);
}

#[test]
fn links_that_lead_through_each_other_end_in_time() {
    // Each of a thousand links leads twice through the one before.
    let names: Vec<String> = (0..1000).map(|n| format!("l{n}")).collect();
    let targets: Vec<String> = (0..1000_usize)
        .map(|n| if n == 0 { "d".into() } else { format!("l{}/../l{}", n - 1, n - 1) })
        .collect();
    let links = names.iter().zip(&targets).map(|(name, target)| link(name, target));
    let entries: Vec<Entry> = [folder("d")].into_iter().chain(links).collect();
    let began = std::time::Instant::now();
    let (result, held) = read(&*packed(&entries));
    assert!(result.unwrap_err().to_string().contains("too many links"));
    assert!(held < BOUND && began.elapsed().as_secs() < 20, "{held} bytes, {:?}", began.elapsed());
}

/// Names that meet each other, lead up, or are links by the time something lies below them.
fn name() -> impl Strategy<Value = String> {
    let part =
        prop::sample::select(vec!["a", "b", "l", "..", ".", "", "outside", "llama-server", "\x1b[2J", "é"]);
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

#[derive(Clone, Debug)]
struct Made {
    kind: u8,
    name: String,
    target: String,
    mode: u32,
    content: Vec<u8>,
}

fn made() -> impl Strategy<Value = Made> {
    let kind =
        prop::sample::select(vec![b'0', b'0', b'5', b'5', b'2', b'2', b'1', b'L', b'K', b'x', b'3', b'7', 0]);
    (kind, name(), name(), 0u32..0o10000, prop::collection::vec(any::<u8>(), 0..40)).prop_map(
        |(kind, name, target, mode, content)| {
            let content = match kind {
                b'L' | b'K' => target.clone().into_bytes(),
                b'x' => record("path", &target),
                b'0' | 0 => content,
                _ => Vec::new(),
            };
            Made { kind, name, target, mode, content }
        },
    )
}

/// Every file below `folder` is ours, writable by nobody else, and no link leads out of it.
fn is_sound(folder: &Path, root: &Path) {
    let metadata = fs::symlink_metadata(folder).unwrap();
    assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw());
    if metadata.is_symlink() {
        let end = fs::canonicalize(folder).unwrap();
        assert!(end.starts_with(root) && end != root, "{} leads to {}", folder.display(), end.display());
        return;
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_dir() {
        assert_eq!(mode, 0o755, "{}", folder.display());
        fs::read_dir(folder).unwrap().for_each(|entry| is_sound(&entry.unwrap().path(), root));
    } else {
        assert!(metadata.is_file() && metadata.nlink() == 1, "{}", folder.display());
        assert!(mode == 0o755 || mode == 0o644, "{}: {mode:o}", folder.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_archive_changes_anything_outside_or_leaves_a_file_open_to_others(
        made in prop::collection::vec(made(), 1..9),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
        compressed in any::<bool>(),
    ) {
        let entries: Vec<Entry> = made
            .iter()
            .map(|made| Entry { mode: made.mode, ..entry(made.kind, &made.name, &made.target, &made.content) })
            .collect();
        let mut tar = packed(&entries);
        for (at, byte) in damage {
            let at = at.index(tar.len());
            tar[at] = byte;
        }
        let archive = if compressed { gzip(&tar) } else { tar };
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::write(root.join("outside"), "as it was").unwrap();
        fs::set_permissions(root.join("outside"), fs::Permissions::from_mode(0o600)).unwrap();
        let result = unpack(&*archive, &root.join("in"), &Limits::RUNTIME, &["note.json"]);
        prop_assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
        prop_assert_eq!(fs::read(root.join("outside")).unwrap(), b"as it was");
        prop_assert_eq!(fs::metadata(root.join("outside")).unwrap().permissions().mode() & 0o7777, 0o600);
        is_sound(&root.join("in"), &root.join("in"));
        if let Err(error) = result {
            let text = error.to_string();
            prop_assert!(text.chars().count() < 400 && !text.contains(char::is_control), "{:?}", text);
        }
    }
}
