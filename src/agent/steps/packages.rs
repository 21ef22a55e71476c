//! System libraries that llama-server needs and a minimal system lacks (libgomp1, above all). What
//! is installed here stays when an apply is taken back, and the output says so.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::packages::{LOCK_SECONDS, install, library_packages};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::installed::{self, is_elf};
use crate::checked::HostPath;
use crate::error::{Failure, Result};
use crate::files;
use crate::hardware::probe::package_lock;
use crate::process;
use std::path::PathBuf;
use std::time::Duration;

pub struct Packages;

impl Resource for Packages {
    fn id(&self) -> Id {
        Id::Packages
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Some(runtime) = generation::runtime(&desired.record.runtime) else {
            let text = "install the libraries llama-server needs, if any is missing";
            return Ok(vec![Change::Install(text.to_string())].into());
        };
        // The noted libraries are still there, or the runtime would not count as present.
        if !runtime.libraries.is_empty() {
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
        let mut loaded = loader(desired)?;
        if !loaded.missing.is_empty() {
            let packages = library_packages(&loaded.missing)?;
            if let Some(holder) = package_lock() {
                run.warn(format!("{holder} holds dpkg's lock; waiting for it, {LOCK_SECONDS} s at most"))?;
            }
            install(&loaded.missing, &packages)?;
            run.notes.packages.extend(packages.iter().map(|name| name.to_string()));
            loaded = loader(desired)?;
        }
        if !loaded.missing.is_empty() {
            return Err(Failure::failed(format!(
                "llama-server still lacks {} after installing {}",
                loaded.missing.join(", "),
                run.notes.packages.join(", ")
            ))
            .into());
        }
        let path = runtime_folder(&desired.record.runtime).join(NOTE);
        let mut note: generation::Runtime =
            generation::read_note(&path).ok_or_else(|| Failure::failed("the runtime's note is gone"))?;
        let libraries = loaded.found.iter().map(HostPath::from_os);
        note.libraries = libraries.collect::<Result<_, _>>()?;
        note.build = installed::build(&server(&note));
        files::write(&path, &serde_json::to_vec_pretty(&note)?, 0o644)
    }
}

struct Loader {
    missing: Vec<String>,
    /// Libraries outside the runtime.
    found: Vec<PathBuf>,
}

/// What the dynamic loader finds for llama-server.
fn loader(desired: &Desired) -> Result<Loader> {
    let folder = runtime_folder(&desired.record.runtime);
    let note: Option<generation::Runtime> = generation::read_note(&folder.join(NOTE));
    let note = note.ok_or_else(|| Failure::failed("the runtime is not unpacked"))?;
    let server = server(&note);
    let outcome = process::run("ldd", &[&server.to_string_lossy()], Duration::from_secs(30))?;
    if !outcome.success {
        let said = format!("{} {}", outcome.stdout.trim(), outcome.stderr.trim());
        if said.contains("not a dynamic executable") && is_elf(&server) {
            return Ok(Loader { missing: Vec::new(), found: vec![server] });
        }
        return Err(Failure::failed(format!(
            "{} does not start here: {}",
            match note.installed {
                Some(path) => path.to_string(),
                None => "the archive's llama-server".to_string(),
            },
            said.trim()
        ))
        .hint("it must be a Linux x86-64 executable for this host's C library")
        .into());
    }
    let mut loader = parse_ldd(&outcome.stdout, &folder.to_string_lossy());
    if !desired.plan.profile.gpus.is_empty() {
        // llama-server loads it while it runs, and without its libraries passes over it and the GPU.
        let backend = server.with_file_name("libggml-vulkan.so");
        if backend.exists() {
            let outcome = process::run("ldd", &[&backend.to_string_lossy()], Duration::from_secs(30))?;
            loader.missing.extend(parse_ldd(&outcome.stdout, &folder.to_string_lossy()).missing);
            loader.missing.sort();
            loader.missing.dedup();
        }
    }
    Ok(loader)
}

/// The program itself, not a link to it: its libraries are looked for beside it.
fn server(note: &generation::Runtime) -> PathBuf {
    match &note.installed {
        Some(path) => path.as_path().to_path_buf(),
        None => note.server_folder().join("llama-server"),
    }
}

fn parse_ldd(text: &str, runtime: &str) -> Loader {
    let mut loader = Loader { missing: Vec::new(), found: Vec::new() };
    for line in text.lines() {
        let Some((name, rest)) = line.trim().split_once(" => ") else { continue };
        if rest.starts_with("not found") {
            loader.missing.push(name.to_string());
        } else if let Some(path) = rest.split(" (").next().filter(|path| !path.starts_with(runtime)) {
            loader.found.push(PathBuf::from(path));
        }
    }
    loader.missing.dedup();
    loader
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ldd_is_read() {
        let text = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibllama.so.0 => /var/r/bin/libllama.so.0 (0x1)\n\
                    \tlibgomp.so.1 => not found\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x2)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
        let loader = parse_ldd(text, "/var/r");
        assert_eq!(loader.missing, ["libgomp.so.1"]);
        assert_eq!(loader.found, [PathBuf::from("/lib/x86_64-linux-gnu/libc.so.6")]);
    }
}
