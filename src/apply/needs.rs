//! Reads what an archive of llama.cpp needs of a host: its programs' ELF headers, unpacked for a moment.

use crate::agent::store::runtime::find_server;
use crate::elf::Needs;
use crate::engine;
use crate::error::{Context, Result, anyhow};
use crate::hardware::backend::Backend;
use crate::unpack::{self, Limits};
use crate::wire::needs::RuntimeNeeds;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// Begins the names of llama.cpp's backends for CPUs, of which llama-server opens one while it runs.
const CPU_BACKENDS: &str = "libggml-cpu";

/// Reads the archive at `path`. Errors: it is none, or has no llama-server; the host says so in its own words.
pub fn read(path: &Path) -> Result<RuntimeNeeds> {
    let cache = crate::home::cache().ok_or_else(|| anyhow!("there is no home"))?;
    fs::create_dir_all(&cache)?;
    let dir = tempfile::tempdir_in(&cache)?;
    let root = fs::canonicalize(dir.path())?.join("runtime");
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    unpack::unpack(BufReader::new(file), &root, &Limits::RUNTIME, &[])?;
    let program = engine::default().program();
    let server = root.join(find_server(&root, program)?.ok_or_else(|| anyhow!("it has no {program}"))?);
    let folder = server.parent().unwrap_or(&root);
    let mut needs = RuntimeNeeds { server: Needs::of(&server, &root)?, ..RuntimeNeeds::default() };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(CPU_BACKENDS) {
            needs.server.add(&Needs::of(&entry.path(), &root)?);
        }
    }
    for backend in Backend::ALL {
        if let Ok(of) = Needs::of(&folder.join(backend.library()), &root) {
            needs.backends.insert(backend, of);
        }
    }
    // A backend has no folders of its own to look in: what lies beside it is loaded already.
    let brought = |name: &String| folder.join(name).exists();
    std::iter::once(&mut needs.server).chain(needs.backends.values_mut()).for_each(|each| {
        each.libraries.retain(|name| !brought(name));
        each.versions.retain(|need| !brought(&need.library));
    });
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with these files, each a copy of this machine's shell or a text.
    fn archive(path: &Path, files: &[&str]) {
        let gz = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for name in files {
            tar.append_path_with_name("/bin/sh", name).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
    }

    #[test]
    fn an_archives_server_and_backends_say_what_they_need() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("llama.tar.gz");
        archive(
            &path,
            &["build/bin/llama-server", "build/bin/libggml-vulkan.so", "build/bin/libggml-cpu-x64.so"],
        );
        let needs = read(&path).unwrap();
        assert!(needs.server.libraries.contains("libc.so.6") && needs.server.glibc().is_some(), "{needs:?}");
        assert_eq!(needs.backends.keys().collect::<Vec<_>>(), [&Backend::Vulkan]);
        assert_eq!(needs.with(&[Backend::Vulkan]), needs.with(&[]));
        archive(&path, &["build/bin/llama-server", "build/bin/libc.so.6"]);
        assert!(!read(&path).unwrap().server.libraries.contains("libc.so.6"));
        archive(&path, &["build/bin/llama-cli"]);
        assert!(read(&path).is_err());
        std::fs::write(&path, "no archive").unwrap();
        assert!(read(&path).is_err());
    }
}
