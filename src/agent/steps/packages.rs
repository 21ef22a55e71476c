//! System libraries that an engine needs and a minimal system lacks (libgomp1, above all). What
//! is installed here stays when an apply is taken back, and the output says so.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::packages::{LOCK_SECONDS, install, library_packages};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::made::{self, Thing};
use crate::agent::store::{installed, runtime};
use crate::checked::HostPath;
use crate::elf::{self, Image, Lacking, Loaded, Machine, Search};
use crate::error::{Failure, Result};
use crate::files;
use crate::hardware::backend::Backend;
use crate::hardware::probe::package_lock;
use crate::hardware::vendor;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Packages;

impl Resource for Packages {
    fn id(&self) -> Id {
        Id::Packages
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Some(noted) = runtime::noted(&desired.record.runtime) else {
            let program = desired.plan.engine().program();
            let text = format!("install the libraries {program} needs, if any is missing");
            return Ok(vec![Change::Install(text)].into());
        };
        // The noted libraries are still there, or the runtime would not count as present.
        if !noted.libraries.is_empty() {
            return Ok(Observed::default());
        }
        let missing = loader(desired)?.missing;
        if missing.is_empty() {
            return Ok(vec![Change::Create("note the libraries in use".to_string())].into());
        }
        let install = |library: &String| Change::Install(format!("install the package with {library}"));
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
            .into());
        }
        if let Some(warning) = lacks_icd(desired, &loaded.backends) {
            run.warn(warning)?;
        }
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
}

struct Loader {
    missing: Vec<String>,
    /// Libraries outside the runtime.
    found: Vec<PathBuf>,
    /// The backends for the plan's cards that the runtime has.
    backends: Vec<Backend>,
}

/// Returns what the dynamic loader would load for the server, read from its files without running it.
fn loader(desired: &Desired) -> Result<Loader> {
    let folder = runtime_folder(&desired.record.runtime);
    let note: Option<generation::Runtime> = generation::read_note(&folder.join(NOTE));
    let note = note.ok_or_else(|| Failure::failed("the runtime is not unpacked"))?;
    let server = server(&note);
    let search = Search::of_host();
    let loaded = starts_here(&server, &search).map_err(|why| {
        let name = match &note.installed {
            Some(path) => path.to_string(),
            None => format!("the archive's {}", desired.plan.engine().program()),
        };
        Failure::failed(format!("{name} does not start here: {why}"))
            .hint(format!("it must be a Linux {} executable for this host's C library", Machine::OWN))
    })?;
    let mut missing = loaded.missing();
    let mut backends = Vec::new();
    if desired.plan.cards() > 0 {
        // The server loads it while it runs, and without its libraries passes over it and the GPU.
        for backend in vendor::of(desired.plan.profile.vendor()).backends() {
            if let Ok(loaded) = elf::resolve(&server.with_file_name(backend.library()), &search) {
                backends.push(*backend);
                missing.extend(loaded.missing());
            }
        }
        missing.sort();
        missing.dedup();
    }
    let mut found: Vec<PathBuf> =
        loaded.found.into_iter().filter(|path| !path.starts_with(&folder)).collect();
    // A program that needs no library at all is noted as itself.
    if found.is_empty() && missing.is_empty() {
        found.push(server);
    }
    Ok(Loader { missing, found, backends })
}

/// Where Vulkan looks for drivers.
const ICD_FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// A runtime that computes through Vulkan alone finds no card where the maker's driver is not known to Vulkan.
fn lacks_icd(desired: &Desired, backends: &[Backend]) -> Option<String> {
    let icd = vendor::of(desired.plan.profile.vendor()).icd();
    let entries = ICD_FOLDERS.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let has = |name: std::ffi::OsString| name.to_string_lossy().starts_with(icd.file);
    let is_there = entries.map(|entry| entry.file_name()).any(has);
    (backends == [Backend::Vulkan] && !is_there).then(|| {
        format!(
            "the runtime computes through Vulkan, and no {}*.json in {} names the card's driver: install {}",
            icd.file, ICD_FOLDERS[0], icd.package
        )
    })
}

/// The libraries of a program for this machine; or why it does not start here, whatever is installed.
fn starts_here(server: &Path, search: &Search) -> std::result::Result<Loaded, String> {
    let image = Image::read(server).map_err(|error| error.to_string())?;
    if image.machine != Machine::OWN {
        return Err(format!("it is for {}, and this host is {}", image.machine, Machine::OWN));
    }
    if let Some(loader) = image.interpreter.filter(|loader| !Path::new(loader).is_file()) {
        return Err(format!("its loader {loader} is not on this host"));
    }
    let loaded = elf::resolve(server, search).map_err(|error| error.to_string())?;
    let older = loaded.lacking.iter().find_map(|lacking| match lacking {
        Lacking::Version { library, version, newest } => Some(match newest {
            Some(newest) => format!("it needs {version}, and this host's {library} goes up to {newest}"),
            None => format!("it needs {version}, which this host's {library} lacks"),
        }),
        Lacking::Library(_) => None,
    });
    older.map_or(Ok(loaded), Err)
}

/// The program itself, not a link to it: its libraries are looked for beside it.
fn server(note: &generation::Runtime) -> PathBuf {
    match &note.installed {
        Some(path) => path.as_path().to_path_buf(),
        None => note.server(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_cannot_start_here_is_reported_with_its_reason() {
        let search = Search::of_host();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("llama-server");
        let says = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            starts_here(&file, &search).unwrap_err()
        };
        assert!(says(b"#!/bin/sh\nexec sleep 1000\n").contains("is not an ELF file"));
        let mut foreign = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x08\0\x01\0\0\0".to_vec();
        foreign.resize(4096, 0);
        assert!(says(&foreign).contains("another processor (ELF machine 8), and this host is"));
        let own = std::fs::read("/bin/sh").unwrap();
        let loader = Image::read(Path::new("/bin/sh")).unwrap().interpreter.unwrap();
        let at = own.windows(loader.len()).position(|window| window == loader.as_bytes()).unwrap();
        let mut other = own.clone();
        other[at + 1..at + 4].copy_from_slice(b"nix");
        assert!(says(&other).contains("is not on this host"));
        std::fs::write(&file, &own).unwrap();
        assert_eq!(starts_here(&file, &search).unwrap().lacking, []);
    }
}
