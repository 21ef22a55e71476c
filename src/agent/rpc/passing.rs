//! Passes bytes both ways between two ends.

use std::io::{Read, Write};
use std::thread;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// Passes what comes on to the other end as it comes, until either side has ended; then calls `end`, which ends the
/// other direction.
pub fn both<A, B, C, D>(one: (A, B), other: (C, D), end: impl Fn() + Sync)
where
    A: Read + Send,
    B: Write + Send,
    C: Read + Send,
    D: Write + Send,
{
    let ((from_one, to_one), (from_other, to_other)) = (one, other);
    let end = &end;
    thread::scope(|scope| {
        scope.spawn(move || {
            pass(from_one, to_other);
            end();
        });
        scope.spawn(move || {
            pass(from_other, to_one);
            end();
        });
    });
}

fn pass(mut from: impl Read, mut to: impl Write) {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => {
                if to.write_all(&piece[..read]).and_then(|()| to.flush()).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
