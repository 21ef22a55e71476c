//! Takes the tool off a host: service, unit, files, user.

use crate::agent::expose;
use crate::agent::host::service::{self, remove_drop_in};
use crate::agent::host::users;
use crate::agent::servers::embedding;
use crate::agent::store::resume;
use crate::error::Result;
use crate::{files, paths};
use std::fs;
use std::path::Path;

/// Everything but the job's folder and the agent's, which the running job still uses, and these folders.
pub fn everything_but_the_job(stay: &[&str]) -> Result<()> {
    resume::disable()?;
    expose::remove()?;
    embedding::retire(&embedding::installed())?;
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
    let data = [paths::MODELS, paths::INCOMING, paths::GENERATIONS, paths::RUNTIMES, paths::RECEIPT];
    data.iter().filter(|path| !stay.contains(path)).try_for_each(|path| files::remove(Path::new(path)))?;
    users::remove()
}

/// The folders of what a host may have without serving, by its image or `remove --keep-models`.
const SHELVES: [&str; 2] = [paths::MODELS, paths::RUNTIMES];

/// `path` is in one of them.
pub fn is_shelved(path: &Path) -> bool {
    SHELVES.iter().any(|shelf| path.starts_with(shelf))
}

/// Those that hold something.
pub fn filled() -> Vec<&'static str> {
    let holds = |path: &&str| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    SHELVES.into_iter().filter(holds).collect()
}

/// What [`everything_but_the_job`] left, but the agent, kept models and runtimes.
pub fn data() -> Result<()> {
    if !filled().is_empty() {
        files::remove(Path::new(paths::INCOMING))?;
        return files::remove(Path::new(paths::JOB));
    }
    files::remove(Path::new(paths::VAR))
}

/// Removes everything but the agent, which goes with the last session that runs from it; with
/// `keep_models`, the models stay for a next apply.
pub fn everything(keep_models: bool) -> Result<()> {
    everything_but_the_job(if keep_models { &[paths::MODELS] } else { &[] })?;
    data()
}
