//! The API key: made on the host, readable by root alone.

use crate::error::{Context, Failure, Result};
use crate::files;
use crate::hash::hex;
use crate::outside::{self, Kind};
use crate::paths;
use std::path::Path;

/// Makes a new key and keeps it.
pub fn create() -> Result<()> {
    write(&new()?)
}

/// A new key of 32 random bytes.
pub fn new() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no randomness: {error}")))?;
    Ok(hex(&bytes))
}

/// Keeps `key` for the servers that start from now on.
pub fn write(key: &str) -> Result<()> {
    files::write(Path::new(paths::API_KEY), format!("{key}\n").as_bytes(), 0o600)
}

/// The key, without its newline.
pub fn read() -> Result<String> {
    let text = outside::text(paths::API_KEY.as_ref(), outside::NOTE, Kind::Regular)
        .with_context(|| format!("reading {}", paths::API_KEY))?;
    Ok(text.trim().to_string())
}
