//! Bytes on their way from one side to the other, where neither side is waited for.

use std::io::{ErrorKind, Read, Write};

/// Moved at a time in each direction, bytes.
const PIECE: usize = 64 << 10;

/// Bytes taken from one side that the other has not taken yet.
#[derive(Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    start: usize,
    /// There is nothing to come.
    pub ended: bool,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Takes a piece where there is room and hands on what there is; whether anything moved.
    pub fn step(&mut self, from: &mut impl Read, to: &mut impl Write) -> std::io::Result<(bool, bool)> {
        let mut moved = false;
        let mut at_end = false;
        if self.is_empty() && !self.ended {
            self.start = 0;
            self.bytes.resize(PIECE, 0);
            let size = unless_blocked(from.read(&mut self.bytes));
            self.bytes.truncate(*size.as_ref().ok().and_then(Option::as_ref).unwrap_or(&0));
            let size = size?;
            at_end = size == Some(0);
            moved = size.is_some_and(|size| size > 0);
        }
        while !self.is_empty() {
            match unless_blocked(to.write(&self.bytes[self.start..]))? {
                Some(size) if size > 0 => self.start += size,
                _ => break,
            }
            moved = true;
        }
        Ok((moved, at_end))
    }
}

/// `None`: nothing can be moved just now.
fn unless_blocked(result: std::io::Result<usize>) -> std::io::Result<Option<usize>> {
    use ErrorKind::{ConnectionReset, Interrupted, WouldBlock};
    match result {
        Ok(size) => Ok(Some(size)),
        // The near side was closed without reading all; its own last words are still to be read.
        Err(error) if matches!(error.kind(), WouldBlock | Interrupted | ConnectionReset) => Ok(None),
        Err(error) => Err(error),
    }
}
