//! Does the client's part of an apply, where the files lie beside the bundle: a seed, or a directory that was copied
//! to the host. The session asks for what it needs as it does of a client, verifies first, takes the space first, and
//! hashes what it gets; a file that is on the host already is not read.

use crate::render::carried::Carried;
use crate::render::{CarriedKind, Manifest};
use crate::units::gib;
use crate::wire::frames::{Frame, pieces};
use crate::wire::protocol::{Blob, Event, Events, Needed};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Files that a bundle's directory carries.
pub struct Shelf {
    folder: PathBuf,
    carried: Vec<Carried>,
}

impl Shelf {
    pub fn of(folder: &Path, manifest: &Manifest) -> Shelf {
        Shelf { folder: folder.to_path_buf(), carried: manifest.carried.clone() }
    }

    /// Returns the shelf of a bundle that carries nothing.
    pub fn empty() -> Shelf {
        Shelf { folder: PathBuf::new(), carried: Vec::new() }
    }

    pub fn blobs(&self, what: CarriedKind) -> Vec<Blob> {
        let carried = self.carried.iter().filter(|file| file.what == what);
        carried.map(blob).collect()
    }

    /// Runs `session` with an input that answers what it asks for on its output. Returns, beside its result, why a
    /// file could not be read: to the session that looks like a client that went away.
    pub fn serve<T>(
        &self,
        output: &mut dyn Events,
        session: impl FnOnce(&mut ShelfReader, &mut dyn Events) -> T,
    ) -> (T, Option<String>) {
        let wish = RefCell::new(Wish::default());
        let mut asked = Asked { shelf: self, output, wish: &wish, copying: None };
        let result = session(&mut ShelfReader { wish: &wish }, &mut asked);
        // The output may be gone; the result counts.
        let _ = asked.end_copy(true);
        (result, wish.into_inner().failed)
    }
}

fn blob(file: &Carried) -> Blob {
    Blob { name: file.name.clone(), sha256: file.sha256.clone(), size_bytes: file.size_bytes }
}

/// Pieces that the session wants next, as [frames](crate::wire::frames).
#[derive(Default)]
struct Wish {
    file: Option<File>,
    pieces: VecDeque<(u64, u64)>,
    /// Unread bytes of the current frame header.
    header: VecDeque<u8>,
    /// Unread bytes of the current piece: from here to `end`.
    at: u64,
    end: u64,
    /// Whether the end of the pieces was given.
    over: bool,
    path: PathBuf,
    failed: Option<String>,
}

/// Passes events on, except a request for files, which it answers itself.
struct Asked<'a> {
    shelf: &'a Shelf,
    output: &'a mut dyn Events,
    wish: &'a RefCell<Wish>,
    /// When copying the current file began.
    copying: Option<Instant>,
}

impl Asked<'_> {
    fn end_copy(&mut self, failed: bool) -> io::Result<()> {
        let Some(began) = self.copying.take() else { return Ok(()) };
        let seconds = began.elapsed().as_secs_f64();
        self.output.send(&Event::StepDone { name: "copy".to_string(), seconds, failed })
    }

    fn meet(&mut self, need: &Needed) -> io::Result<()> {
        let file = self.shelf.carried.iter().find(|file| file.sha256 == need.sha256);
        let file = file.ok_or_else(|| io::Error::other("a file was asked for that is not carried"))?;
        let path = self.shelf.folder.join(file.path());
        let what = format!("{} ({}) from {}", file.name, gib(file.size_bytes), path.display());
        // A second request asks for the missing rest of the file.
        self.end_copy(true)?;
        self.copying = Some(Instant::now());
        self.output.send(&Event::Step { name: "copy".to_string(), what })?;
        let opened = File::open(&path).map_err(|error| named(&path, error))?;
        let pieces = pieces(&need.missing).collect();
        *self.wish.borrow_mut() = Wish { file: Some(opened), pieces, path, ..Wish::default() };
        Ok(())
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("reading {}: {error}", path.display()))
}

impl Events for Asked<'_> {
    fn send(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Need { blobs } => blobs.iter().try_for_each(|need| self.meet(need)),
            Event::Received { .. } => {
                self.end_copy(false)?;
                self.output.send(event)
            }
            other => self.output.send(other),
        }
    }
}

/// Reads what a client would send: the pieces that were asked for, and their end.
pub struct ShelfReader<'a> {
    wish: &'a RefCell<Wish>,
}

impl Read for ShelfReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wish = &mut *self.wish.borrow_mut();
        loop {
            if !wish.header.is_empty() {
                return wish.header.read(buffer);
            }
            if wish.at < wish.end {
                let Some(file) = &wish.file else { return Ok(0) };
                let most = buffer.len().min((wish.end - wish.at) as usize);
                let read = match file.read_at(&mut buffer[..most], wish.at) {
                    Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read,
                };
                let read = read.map_err(|error| named(&wish.path, error));
                wish.failed = read.as_ref().err().map(io::Error::to_string);
                wish.at += *read.as_ref().unwrap_or(&0) as u64;
                return read;
            }
            match wish.pieces.pop_front() {
                Some((start, end)) => {
                    (wish.at, wish.end) = (start, end);
                    wish.header.extend(Frame::Piece { start, length: end - start }.header());
                }
                None if !wish.over && wish.file.is_some() => {
                    wish.over = true;
                    wish.header.extend(Frame::End.header());
                }
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checked::Checksum;
    use crate::wire::frames::PIECE;
    use std::fs;

    fn carried(name: &str, sha256: &str, size_bytes: u64) -> Carried {
        let (name, sha256) = (name.parse().unwrap(), sum(sha256));
        Carried { what: CarriedKind::Model, name, sha256, size_bytes }
    }

    fn sum(digit: &str) -> Checksum {
        digit.repeat(64).parse().unwrap()
    }

    #[test]
    fn what_is_asked_for_is_given_in_pieces_and_nothing_before() {
        let dir = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..PIECE + 100).map(|n| (n % 251) as u8).collect();
        fs::create_dir(dir.path().join("files")).unwrap();
        fs::write(dir.path().join("files/m"), &content).unwrap();
        let shelf =
            Shelf { folder: dir.path().into(), carried: vec![carried("m", "a", content.len() as u64)] };
        assert_eq!((shelf.blobs(CarriedKind::Model).len(), shelf.blobs(CarriedKind::Runtime).len()), (1, 0));
        let mut told = Vec::new();
        let (all, failed) = shelf.serve(&mut told, |input, output| {
            let mut before = Vec::new();
            input.read_to_end(&mut before).unwrap();
            assert!(before.is_empty());
            let needed = |sha256: &str| {
                let missing = vec![(0, 10), (PIECE - 5, content.len() as u64)];
                Event::Need { blobs: vec![Needed { sha256: sum(sha256), missing }] }
            };
            assert!(output.send(&needed("b")).is_err(), "not on the shelf");
            output.send(&needed("a")).unwrap();
            let mut all = Vec::new();
            input.read_to_end(&mut all).unwrap();
            all
        });
        assert_eq!(failed, None);
        let frame = |start: u64, end: u64| {
            let head = [start.to_le_bytes(), (end - start).to_le_bytes()].concat();
            [head, content[start as usize..end as usize].to_vec()].concat()
        };
        let expected = [frame(0, 10), frame(PIECE - 5, PIECE + 100), vec![0; 16]].concat();
        assert!(all == expected, "{} bytes, not {}", all.len(), expected.len());
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("copy") && told.contains("files/m") && !told.contains("need"), "{told}");
    }

    #[test]
    fn a_file_that_ends_early_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("files")).unwrap();
        fs::write(dir.path().join("files/m"), [1; 50]).unwrap();
        let shelf = Shelf { folder: dir.path().into(), carried: vec![carried("m", "a", 100)] };
        let (read, failed) = shelf.serve(&mut Vec::new(), |input, output| {
            let blobs = vec![Needed { sha256: sum("a"), missing: vec![(0, 100)] }];
            output.send(&Event::Need { blobs }).unwrap();
            input.read_to_end(&mut Vec::new())
        });
        assert!(read.is_err());
        assert!(failed.is_some_and(|why| why.contains("files/m")));
    }
}
