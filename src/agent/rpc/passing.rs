//! Passes bytes both ways between two ends.

use std::io::{Read, Write};
use std::sync::OnceLock;
use std::thread;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// Sides of a passage, in the order of the arguments of [`both`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    One,
    Other,
}

/// Passes what comes on to the other end as it comes, until either side has ended; then calls `end`, which ends the
/// other direction. Returns the side that ended first.
pub fn both<A, B, C, D>(one: (A, B), other: (C, D), end: impl Fn() + Sync) -> Side
where
    A: Read + Send,
    B: Write + Send,
    C: Read + Send,
    D: Write + Send,
{
    let ((from_one, to_one), (from_other, to_other)) = (one, other);
    let (end, first) = (&end, &OnceLock::new());
    thread::scope(|scope| {
        scope.spawn(move || {
            let ended = if pass(from_one, to_other) == Ended::Reading { Side::One } else { Side::Other };
            first.get_or_init(|| ended);
            end();
        });
        scope.spawn(move || {
            let ended = if pass(from_other, to_one) == Ended::Reading { Side::Other } else { Side::One };
            first.get_or_init(|| ended);
            end();
        });
    });
    first.get().copied().unwrap_or(Side::One)
}

/// How one direction ended.
#[derive(PartialEq)]
enum Ended {
    /// Nothing comes any more.
    Reading,
    /// Nothing is taken any more.
    Writing,
}

fn pass(mut from: impl Read, mut to: impl Write) -> Ended {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ended::Reading,
            Ok(read) => {
                if to.write_all(&piece[..read]).and_then(|()| to.flush()).is_err() {
                    return Ended::Writing;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Ended::Reading,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    #[test]
    fn bytes_go_both_ways_and_the_side_that_ends_first_is_told() {
        for ends in [Side::One, Side::Other] {
            let ((mut a, near), (mut b, far)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
            let passing = thread::spawn(move || {
                both((&near, &near), (&far, &far), || {
                    let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
                })
            });
            let mut got = [0; 2];
            a.write_all(b"to").unwrap();
            b.read_exact(&mut got).unwrap();
            b.write_all(b"fr").unwrap();
            a.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"fr");
            match ends {
                Side::One => drop(a),
                Side::Other => drop(b),
            }
            assert_eq!(passing.join().unwrap(), ends);
        }
    }
}
