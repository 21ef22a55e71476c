//! Archives: one with the engine's program, and at most one more with libraries that belong beside it, as CUDA's are in
//! llama.cpp's releases.

mod beside;

use super::kind::Kind;
use crate::agent::host::disk;
use crate::agent::steps::arrival;
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::front::home;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::{receive, runtime};
use crate::engine::kind::Engine;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::processor::Processor;
use crate::unpack::{self, Limits, UnpackError};
use crate::wire::protocol::Blob;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub struct Archives;

fn hint(engine: &dyn Engine) -> String {
    if engine.front().is_some() {
        return format!("give {}'s portable release archive for this host", engine.name());
    }
    format!(
        "give {}'s release archive for Linux {}, or a .tar.gz of build/bin",
        engine.name(),
        Processor::own().row().asset
    )
}

impl Kind for Archives {
    fn is_meant(&self, desired: &Desired) -> bool {
        desired.installed.is_none() && desired.image().is_none() && desired.sourced.is_none()
    }

    fn change(&self, desired: &Desired) -> String {
        let folder = runtime_folder(&desired.record.runtime);
        let name = names(desired.record.archives());
        english!("change-unpack", name = name, path = folder.display().to_string())
    }

    fn prepare(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        desired.record.archives().iter().try_for_each(|blob| arrival::arrived(blob, desired, run).map(drop))
    }

    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime> {
        let (record, engine) = (&desired.record, desired.plan.engine());
        let program = engine.program();
        let unpacked = |blob: &Blob, folder: &Path| {
            unpack(engine, &receive::arrived(blob), folder)
                .with_context(|| format!("unpacking {}", blob.name))
        };
        let found = match record.archives() {
            [one] => {
                unpacked(one, folder)?;
                runtime::find_server(folder, program)?
            }
            several => {
                files::directory(folder, 0o755)?;
                let parts: Vec<PathBuf> =
                    (0..several.len()).map(|part| folder.join(part.to_string())).collect();
                for (blob, part) in several.iter().zip(&parts) {
                    unpacked(blob, part)?;
                }
                beside::join(&parts, folder, program)?
            }
        };
        let server = found.ok_or_else(|| {
            Failure::failed(format!("{} has no {program} in it", names(record.archives()))).hint(hint(engine))
        })?;
        if let Some(front) = engine.front().filter(|front| home(front, &folder.join(&server)).is_none()) {
            let lacks = format!("{} has no {} with {}", names(record.archives()), front.script, front.runs);
            return Err(Failure::failed(lacks).hint(hint(engine)).into());
        }
        fs::set_permissions(folder.join(&server), fs::Permissions::from_mode(0o755))?;
        runtime::unpacked(folder, &server, program, record)
    }

    fn clear(&self, desired: &Desired) -> Result<()> {
        desired.record.archives().iter().try_for_each(|blob| files::remove(&receive::arrived(blob)))
    }
}

/// `a` or `a and b`.
fn names(archives: &[Blob]) -> String {
    archives.iter().map(|blob| blob.name.as_str()).collect::<Vec<_>>().join(" and ")
}

/// The bounds of an archive; one with an interpreter has more files.
fn limits(engine: &dyn Engine) -> Limits {
    match engine.front() {
        None => Limits::RUNTIME,
        Some(front) => Limits { entries: front.most_files, ..Limits::RUNTIME },
    }
}

/// Unpacks an archive that a stranger may have made; what is wrong with it is said in the error.
fn unpack(engine: &dyn Engine, archive: &Path, folder: &Path) -> Result<()> {
    let file = File::open(archive).with_context(|| format!("opening {}", archive.display()))?;
    let unpacked = unpack::unpack(BufReader::new(file), folder, &limits(engine), &[NOTE]);
    unpacked.map_err(|error| match error {
        UnpackError::Write { ref source, .. } if files::full(source) => {
            Failure::failed("the host's disk is full").hint(disk::FREE_SOME).into()
        }
        UnpackError::Write { .. } => anyhow::Error::from(error),
        UnpackError::Refused(why) => Failure::failed(why).hint(hint(engine)).into(),
        broken => Failure::failed(broken.to_string()).hint(hint(engine)).into(),
    })
}
