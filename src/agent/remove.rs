//! Takes the tool off a host: service, unit, files, user.

use super::{files, service};
use crate::agent::steps::remove_user;
use crate::error::Result;
use crate::paths;
use std::path::Path;

/// Everything but the job's folder and the agent's, which the running job still uses.
pub fn everything_but_the_job() -> Result<()> {
    if Path::new(paths::UNIT_FILE).exists() {
        service::stop()?;
        service::disable()?;
    }
    files::remove(Path::new(paths::UNIT_DROP_IN))?;
    files::remove(Path::new(paths::UNIT_FILE))?;
    service::reload()?;
    files::remove(Path::new(paths::ETC))?;
    files::remove(Path::new(paths::CACHE))?;
    for path in [paths::GENERATIONS, paths::RUNTIMES, paths::MODELS, paths::INCOMING, paths::RECEIPT] {
        files::remove(Path::new(path))?;
    }
    remove_user()
}

/// What [`everything_but_the_job`] left: nothing of ours is there after it.
pub fn the_rest() -> Result<()> {
    files::remove(Path::new(paths::VAR))?;
    files::remove(Path::new(paths::LIB))
}

/// Removes everything; with `keep_models`, the models stay for a next apply.
pub fn everything(keep_models: bool) -> Result<()> {
    let models = Path::new(paths::MODELS);
    let aside = Path::new(paths::VAR).join(".models");
    let keep = keep_models && models.is_dir();
    if keep {
        std::fs::rename(models, &aside)?;
    }
    let removed = everything_but_the_job();
    if keep {
        files::remove(models)?;
        std::fs::rename(&aside, models)?;
        removed?;
        files::remove(Path::new(paths::JOB))?;
        return files::remove(Path::new(paths::LIB));
    }
    removed?;
    the_rest()
}
