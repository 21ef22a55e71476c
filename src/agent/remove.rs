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
        service::stop(paths::UNIT)?;
        service::disable(paths::UNIT)?;
    }
    files::remove(Path::new(paths::UNIT_DROP_IN))?;
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

/// Removes everything; with `keep_models`, the models stay for a next apply.
pub fn everything(keep_models: bool) -> Result<()> {
    everything_but_the_job(keep_models, false)?;
    data()?;
    files::remove(Path::new(paths::LIB))
}
