//! Packages of the system, installed with apt; on other systems, what a person types.

use super::clock;
use crate::error::{self, Failure, Result};
use crate::fetch::route::Route;
use crate::hardware::probe::package_lock;
use crate::process;
use std::process::Command;
use std::time::Duration;

/// Seconds to wait for another package run to finish.
pub const LOCK_SECONDS: u32 = 120;
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

/// Returns the Debian packages that bring the `libraries` of a program; an unknown one is named in the error.
pub fn library_packages(program: &str, libraries: &[String]) -> Result<Vec<&'static str>> {
    let mut packages = Vec::new();
    for library in libraries {
        let known = LIBRARIES.iter().find(|(name, _)| name == library);
        let (_, [package, ..]) = known.ok_or_else(|| {
            Failure::failed(format!("{program} needs {library}, and no package is known to bring it"))
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
    format!("install {how} on the host")
}

/// Returns the packages that apt would bring these libraries with; the error is what a person does instead.
pub fn ways(program: &str, libraries: &[String]) -> std::result::Result<Vec<String>, String> {
    if !libraries.is_empty() && !is_there("apt-get") {
        return Err(by_hand(libraries, is_there));
    }
    match library_packages(program, libraries) {
        Ok(packages) => Ok(packages.into_iter().map(str::to_string).collect()),
        Err(error) => Err(error::hint(&error).unwrap_or_default().to_string()),
    }
}

/// Whether a program is on the path.
pub fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Installs `packages`, which bring `libraries`; package lists that are missing or old are fetched first.
pub fn install(program: &str, libraries: &[String], packages: &[&str], route: &Route) -> Result<()> {
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        let patience = format!("DPkg::Lock::Timeout={LOCK_SECONDS}");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", &patience, "-q", "-y"]).args(args);
        // apt's own configuration counts before these.
        command.envs(route.proxies().map_or(Vec::new(), |proxies| proxies.variables()));
        process::run_command(&mut command, "apt-get", INSTALL_LIMIT)
    };
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    let first = match apt(&install) {
        Ok(outcome) => outcome,
        Err(error) if error.is_missing() => {
            return Err(Failure::failed(format!(
                "{program} needs {}, and this host has no apt-get to install it with",
                libraries.join(", ")
            ))
            .hint(format!("{}, then apply again", by_hand(libraries, is_there)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(library_packages("llama-server", &libraries).unwrap(), ["libssl3", "libgomp1"]);
        assert!(library_packages("llama-server", &["libcuda.so.1".to_string()]).is_err());
    }
}
