//! Keeps what a failed apply leaves for the next one: models and runtimes that arrived and whose hashes were right, and what was
//! compiled so far.
//! They took hours to come, and nothing was wrong with them. `remove` takes them, and so does the next apply
//! that succeeds without them.

use crate::agent::host::disk;
use crate::agent::steps::resource::Id;
use crate::agent::steps::run::{How, Run, Undo};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, model_folder, runtime_folder};
use crate::agent::store::sourced::Sourced;
use crate::agent::store::{receive, runtime};
use crate::error::{Result, hint};
use crate::fetch::NO_ROOM;
use crate::files;
use crate::wire::protocol::Blob;
use std::path::{Path, PathBuf};

/// Resources that judge a runtime: one that they refuse is not kept.
const JUDGES: [Id; 2] = [Id::Runtime, Id::Packages];

/// Files that stay, decided when an apply has failed.
pub struct Kept<'a> {
    desired: &'a Desired,
    full: bool,
    runtime_refused: bool,
}

impl<'a> Kept<'a> {
    pub fn of(error: &anyhow::Error, desired: &'a Desired, run: &Run) -> Kept<'a> {
        // A full disk is a host in trouble: there, nothing is worth its space.
        let full = [disk::FREE_SOME, NO_ROOM].map(Some).contains(&hint(error));
        Kept { desired, full, runtime_refused: run.current.is_some_and(|id| JUDGES.contains(&id)) }
    }

    fn is_kept(&self, blob: &Blob) -> bool {
        let record = &self.desired.record;
        let is_runtime = *blob == record.runtime || record.archives().contains(blob);
        !(self.full || self.runtime_refused && is_runtime)
    }

    fn blobs(&self) -> impl Iterator<Item = &'a Blob> {
        let record = &self.desired.record;
        record.models.iter().chain(record.archives())
    }

    /// Returns the folder of a build from source that stopped. One that does not compile is gone by now.
    fn building(&self) -> Option<PathBuf> {
        self.desired.sourced.as_ref().map(Sourced::folder).filter(|folder| folder.is_dir())
    }

    /// Returns whether taking back the change would remove a file that stays.
    pub fn holds(&self, how: &How) -> bool {
        let How::Remove(path) = how else { return false };
        if self.building().as_ref() == Some(path) {
            return !self.full;
        }
        let record = &self.desired.record;
        let unpacked = || runtime::noted(&record.runtime).is_some_and(|noted| noted.installed.is_none());
        if *path == runtime_folder(&record.runtime) {
            return unpacked() && self.is_kept(&record.runtime);
        }
        let mut models = record.models.iter();
        models.any(|blob| *path == model_folder(blob) && generation::has_model(blob) && self.is_kept(blob))
    }

    /// Removes the arrived files that do not stay, and what was compiled of them.
    pub fn clear_arrivals(&self) -> Result<()> {
        if let Some(folder) = self.building().filter(|_| self.full) {
            files::remove(&folder)?;
        }
        let going = self.blobs().filter(|blob| !self.is_kept(blob));
        going.map(receive::arrived).try_for_each(|path| files::remove(&path))
    }

    /// Names of what is there for the next apply and would not be but for this one, by `undo`.
    pub fn names(&self, undo: &[Undo]) -> Vec<&'a str> {
        let brought = |path: &Path| undo.iter().any(|undo| matches!(&undo.how, How::Remove(p) if p == path));
        let record = &self.desired.record;
        let here = |blob: &&Blob| {
            let folders = [model_folder(blob), runtime_folder(&record.runtime)];
            let folders = if record.archives().contains(blob) { &folders[1..] } else { &folders[..1] };
            self.is_kept(blob)
                && (receive::arrived(blob).exists()
                    || folders
                        .iter()
                        .any(|folder| brought(folder) && self.holds(&How::Remove(folder.clone()))))
        };
        let built = self.building().filter(|_| !self.full).map(|_| "what was compiled");
        self.blobs().filter(here).map(|blob| blob.name.as_str()).chain(built).collect()
    }
}

/// `a, b and c stay for the next apply`; nothing where nothing does.
pub fn sentence(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} stays for the next apply")),
        [most @ .., last] => Some(format!("{} and {last} stay for the next apply", most.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_stay_are_named() {
        assert_eq!(sentence(&[]), None);
        assert_eq!(sentence(&["a"]).unwrap(), "a stays for the next apply");
        assert_eq!(sentence(&["a", "b", "c"]).unwrap(), "a, b and c stay for the next apply");
    }
}
