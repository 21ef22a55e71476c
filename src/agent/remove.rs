//! Takes the tool off a host: service, unit, files, user.

use super::{embedding, files, service};
use crate::agent::steps::remove_user;
use crate::error::Result;
use crate::paths;
use std::fs;
use std::path::Path;

/// Everything but the job's folder and the agent's, which the running job still uses.
pub fn everything_but_the_job(keep_models: bool, keep_incoming: bool) -> Result<()> {
    super::resume::disable()?;
    super::expose::remove()?;
    embedding::retire()?;
    if Path::new(paths::UNIT_FILE).exists() {
        // A full disk keeps systemd from its own files; what has stopped can be taken away all the same.
        if let Err(error) = service::stop(paths::UNIT)
            && service::state(paths::UNIT)?.is_running()
        {
            return Err(error);
        }
        if service::disable(paths::UNIT).is_err() {
            files::remove(Path::new(paths::WANTS))?;
        }
    }
    remove_drop_in(paths::UNIT_DROP_IN)?;
    files::remove(Path::new(paths::UNIT_FILE))?;
    service::reload()?;
    files::remove(Path::new(paths::ETC))?;
    files::remove(Path::new(paths::CACHE))?;
    if !keep_models {
        files::remove(Path::new(paths::MODELS))?;
    }
    if !keep_incoming {
        files::remove(Path::new(paths::INCOMING))?;
    }
    for path in [paths::GENERATIONS, paths::RUNTIMES, paths::RECEIPT] {
        files::remove(Path::new(path))?;
    }
    remove_user()
}

/// Our link goes; what an administrator put beside it stays.
pub fn remove_drop_in(folder: &str) -> Result<()> {
    let folder = Path::new(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let target = fs::read_link(entry.path());
        if target.is_ok_and(|target| target.starts_with(paths::ETC)) {
            files::remove(&entry.path())?;
        }
    }
    // Not empty: it is not ours alone.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// Models are there that no apply of now brought.
pub fn has_models() -> bool {
    fs::read_dir(paths::MODELS).is_ok_and(|mut entries| entries.next().is_some())
}

/// What [`everything_but_the_job`] left, but the agent and kept models.
pub fn data() -> Result<()> {
    if has_models() {
        files::remove(Path::new(paths::INCOMING))?;
        return files::remove(Path::new(paths::JOB));
    }
    files::remove(Path::new(paths::VAR))
}

/// Removes everything but the agent, which goes with the last session that runs from it; with
/// `keep_models`, the models stay for a next apply.
pub fn everything(keep_models: bool) -> Result<()> {
    everything_but_the_job(keep_models, false)?;
    data()
}
