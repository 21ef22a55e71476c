//! The distribution's packages as a runtime (`--runtime-packages`): whether this host's apt has them.

use crate::agent::host::apt;
use crate::agent::host::packages::is_there;
use crate::checked::FileName;
use crate::error::{Exit, Failure, Result};
use crate::hash::sha256;
use crate::wire::protocol::Blob;

/// Returns the packages as a runtime; `None` for no packages. It is known by their names: apt says which version they have,
/// and the runtime's note what was installed. Exit 4: apt has lists of packages, and not these; nothing is changed here.
pub fn blob(packages: &[String]) -> Result<Option<Blob>> {
    let Some(first) = packages.first() else { return Ok(None) };
    if let Some(refusal) = refusal(packages)? {
        return Err(refusal.into());
    }
    let sha256 = sha256(packages.join(" ").as_bytes());
    Ok(Some(Blob { name: FileName::new(first)?, sha256, size_bytes: 0 }))
}

/// Returns those of `packages` that are not installed.
pub fn lacking(packages: &[String]) -> Vec<&str> {
    let is_here = |name: &String| apt::has(std::slice::from_ref(name)).unwrap_or(false);
    packages.iter().filter(|name| !is_here(name)).map(String::as_str).collect()
}

/// Gives the error of an installation the reason that apt's own words hide, where its lists lack a package.
pub fn explained(error: anyhow::Error, packages: &[String]) -> anyhow::Error {
    match refusal(packages) {
        Ok(Some(refusal)) => refusal.into(),
        Ok(None) | Err(_) => error,
    }
}

const ELSEWHERE: &str =
    "Debian forky and sid have it; elsewhere plan without --runtime-packages, for an archive of a release";

fn refusal(packages: &[String]) -> Result<Option<Failure>> {
    if !is_there("apt-get") {
        let message = format!("this host has no apt, which would install {}", packages.join(", "));
        return Ok(Some(Failure::new(Exit::HostDoesNotMeetPlan, message).hint(ELSEWHERE)));
    }
    // A fresh host has no lists: they are fetched before packages are installed.
    let unknown = match apt::has(packages)? || !apt::has_lists() {
        true => Vec::new(),
        false => apt::unknown(packages)?,
    };
    if unknown.is_empty() {
        return Ok(None);
    }
    let message = format!("apt on this host has no {}", unknown.join(", "));
    Ok(Some(Failure::new(Exit::HostDoesNotMeetPlan, message).hint(ELSEWHERE)))
}
