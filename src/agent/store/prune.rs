//! Removes what no longer serves, at the end of a successful apply. The generation that serves and the one before it
//! stay, with their models and runtimes; every other generation, model, runtime, arrived file and agent goes. Never
//! removes what serves.

use super::generation::{self, Record};
use super::made::{self, Made};
use super::staged;
use super::thing::Thing;
use crate::agent::host::podman;
use crate::error::Result;
use crate::files;
use crate::paths;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Removes what nothing refers to; returns one line for each thing that went.
pub fn prune() -> Result<Vec<String>> {
    let Some(current) = generation::current() else { return Ok(Vec::new()) };
    let kept: Vec<PathBuf> =
        [Some(current.clone()), generation::previous(&current)].into_iter().flatten().collect();
    let records: Vec<Record> = kept.iter().filter_map(|path| generation::record(path)).collect();
    // A generation that cannot be read might need anything.
    if records.len() != kept.len() {
        return Ok(Vec::new());
    }
    let names = |paths: &[PathBuf]| -> BTreeSet<String> {
        paths.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_string())).collect()
    };
    let models =
        records.iter().flat_map(|record| &record.models).map(|blob| blob.sha256.to_string()).collect();
    let runtimes: BTreeSet<String> = records.iter().map(|record| record.runtime.sha256.to_string()).collect();
    let mut gone = Vec::new();
    let made = Made::read()?.unwrap_or_default();
    let recorded = |path: &Path| made.has(path);
    others(Path::new(paths::GENERATIONS), &names(&kept), "generation", recorded, &mut gone)?;
    others(Path::new(paths::MODELS), &models, "model", recorded, &mut gone)?;
    others(Path::new(paths::RUNTIMES), &runtimes, "runtime", recorded, &mut gone)?;
    for image in made.images().filter(|image| !runtimes.contains(image.digest())) {
        // One that others use by now stays theirs.
        podman::remove(image)?;
        made::update(|made| {
            made.forget(|thing| matches!(thing, Thing::Image { image: gone } if gone == image))
        })?;
        gone.push(format!("image {image}"));
    }
    // Arrivals are recorded as one folder.
    let arrives = made.has(Path::new(paths::INCOMING));
    others(Path::new(paths::INCOMING), &BTreeSet::new(), "arrived file", |_| arrives, &mut gone)?;
    made::forget_absent(&[paths::GENERATIONS, paths::MODELS, paths::RUNTIMES])?;
    let unused = staged::sweep(&agents())?;
    gone.extend(unused.into_iter().map(|name| format!("agent {name}")));
    Ok(gone)
}

/// Returns the executables that stay: this one, the one that the service starts, and the link to it.
fn agents() -> BTreeSet<String> {
    let link = Path::new(paths::AGENT_LINK);
    let paths = [Some(link.to_path_buf()), fs::read_link(link).ok(), staged::executable().ok()];
    let names = paths.into_iter().flatten();
    names.filter_map(|path| Some(path.file_name()?.to_str()?.to_string())).collect()
}

/// Removes from `folder` what is not among `keep` and is ours.
fn others(
    folder: &Path,
    keep: &BTreeSet<String>,
    what: &str,
    ours: impl Fn(&Path) -> bool,
    gone: &mut Vec<String>,
) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !keep.contains(&name) && ours(&entry.path()) {
            files::remove(&entry.path())?;
            gone.push(format!("{what} {name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pruning_removes_unused_entries_only() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["1", "2", "3", "theirs"] {
            fs::create_dir_all(dir.path().join(name).join("model")).unwrap();
        }
        let keep = ["2".to_string(), "3".to_string()].into_iter().collect();
        let mut gone = Vec::new();
        others(dir.path(), &keep, "generation", |path| !path.ends_with("theirs"), &mut gone).unwrap();
        assert_eq!(gone, ["generation 1"]);
        assert!(dir.path().join("2/model").is_dir() && dir.path().join("3").is_dir());
        assert!(dir.path().join("theirs").is_dir());
        others(&dir.path().join("none"), &keep, "x", |_| true, &mut gone).unwrap();
    }
}
