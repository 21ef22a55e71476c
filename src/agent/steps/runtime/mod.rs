//! The engine's program: a folder of its own from archives or built from source here, a link to what the
//! host has or its distribution's packages bring, or a container image. The ways
//! are one file or folder each, and docs/add-runtime-kind.md says how to add one.

mod archives;
mod distribution;
mod image;
mod installed;
mod kind;
mod source;

use super::packages;
use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::{Context, Failure, Result};
use crate::files;
use kind::Kind;
use std::fs;
use std::path::Path;

/// Every way, in the order in which they are asked.
fn all() -> [&'static dyn Kind; 5] {
    [&image::Image, &distribution::Distribution, &installed::Installed, &source::Source, &archives::Archives]
}

fn of(desired: &Desired) -> Result<&'static dyn Kind> {
    let meant = all().into_iter().find(|kind| kind.is_meant(desired));
    meant.ok_or_else(|| Failure::failed("no way is known of bringing this runtime onto a host").into())
}

pub struct Runtime;

impl Resource for Runtime {
    fn id(&self) -> Id {
        Id::Runtime
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Err(altered) = desired.runtime_in_place() else { return Ok(Observed::default()) };
        let again = altered.map_or(String::new(), |why| format!(" again: {why}"));
        Ok(vec![Change::Create(format!("{}{again}", of(desired)?.change(desired)))].into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let kind = of(desired)?;
        kind.prepare(desired, run)?;
        let folder = runtime_folder(&desired.record.runtime);
        let unpacking = folder.with_extension("unpacking");
        made::add([Thing::tree(&folder)?, Thing::tree(&unpacking)?])?;
        // One that is put there again is the old generation's, too: without it that would not start after a failure.
        let new = [&folder, &unpacking].into_iter().filter(|path| **path == unpacking || !path.exists());
        new.for_each(|path| run.note(self.id(), How::Remove(path.clone())));
        files::remove(&folder)?;
        files::remove(&unpacking)?;
        let note = kind.put(desired, &unpacking)?;
        settle(&note, &unpacking, &folder)?;
        kind.clear(desired)
    }
}

/// Takes the distribution's packages as they are now where they were upgraded since `old` was applied, as it does not
/// start by others. Its server had gone on with the ones before, until another plan was tried.
///
/// # Errors
/// Their program cannot be used, or cannot be noted.
pub fn follow_packages(old: &Desired) -> Result<()> {
    if old.packages().is_empty() || !matches!(old.runtime_in_place(), Err(Some(_))) {
        return Ok(());
    }
    let folder = runtime_folder(&old.record.runtime);
    let anew = folder.with_extension("unpacking");
    files::remove(&anew)?;
    made::add([Thing::tree(&anew)?])?;
    let note = distribution::Distribution.put(old, &anew)?;
    files::remove(&folder)?;
    settle(&note, &anew, &folder)?;
    packages::note(old)
}

/// Writes the note, and moves the folder into its place.
fn settle(note: &generation::Runtime, unpacking: &Path, folder: &Path) -> Result<()> {
    // The note vouches for all of it: first the bytes, then the claim.
    files::sync(unpacking)?;
    generation::write_note(&unpacking.join(NOTE), note)?;
    fs::rename(unpacking, folder).with_context(|| format!("moving {}", unpacking.display()))?;
    Ok(files::sync_folder(folder)?)
}
