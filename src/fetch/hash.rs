//! Follows a growing file with the hash: what has arrived in one piece from the start is read back
//! from the page cache while the rest is still on its way.

use super::state::{Over, Shared};
use crate::checked::Checksum;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

const BUFFER: usize = 1 << 20;

/// SHA-256 of all `size` bytes; `None` when the download ended before they were there.
pub fn follow(file: &File, size: u64, shared: &Shared) -> io::Result<Option<Checksum>> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let (mut done, mut epoch) = (0, 0);
    loop {
        let mut state = shared.lock();
        while state.record.have.frontier() <= done && state.over.is_none() && done < size {
            state = shared.wait(state, Duration::from_millis(200));
        }
        // Begun anew: so is the hash.
        if state.epoch != epoch {
            (hash, done, epoch) = (Sha256::new(), 0, state.epoch);
        }
        let frontier = state.record.have.frontier();
        let over = matches!(&state.over, Some(Over::Exhausted | Over::Failed(_)));
        drop(state);
        if over {
            return Ok(None);
        }
        while done < frontier {
            let piece = buffer.len().min((frontier - done) as usize);
            file.read_exact_at(&mut buffer[..piece], done)?;
            hash.update(&buffer[..piece]);
            done += piece as u64;
        }
        if done == size {
            let state = shared.lock();
            if state.resetting || state.epoch != epoch {
                continue;
            }
            return Ok(Some(Checksum::of(hash.finalize().into())));
        }
    }
}
