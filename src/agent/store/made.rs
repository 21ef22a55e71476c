//! The record of what this tool made on a host. Each thing is written to it before it is made, so that nothing of
//! ours is ever without an entry; `remove` and a rollback remove the things that have an entry and nothing else.
//!
//! It lies in the data folder, which is made with the record in it, in one rename. Only the holder of the
//! host's lock changes it.

use super::thing::Thing;
use crate::checked::ImageRef;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub const SCHEMA: &str = "agi-provision/made/1";
/// The record, readable by root alone.
pub const RECORD: &str = "/var/lib/agi-provision/made.json";
/// The data folder while it is made.
const BORN: &str = "/var/lib/.agi-provision.new";

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    schema: String,
    /// Things that this tool made, or is about to make.
    pub things: BTreeSet<Thing>,
    /// Things that were found and are ours by their content: `remove` takes them, a failed first apply does not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken_over: BTreeSet<Thing>,
    /// Folders of others that are used as they are, and stay.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub used: BTreeSet<PathBuf>,
}

impl Default for Made {
    fn default() -> Made {
        let (things, taken_over, used) = Default::default();
        Made { schema: SCHEMA.to_string(), things, taken_over, used }
    }
}

impl Made {
    /// Reads the record; `None` if nothing was recorded.
    pub fn read() -> Result<Option<Made>> {
        let text = match fs::read(RECORD) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("reading {RECORD}")),
        };
        Made::parse(&text).map(Some)
    }

    fn parse(text: &[u8]) -> Result<Made> {
        let unreadable = |why: String| {
            Failure::failed(format!("{RECORD}, the record of what was made on this host: {why}"))
                .hint("a newer agi-provision may have written it; use that one, or restore the file")
        };
        let made: Made = serde_json::from_slice(text).map_err(|error| unreadable(error.to_string()))?;
        match made.schema == SCHEMA {
            true => Ok(made),
            false => Err(unreadable(format!("its schema is {:?}", made.schema)).into()),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Thing> {
        self.things.iter().chain(&self.taken_over)
    }

    /// Returns the names of the system's packages that were installed.
    pub fn packages(&self) -> Vec<String> {
        let name = |thing: &Thing| match thing {
            Thing::Package { name } => Some(name.clone()),
            _ => None,
        };
        self.all().filter_map(name).collect()
    }

    /// Returns the container images that were brought.
    pub fn images(&self) -> impl Iterator<Item = &ImageRef> {
        self.all().filter_map(|thing| match thing {
            Thing::Image { image } => Some(image),
            _ => None,
        })
    }

    /// Returns whether `path` has an entry of its own.
    pub fn has(&self, path: &Path) -> bool {
        self.all().any(|thing| thing.path() == Some(path))
    }

    /// Returns the uid, if an account of ours is or was about to be made; the inner `None` is one that is not known
    /// yet.
    pub fn account(&self) -> Option<Option<u32>> {
        self.account_named(paths::USER)
    }

    /// Returns the same for the group.
    pub fn group(&self) -> Option<Option<u32>> {
        self.group_named(paths::USER)
    }

    fn account_named(&self, called: &str) -> Option<Option<u32>> {
        self.all().find_map(|thing| match thing {
            Thing::Account { name, uid } if name == called => Some(*uid),
            _ => None,
        })
    }

    fn group_named(&self, called: &str) -> Option<Option<u32>> {
        self.all().find_map(|thing| match thing {
            Thing::Group { name, gid } if name == called => Some(*gid),
            _ => None,
        })
    }

    /// Adds `thing` unless it has an entry. Numbers that became known replace those that were not.
    pub fn add(&mut self, thing: Thing) {
        let known = match &thing {
            Thing::Account { name, uid } => {
                self.account_named(name).is_some_and(|known| known.is_some() || uid.is_none())
            }
            Thing::Group { name, gid } => {
                self.group_named(name).is_some_and(|known| known.is_some() || gid.is_none())
            }
            _ => thing.path().is_some_and(|path| self.has(path)),
        };
        if known {
            return;
        }
        match &thing {
            Thing::Account { name: new, .. } => {
                self.forget(|thing| matches!(thing, Thing::Account { name, .. } if name == new));
            }
            Thing::Group { name: new, .. } => {
                self.forget(|thing| matches!(thing, Thing::Group { name, .. } if name == new));
            }
            _ => {}
        }
        self.things.insert(thing);
    }

    pub fn forget(&mut self, what: impl Fn(&Thing) -> bool) {
        self.things.retain(|thing| !what(thing));
        self.taken_over.retain(|thing| !what(thing));
    }
}

/// Returns the uid of an account that was or was about to be made here; `None`: it was not.
pub fn account_of(name: &str) -> Result<Option<Option<u32>>> {
    Ok(Made::read()?.and_then(|made| made.account_named(name)))
}

/// Records `things`, which are about to be made.
pub fn add(things: impl IntoIterator<Item = Thing>) -> Result<()> {
    update(|made| things.into_iter().for_each(|thing| made.add(thing)))
}

/// Removes the entries of things that were in these folders and are gone.
pub fn forget_absent(folders: &[&str]) -> Result<()> {
    let inside = |path: &Path| folders.iter().any(|folder| path.parent() == Some(Path::new(folder)));
    let absent =
        |thing: &Thing| thing.path().is_some_and(|path| inside(path) && fs::symlink_metadata(path).is_err());
    match Made::read()? {
        Some(_) => update(|made| made.forget(absent)),
        None => Ok(()),
    }
}

/// Returns whether the thing at `path` may be changed and removed. On a host of an earlier version, which kept no
/// record, every thing under our names counts as ours.
pub fn is_ours(path: &Path) -> Result<bool> {
    Ok(Made::read()?.is_none_or(|made| made.has(path)))
}

/// Makes a folder of ours, and records it, unless it is there.
pub fn folder(path: &Path, mode: u32) -> Result<()> {
    if fs::symlink_metadata(path).is_err() {
        add([Thing::folder(path)?])?;
    }
    files::directory(path, mode)
}

/// Drops the entries of things that are neither in the record from `before` nor on the host: they were about to be
/// made and were not, or were taken back.
pub fn restore(before: Option<&Made>) -> Result<()> {
    let known = |thing: &Thing| before.is_some_and(|made| made.things.contains(thing));
    let there = |thing: &Thing| match thing {
        Thing::Package { .. } | Thing::Image { .. } => true,
        other => other.path().is_some_and(|path| fs::symlink_metadata(path).is_ok()),
    };
    match Made::read()? {
        Some(_) => update(|made| made.things.retain(|thing| known(thing) || there(thing))),
        None => Ok(()),
    }
}

/// Changes the record, and writes it if that made a difference.
pub fn update(change: impl FnOnce(&mut Made)) -> Result<()> {
    let before = Made::read()?;
    let mut made = before.clone().unwrap_or_default();
    change(&mut made);
    if before.as_ref() == Some(&made) {
        return Ok(());
    }
    write(made)
}

fn write(mut made: Made) -> Result<()> {
    let var = Path::new(paths::VAR);
    if fs::symlink_metadata(var).is_ok() {
        return files::write(Path::new(RECORD), &serde_json::to_vec_pretty(&made)?, 0o600);
    }
    // The folder does not exist without the record that says whose it is.
    made.add(Thing::folder(var)?);
    let born = Path::new(BORN);
    files::remove(born)?;
    files::directory(born, 0o755)?;
    let name = Path::new(RECORD).file_name().unwrap_or_default();
    files::write(&born.join(name), &serde_json::to_vec_pretty(&made)?, 0o600)?;
    renameat_with(CWD, born, CWD, var, RenameFlags::NOREPLACE)
        .map_err(io::Error::from)
        .and_then(|()| files::sync_folder(var))
        .with_context(|| format!("making {}", var.display()))
}

/// Removes the record if nothing that we made is left, and its folder if we made it and nothing else is in it.
pub fn end() -> Result<()> {
    files::remove(Path::new(BORN))?;
    let Some(made) = Made::read()? else { return Ok(()) };
    let var = Thing::folder(paths::VAR)?;
    let kept = |thing: &Thing| !matches!(thing, Thing::Package { .. } | Thing::FirewallTable { .. });
    if made.things.iter().any(|thing| *thing != var && kept(thing)) {
        return Ok(());
    }
    files::remove(&files::temporary(Path::new(RECORD)))?;
    files::remove(Path::new(RECORD))?;
    if made.things.contains(&var) {
        remove_folder(Path::new(paths::VAR))?;
    }
    Ok(())
}

/// Removes an empty folder. Returns false if it stays because something is in it or a disk is mounted there.
pub fn remove_folder(path: &Path) -> Result<bool> {
    use io::ErrorKind::{DirectoryNotEmpty, NotFound, ResourceBusy};
    // A read-only file system answers that it is one even for a path that does not exist.
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == NotFound) {
        return Ok(true);
    }
    match fs::remove_dir(path) {
        Ok(()) => {
            files::sync_folder(path)?;
            Ok(true)
        }
        Err(error) if error.kind() == NotFound => Ok(true),
        Err(error) if matches!(error.kind(), DirectoryNotEmpty | ResourceBusy) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("removing {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_names_a_place_of_others_is_refused_as_a_whole() {
        let record = |thing: &str| format!(r#"{{"schema":"{SCHEMA}","things":[{thing}]}}"#);
        let tree = |path: &str| record(&format!(r#"{{"kind":"tree","path":"{path}"}}"#));
        assert!(Made::parse(tree("/var/lib/agi-provision/models/ab").as_bytes()).is_ok());
        for (text, why) in [
            (tree("/var/lib/agi-provision/../../../home"), "no place of agi-provision's"),
            (tree("/home"), "no place of agi-provision's"),
            (record(r#"{"kind":"spell"}"#), "unknown variant"),
            (r#"{"schema":"agi-provision/made/2","things":[]}"#.to_string(), "its schema is"),
            ("{}".to_string(), "missing field"),
            (String::new(), "EOF"),
        ] {
            let error = Made::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.to_string().contains(RECORD), "{error}");
        }
    }

    #[test]
    fn a_number_is_filled_in_once_and_a_path_has_one_entry() {
        let account = |uid| Thing::Account { name: "agi-provision".into(), uid };
        let mut made = Made::default();
        assert_eq!(made.account(), None);
        for (uid, known) in [(None, None), (Some(998), Some(998)), (None, Some(998)), (Some(1), Some(998))] {
            made.add(account(uid));
            assert_eq!(made.account(), Some(known));
            assert_eq!(made.things.len(), 1);
        }
        made.taken_over.insert(Thing::folder(paths::MODELS).unwrap());
        made.add(Thing::tree(paths::MODELS).unwrap());
        assert_eq!(made.things.len(), 1, "taken over already");
        let text = serde_json::to_vec(&made).unwrap();
        assert_eq!(Made::parse(&text).unwrap(), made);
        made.forget(|thing| thing.path().is_some());
        assert!(!made.has(Path::new(paths::MODELS)) && made.account().is_some());
    }
}
