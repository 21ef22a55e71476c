//! The engine: unpacks the archive with its program.

use super::arrival;
use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::host::disk;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::made::{self, Thing};
use crate::agent::store::{hashes, runtime};
use crate::checked::{HostPath, RelativePath};
use crate::engine::kind::Engine;
use crate::error::{Context, Failure, Result};
use crate::files::{self, Stamp};
use crate::processor::Processor;
use crate::unpack::{self, Limits, UnpackError};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub struct Runtime;

fn hint(engine: &dyn Engine) -> String {
    format!(
        "give {}'s release archive for Linux {}, or a .tar.gz of build/bin",
        engine.name(),
        Processor::own().row().asset
    )
}

impl Resource for Runtime {
    fn id(&self) -> Id {
        Id::Runtime
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let blob = &desired.record.runtime;
        let Err(altered) = runtime::find(blob) else { return Ok(Observed::default()) };
        let again = altered.map_or(String::new(), |why| format!(" again: {why}"));
        let text = match &desired.installed {
            Some(path) => format!("use {}{again}", path.display()),
            None => format!("unpack {} to {}{again}", blob.name, runtime_folder(blob).display()),
        };
        Ok(vec![Change::Create(text)].into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let (blob, engine) = (&desired.record.runtime, desired.plan.engine());
        let folder = runtime_folder(blob);
        let unpacking = folder.with_extension("unpacking");
        let prepare = |run: &mut Run| {
            made::add([Thing::tree(&folder)?, Thing::tree(&unpacking)?])?;
            for path in [&folder, &unpacking] {
                files::remove(path)?;
                run.note(self.id(), How::Remove(path.clone()));
            }
            Ok::<(), anyhow::Error>(())
        };
        if let Some(path) = &desired.installed {
            prepare(run)?;
            return link_installed(path, desired, &unpacking, &folder);
        }
        let archive = arrival::arrived(blob, desired, run)?;
        prepare(run)?;
        unpack(engine, &archive, &unpacking).with_context(|| format!("unpacking {}", blob.name))?;
        let program = engine.program();
        let server = runtime::find_server(&unpacking, program)?.ok_or_else(|| {
            Failure::failed(format!("{} has no {program} in it", blob.name)).hint(hint(engine))
        })?;
        fs::set_permissions(unpacking.join(&server), fs::Permissions::from_mode(0o755))?;
        let files = hashes::hashes(&unpacking)?;
        let note = generation::Runtime {
            blob: blob.clone(),
            llama_build: desired.record.llama_build.clone(),
            program: program.to_string(),
            folder: match server.parent().filter(|folder| *folder != Path::new("")) {
                Some(folder) => Some(hashes::relative(&unpacking, folder)?),
                None => None,
            },
            stamp: Stamp::of(&unpacking.join(&server))?,
            libraries: Vec::new(),
            stamps: runtime::stamps(&unpacking, files.keys().map(|path| path.as_path().to_path_buf()))?,
            files,
            installed: None,
            build: None,
        };
        settle(&note, &unpacking, &folder)?;
        files::remove(&archive)
    }
}

/// The note is written, and the folder takes its place.
fn settle(note: &generation::Runtime, unpacking: &Path, folder: &Path) -> Result<()> {
    // The note vouches for all of it: first the bytes, then the claim.
    files::sync(unpacking)?;
    generation::write_note(&unpacking.join(NOTE), note)?;
    fs::rename(unpacking, folder).with_context(|| format!("moving {}", unpacking.display()))?;
    Ok(files::sync_folder(folder)?)
}

/// A runtime that is only a link to what the host has.
fn link_installed(path: &Path, desired: &Desired, unpacking: &Path, folder: &Path) -> Result<()> {
    files::directory(unpacking, 0o755)?;
    let program = desired.plan.engine().program();
    files::link(&unpacking.join(program), path)?;
    let note = generation::Runtime {
        blob: desired.record.runtime.clone(),
        llama_build: desired.record.llama_build.clone(),
        program: program.to_string(),
        folder: None,
        stamp: Stamp::of(path).with_context(|| format!("reading {}", path.display()))?,
        libraries: Vec::new(),
        files: [(RelativePath::new(program)?, desired.record.runtime.sha256.clone())].into(),
        installed: Some(HostPath::from_os(path)?),
        stamps: BTreeMap::new(),
        build: None,
    };
    settle(&note, unpacking, folder)
}

/// Unpacks an archive that a stranger may have made; what is wrong with it is said in the error.
fn unpack(engine: &dyn Engine, archive: &Path, folder: &Path) -> Result<()> {
    let file = File::open(archive).with_context(|| format!("opening {}", archive.display()))?;
    let unpacked = unpack::unpack(BufReader::new(file), folder, &Limits::RUNTIME, &[NOTE]);
    unpacked.map_err(|error| match error {
        UnpackError::Write { ref source, .. } if files::full(source) => {
            Failure::failed("the host's disk is full").hint(disk::FREE_SOME).into()
        }
        UnpackError::Write { .. } => anyhow::Error::from(error),
        UnpackError::Refused(why) => Failure::failed(why).hint(hint(engine)).into(),
        broken => Failure::failed(broken.to_string()).hint(hint(engine)).into(),
    })
}
