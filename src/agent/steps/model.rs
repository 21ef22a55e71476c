//! The model's files, kept by their content.

use super::arrival;
use super::resource::{Change, Id, Observed, Past, Reach, Resource};
use super::run::{How, Run};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, has_model, model_folder, model_path};
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::{Context, Result};
use crate::files::{self, Stamp};
use crate::hash::sha256_file;
use crate::units::gib;
use crate::wire::protocol::{Blob, Unit};
use std::fs;
use std::os::unix::fs::PermissionsExt;

pub struct Model;

impl Resource for Model {
    fn id(&self) -> Id {
        Id::Model
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let missing = desired.record.models.iter().filter(|blob| !has_model(blob));
        let put = |blob: &Blob| {
            Change::Create(english!("change-model", name = &*blob.name, size = gib(blob.size_bytes)))
        };
        let missing: Vec<&Blob> = missing.collect();
        let reach = missing.iter().flat_map(|blob| desired.readers(&blob.name)).collect();
        let changes = missing.into_iter().map(put).collect();
        Ok(Observed { changes, reach: Reach::Only(reach), dependent: None })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        for blob in desired.record.models.iter().filter(|blob| !has_model(blob)) {
            let (folder, path) = (model_folder(blob), model_path(blob));
            run.note(self.id(), How::Remove(folder.clone()));
            if !lies_there(blob, run) {
                let arrived = arrival::arrived(blob, desired, run)?;
                files::remove(&folder)?;
                made::add([Thing::tree(&folder)?])?;
                files::directory(&folder, 0o755)?;
                fs::rename(&arrived, &path).with_context(|| format!("moving {}", arrived.display()))?;
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
            files::sync_folder(&path)?;
            let note = generation::Model { blob: blob.clone(), stamp: Stamp::of(&path)? };
            generation::write_note(&folder.join(NOTE), &note)?;
        }
        Ok(())
    }
}

/// Its file is in place and as it should be, and only the note is missing: a power cut came between.
fn lies_there(blob: &Blob, run: &mut Run) -> bool {
    let path = model_path(blob);
    if !fs::metadata(&path).is_ok_and(|metadata| metadata.len() == blob.size_bytes) {
        return false;
    }
    let found = sha256_file(&path, |done| {
        let _ = run.progress(done, Some(blob.size_bytes), Unit::Bytes);
    });
    found.is_ok_and(|found| found == blob.sha256)
}
