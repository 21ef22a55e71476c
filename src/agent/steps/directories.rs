//! The directories of the tool.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::store::desired::Desired;
use crate::error::Result;
use crate::files;
use crate::paths;
use std::path::Path;

pub struct Directories;

/// Folders and their modes: 0700 for root's own, 0755 for those that the service reads.
const DIRECTORIES: &[(&str, u32)] = &[
    (paths::ETC, 0o755),
    (paths::VAR, 0o755),
    (paths::GENERATIONS, 0o755),
    (paths::MODELS, 0o755),
    (paths::RUNTIMES, 0o755),
    (paths::INCOMING, 0o700),
    (paths::JOB, 0o700),
];

impl Resource for Directories {
    fn id(&self) -> Id {
        Id::Directories
    }

    fn observe(&self, _: &Desired, _: &Past) -> Result<Observed> {
        let missing = DIRECTORIES.iter().filter(|(path, _)| !Path::new(path).is_dir());
        let create = |(path, mode): &(&str, u32)| {
            Change::Create(english!("change-directory", path = *path, mode = format!("{mode:04o}")))
        };
        Ok(missing.map(create).collect::<Vec<_>>().into())
    }

    fn apply(&self, _: &Desired, _: &mut Run) -> Result<()> {
        DIRECTORIES.iter().try_for_each(|(path, mode)| files::directory(Path::new(path), *mode))
    }
}
