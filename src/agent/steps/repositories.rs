//! Packages that a step brings, and the repositories that have them: recorded before they are installed, as they stay.

use super::run::Run;
use crate::agent::host::{apt, apt_sources};
use crate::agent::store::download;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::checked::FileName;
use crate::error::{Context, Exit, Failure, Result};
use crate::fetch::ask::Patience;
use crate::fetch::page::Pages;
use crate::fetch::route::Route;
use crate::files;
use crate::hardware::vendor::driver::Keyring;
use crate::hash::sha256;
use crate::outside::{self, Kind};
use crate::paths;
use std::fs;
use std::path::{Path, PathBuf};

/// Largest keyring package; NVIDIA's has 4 KB.
const LARGEST_KEYRING: u64 = 1 << 20;

/// Returns the text of a setting; `None`: it is not there.
pub fn read(path: &str) -> Result<Option<String>> {
    match outside::text(Path::new(path), outside::NOTE, Kind::Regular) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {path}")),
    }
}

/// Refuses to change a file of our name that others wrote.
pub fn ours(path: &str) -> Result<()> {
    if read(path)?.is_some() && !made::is_ours(Path::new(path))? {
        let message = format!("{path} is there, and it is not agi-provision's");
        return Err(Failure::new(Exit::HostDoesNotMeetPlan, message)
            .hint("move it away, then apply again")
            .into());
    }
    Ok(())
}

/// Records `packages` and installs them.
pub fn add(packages: &[&str], run: &mut Run, install: impl FnOnce(&[&str]) -> Result<()>) -> Result<()> {
    made::add(packages.iter().map(|name| Thing::Package { name: name.to_string() }))?;
    install(packages)?;
    run.notes.packages.extend(packages.iter().map(|name| name.to_string()));
    Ok(())
}

/// Downloads the repository's package, which must be the known one, and installs it.
pub fn add_repository(keyring: &Keyring, mirrors: &[(String, String)], route: &Route) -> Result<()> {
    let pages = Pages::through(Patience::default(), LARGEST_KEYRING, route)?;
    let urls = download::addresses(&keyring.url, mirrors);
    let page = urls.iter().find_map(|url| pages.get(url).transpose()).transpose()?;
    let bytes = page
        .ok_or_else(|| {
            Failure::failed(format!("there is nothing at {}", keyring.url))
                .hint("install the driver by hand, restart the host, and apply without --driver")
        })?
        .bytes;
    let found = sha256(&bytes);
    if found != *keyring.sha256 {
        return Err(Failure::failed(format!(
            "{} is another file than the one that is known: its SHA-256 is {found}, not {}",
            keyring.url, keyring.sha256
        ))
        .hint("install it by hand where you trust it, then apply again; or --driver distribution")
        .into());
    }
    let path = Path::new(paths::JOB).join(FileName::new(format!("{}.deb", keyring.package))?.as_str());
    files::write(&path, &bytes, 0o644)?;
    let installed = apt::install(&[&path.to_string_lossy()], route);
    files::remove(&path)?;
    installed
}

/// Adds `components` of the distribution's archive, which have what `title` names. Returns whether some lacked.
pub fn add_components(title: &str, components: &[String]) -> Result<bool> {
    let folder = Path::new("/etc/apt/sources.list.d");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // Our own is written anew.
    let is_list = |path: &PathBuf| {
        let is_source = path.extension().is_some_and(|end| end == "list" || end == "sources");
        is_source && path != Path::new(paths::DRIVER_SOURCES)
    };
    let lists = std::iter::once(PathBuf::from("/etc/apt/sources.list")).chain(entries.filter(is_list));
    let text = |path: PathBuf| {
        let text = outside::text(&path, outside::DOCUMENT, Kind::Named).ok()?;
        Some((path.to_string_lossy().into_owned(), text))
    };
    let texts: Vec<(String, String)> = lists.filter_map(text).collect();
    let Some(added) = apt_sources::with_components(&texts, components) else { return Ok(false) };
    ours(paths::DRIVER_SOURCES)?;
    made::add([Thing::file(paths::DRIVER_SOURCES)?])?;
    let head = format!("# By agi-provision: {title} is in these parts of the archive.\n");
    files::write(Path::new(paths::DRIVER_SOURCES), (head + &added).as_bytes(), 0o644)?;
    Ok(true)
}

/// Returns the refusal of packages that apt does not know.
pub fn unavailable(unknown: &[String]) -> Failure {
    let failure = Failure::failed(format!("apt knows no package {}", unknown.join(", ")));
    match unknown.iter().all(|name| name.starts_with("linux-")) {
        true => failure.hint(
            "the running kernel is older than those in the archive: `apt full-upgrade`, restart the host, then apply again",
        ),
        false => failure.hint("can the host reach its package mirror, and has that all parts of the archive?"),
    }
}
