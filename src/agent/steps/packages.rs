//! System libraries that llama-server needs and a minimal system lacks (libgomp1, above all). What
//! is installed here stays when an apply is taken back, and the output says so.

use super::{Run, Step};
use crate::agent::clock;
use crate::agent::generation::{self, Desired, NOTE, runtime_folder};
use crate::agent::installed::{self, is_elf};
use crate::checked::HostPath;
use crate::error::{Failure, Result};
use crate::files;
use crate::hardware::probe::package_lock;
use crate::process;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

pub struct Packages;

/// Seconds to wait for another package run to finish.
const LOCK_SECONDS: u32 = 120;
const INSTALL_LIMIT: Duration = Duration::from_secs(900);

/// A shared library, and the packages that bring it: Debian's and Ubuntu's, Fedora's and its kin's,
/// Arch's.
const LIBRARIES: &[(&str, [&str; 3])] = &[
    ("libgomp.so.1", ["libgomp1", "libgomp", "gcc-libs"]),
    ("libstdc++.so.6", ["libstdc++6", "libstdc++", "gcc-libs"]),
    ("libgcc_s.so.1", ["libgcc-s1", "libgcc", "gcc-libs"]),
    ("libatomic.so.1", ["libatomic1", "libatomic", "gcc-libs"]),
    ("libcurl.so.4", ["libcurl4", "libcurl", "curl"]),
    ("libssl.so.3", ["libssl3", "openssl-libs", "openssl"]),
    ("libcrypto.so.3", ["libssl3", "openssl-libs", "openssl"]),
    ("libvulkan.so.1", ["libvulkan1", "vulkan-loader", "vulkan-icd-loader"]),
    ("libopenblas.so.0", ["libopenblas0", "openblas", "openblas"]),
];

impl Step for Packages {
    fn name(&self) -> &'static str {
        "packages"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let Some(runtime) = generation::runtime(&desired.record.runtime) else {
            return Ok(vec!["install the libraries llama-server needs, if any is missing".to_string()]);
        };
        // The noted libraries are still there, or the runtime would not count as present.
        if !runtime.libraries.is_empty() {
            return Ok(Vec::new());
        }
        let missing = loader(desired)?.missing;
        if missing.is_empty() {
            return Ok(vec!["note the libraries in use".to_string()]);
        }
        Ok(missing.iter().map(|library| format!("install the package with {library}")).collect())
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
        let libraries = loaded.found.iter().map(|path| HostPath::from_os(path));
        note.libraries = libraries.collect::<Result<_, _>>()?;
        note.build = installed::build(&server(&note));
        files::write(&path, &serde_json::to_vec_pretty(&note)?, 0o644)
    }
}

/// The Debian packages that bring `libraries`; an unknown one is named in the error.
pub fn library_packages(libraries: &[String]) -> Result<Vec<&'static str>> {
    let mut packages = Vec::new();
    for library in libraries {
        let known = LIBRARIES.iter().find(|(name, _)| name == library);
        let (_, [package, ..]) = known.ok_or_else(|| {
            Failure::failed(format!("llama-server needs {library}, and no package is known to bring it"))
                .hint("install it on the host, or use an archive that brings its libraries")
        })?;
        if !packages.contains(package) {
            packages.push(*package);
        }
    }
    Ok(packages)
}

/// For a host without apt: what to type there, by the package manager that it has.
fn by_hand(libraries: &[String], has: impl Fn(&str) -> bool) -> String {
    // rpm knows packages by the libraries in them, whatever they are called there.
    let capabilities =
        || libraries.iter().map(|name| format!("'{name}()(64bit)'")).collect::<Vec<_>>().join(" ");
    let named = |column: usize| {
        let mut names: Vec<&str> = Vec::new();
        for (library, packages) in LIBRARIES {
            if libraries.iter().any(|name| name == library) && !names.contains(&packages[column]) {
                names.push(packages[column]);
            }
        }
        names.join(" ")
    };
    let how = if has("dnf") {
        format!("`dnf install {}` (package {})", capabilities(), named(1))
    } else if has("yum") {
        format!("`yum install {}` (package {})", capabilities(), named(1))
    } else if has("zypper") {
        format!("`zypper install {}`", capabilities())
    } else if has("pacman") {
        format!("`pacman -S {}`", named(2))
    } else {
        format!(
            "the package with it ({} on Debian and Ubuntu, {} on Fedora, {} on Arch)",
            named(0),
            named(1),
            named(2)
        )
    };
    format!("install {how} on the host, then apply again")
}

/// Whether a program is on the path.
pub(super) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

pub(super) fn install(libraries: &[String], packages: &[&str]) -> Result<()> {
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        let patience = format!("DPkg::Lock::Timeout={LOCK_SECONDS}");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", &patience, "-q", "-y"]).args(args);
        process::run_command(&mut command, "apt-get", INSTALL_LIMIT)
    };
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    let first = match apt(&install) {
        Ok(outcome) => outcome,
        Err(error) if error.is_missing() => {
            return Err(Failure::failed(format!(
                "llama-server needs {}, and this host has no apt-get to install it with",
                libraries.join(", ")
            ))
            .hint(by_hand(libraries, is_there))
            .into());
        }
        Err(error) => return Err(error.into()),
    };
    if first.success {
        return Ok(());
    }
    if is_locked(&first.stderr) {
        // apt does not always say whose it is.
        let holder = package_lock().map_or(String::new(), |holder| format!("{holder} holds dpkg's lock: "));
        let said = first.stderr.trim();
        return Err(Failure::failed(format!("installing {}: {holder}{said}", packages.join(", ")))
            .hint("another package run holds the lock; wait for it to finish, then apply again")
            .into());
    }
    // A fresh host has no package lists yet.
    let lists = apt(&["update"])?;
    let second = apt(&install)?;
    if second.success {
        return Ok(());
    }
    let said = format!("{}\n{}", lists.stderr.trim(), second.stderr.trim());
    let hint = match (is_locked(&said), clock::doubt(&said, jiff::Timestamp::now())) {
        (true, _) => {
            "another package run holds the lock; wait for it to finish, then apply again".to_string()
        }
        (false, Some(doubt)) => format!("{doubt}: {}, then apply again", clock::SET_IT),
        (false, None) => {
            "can the host reach its package mirror? Or install the packages there by hand".to_string()
        }
    };
    Err(Failure::failed(format!("installing {}: {}", packages.join(", "), said.trim())).hint(hint).into())
}

fn is_locked(said: &str) -> bool {
    said.contains("Could not get lock") || said.contains("Unable to acquire the dpkg")
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

    #[test]
    fn a_host_without_apt_is_told_what_to_type() {
        let libraries = ["libgomp.so.1", "libstdc++.so.6"].map(String::from);
        let on = |manager: &'static str| by_hand(&libraries, |name| name == manager);
        for (manager, want) in [
            (
                "dnf",
                "`dnf install 'libgomp.so.1()(64bit)' 'libstdc++.so.6()(64bit)'` (package libgomp libstdc++)",
            ),
            ("zypper", "`zypper install 'libgomp.so.1()(64bit)' 'libstdc++.so.6()(64bit)'`"),
            ("pacman", "`pacman -S gcc-libs`"),
            (
                "emerge",
                "libgomp1 libstdc++6 on Debian and Ubuntu, libgomp libstdc++ on Fedora, gcc-libs on Arch",
            ),
        ] {
            assert!(on(manager).contains(want), "{}", on(manager));
        }
    }

    #[test]
    fn libraries_name_their_packages() {
        let libraries = ["libssl.so.3", "libcrypto.so.3", "libgomp.so.1"].map(String::from);
        assert_eq!(library_packages(&libraries).unwrap(), ["libssl3", "libgomp1"]);
        assert!(library_packages(&["libcuda.so.1".to_string()]).is_err());
    }
}
