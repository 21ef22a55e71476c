//! The systemd units and their drop-in links; the same for every generation that has them.

use super::resource::{Change, Id, Observed, Past, Reach, Resource};
use super::run::{How, Run};
use crate::agent::host::service;
use crate::agent::store::desired::Desired;
use crate::agent::store::made;
use crate::engine::server::ServerName;
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
        let differ: Vec<&Part> = parts.iter().filter(|part| !part.is_there()).collect();
        let reach = differ.iter().map(|part| reach(part.path())).fold(Reach::none(), Reach::and);
        let changes = differ.into_iter().map(Part::change).collect();
        Ok(Observed { changes, reach, dependent: None })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.note(self.id(), How::Reload);
        for part in parts(desired)?.iter().filter(|part| !part.is_there()) {
            run.note(self.id(), How::of(part.path()));
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

/// Returns the server whose unit, drop-in or link to start at boot lies at `path`; every server for a path that
/// belongs to none of them, except the unit that lets other hosts in, which no server reads.
fn reach(path: &Path) -> Reach {
    let belongs = |server: &ServerName| {
        path == Path::new(&server.unit_file())
            || path == Path::new(&server.container_file())
            || path.starts_with(server.drop_in())
            || path == Path::new(&server.wants())
    };
    match ServerName::all().find(belongs) {
        Some(server) => Reach::Only([server].into()),
        None if path == Path::new(paths::EXPOSE_FILE) || path == Path::new(paths::LINK_FILE) => Reach::none(),
        None => Reach::Every,
    }
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
            true => Change::Replace(english!("change-unit-again", path = self.path().display().to_string())),
            false => Change::Create(english!("change-unit", path = self.path().display().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_file_reaches_its_own_server_alone() {
        let embed_2 = "embed-2".parse::<ServerName>().unwrap();
        for (path, expected) in [
            (paths::UNIT_FILE.to_string(), Reach::Only([ServerName::CHAT].into())),
            (embed_2.unit_file(), Reach::Only([embed_2].into())),
            (format!("{}/10-generation.conf", embed_2.drop_in()), Reach::Only([embed_2].into())),
            (embed_2.wants(), Reach::Only([embed_2].into())),
            (ServerName::CHAT.container_file(), Reach::Only([ServerName::CHAT].into())),
            (paths::EXPOSE_FILE.to_string(), Reach::none()),
            ("/etc/systemd/system/other.service".to_string(), Reach::Every),
        ] {
            assert_eq!(reach(Path::new(&path)), expected, "{path}");
        }
    }
}
