//! Resolves what the dynamic loader would load for the server and for the backends that it opens while it runs.
//! Read from the files, without running any of them.

use crate::agent::store::installed;
use crate::elf::{self, Image, Lacking, Loaded, Machine, Search};
use crate::error::{Failure, Result};
use crate::hardware::backend::Backend;
use std::fs;
use std::path::{Path, PathBuf};

/// Libraries of a server and of its backends.
#[derive(Debug, Default)]
pub(super) struct Loading {
    /// Libraries that no folder has.
    pub missing: Vec<String>,
    /// Libraries that the server itself is linked with.
    pub found: Vec<PathBuf>,
    /// Backends for the plan's cards that load here.
    pub backends: Vec<Backend>,
    /// Why other backends for the plan's cards do not, whatever is installed; a sentence each.
    pub broken: Vec<String>,
}

/// Returns what the server at `server` and the backends beside it need; `wanted` are those for the plan's cards. `name`
/// is the server's in messages. Fails where it cannot start on this host, or not compute where the plan puts it.
pub(super) fn of(server: &Path, name: &str, wanted: &[Backend], search: &Search) -> Result<Loading> {
    let hint = || format!("it must be a Linux {} executable for this host's C library", Machine::OWN);
    let loaded = starts_here(server, search)
        .map_err(|why| Failure::failed(format!("{name} does not start here: {why}")).hint(hint()))?;
    let mut loading = Loading { missing: loaded.missing(), found: loaded.found, ..Loading::default() };
    let (mut processors, mut no_processor) = (0, Vec::new());
    for (library, path) in in_folders(&installed::backend_folders(server, &loading.found)) {
        let part = part(&library, wanted);
        if part == Part::PassedOver {
            continue;
        }
        let usable = elf::resolve(&path, search)
            .map_err(|error| error.to_string())
            .and_then(|loaded| older(&loaded).map_or_else(|| Ok(loaded.missing()), Err));
        match (part, usable) {
            (Part::PassedOver, _) => {}
            (Part::Processor, Ok(missing)) => {
                processors += 1;
                loading.missing.extend(missing);
            }
            (Part::Processor, Err(why)) => no_processor.push(format!("{library}: {why}")),
            (Part::Cards(backend), Ok(missing)) => {
                loading.backends.push(backend);
                loading.missing.extend(missing);
            }
            (Part::Cards(_), Err(why)) => loading.broken.push(format!("{library} does not load here: {why}")),
        }
    }
    let why = match (processors, &no_processor[..], &loading.backends[..], &loading.broken[..]) {
        (0, [first, ..], ..) => Some(format!("{name} has no backend for the processor: {first}")),
        (.., [], [first, ..]) => Some(format!("{name} cannot use the plan's cards: {first}")),
        _ => None,
    };
    if let Some(why) = why {
        let other = "`agi-provision plan --host` says which of the release's archives is right for a host";
        return Err(Failure::failed(why).hint(other).into());
    }
    loading.missing.sort();
    loading.missing.dedup();
    Ok(loading)
}

/// Purpose of a library beside the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The processor; the server takes the best of those that load.
    Processor,
    /// The plan's cards.
    Cards(Backend),
    /// Something else: the server passes over it where it does not load.
    PassedOver,
}

fn part(library: &str, wanted: &[Backend]) -> Part {
    match wanted.iter().find(|backend| backend.library() == library) {
        Some(backend) => Part::Cards(*backend),
        None if library.starts_with("libggml-cpu") => Part::Processor,
        None => Part::PassedOver,
    }
}

/// The libraries in the folders that a server looks for backends in, by name.
fn in_folders(folders: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
    let mut all: Vec<(String, PathBuf)> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| name.starts_with("libggml-") && name.ends_with(".so"))
        .collect();
    all.sort();
    all
}

/// Why a library of this host is too old for it; `None` if none is.
fn older(loaded: &Loaded) -> Option<String> {
    loaded.lacking.iter().find_map(|lacking| match lacking {
        Lacking::Version { library, version, newest } => Some(match newest {
            Some(newest) => format!("it needs {version}, and this host's {library} goes up to {newest}"),
            None => format!("it needs {version}, which this host's {library} lacks"),
        }),
        Lacking::Library(_) | Lacking::Processor(_) => None,
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
    older(&loaded).map_or(Ok(loaded), Err)
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

    /// Bytes of a program with every `from` replaced by as long a text.
    fn with(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
        let mut all = bytes.to_vec();
        let places: Vec<usize> =
            (0..all.len() - from.len()).filter(|at| all[*at..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty() && from.len() == to.len(), "{from}");
        for at in places {
            all[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        all
    }

    /// A backend stands for a library here: /bin/sh, whole, or needing a library or a version that no host has.
    #[test]
    fn every_backend_beside_the_server_is_looked_at() {
        let search = Search::of_host();
        let sh = std::fs::read("/bin/sh").unwrap();
        let missing = with(&sh, "libc.so.6", "libx.so.6");
        // A version's hash is not looked at, only its name.
        let newest = Image::read(Path::new("/bin/sh")).unwrap().glibc_needed().unwrap();
        let newer = with(&sh, &format!("GLIBC_{}.{}", newest.0, newest.1), "GLIBC_9.99");
        let cuda = [Backend::Cuda, Backend::Vulkan];
        type Files<'a> = &'a [(&'a str, &'a [u8])];
        let looked = |files: Files, wanted: &[Backend]| {
            let dir = tempfile::tempdir().unwrap();
            let server = dir.path().join("llama-server");
            std::fs::write(&server, &sh).unwrap();
            files.iter().for_each(|(name, bytes)| std::fs::write(dir.path().join(name), bytes).unwrap());
            of(&server, "the server", wanted, &search)
        };
        let said = |files: Files, wanted: &[Backend]| looked(files, wanted).unwrap_err().to_string();

        // Libraries that the processor's and the cards' backends lack are installed, also where the server lacks none.
        let cpu = looked(&[("libggml-cpu-haswell.so", &missing)], &[]).unwrap();
        assert_eq!(cpu.missing, ["libx.so.6"]);
        let both = looked(&[("libggml-cuda.so", &missing), ("libggml-vulkan.so", &sh)], &cuda).unwrap();
        assert_eq!((both.missing, both.backends), (vec!["libx.so.6".to_string()], cuda.to_vec()));
        // Libraries for another maker's cards, and for other parts, are not needed.
        let others = looked(&[("libggml-hip.so", &missing), ("libggml-rpc.so", &newer)], &cuda).unwrap();
        assert_eq!((others.missing.len(), others.backends.len(), others.broken.len()), (0, 0, 0));

        // Built for a newer C library.
        let cuda_alone = said(&[("libggml-cuda.so", &newer), ("libggml-cpu.so", &sh)], &cuda);
        assert!(
            cuda_alone.contains("cannot use the plan's cards: libggml-cuda.so does not load here"),
            "{cuda_alone}"
        );
        assert!(cuda_alone.contains("it needs GLIBC_9.99"), "{cuda_alone}");
        let beside = looked(&[("libggml-cuda.so", &newer), ("libggml-vulkan.so", &sh)], &cuda).unwrap();
        assert_eq!((beside.backends, beside.broken.len()), (vec![Backend::Vulkan], 1));
        let none = said(&[("libggml-cpu-haswell.so", &newer), ("libggml-cpu-x64.so", &newer)], &[]);
        assert!(
            none.contains("has no backend for the processor: libggml-cpu-haswell.so: it needs"),
            "{none}"
        );
        looked(&[("libggml-cpu-haswell.so", &newer), ("libggml-cpu-x64.so", &sh)], &[]).unwrap();
    }
}
