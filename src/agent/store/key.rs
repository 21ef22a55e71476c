//! Keeps the API key, which is made on the host and which only root can read.

use crate::error::{Context, Failure, Result};
use crate::files;
use crate::hash::hex;
use crate::outside::{self, Kind};
use crate::paths;
use crate::secret::Secret;
use std::path::Path;
use zeroize::Zeroizing;

/// Makes a new key and keeps it.
pub fn create() -> Result<()> {
    write(&random()?)
}

/// Returns a new key: 32 random bytes in hex.
pub fn random() -> Result<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| Failure::failed(format!("no randomness: {error}")))?;
    Ok(hex(&*bytes).into())
}

/// Keeps `key` for the servers that start from now on.
pub fn write(key: &Secret) -> Result<()> {
    let line = Zeroizing::new(format!("{}\n", key.expose()));
    files::write(Path::new(paths::API_KEY), line.as_bytes(), 0o600)
}

/// Returns the key, without its newline.
pub fn read_key() -> Result<Secret> {
    let text = outside::read_bounded(paths::API_KEY.as_ref(), outside::NOTE, Kind::Regular)
        .with_context(|| format!("reading {}", paths::API_KEY))?;
    let text = Secret::try_from(text).with_context(|| format!("reading {}", paths::API_KEY))?;
    Ok(text.expose().trim().into())
}
