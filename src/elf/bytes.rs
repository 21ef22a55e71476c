//! Bounded reads at places of a file that the file itself names.

use super::failure::{ElfError, Result};
use object::pod::Pod;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes that are read of one file, however often it refers to them.
const MOST: u64 = 512 << 10;
/// A library's, version's or folder's name.
const LONGEST: usize = 1024;

pub struct Bytes {
    path: PathBuf,
    file: File,
    left: std::cell::Cell<u64>,
}

impl Bytes {
    /// Opens a regular file; a pipe in its place is not waited for.
    pub fn open(path: &Path) -> Result<Bytes> {
        let io = |source| ElfError::Io { path: path.to_path_buf(), source };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file: File =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| io(error.into()))?.into();
        if !file.metadata().map_err(io)?.is_file() {
            return Err(ElfError::NotElf { path: path.to_path_buf() });
        }
        Ok(Bytes { path: path.to_path_buf(), file, left: std::cell::Cell::new(MOST) })
    }

    pub fn damaged<T>(&self, why: &'static str) -> Result<T> {
        Err(ElfError::Damaged { path: self.path.clone(), why })
    }

    pub fn not_elf(&self) -> ElfError {
        ElfError::NotElf { path: self.path.clone() }
    }

    /// Up to `length` bytes at `offset`, fewer at the end of the file.
    fn some(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let Some(left) = self.left.get().checked_sub(length as u64) else {
            return self.damaged("it refers to more than any program does");
        };
        self.left.set(left);
        let mut bytes = vec![0; length];
        let mut read = 0;
        while read < length {
            let Some(at) = offset.checked_add(read as u64) else { break };
            match self.file.read_at(&mut bytes[read..], at) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ElfError::Io { path: self.path.clone(), source }),
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The structure at `offset`.
    pub fn at<T: Pod>(&self, offset: u64) -> Result<T> {
        let bytes = self.some(offset, size_of::<T>())?;
        match object::pod::from_bytes::<T>(&bytes) {
            Ok((value, _)) => Ok(*value),
            Err(()) => self.damaged("it refers to what lies behind its end"),
        }
    }

    /// The text at `offset`, up to its zero byte.
    pub fn text(&self, offset: u64) -> Result<String> {
        for length in [64, LONGEST] {
            let bytes = self.some(offset, length)?;
            if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
                return match std::str::from_utf8(&bytes[..end]) {
                    Ok(text) if !text.contains(char::is_control) => Ok(text.to_string()),
                    _ => self.damaged("a name in it is not text"),
                };
            }
        }
        self.damaged("a name in it has no end")
    }
}
