//! Takes a blob's bytes from the client: appended to a partial file, hashed while they stream, moved
//! into place when the hash is right.

use super::files;
use super::protocol::Blob;
use crate::error::{Context, Failure, Result};
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

/// Reads the rest of `blob` from `input`. A connection that ends early keeps what came; a wrong hash
/// or a full disk removes it.
pub fn receive(blob: &Blob, input: &mut impl Read) -> Result<()> {
    if arrived(blob).exists() {
        return Ok(());
    }
    files::directory(Path::new(paths::VAR), 0o755)?;
    files::directory(Path::new(paths::INCOMING), 0o700)?;
    let path = partial(blob);
    let result = append(blob, &path, input);
    match result {
        Ok(()) => {
            fs::rename(&path, arrived(blob)).with_context(|| format!("moving {}", path.display()))?;
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

/// The client went away; the partial file stays for the next try.
#[derive(Debug, thiserror::Error)]
#[error("the connection ended while {name} was being sent; the next apply continues there")]
pub struct Interrupted {
    name: String,
}

fn append(blob: &Blob, path: &Path, input: &mut impl Read) -> Result<()> {
    let mut hash = Sha256::new();
    let mut have = match File::open(path) {
        Ok(mut file) => io::copy(&mut file, &mut HashWriter(&mut hash))?,
        Err(_) => 0,
    };
    let mut file = File::options().create(true).append(true).open(path)?;
    let mut buffer = vec![0; 1 << 18];
    while have < blob.size_bytes {
        let want = buffer.len().min((blob.size_bytes - have) as usize);
        let read = match input.read(&mut buffer[..want]) {
            Ok(0) => return Err(Interrupted { name: blob.name.clone() }.into()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Interrupted { name: blob.name.clone() }.into()),
        };
        file.write_all(&buffer[..read]).map_err(|error| no_space(error, blob))?;
        hash.update(&buffer[..read]);
        have += read as u64;
    }
    file.sync_all().map_err(|error| no_space(error, blob))?;
    let found = hex(&hash.finalize());
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

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a file, lower-case hex; `progress` gets the bytes read so far.
pub fn sha256_file(path: &Path, mut progress: impl FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => {
                hash.update(&buffer[..read]);
                done += read as u64;
                progress(done);
            }
        }
    }
}
