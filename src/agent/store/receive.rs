//! Takes a blob's bytes from the client: pieces over one stream or several, each written at its place in
//! a partial file and noted in a map beside it. They are hashed in their order while they come, and the
//! file moves into place when the hash is right.
//!
//! A stream is [frames](crate::wire::frames). The map has a byte for each piece, 1 once it is written: what
//! an interrupted upload has brought, and what the other streams of this one have.

use crate::checked::Checksum;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use crate::wire::frames::{Frame, HEADER, PIECE};
use crate::wire::protocol::Blob;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How often received data is written to the disk.
const FLUSH: Duration = Duration::from_millis(300);
/// How often a client is told that the last of an upload is being hashed or written.
const BEAT: Duration = Duration::from_secs(3);

/// Returns the path of a blob from its arrival until a step takes it.
pub fn arrived(blob: &Blob) -> PathBuf {
    Path::new(paths::INCOMING).join(blob.sha256.as_str())
}

fn partial(blob: &Blob) -> PathBuf {
    Path::new(paths::INCOMING).join(format!("{}.part", blob.sha256))
}

fn map(blob: &Blob) -> PathBuf {
    Path::new(paths::INCOMING).join(format!("{}.map", blob.sha256))
}

/// Returns the bytes of the disk that `blob` takes already.
pub fn received_bytes(blob: &Blob) -> u64 {
    let path = if arrived(blob).exists() { arrived(blob) } else { partial(blob) };
    fs::metadata(path).map_or(0, |metadata| metadata.blocks() * 512).min(blob.size_bytes)
}

fn arrivals() -> impl Iterator<Item = PathBuf> {
    fs::read_dir(paths::INCOMING).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Returns whether the file arrived as a whole: its name is the hash that it has.
fn is_whole(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| Checksum::parse(name).is_ok())
}

/// Returns whether any file has arrived as a whole.
pub fn holds_whole() -> bool {
    arrivals().any(|path| is_whole(&path))
}

/// Removes the files that have not arrived as a whole.
pub fn clear_parts() -> Result<()> {
    arrivals().filter(|path| !is_whole(path)).try_for_each(|path| files::remove(&path))
}

/// Returns the bytes of the disk that all arrivals take, whole or in part.
pub fn waiting_bytes() -> u64 {
    let entries = fs::read_dir(paths::INCOMING).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.path() != Path::new(paths::FIRST_BOOT));
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.blocks() * 512).sum()
}

fn pieces(size: u64) -> usize {
    size.div_ceil(PIECE) as usize
}

/// Returns the ranges of bytes that are not written, joined where they touch.
fn missing(map: &[u8], size: u64) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for piece in (0..pieces(size)).filter(|piece| map.get(*piece) != Some(&1)) {
        let (start, end) = (piece as u64 * PIECE, ((piece as u64 + 1) * PIECE).min(size));
        match ranges.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges
}

/// A blob on its way.
pub struct Arrival<'a> {
    blob: &'a Blob,
    file: File,
    map: File,
}

impl<'a> Arrival<'a> {
    /// Opens the file that an earlier try left, or makes a new one and takes its space on the disk.
    pub fn begin(blob: &'a Blob) -> Result<Arrival<'a>> {
        files::directory(Path::new(paths::VAR), 0o755)?;
        files::directory(Path::new(paths::INCOMING), 0o700)?;
        let size = fs::metadata(partial(blob)).map(|metadata| metadata.len());
        let noted = fs::metadata(map(blob)).map(|metadata| metadata.len());
        let usable = size.is_ok_and(|size| size == blob.size_bytes)
            && noted.is_ok_and(|noted| noted == pieces(blob.size_bytes) as u64);
        if !usable {
            discard(blob);
        }
        let arrival = Arrival::open(blob, !usable)?;
        if !usable && let Err(error) = arrival.reserve() {
            discard(blob);
            return Err(error);
        }
        Ok(arrival)
    }

    /// Opens the file and its map; both are there when another session has begun.
    fn open(blob: &'a Blob, create: bool) -> Result<Arrival<'a>> {
        let open = |path: PathBuf| {
            let opened = File::options().read(true).write(true).create(create).open(&path);
            opened.with_context(|| format!("opening {}", path.display()))
        };
        Ok(Arrival { blob, file: open(partial(blob))?, map: open(map(blob))? })
    }

    /// Takes the space now, so that a full disk shows before a byte is sent.
    fn reserve(&self) -> Result<()> {
        let size = self.blob.size_bytes;
        files::reserve(&self.file, size).map_err(|error| no_space(error, self.blob))?;
        Ok(self.map.set_len(pieces(size) as u64)?)
    }

    /// Returns the ranges of bytes that have not arrived.
    pub fn missing(&self) -> Result<Vec<(u64, u64)>> {
        Ok(missing(&read_map(&self.map, self.blob)?, self.blob.size_bytes))
    }

    /// Reads a stream's pieces to its end.
    pub fn read(&self, input: &mut impl Read) -> Result<()> {
        let interrupted = || Interrupted { name: self.blob.name.to_string() };
        let mut buffer = vec![0; 256 << 10];
        loop {
            let mut header = [0; HEADER];
            input.read_exact(&mut header).map_err(|_| interrupted())?;
            let (start, length) = match Frame::read(header) {
                Frame::End => return Ok(()),
                Frame::Alive => continue,
                Frame::Piece { start, length } => (start, length),
            };
            let end = start.checked_add(length).filter(|end| *end <= self.blob.size_bytes);
            if end.is_none() || length > PIECE || !start.is_multiple_of(PIECE) {
                return Err(
                    Failure::failed(format!("{}: a piece does not fit into it", self.blob.name)).into()
                );
            }
            let mut at = start;
            while at < start + length {
                let want = buffer.len().min((start + length - at) as usize);
                input.read_exact(&mut buffer[..want]).map_err(|_| interrupted())?;
                self.file.write_all_at(&buffer[..want], at).map_err(|error| no_space(error, self.blob))?;
                at += want as u64;
            }
            self.map.write_all_at(&[1], start / PIECE).map_err(|error| no_space(error, self.blob))?;
        }
    }

    /// Receives the blob: `ask` gets the missing ranges and has the client send them on `input`, and on further
    /// streams. Hashes meanwhile; `beat` is called while only that goes on. A connection that ends keeps the pieces
    /// that arrived; a wrong hash or a full disk removes the file.
    pub fn receive<R: Read>(
        self,
        input: &mut R,
        mut ask: impl FnMut(Vec<(u64, u64)>) -> Result<()>,
        beat: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let blob = self.blob;
        let result = self.receive_all(input, &mut ask, beat);
        match result {
            Ok(()) => {
                fs::rename(partial(blob), arrived(blob))
                    .with_context(|| format!("moving {}", partial(blob).display()))?;
                files::remove(&map(blob))?;
                Ok(files::sync_folder(&arrived(blob))?)
            }
            Err(error) => {
                if error.downcast_ref::<Interrupted>().is_none() {
                    discard(blob);
                }
                Err(error)
            }
        }
    }

    fn receive_all<R: Read>(
        &self,
        input: &mut R,
        ask: &mut dyn FnMut(Vec<(u64, u64)>) -> Result<()>,
        mut beat: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let blob = self.blob;
        let all: u64 = self.missing()?.iter().map(|(start, end)| end - start).sum();
        let mut sha256 = self.receive_missing(input, ask, &mut beat)?;
        // An earlier try may have left the wrong bytes: a power cut can keep the map and lose the data.
        if sha256.as_ref() != Some(&blob.sha256) && all < blob.size_bytes {
            self.map.write_all_at(&vec![0; pieces(blob.size_bytes)], 0)?;
            sha256 = self.receive_missing(input, ask, &mut beat)?;
        }
        if sha256.as_ref() != Some(&blob.sha256) {
            let sha256 = sha256.map_or("not known".to_string(), String::from);
            return Err(Failure::failed(format!(
                "{} arrived damaged: its SHA-256 is {sha256}, not {}",
                blob.name, blob.sha256
            ))
            .hint("did the file change while it was sent? Apply again")
            .into());
        }
        Ok(())
    }

    /// Asks for the missing ranges once; returns the hash of the file if it is whole then.
    fn receive_missing<R: Read>(
        &self,
        input: &mut R,
        ask: &mut dyn FnMut(Vec<(u64, u64)>) -> Result<()>,
        beat: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Option<Checksum>> {
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| -> Result<Option<Checksum>> {
            let hash = scope.spawn(|| self.hash(&ended));
            let flush = scope.spawn(|| self.flush(&ended));
            let received = self.receive_rounds(input, ask).and_then(|()| wait(&hash, beat));
            ended.store(true, Ordering::Relaxed);
            flush.thread().unpark();
            received.and_then(|()| wait(&flush, beat))?;
            joined(flush).map_err(|error| no_space(error, self.blob))?;
            joined(hash)
        })
    }

    /// Asks for the missing ranges until there are none.
    fn receive_rounds<R: Read>(
        &self,
        input: &mut R,
        ask: &mut dyn FnMut(Vec<(u64, u64)>) -> Result<()>,
    ) -> Result<()> {
        let mut left = u64::MAX;
        loop {
            let missing = self.missing()?;
            let now: u64 = missing.iter().map(|(start, end)| end - start).sum();
            if now == 0 {
                return Ok(());
            }
            // A round that brings nothing ends it; otherwise this would never end.
            if now >= left {
                return Err(Interrupted { name: self.blob.name.to_string() }.into());
            }
            left = now;
            ask(missing)?;
            self.read(input)?;
        }
    }

    /// Writes received data to the disk from time to time, so that little is left at the end; then the rest.
    fn flush(&self, ended: &AtomicBool) -> io::Result<()> {
        while !ended.load(Ordering::Relaxed) {
            self.file.sync_data()?;
            // Woken at the end, which small files reach at once.
            std::thread::park_timeout(FLUSH);
        }
        self.file.sync_all()
    }

    /// Hashes the pieces in their order as they come, from the page cache. Returns `None` if the upload ended before.
    fn hash(&self, ended: &AtomicBool) -> Result<Option<Checksum>> {
        let size = self.blob.size_bytes;
        let (mut hash, mut buffer, mut at) = (Sha256::new(), vec![0; 1 << 20], 0);
        while at < size {
            if ended.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let mut here = [0];
            self.map.read_exact_at(&mut here, at / PIECE)?;
            if here != [1] {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            let end = (at + PIECE).min(size);
            while at < end {
                let want = buffer.len().min((end - at) as usize);
                self.file.read_exact_at(&mut buffer[..want], at)?;
                hash.update(&buffer[..want]);
                at += want as u64;
            }
        }
        Ok(Some(Checksum::of(hash.finalize().into())))
    }
}

/// Waits for a thread, and calls `beat` meanwhile, so that the client goes on waiting.
fn wait<T>(thread: &ScopedJoinHandle<T>, beat: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let mut last = Instant::now();
    while !thread.is_finished() {
        if last.elapsed() > BEAT {
            last = Instant::now();
            beat()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read_map(map: &File, blob: &Blob) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; pieces(blob.size_bytes)];
    map.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn discard(blob: &Blob) {
    let _ = fs::remove_file(partial(blob));
    let _ = fs::remove_file(map(blob));
}

/// A further stream of an upload that another session has begun.
pub fn join(blob: &Blob, input: &mut impl Read) -> Result<()> {
    Arrival::open(blob, false)?.read(input)
}

/// The client went away; the partial file stays for the next try.
#[derive(Debug, thiserror::Error)]
#[error("the connection ended while {name} was being sent; the next apply continues there")]
pub struct Interrupted {
    name: String,
}

fn no_space(error: io::Error, blob: &Blob) -> anyhow::Error {
    match files::full(&error) {
        true => Failure::failed(format!(
            "the host's disk is full: {} ({} bytes) does not fit under {}",
            blob.name,
            blob.size_bytes,
            paths::VAR
        ))
        .hint("free some space there or take a larger disk; nothing was kept")
        .into(),
        false => anyhow::Error::from(error).context(format!("writing {}", blob.name)),
    }
}

#[cfg(test)]
#[path = "receive_tests.rs"]
mod tests;
