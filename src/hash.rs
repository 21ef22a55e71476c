//! SHA-256, as manifests and plans write it.

use crate::checked::Checksum;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Checksum {
    Checksum::of(Sha256::digest(bytes).into())
}

/// SHA-256 of a file; `progress` gets the bytes read so far.
pub fn sha256_file(path: &Path, mut progress: impl FnMut(u64)) -> io::Result<Checksum> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Checksum::of(hash.finalize().into())),
            read => {
                hash.update(&buffer[..read]);
                done += read as u64;
                progress(done);
            }
        }
    }
}
