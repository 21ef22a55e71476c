//! The bundle's table of contents: `agi-provision/bundle/1`, the file `manifest.json`.

use super::carried::{self, Carried, Seed};
use crate::error::{Context, Failure, Result};
use crate::paths;
use crate::plan::Plan;
use crate::plan::server::ServerName;
use serde::{Deserialize, Serialize};
use std::path::Path;

pub const SCHEMA: &str = "agi-provision/bundle/1";
pub const MANIFEST: &str = "manifest.json";
/// The plan at the bundle's top; the generation's copy has the same bytes.
pub const PLAN: &str = "plan.json";
/// What a host gets, at its real paths.
pub const ROOTFS: &str = "rootfs";
/// Made from the rest of the bundle for clouds; a host never gets it.
pub const CLOUD_INIT: &str = "cloud-init";

/// Most files and links of a bundle.
pub const MAX_ENTRIES: usize = 256;
/// Most bytes of all files together.
pub const MAX_BYTES: u64 = 32 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: String,
    pub tool_version: String,
    /// The pinned llama.cpp build, `b11434`.
    pub llama_build: String,
    /// Every file but this one, by path.
    pub files: Vec<ManifestFile>,
    pub links: Vec<BundleLink>,
    /// What a host has to fetch, unless `carried` has it; `null` is what the plan does not pin.
    pub downloads: Vec<Download>,
    /// Files that travel in the bundle's directory; never in the tar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Carried>,
    /// The image for a first boot that lies in the bundle's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Relative to the bundle, with `/`.
    pub path: String,
    /// Four octal digits, `0644`.
    pub mode: String,
    /// `user:group`.
    pub owner: String,
    /// Lower-case hex.
    pub sha256: String,
    pub size_bytes: u64,
}

/// A symbolic link of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleLink {
    /// Relative to the bundle, under `rootfs/`.
    pub path: String,
    /// Absolute, on the host.
    pub target: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Runtime,
    Model,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    pub what: What,
    pub name: String,
    pub url: Option<String>,
    pub size_bytes: Option<u64>,
    pub sha256: Option<String>,
}

impl ManifestFile {
    /// The mode as a number; an error unless it is plain permission bits.
    pub fn mode_bits(&self) -> Result<u32> {
        let digits = self.mode.len() == 4 && self.mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
        match u32::from_str_radix(&self.mode, 8) {
            Ok(mode) if digits && mode <= 0o777 => Ok(mode),
            _ => Err(broken(format!("{:?} has the mode {:?}", self.path, self.mode))),
        }
    }
}

impl Manifest {
    /// Pretty JSON with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        text.push('\n');
        text
    }

    /// Reads a manifest and checks it: its schema, its size, and that nothing in it leads out of the
    /// bundle or out of the places on a host that are this program's.
    pub fn from_json(bytes: &[u8]) -> Result<Manifest> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            schema: String,
        }
        let head: Head = serde_json::from_slice(bytes).context("reading manifest.json")?;
        if head.schema != SCHEMA {
            return Err(broken(format!("its schema is {:?}, not {SCHEMA:?}", head.schema)));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).context("reading manifest.json")?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        if self.files.len() + self.links.len() > MAX_ENTRIES {
            return Err(broken(format!("it has more than {MAX_ENTRIES} files")));
        }
        carried::check(&self.carried)?;
        let sums = self.carried.iter().map(|file| &file.sha256);
        for sum in sums.chain(self.seed.iter().map(|seed| &seed.sha256)) {
            if !is_hex_sha256(sum) {
                return Err(broken(format!("it has the SHA-256 {sum:?}")));
            }
        }
        let total = self.files.iter().fold(0u64, |sum, file| sum.saturating_add(file.size_bytes));
        if total > MAX_BYTES {
            return Err(broken(format!("its files have more than {MAX_BYTES} bytes")));
        }
        for file in &self.files {
            check_path(&file.path)?;
            file.mode_bits()?;
            if file.owner != OWNER {
                return Err(broken(format!("{:?} belongs to {:?}, not {OWNER:?}", file.path, file.owner)));
            }
            if file.path == MANIFEST {
                return Err(broken("it lists manifest.json itself".to_string()));
            }
            if file.path == carried::SEED || Path::new(&file.path).starts_with(carried::FOLDER) {
                return Err(broken(format!("{:?} is no place for a rendered file", file.path)));
            }
            if !is_hex_sha256(&file.sha256) {
                return Err(broken(format!("{:?} has the SHA-256 {:?}", file.path, file.sha256)));
            }
        }
        for link in &self.links {
            check_path(&link.path)?;
            let place = host_path(&link.path).is_some_and(is_units);
            let target = link.target.strip_prefix('/').unwrap_or("");
            if !place || check_path(target).is_err() || !is_configuration(&link.target) {
                return Err(broken(format!("{:?} links to {:?}", link.path, link.target)));
            }
        }
        let paths = self.files.iter().map(|file| &file.path).chain(self.links.iter().map(|link| &link.path));
        let mut seen = std::collections::BTreeSet::new();
        for path in paths {
            if !seen.insert(path.as_str()) {
                return Err(broken(format!("{path:?} is there twice")));
            }
        }
        for path in &seen {
            let mut parents = path.match_indices('/').map(|(end, _)| &path[..end]);
            if let Some(parent) = parents.find(|parent| seen.contains(parent)) {
                return Err(broken(format!("{parent:?} is a file and the folder of {path:?}")));
            }
        }
        Ok(())
    }
}

/// The one owner of everything a bundle brings.
pub(super) const OWNER: &str = "root:root";

/// A unit's file on a host, or a drop-in's.
pub fn is_units(host: &str) -> bool {
    if host == paths::EXPOSE_FILE {
        return true;
    }
    let below = host.strip_prefix(paths::UNITS).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|below| {
        let (name, inside) = below.split_once('/').map_or((below, None), |(name, rest)| (name, Some(rest)));
        let unit = match inside {
            Some(_) => name.strip_suffix(".d"),
            None => Some(name),
        };
        unit.and_then(ServerName::of_unit).is_some()
    })
}

fn is_configuration(host: &str) -> bool {
    host.strip_prefix(paths::ETC).is_some_and(|rest| rest.starts_with('/'))
}

/// The path on a host of a bundle's `rootfs/…`.
pub fn host_path(path: &str) -> Option<&str> {
    path.strip_prefix(ROOTFS).filter(|rest| rest.starts_with('/'))
}

/// Whether `path` may be in a bundle: relative, plain names, and under `rootfs/` only what belongs
/// to this program.
pub(super) fn check_path(path: &str) -> Result<()> {
    let plain =
        |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\\', '\0']) && !has_control(name);
    // 100 is what a tar header holds.
    if path.len() > 100 || !path.split('/').all(plain) {
        return Err(broken(format!("{path:?} is not a plain relative path")));
    }
    if host_path(path).is_some_and(|host| !is_units(host) && !is_configuration(host)) {
        return Err(broken(format!("{path:?} is no place for a bundle's file")));
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn is_hex_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What a plan makes a host fetch. Refuses what could not be a file's name, a URL or a digest.
pub(super) fn downloads(plan: &Plan) -> Result<Vec<Download>> {
    let pinned = plan.llama_server.runtime.as_ref();
    let runtime = Download {
        what: What::Runtime,
        name: format!("llama.cpp {}", plan.llama_server.build),
        url: pinned.map(|file| file.url.clone()),
        size_bytes: pinned.map(|file| file.size_bytes),
        sha256: pinned.map(|file| file.sha256.clone()),
    };
    check_pins(&runtime.name, runtime.sha256.as_deref(), runtime.url.as_deref())?;
    let mut downloads = vec![runtime];
    for file in plan.files() {
        let name = &file.name;
        let refuse = |why: &str| Err(Failure::usage(format!("the plan's model file {name:?} {why}")).into());
        let plain =
            !matches!(name.as_str(), "" | "." | "..") && !name.contains('/') && !name.starts_with('-');
        if !plain || has_control(name) {
            return refuse("is not a plain file name");
        }
        if downloads.iter().any(|known| known.what == What::Model && known.name == *name) {
            return refuse("is there twice");
        }
        check_pins(&format!("model file {name:?}"), file.sha256.as_deref(), file.url.as_deref())?;
        downloads.push(Download {
            what: What::Model,
            name: name.clone(),
            url: file.url.clone(),
            size_bytes: Some(file.size_bytes),
            sha256: file.sha256.clone(),
        });
    }
    Ok(downloads)
}

fn check_pins(what: &str, sha256: Option<&str>, url: Option<&str>) -> Result<()> {
    let refuse = |why: &str| Err(Failure::usage(format!("the plan's {what} {why}")).into());
    if sha256.is_some_and(|sum| !is_hex_sha256(sum)) {
        return refuse("has a SHA-256 that is not 64 lower-case hex digits");
    }
    let is_url = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        rest.is_some() && !has_control(url) && !url.contains(' ')
    };
    if url.is_some_and(|url| !is_url(url)) {
        return refuse("has a URL that is not http or https");
    }
    Ok(())
}

/// The bundle is not one, or not one any more.
pub(super) fn broken(what: String) -> anyhow::Error {
    Failure::failed(format!("not a sound bundle: {what}"))
        .hint("make it anew with `agi-provision bundle --plan plan.json --out DIR`")
        .into()
}
