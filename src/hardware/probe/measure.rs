//! Measures how fast memory and disk are read. Writes nothing.

use super::disk;
use crate::hardware::facts::{Facts, Gaps, Measured};
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How long each measurement reads.
const MEMORY_TIME: Duration = Duration::from_millis(800);
const DISK_TIME: Duration = Duration::from_secs(2);

/// Bytes that one thread reads at most; many times a core's share of the last cache.
const MOST_PER_THREAD: u64 = 128 << 20;

const CHUNK: usize = 4 << 20;
/// Direct reads want memory and offsets aligned to the disk's blocks.
const ALIGN: usize = 4096;

/// Notes the reading speed of every mount's disk, each disk once; `storage`'s own comes with the rest.
pub fn mounts(facts: &mut Facts, storage: &Path) {
    let known = facts.measured.as_ref().and_then(|measured| measured.disk_read_mb_s);
    let mut disks: BTreeMap<PathBuf, Result<f64, String>> = BTreeMap::new();
    if let Some((disk, speed)) = disk::device_file(storage).zip(known) {
        disks.insert(disk, Ok(speed));
    }
    for (index, mount) in facts.mounts.iter_mut().enumerate() {
        let field = format!("mounts.{index}.read_mb_s");
        let Some(disk) = disk::device_file(Path::new(&mount.path)) else {
            facts.unsupported.insert(field, "it does not lie on one block device".to_string());
            continue;
        };
        let read =
            |disk: &PathBuf| read_directly(disk).map_err(|error| format!("{}: {error}", disk.display()));
        match disks.entry(disk.clone()).or_insert_with(|| read(&disk)) {
            Ok(speed) => {
                mount.read_mb_s = Some(*speed);
                facts.unsupported.remove(&field);
            }
            Err(why) => {
                facts.unsupported.remove(&field);
                facts.failed.insert(field, why.clone());
            }
        }
    }
}

pub fn measure(storage: &Path, facts: &Facts, gaps: &mut Gaps) -> Measured {
    let threads = facts.cpu.logical.max(1);
    let memory_bandwidth_gb_s = memory(threads, facts.memory.available_bytes);
    let disk_read_mb_s = match source(storage) {
        None => {
            gaps.unsupported("measured.disk_read_mb_s", "no model of 64 MiB and no block device to read");
            None
        }
        Some(path) => match read_directly(&path) {
            Ok(speed) => Some(speed),
            Err(error) => {
                gaps.failed("measured.disk_read_mb_s", format!("{}: {error}", path.display()));
                None
            }
        },
    };
    Measured { memory_bandwidth_gb_s, memory_threads: threads, disk_read_mb_s, egress: Vec::new() }
}

/// 10^9 bytes/s that `threads` read together, each from a buffer of its own.
fn memory(threads: u64, available: u64) -> f64 {
    let bytes = (available / 4 / threads).clamp(1 << 20, MOST_PER_THREAD) & !1;
    let barrier = Barrier::new(threads as usize);
    let read = || {
        let buffer = vec![1u8; bytes as usize];
        barrier.wait();
        let start = Instant::now();
        let mut passes = 0;
        while start.elapsed() < MEMORY_TIME {
            // libc's comparison reads both halves to their ends, as fast as the memory gives.
            let (one, other) = black_box(&buffer).split_at(bytes as usize / 2);
            black_box(one == other);
            passes += 1;
        }
        (passes * bytes) as f64 / start.elapsed().as_secs_f64()
    };
    let total: f64 = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).sum()
    });
    (total / 1e7).round() / 100.0
}

/// The largest file below `storage`, or the disk itself.
fn source(storage: &Path) -> Option<PathBuf> {
    let mut largest = (64 << 20, None);
    let folders = fs::read_dir(storage).into_iter().flatten().flatten();
    for file in folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten()) {
        let size = file.metadata().map_or(0, |m| if m.is_file() { m.len() } else { 0 });
        if size >= largest.0 {
            largest = (size, Some(file.path()));
        }
    }
    largest.1.or_else(|| disk::device_file(storage))
}

/// 10^6 bytes/s past the page cache.
fn read_directly(path: &Path) -> std::io::Result<f64> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty())?;
    let mut memory = vec![0u8; CHUNK + ALIGN];
    let skip = memory.as_ptr().align_offset(ALIGN);
    let buffer = &mut memory[skip..skip + CHUNK];
    let start = Instant::now();
    let mut total = 0;
    while start.elapsed() < DISK_TIME {
        let read = rustix::io::pread(&file, &mut *buffer, total)?;
        total += read as u64;
        if read < CHUNK {
            break;
        }
    }
    if total == 0 {
        return Err(std::io::Error::other("nothing to read"));
    }
    Ok((total as f64 / start.elapsed().as_secs_f64() / 1e4).round() / 100.0)
}
