//! apt-get and dpkg, without questions and with bounds.

use super::{clock, disk};
use crate::error::{Failure, Result};
use crate::fetch::route::Route;
use crate::hardware::probe::package_lock;
use crate::process::{self, ProcessError, ProgramOutput};
use std::process::Command;
use std::time::Duration;

/// Seconds to wait for another package run to finish.
pub const LOCK_SECONDS: u32 = 120;
/// A driver's module is compiled meanwhile.
const INSTALL_LIMIT: Duration = Duration::from_secs(1800);
/// dpkg's and apt's questions about packages.
const ASK_LIMIT: Duration = Duration::from_secs(60);

/// Runs apt-get with `args`, by the way to the internet that was found.
pub fn apt(args: &[&str], route: &Route) -> Result<ProgramOutput, ProcessError> {
    let mut command = Command::new("apt-get");
    let patience = format!("DPkg::Lock::Timeout={LOCK_SECONDS}");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", &patience, "-q", "-y"]).args(args);
    // apt's own configuration counts before these.
    command.envs(route.proxies().map_or(Vec::new(), |proxies| proxies.variables()));
    process::run_command(&mut command, "apt-get", INSTALL_LIMIT)
}

/// Installs `packages`; package lists that are missing or old are fetched first.
pub fn install(packages: &[&str], route: &Route) -> Result<()> {
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    let first = apt(&install, route)?;
    if first.success {
        return Ok(());
    }
    if is_locked(&first.stderr) {
        // apt does not always say whose it is.
        let holder = package_lock().map_or(String::new(), |holder| format!("{holder} holds dpkg's lock: "));
        let said = first.stderr.trim();
        return Err(Failure::failed(format!("installing {}: {holder}{said}", packages.join(", ")))
            .hint(LOCKED)
            .into());
    }
    // A fresh host has no package lists yet.
    let lists = apt(&["update"], route)?;
    let second = apt(&install, route)?;
    if second.success {
        return Ok(());
    }
    let said = format!("{}\n{}", lists.stderr.trim(), words(&second.stdout, &second.stderr));
    let hint = match clock::doubt(&said, jiff::Timestamp::now()) {
        Some(doubt) if Why::of(&said) == Why::Other => {
            format!("{doubt}: {}, then apply again", clock::SET_IT)
        }
        _ => Why::of(&said).hint().to_string(),
    };
    Err(Failure::failed(format!("installing {}: {}", packages.join(", "), said.trim())).hint(hint).into())
}

/// Returns what apt said of a failure, with dpkg's own words, which are among what it did; what dpkg began stays.
fn words(stdout: &str, stderr: &str) -> String {
    let is_dpkgs = |line: &&str| line.starts_with("dpkg: error") || line.contains("No space left on device");
    let mut said: Vec<&str> =
        stdout.lines().map(|line| line.trim().trim_end_matches(':')).filter(is_dpkgs).take(2).collect();
    said.push(stderr.trim());
    if stderr.contains("Sub-process") {
        said.push("packages that were begun stay (`dpkg --audit`)");
    }
    said.join("; ")
}

/// Reason why apt installed nothing, by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Locked,
    Full,
    Other,
}

impl Why {
    fn of(said: &str) -> Why {
        match said {
            _ if is_locked(said) => Why::Locked,
            // The disk says the one, and apt the other before it fetches.
            _ if said.contains("No space left on device") || said.contains("enough free space") => Why::Full,
            _ => Why::Other,
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Why::Locked => LOCKED,
            Why::Full => disk::FREE_SOME,
            Why::Other => "can the host reach its package mirror? Or install the packages there by hand",
        }
    }
}

const LOCKED: &str = "another package run holds the lock; wait for it to finish, then apply again";

fn is_locked(said: &str) -> bool {
    said.contains("Could not get lock") || said.contains("Unable to acquire the dpkg")
}

/// Whether dpkg has all `packages` installed.
pub fn has(packages: &[String]) -> Result<bool> {
    let mut args = vec!["--show", "--showformat=${db:Status-Status}\\n"];
    args.extend(packages.iter().map(String::as_str));
    let outcome = process::run("dpkg-query", &args, ASK_LIMIT)?;
    Ok(outcome.success && outcome.stdout.lines().all(|status| status == "installed"))
}

/// Returns those of `packages` that apt knows no version of.
pub fn unknown(packages: &[String]) -> Result<Vec<String>> {
    let mut args = vec!["policy"];
    args.extend(packages.iter().map(String::as_str));
    let outcome = process::run("apt-cache", &args, ASK_LIMIT)?;
    let known = candidates(&outcome.stdout);
    Ok(packages.iter().filter(|name| !known.contains(&name.as_str())).cloned().collect())
}

/// Whether apt has lists of packages; a fresh host has none.
pub fn has_lists() -> bool {
    let entries = std::fs::read_dir("/var/lib/apt/lists").into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains("_Packages"))
}

/// Names of the packages with a candidate, in the output of `apt-cache policy`.
fn candidates(policy: &str) -> Vec<&str> {
    let (mut name, mut found) = ("", Vec::new());
    for line in policy.lines() {
        match line.trim().strip_prefix("Candidate: ") {
            Some(version) if version != "(none)" => found.push(name),
            Some(_) => {}
            None if !line.starts_with(' ') => name = line.trim_end_matches(':'),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apts_words_say_why_nothing_was_installed() {
        for (said, why) in [
            ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1", Why::Locked),
            ("E: You don't have enough free space in /var/cache/apt/archives/.", Why::Full),
            (
                "dpkg: error processing archive a.deb (--unpack): cannot copy: No space left on device",
                Why::Full,
            ),
            (
                "E: Failed to fetch http://deb.debian.org/a.deb  Could not resolve 'deb.debian.org'",
                Why::Other,
            ),
            ("E: Unable to locate package llama.cpp-tools", Why::Other),
        ] {
            assert_eq!(Why::of(said), why, "{said}");
        }
        // Recorded on 2026-11-29 with Debian forky's packages and 20 MB of free disk.
        let stdout = "Unpacking libggml0:amd64 (0.27.0-1) ...\n\
                      dpkg: error processing archive /opt/lab-apt/./libggml0_0.27.0-1_amd64.deb (--unpack):\n \
                      cannot copy extracted data for './usr/lib/libggml-cpu-zen4.so': cannot write (No space left on device)\n\
                      Selecting previously unselected package libllama0:amd64.\n";
        let stderr = "E: Sub-process /usr/bin/dpkg returned an error code (1)\n";
        let said = words(stdout, stderr);
        assert_eq!(Why::of(&said), Why::Full, "{said}");
        assert!(said.starts_with("dpkg: error") && said.ends_with("begun stay (`dpkg --audit`)"), "{said}");
        assert_eq!(words("Reading package lists...", " E: Unable to locate\n"), "E: Unable to locate");
    }

    #[test]
    fn a_package_is_known_where_apt_has_a_version_to_install() {
        let policy = "dkms:\n  Installed: (none)\n  Candidate: 3.0.10-8\n  Version table:\n     3.0.10-8 500\n\
                      nvidia-smi:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n";
        assert_eq!(candidates(policy), ["dkms"]);
        assert_eq!(candidates(""), Vec::<&str>::new());
    }
}
