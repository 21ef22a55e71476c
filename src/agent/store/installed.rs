//! Checks an engine's program that is on the host already (`apply --runtime-path`): whether the service can run it, and
//! which build it says it is.

use super::generation::{self, NOTE, Runtime};
use crate::agent::host::sandbox;
use crate::checked::FileName;
use crate::elf::{Image, Machine};
use crate::engine::kind::Engine;
use crate::error::{Context, Failure, Result};
use crate::files::Stamp;
use crate::hash::sha256_file;
use crate::paths;
use crate::wire::protocol::Blob;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Places that the service's sandbox hides.
const HIDDEN: [&str; 6] = ["/home", "/root", "/run", "/tmp", "/var/tmp", "/dev"];

/// Returns the executable behind `path`, all links followed, if the service can run it.
pub fn resolve(engine: &dyn Engine, path: &Path) -> Result<PathBuf> {
    let program = engine.program();
    let refuse =
        |why: &str, hint: &str| Err(Failure::failed(format!("{} {why}", path.display())).hint(hint).into());
    if engine.container().is_some_and(|container| container.only) {
        return refuse(
            &format!("is not taken: {} comes as a container image", engine.name()),
            "give --runtime-image, and with --runtime-archive the image's file where the host reaches no registry",
        );
    }
    if engine.front().is_some() {
        return refuse(
            &format!(
                "is not taken: {} is served from an archive, whose every file is checked",
                engine.name()
            ),
            "give its portable release with --runtime-archive",
        );
    }
    if !path.is_absolute() {
        return refuse(
            "is not an absolute path",
            &format!("give its path on the host, such as /usr/bin/{program}"),
        );
    }
    let Ok(real) = fs::canonicalize(path) else {
        return refuse(
            "is not on the host",
            &format!("`command -v {program}` there tells where it is; or give --runtime-archive"),
        );
    };
    let metadata = fs::metadata(&real).with_context(|| format!("reading {}", real.display()))?;
    if !metadata.is_file() || metadata.mode() & 0o001 == 0 || !is_elf(&real) {
        return refuse(
            &format!("is not an executable for {} that every user may run", Machine::OWN),
            &format!("a script cannot stand in for {program}; name the program that it starts"),
        );
    }
    if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
        return refuse(
            "can be changed by others than root",
            "chown it to root and chmod 755, or install it under /usr/local or /opt",
        );
    }
    if in_open_folder(&real) {
        return refuse(
            "lies in a folder that others than root can change",
            "install it under /usr/local or /opt, in folders of root's that nobody else can write to",
        );
    }
    match HIDDEN.iter().find(|folder| real.starts_with(folder)) {
        Some(folder) => refuse(
            &format!("lies in {folder}, which the service does not see"),
            "install it under /usr/local or /opt",
        ),
        None => Ok(real),
    }
}

/// Returns the executable at `path` as a runtime. It is hashed once, and again after it was changed.
pub fn blob(path: &Path) -> Result<Blob> {
    let what = || format!("reading {}", path.display());
    let stamp = Stamp::of(path).with_context(what)?;
    let entries = fs::read_dir(paths::RUNTIMES).into_iter().flatten().flatten();
    let mut notes = entries.filter_map(|entry| generation::read_note::<Runtime>(&entry.path().join(NOTE)));
    let same = |note: &Runtime| {
        note.installed.as_ref().is_some_and(|installed| installed.as_path() == path) && note.stamp == stamp
    };
    if let Some(note) = notes.find(same) {
        return Ok(note.blob);
    }
    let sha256 = sha256_file(path, |_| {}).with_context(what)?;
    let name = path.file_name().unwrap_or_default();
    Ok(Blob { name: FileName::from_os(name)?, sha256, size_bytes: stamp.size_bytes })
}

/// Returns whether the file is a program or library for this machine's processor.
pub fn is_elf(path: &Path) -> bool {
    Image::read(path).is_ok_and(|image| image.machine == Machine::OWN)
}

/// Returns whether users other than root could put another file in the place of `path`.
fn in_open_folder(path: &Path) -> bool {
    path.ancestors().skip(1).any(|folder| {
        let open = |metadata: fs::Metadata| metadata.uid() != 0 || metadata.mode() & 0o1002 == 0o002;
        fs::metadata(folder).map_or(true, open)
    })
}

/// Returns the engine's own libraries of the server at `server`, which loaded `found`: those, and the libraries beside
/// them and beside it, as it opens its backends while it runs.
pub fn own_libraries(engine: &dyn Engine, server: &Path, found: &[PathBuf]) -> Vec<PathBuf> {
    let is_own = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        engine.libraries().iter().any(|own| name.starts_with(own)) && name.contains(".so")
    };
    let own: Vec<&PathBuf> = found.iter().filter(|path| is_own(path)).collect();
    let backends = backend_folders(server, found);
    let beside = own.iter().filter_map(|path| path.parent());
    let folders: BTreeSet<&Path> = beside.chain(backends.iter().map(PathBuf::as_path)).collect();
    let beside = folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let beside = beside.map(|entry| entry.path()).filter(|path| is_own(path) && path.is_file());
    let all: BTreeSet<PathBuf> = beside.chain(own.into_iter().cloned()).collect();
    all.into_iter().collect()
}

/// Returns the folders in which a server that is linked with `found` looks for backends: its own, and Debian's
/// `ggml/backends…` below that of its libraries.
pub fn backend_folders(server: &Path, found: &[PathBuf]) -> Vec<PathBuf> {
    let named = |path: &Path, start: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
    };
    let libraries = found.iter().filter(|path| named(path, "libggml")).filter_map(|path| path.parent());
    let entries =
        libraries.flat_map(|folder| fs::read_dir(folder.join("ggml")).into_iter().flatten().flatten());
    let below = entries.map(|entry| entry.path()).filter(|path| named(path, "backends") && path.is_dir());
    let all: BTreeSet<PathBuf> = server.parent().map(Path::to_path_buf).into_iter().chain(below).collect();
    all.into_iter().collect()
}

/// Returns the build that the program says it is, such as `b11434`, when it is run as the service would run it; `None`
/// if it says none.
pub fn build(engine: &dyn Engine, server: &Path) -> Option<String> {
    let outcome = sandbox::run(engine.unit(), server, engine.asks_build())?;
    engine.build(&outcome.stderr).or_else(|| engine.build(&outcome.stdout))
}

/// Returns why a runtime of build `found` is not the one that a plan for build `planned` counts on.
pub fn mismatch(program: &str, found: Option<&str>, planned: &str) -> Option<String> {
    match found {
        Some(found) if found == planned => None,
        Some(found) => Some(format!(
            "{program} is build {found}, and the plan is for {planned}: arguments and memory were settled for that one"
        )),
        None => Some(format!("{program} does not say which build it is; the plan is for {planned}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;

    #[test]
    fn backends_lie_beside_the_server_or_below_its_libraries() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            path
        };
        let (server, libc) = (at("bin/server"), at("lib/libc.so.6"));
        let (ggml, zen4) = (at("lib/libggml.so.0"), at("lib/ggml/backends0/libggml-cpu-zen4.so"));
        at("lib/ggml/notes/libggml-other.so");
        let bin = dir.path().join("bin");
        assert_eq!(backend_folders(&server, &[libc]), std::slice::from_ref(&bin));
        let found = std::slice::from_ref(&ggml);
        assert_eq!(backend_folders(&server, found), [bin, zen4.parent().unwrap().to_path_buf()]);
        assert_eq!(own_libraries(engine::default(), &server, found), [zen4, ggml.clone()]);
    }

    #[test]
    fn another_build_is_told_apart() {
        assert_eq!(mismatch("llama-server", Some("b11434"), "b11434"), None);
        assert!(mismatch("llama-server", Some("b6123"), "b11434").unwrap().contains("b6123"));
        assert!(mismatch("llama-server", None, "b11434").unwrap().contains("does not say"));
    }

    #[test]
    fn a_program_that_the_service_cannot_run_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("llama-server");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        let front = engine::named("text-generation-webui").unwrap();
        assert!(resolve(front, Path::new("/bin/sh")).unwrap_err().to_string().contains("from an archive"));
        let image = engine::named("vllm").unwrap();
        assert!(resolve(image, Path::new("/bin/sh")).unwrap_err().to_string().contains("a container image"));
        let said = |path: &str| resolve(engine::default(), Path::new(path)).unwrap_err().to_string();
        assert!(said(script.to_str().unwrap()).contains("not an executable"));
        assert!(said("llama-server").contains("absolute"));
        assert!(said("/no/such/llama-server").contains("is not on the host"));
        assert!(said("/usr").contains("not an executable"));
        let real = resolve(engine::default(), Path::new("/proc/self/exe/../x")).unwrap_err();
        assert!(real.to_string().contains("is not on the host"));
        assert!(resolve(engine::default(), Path::new("/bin/sh")).unwrap().starts_with("/usr"));
    }
}
