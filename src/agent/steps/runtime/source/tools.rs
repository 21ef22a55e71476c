//! Packages that a build needs. They stay on the host, and the output says so.

use crate::agent::host::apt::{self, LOCK_SECONDS};
use crate::agent::host::packages::is_there;
use crate::agent::steps::repositories::{add, add_components, add_repository, unavailable};
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::sourced::Sourced;
use crate::error::{Failure, Result};
use crate::hardware::probe::{self, package_lock};
use crate::hardware::vendor;
use crate::hardware::vendor::toolkit::{Toolkit, ToolkitHost};
use crate::paths;
use crate::plan::runtime::RuntimeHost;
use crate::process;
use std::path::Path;
use std::time::Duration;

/// Programs that every build starts, and the package of each on Debian and Ubuntu.
const PROGRAMS: [(&str, &str); 3] = [("g++", "g++"), ("cmake", "cmake"), ("ninja", "ninja-build")];
/// Limit of a question about packages.
const LIMIT: Duration = Duration::from_secs(60);
const ELSEWHERE: &str =
    "install them on the host, then apply again; or give a build of your own with --runtime-archive";

/// Returns the compiler for the plan's cards; `None`: the CPU computes.
pub fn toolkit(desired: &Desired, sourced: &Sourced) -> Result<Option<Toolkit>> {
    if sourced.recipe.cards.is_empty() {
        return Ok(None);
    }
    // The driver may have come a moment ago.
    let facts = probe::probe(Path::new(paths::MODELS));
    let host = ToolkitHost {
        id: &facts.os.id,
        version: &facts.os.version,
        arch: &facts.os.arch,
        cards: &sourced.recipe.cards,
        runs: RuntimeHost::of(&facts).cuda,
        collective: sourced.recipe.nccl,
    };
    Ok(Some(vendor::of(desired.plan.profile.vendor()).toolkit(&host)?))
}

/// Returns the packages that lack, of the programs and of the compiler for cards.
pub fn lacking(toolkit: Option<&Toolkit>) -> Result<Vec<String>> {
    let programs = PROGRAMS.iter().filter(|(program, _)| !is_there(program));
    let mut all: Vec<String> = programs.map(|(_, package)| package.to_string()).collect();
    if let Some(toolkit) = toolkit {
        for package in toolkit.packages.iter().chain(&toolkit.collective) {
            if !apt::has(std::slice::from_ref(package))? {
                all.push(package.clone());
            }
        }
    }
    Ok(all)
}

/// Installs the packages that lack.
pub fn install(
    desired: &Desired,
    toolkit: Option<&Toolkit>,
    lacking: &[String],
    run: &mut Run,
) -> Result<()> {
    if lacking.is_empty() {
        return Ok(());
    }
    if !is_there("apt-get") {
        let names = lacking.join(", ");
        let message = format!("a build needs {names}, and this host has no apt-get to install them with");
        return Err(Failure::failed(message).hint(ELSEWHERE).into());
    }
    if let Some(holder) = package_lock() {
        run.warn(format!("{holder} holds dpkg's lock; waiting for it, {LOCK_SECONDS} s at most"))?;
    }
    let route = run.route.clone();
    if let Some(toolkit) = toolkit {
        reach(toolkit, desired, run)?;
    }
    let versions = match toolkit.and_then(|toolkit| toolkit.collective_for.as_deref()) {
        Some(end) => Some((end, process::run("apt-cache", &["madison", "libnccl2"], LIMIT)?.stdout)),
        None => None,
    };
    let of_toolkit = |package: &String| toolkit.is_some_and(|toolkit| toolkit.collective.contains(package));
    let mut exact = Vec::new();
    for package in lacking {
        exact.push(match &versions {
            Some((end, madison)) if of_toolkit(package) => {
                let version =
                    version_for(madison, end).ok_or_else(|| unavailable(std::slice::from_ref(package)))?;
                format!("{package}={version}")
            }
            _ => package.clone(),
        });
    }
    let names: Vec<&str> = lacking.iter().map(String::as_str).collect();
    let exact: Vec<&str> = exact.iter().map(String::as_str).collect();
    add(&names, run, |_| apt::install(&exact, &route))
}

/// Makes the repository known that has the toolkit.
fn reach(toolkit: &Toolkit, desired: &Desired, run: &mut Run) -> Result<()> {
    let route = run.route.clone();
    if let Some(keyring) = &toolkit.keyring
        && !apt::has(std::slice::from_ref(&keyring.package))?
    {
        let added =
            add(&[keyring.package.as_str()], run, |_| add_repository(keyring, &desired.mirrors, &route));
        added.map_err(|error| Failure::failed(format!("{}: {error:#}", toolkit.title)).hint(ELSEWHERE))?;
        apt::apt(&["update"], &route)?;
    }
    let wanted: Vec<String> = toolkit.packages.iter().chain(&toolkit.collective).cloned().collect();
    let mut unknown = apt::unknown(&wanted)?;
    if !unknown.is_empty() {
        add_components(&toolkit.title, &toolkit.components)?;
        apt::apt(&["update"], &route)?;
        unknown = apt::unknown(&wanted)?;
    }
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(unavailable(&unknown).into()),
    }
}

/// Returns the newest version for a toolkit in the output of `apt-cache madison`, which has the newest first: the one with
/// `end` in it.
fn version_for(madison: &str, end: &str) -> Option<String> {
    let versions = madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    versions.filter(|version| version.contains(end)).map(str::to_string).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_of_the_toolkits_own_version() {
        let madison = "  libnccl2 | 2.28.3-1+cuda13.0 | https://a  Packages\n  libnccl2 | 2.27.7-1+cuda12.9 | https://a  \
                       Packages\n  libnccl2 | 2.26.2-1+cuda12.8 | https://a  Packages\n";
        for (end, want) in [
            ("+cuda12.", Some("2.27.7-1+cuda12.9")),
            ("+cuda13.", Some("2.28.3-1+cuda13.0")),
            ("+cuda11.", None),
        ] {
            assert_eq!(version_for(madison, end).as_deref(), want, "{end}");
        }
        assert_eq!(version_for("", "+cuda12."), None);
    }
}
