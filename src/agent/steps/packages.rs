//! System libraries that an engine needs and a minimal system lacks (libgomp1, above all). What
//! is installed here stays when an apply is taken back, and the output says so.

use super::loading::{self, Loading};
use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::apt::LOCK_SECONDS;
use crate::agent::host::packages::{install, library_packages};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::agent::store::{installed, runtime};
use crate::checked::HostPath;
use crate::elf::Search;
use crate::error::{Failure, Result};
use crate::files;
use crate::hardware::backend::Backend;
use crate::hardware::probe::package_lock;
use crate::hardware::vendor::{self, Icd};
use std::fs;
use std::path::{Path, PathBuf};

pub struct Packages;

impl Resource for Packages {
    fn id(&self) -> Id {
        Id::Packages
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        if desired.image().is_some() {
            // They are in it, and podman comes with it.
            return Ok(Observed::default());
        }
        let Some(noted) = runtime::noted(&desired.record.runtime) else {
            let program = desired.plan.engine().program();
            let text = english!("change-libraries", program = program);
            return Ok(vec![Change::Install(text)].into());
        };
        // The noted libraries are still there, or the runtime would not count as present.
        if !noted.libraries.is_empty() {
            return Ok(Observed::default());
        }
        let missing = loader(desired)?.missing;
        if missing.is_empty() {
            return Ok(vec![Change::Create(english!("change-note-libraries"))].into());
        }
        let install = |library: &String| Change::Install(english!("change-library", library = library));
        Ok(missing.iter().map(install).collect::<Vec<_>>().into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let engine = desired.plan.engine();
        let mut loaded = loader(desired)?;
        if !loaded.missing.is_empty() {
            let packages = library_packages(engine.program(), &loaded.missing)?;
            if let Some(holder) = package_lock() {
                run.warn(format!("{holder} holds dpkg's lock; waiting for it, {LOCK_SECONDS} s at most"))?;
            }
            made::add(packages.iter().map(|name| Thing::Package { name: name.to_string() }))?;
            install(engine.program(), &loaded.missing, &packages, &run.route)?;
            run.notes.packages.extend(packages.iter().map(|name| name.to_string()));
            loaded = loader(desired)?;
        }
        if !loaded.missing.is_empty() {
            return Err(Failure::failed(format!(
                "{} still lacks {} after installing {}",
                engine.program(),
                loaded.missing.join(", "),
                run.notes.packages.join(", ")
            ))
            .hint("install what has them on the host, and apply again")
            .into());
        }
        make_known(desired, &loaded.backends, run)?;
        loaded.broken.iter().try_for_each(|why| run.warn(why.clone()))?;
        write_note(desired, &loaded)
    }
}

/// Notes the libraries of a runtime whose program was noted anew outside a run of steps.
///
/// # Errors
/// One is missing, or the note cannot be written.
pub fn note(desired: &Desired) -> Result<()> {
    let loaded = loader(desired)?;
    if !loaded.missing.is_empty() {
        let lacking = loaded.missing.join(", ");
        return Err(Failure::failed(format!("{} lacks {lacking}", desired.plan.engine().program()))
            .hint("install what has them on the host, and apply again")
            .into());
    }
    write_note(desired, &loaded)
}

fn write_note(desired: &Desired, loaded: &Loading) -> Result<()> {
    let engine = desired.plan.engine();
    let path = runtime_folder(&desired.record.runtime).join(NOTE);
    let mut note: generation::Runtime =
        generation::read_note(&path).ok_or_else(|| Failure::failed("the runtime's note is gone"))?;
    let server = server(&note);
    if note.installed.is_some() {
        note.stamps =
            runtime::stamps(Path::new("/"), installed::own_libraries(engine, &server, &loaded.found))?;
    }
    note.libraries = loaded.found.iter().map(HostPath::from_os).collect::<Result<_, _>>()?;
    note.build = installed::build(engine, &server);
    files::write(&path, &serde_json::to_vec_pretty(&note)?, 0o644)
}

/// Returns what the dynamic loader would load for llama-server and its backends. Of the libraries that are found, only
/// those outside the runtime.
fn loader(desired: &Desired) -> Result<Loading> {
    let folder = runtime_folder(&desired.record.runtime);
    let note: Option<generation::Runtime> = generation::read_note(&folder.join(NOTE));
    let note = note.ok_or_else(|| Failure::failed("the runtime is not unpacked"))?;
    let server = server(&note);
    let name = match &note.installed {
        Some(path) => path.to_string(),
        None => format!("the archive's {}", desired.plan.engine().program()),
    };
    let wanted: &[Backend] = match desired.plan.cards() {
        0 => &[],
        _ => vendor::of(desired.plan.profile.vendor()).backends(),
    };
    let mut loading = loading::of(&server, &name, wanted, &Search::of_host())?;
    loading.found.retain(|path| !path.starts_with(&folder));
    // A program that needs no library at all is noted as itself.
    if loading.found.is_empty() && loading.missing.is_empty() {
        loading.found.push(server);
    }
    Ok(loading)
}

/// Where Vulkan looks for drivers.
const ICD_FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Makes the cards known to Vulkan where the runtime computes through it alone, which finds no card otherwise: the package
/// is installed where every driver of the maker's goes with it. What cannot be done is a warning, as the start proves
/// whether the cards are used.
fn make_known(desired: &Desired, backends: &[Backend], run: &mut Run) -> Result<()> {
    let icd = vendor::of(desired.plan.profile.vendor()).icd();
    if backends != [Backend::Vulkan] || is_known(icd) {
        return Ok(());
    }
    let lacks = format!(
        "the runtime computes through Vulkan, and no {}*.json in {} names the card's driver",
        icd.file, ICD_FOLDERS[0]
    );
    let Some(package) = icd.installed else { return run.warn(format!("{lacks}: install {}", icd.package)) };
    made::add([Thing::Package { name: package.to_string() }])?;
    let program = desired.plan.engine().program();
    match install(program, &["a driver for Vulkan".to_string()], &[package], &run.route) {
        Ok(()) => run.notes.packages.push(package.to_string()),
        Err(error) => run.warn(format!("{lacks}: {error:#}"))?,
    }
    Ok(())
}

fn is_known(icd: Icd) -> bool {
    let entries = ICD_FOLDERS.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let has = |name: std::ffi::OsString| name.to_string_lossy().starts_with(icd.file);
    entries.map(|entry| entry.file_name()).any(has)
}

/// The program itself, not a link to it: its libraries are looked for beside it.
fn server(note: &generation::Runtime) -> PathBuf {
    match &note.installed {
        Some(path) => path.as_path().to_path_buf(),
        None => note.server(),
    }
}
