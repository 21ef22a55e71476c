//! A program of the engine that the host has already: the runtime is a link to it.

use super::kind::Kind;
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::checked::{Checksum, HostPath, RelativePath};
use crate::error::{Context, Failure, Result};
use crate::files::{self, Stamp};
use std::collections::BTreeMap;
use std::path::Path;

pub struct Installed;

impl Kind for Installed {
    fn is_meant(&self, desired: &Desired) -> bool {
        desired.installed.is_some()
    }

    fn change(&self, desired: &Desired) -> String {
        let path = desired.installed.as_deref().unwrap_or(Path::new(desired.plan.engine().program()));
        english!("change-use", path = path.display().to_string())
    }

    fn prepare(&self, _: &Desired, _: &mut Run) -> Result<()> {
        Ok(())
    }

    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime> {
        let path = desired.installed.as_deref();
        let path = path.ok_or_else(|| Failure::failed("no program of the host was named"))?;
        link_to(desired, folder, path, desired.record.runtime.sha256.clone())
    }

    fn clear(&self, _: &Desired) -> Result<()> {
        Ok(())
    }
}

/// Makes the runtime a link to the program at `path`, whose content has this hash.
pub(super) fn link_to(
    desired: &Desired,
    folder: &Path,
    path: &Path,
    sha256: Checksum,
) -> Result<generation::Runtime> {
    files::directory(folder, 0o755)?;
    let program = desired.plan.engine().program();
    files::link(&folder.join(program), path)?;
    Ok(generation::Runtime {
        blob: desired.record.runtime.clone(),
        archives: Vec::new(),
        llama_build: desired.record.llama_build.clone(),
        program: program.to_string(),
        folder: None,
        stamp: Stamp::of(path).with_context(|| format!("reading {}", path.display()))?,
        libraries: Vec::new(),
        files: [(RelativePath::new(program)?, sha256)].into(),
        installed: Some(HostPath::from_os(path)?),
        stamps: BTreeMap::new(),
        image: None,
        build: None,
    })
}
