//! The systemd units and their drop-in links; the same for every generation that has them.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{Run, Undo};
use crate::agent::host::service;
use crate::agent::store::desired::Desired;
use crate::agent::store::made;
use crate::error::{Failure, Result};
use crate::files;
use crate::paths;
use crate::render::manifest::{host_path, is_units};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub struct Unit;

/// A file or link that the unit step puts on the host.
enum Part<'a> {
    File { path: PathBuf, content: &'a [u8], mode: u32 },
    Link { path: PathBuf, target: &'a Path },
}

impl Resource for Unit {
    fn id(&self) -> Id {
        Id::Unit
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let parts = parts(desired)?;
        let differ = parts.iter().filter(|part| !part.is_there());
        Ok(differ.map(Part::change).collect::<Vec<_>>().into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Reload);
        for part in parts(desired)?.iter().filter(|part| !part.is_there()) {
            run.undo.push(part.undo());
            made::folder(part.path().parent().unwrap_or(Path::new("/")), 0o755)?;
            match part {
                Part::File { path, content, mode } => files::write(path, content, *mode)?,
                Part::Link { path, target } => files::link(path, target)?,
            }
        }
        service::reload()
    }
}

/// The bundle's files outside the generation. Only the unit's own places are accepted.
fn parts(desired: &Desired) -> Result<Vec<Part<'_>>> {
    let inside = |path: &str| path.starts_with(paths::GENERATION);
    let check = |path: &str| {
        if is_units(path) {
            Ok(PathBuf::from(path))
        } else {
            Err(Failure::failed(format!("the bundle wants to write {path}")))
        }
    };
    let mut parts = Vec::new();
    for file in desired.bundle.files() {
        if let Some(path) = host_path(&file.path).filter(|path| !inside(path)) {
            parts.push(Part::File { path: check(path)?, content: &file.content, mode: file.mode.bits() });
        }
    }
    for link in desired.bundle.links() {
        if let Some(path) = host_path(&link.path).filter(|path| !inside(path)) {
            parts.push(Part::Link { path: check(path)?, target: Path::new(&link.target) });
        }
    }
    Ok(parts)
}

impl Part<'_> {
    fn path(&self) -> &Path {
        match self {
            Part::File { path, .. } | Part::Link { path, .. } => path,
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Part::File { path, content, mode } => {
                let same_mode = fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o7777 == *mode);
                same_mode && fs::read(path).is_ok_and(|found| found == *content)
            }
            Part::Link { path, target } => fs::read_link(path).is_ok_and(|found| found == *target),
        }
    }

    fn change(&self) -> Change {
        match fs::symlink_metadata(self.path()).is_ok() {
            true => Change::Replace(format!("change {}", self.path().display())),
            false => Change::Create(format!("create {}", self.path().display())),
        }
    }

    fn undo(&self) -> Undo {
        let path = self.path().to_path_buf();
        if let Ok(target) = fs::read_link(&path) {
            return Undo::Link { path, target };
        }
        match (fs::read(&path), fs::metadata(&path)) {
            (Ok(content), Ok(metadata)) => {
                Undo::File { path, content, mode: metadata.permissions().mode() & 0o7777 }
            }
            _ => Undo::Remove(path),
        }
    }
}
