//! Takes a blob's bytes from the client: appended to a partial file, hashed while they stream, moved
//! into place when the hash is right.

use super::files;
use super::protocol::Blob;
use crate::error::{Context, Failure, Result};
use crate::hash::hex;
use crate::paths;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Where a blob lies once it has arrived and until a step takes it.
pub fn arrived(blob: &Blob) -> PathBuf {
    Path::new(paths::INCOMING).join(&blob.sha256)
}

fn partial(blob: &Blob) -> PathBuf {
    Path::new(paths::INCOMING).join(format!("{}.part", blob.sha256))
}

/// Bytes of `blob` that are here already.
pub fn offset(blob: &Blob) -> u64 {
    let path = if arrived(blob).exists() { arrived(blob) } else { partial(blob) };
    fs::metadata(path).map_or(0, |metadata| metadata.len()).min(blob.size_bytes)
}

/// A blob on its way: what is here already is hashed.
pub struct Arrival<'a> {
    blob: &'a Blob,
    hash: Sha256,
    have: u64,
}

impl<'a> Arrival<'a> {
    /// Hashes what an earlier try left, which takes seconds for gigabytes; `beat` is called meanwhile.
    pub fn begin(blob: &'a Blob, mut beat: impl FnMut() -> Result<()>) -> Result<Arrival<'a>> {
        let mut arrival = Arrival { blob, hash: Sha256::new(), have: 0 };
        let Ok(mut file) = File::open(partial(blob)) else { return Ok(arrival) };
        if file.metadata()?.len() > blob.size_bytes {
            fs::remove_file(partial(blob))?;
            return Ok(arrival);
        }
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(arrival),
                read => {
                    arrival.hash.update(&buffer[..read]);
                    arrival.have += read as u64;
                    if arrival.have.is_multiple_of(256 << 20) {
                        beat()?;
                    }
                }
            }
        }
    }

    /// Bytes that are here.
    pub fn offset(&self) -> u64 {
        self.have
    }

    /// Reads the rest from `input`. A connection that ends early keeps what came; a wrong hash or a
    /// full disk removes it.
    pub fn receive(mut self, input: &mut impl Read) -> Result<()> {
        files::directory(Path::new(paths::VAR), 0o755)?;
        files::directory(Path::new(paths::INCOMING), 0o700)?;
        let path = partial(self.blob);
        match self.append(&path, input) {
            Ok(()) => {
                fs::rename(&path, arrived(self.blob))
                    .with_context(|| format!("moving {}", path.display()))?;
                Ok(files::sync_folder(&path)?)
            }
            Err(error) => {
                if error.downcast_ref::<Interrupted>().is_none() {
                    let _ = fs::remove_file(&path);
                }
                Err(error)
            }
        }
    }

    fn append(&mut self, path: &Path, input: &mut impl Read) -> Result<()> {
        let blob = self.blob;
        let mut file = File::options().create(true).append(true).open(path)?;
        let mut buffer = vec![0; 1 << 18];
        while self.have < blob.size_bytes {
            let want = buffer.len().min((blob.size_bytes - self.have) as usize);
            let read = match input.read(&mut buffer[..want]) {
                Ok(0) => return Err(Interrupted { name: blob.name.clone() }.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Interrupted { name: blob.name.clone() }.into()),
            };
            file.write_all(&buffer[..read]).map_err(|error| no_space(error, blob))?;
            self.hash.update(&buffer[..read]);
            self.have += read as u64;
        }
        file.sync_all().map_err(|error| no_space(error, blob))?;
        let found = hex(&self.hash.finalize_reset());
        if found != blob.sha256 {
            return Err(Failure::failed(format!(
                "{} arrived damaged: its SHA-256 is {found}, not {}",
                blob.name, blob.sha256
            ))
            .hint("the file changed while it was sent, or its partial copy on the host was; apply again")
            .into());
        }
        Ok(())
    }
}

/// The client went away; the partial file stays for the next try.
#[derive(Debug, thiserror::Error)]
#[error("the connection ended while {name} was being sent; the next apply continues there")]
pub struct Interrupted {
    name: String,
}

fn no_space(error: io::Error, blob: &Blob) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::failed(format!(
            "the host's disk is full: {} ({} bytes) does not fit under {}",
            blob.name,
            blob.size_bytes,
            paths::VAR
        ))
        .hint("free some space there or take a larger disk; nothing was kept")
        .into(),
        _ => anyhow::Error::from(error).context(format!("writing {}", blob.name)),
    }
}
