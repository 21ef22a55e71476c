//! How a file's bytes travel: pieces over one stream or several, each in a frame of its own.
//!
//! A stream is frames: an offset and a length, 8 bytes each, little endian, then the bytes of one piece.
//! Two zeros end it, and an offset without a length says that the sender is still there.

/// Bytes of a piece; the last one of a file is shorter.
pub const PIECE: u64 = 4 << 20;

/// Bytes of a frame's header.
pub const HEADER: usize = 16;

/// Ends a stream.
pub const END: [u8; HEADER] = [0; HEADER];

/// Content that a frame's header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The stream ends here.
    End,
    /// Nothing new; the sender is still there.
    Alive,
    /// `length` bytes for the file at `start` follow.
    Piece { start: u64, length: u64 },
}

impl Frame {
    /// Reads a header. Its numbers come from the other side: check them against the file.
    pub fn read(header: [u8; HEADER]) -> Frame {
        let [start, length] = [&header[..8], &header[8..]]
            .map(|half| half.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        match (start, length) {
            (0, 0) => Frame::End,
            (_, 0) => Frame::Alive,
            _ => Frame::Piece { start, length },
        }
    }

    /// The frame's header as it is sent.
    pub fn header(self) -> [u8; HEADER] {
        let (start, length) = match self {
            Frame::End => return END,
            Frame::Alive => (1, 0),
            Frame::Piece { start, length } => (start, length),
        };
        let mut header = END;
        header[..8].copy_from_slice(&start.to_le_bytes());
        header[8..].copy_from_slice(&length.to_le_bytes());
        header
    }
}

/// Cuts ranges of bytes into pieces, `(start, end)` each, in their order.
pub fn pieces(ranges: &[(u64, u64)]) -> impl Iterator<Item = (u64, u64)> {
    let cut = |&(start, end): &(u64, u64)| {
        (start..end).step_by(PIECE as usize).map(move |at| (at, (at + PIECE).min(end)))
    };
    ranges.iter().flat_map(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_two_numbers_in_little_endian() {
        let piece = Frame::Piece { start: PIECE, length: 258 };
        assert_eq!(piece.header(), [0, 0, 64, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Frame::End.header(), [0; 16]);
        let last = Frame::Piece { start: u64::MAX, length: u64::MAX };
        for frame in [piece, Frame::Piece { start: 0, length: 1 }, last, Frame::Alive, Frame::End] {
            assert_eq!(Frame::read(frame.header()), frame);
        }
        let alive_anywhere = [[9; 8], [0; 8]].concat().try_into().unwrap();
        assert_eq!(Frame::read(alive_anywhere), Frame::Alive);
    }

    #[test]
    fn ranges_are_cut_into_pieces() {
        let ranges = [(0, 2 * PIECE), (3 * PIECE, 3 * PIECE + 5), (7, 7)];
        let cut: Vec<_> = pieces(&ranges).collect();
        assert_eq!(cut, [(0, PIECE), (PIECE, 2 * PIECE), (3 * PIECE, 3 * PIECE + 5)]);
    }
}
