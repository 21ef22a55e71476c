//! Keeps which hosts of an inventory failed last time, for `--retry-failed`, in the user's state folder.

use crate::error::{Context, Failure, Result};
use crate::files;
use crate::outside::{self, Kind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names by inventory.
type Failed = BTreeMap<String, Vec<String>>;

fn path() -> Option<PathBuf> {
    Some(crate::home::state()?.join("failed.json"))
}

fn key(inventory: &Path) -> Result<String> {
    let path =
        std::fs::canonicalize(inventory).with_context(|| format!("reading {}", inventory.display()))?;
    Ok(path.to_string_lossy().into_owned())
}

fn read_failed() -> Failed {
    let bytes = path().and_then(|path| outside::read_bounded(&path, outside::DOCUMENT, Kind::Regular).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The hosts of `inventory` that failed last time.
///
/// # Errors
/// Exit 2 when nothing is known of it.
pub fn failed(inventory: &Path) -> Result<Vec<String>> {
    match read_failed().remove(&key(inventory)?) {
        Some(names) => Ok(names),
        None => {
            Err(Failure::usage(format!("nothing is known of an earlier run with {}", inventory.display()))
                .hint("--retry-failed repeats what failed; leave it out the first time")
                .into())
        }
    }
}

/// Notes how a run over `inventory` ended: of the hosts it was about, `names`, those in `failed` failed.
pub fn note(inventory: &Path, names: &[String], failed: &[String]) -> Result<()> {
    let Some(path) = path() else { return Ok(()) };
    let mut all = read_failed();
    let known = all.entry(key(inventory)?).or_default();
    known.retain(|name| !names.contains(name));
    known.extend(failed.iter().cloned());
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))
        .with_context(|| format!("creating the folder of {}", path.display()))?;
    files::write(&path, &serde_json::to_vec_pretty(&all)?, 0o600)
}
