//! The API key: made on the host, readable by root alone.

use crate::error::{Context, Failure, Result};
use crate::files;
use crate::hash::hex;
use crate::outside::{self, Kind};
use crate::paths;
use std::path::Path;

/// Makes a new key of 32 random bytes.
pub fn create() -> Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no randomness: {error}")))?;
    files::write(Path::new(paths::API_KEY), format!("{}\n", hex(&bytes)).as_bytes(), 0o600)
}

/// The key, without its newline.
pub fn read() -> Result<String> {
    let text = outside::text(paths::API_KEY.as_ref(), outside::NOTE, Kind::Regular)
        .with_context(|| format!("reading {}", paths::API_KEY))?;
    Ok(text.trim().to_string())
}
