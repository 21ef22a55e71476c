//! The bundle's table of contents: `agi-provision/bundle/1`, the file `manifest.json`.

use super::broken::broken;
pub use super::carried::CarriedKind;
use super::carried::{self, Carried, MOST_ARCHIVES, Seed};
use super::choices::{Choices, Targets};
use super::first_boot::FirstBoot;
use crate::checked::{Checksum, DownloadUrl, FileMode, LinkTarget, RelativePath, ToolVersion};
use crate::engine::server::ServerName;
use crate::error::{Context, Failure, Result};
use crate::hardware::vendor::driver::Origin;
use crate::paths;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};

/// Version of the tool that renders.
pub(super) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Schema of the manifest.
pub const SCHEMA: &str = "agi-provision/bundle/1";
/// Name of the manifest in the bundle.
pub const MANIFEST: &str = "manifest.json";
/// The plan at the bundle's top; the generation's copy has the same bytes.
pub const PLAN: &str = "plan.json";
/// Folder of the files that a host gets, at their real paths.
pub const ROOTFS: &str = "rootfs";
/// Instructions for people, which a host gets too.
pub const README: &str = "README.md";

/// Most files and links of a bundle.
pub const MAX_ENTRIES: usize = 256;
/// Most bytes of all files together.
pub const MAX_BYTES: u64 = 32 << 20;

/// List of the files of a bundle, with what a host has to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the tool that rendered it.
    pub tool_version: ToolVersion,
    /// The pinned llama.cpp build, `b11434`.
    pub llama_build: String,
    /// Every file but this one, by path.
    pub files: Vec<ManifestFile>,
    /// Links that a host gets.
    pub links: Vec<BundleLink>,
    /// Files that a host has to fetch, unless `carried` has them; `null` where the plan does not pin a value.
    pub downloads: Vec<Download>,
    /// Files that travel in the bundle's directory; never in the tar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Carried>,
    /// The image for a first boot that lies in the bundle's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// Choices for user-data.
    #[serde(default, skip_serializing_if = "FirstBoot::is_default")]
    pub first_boot: FirstBoot,
    /// Targets that were asked for.
    #[serde(default, skip_serializing_if = "Targets::is_default")]
    pub targets: Targets,
    /// Source of the driver for a host's cards that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Origin>,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Relative to the bundle, with `/`.
    pub path: RelativePath,
    /// Permission bits.
    pub mode: FileMode,
    /// `user:group`.
    pub owner: String,
    /// SHA-256 of the content.
    pub sha256: Checksum,
    /// Size, bytes.
    pub size_bytes: u64,
}

/// A symbolic link of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleLink {
    /// Relative to the bundle, under `rootfs/`.
    pub path: RelativePath,
    /// Target of the link.
    pub target: LinkTarget,
}

/// A file that a host has to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Kind of the file.
    pub what: CarriedKind,
    /// Name of the file.
    pub name: String,
    /// Address; `None` if the plan does not pin it.
    pub url: Option<DownloadUrl>,
    /// Size, bytes; `None` if the plan does not know it.
    pub size_bytes: Option<u64>,
    /// SHA-256; `None` if the plan does not know it.
    pub sha256: Option<Checksum>,
}

impl Manifest {
    /// Returns what its targets' files depend on besides the plan.
    pub fn choices(&self) -> Choices {
        Choices { first_boot: self.first_boot.clone(), targets: self.targets.clone(), driver: self.driver }
    }

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
        self.first_boot.check()?;
        self.targets.check()?;
        let total = self.files.iter().fold(0u64, |sum, file| sum.saturating_add(file.size_bytes));
        if total > MAX_BYTES {
            return Err(broken(format!("its files have more than {MAX_BYTES} bytes")));
        }
        for file in &self.files {
            check_path(&file.path)?;
            if file.owner != OWNER {
                return Err(broken(format!("{:?} belongs to {:?}, not {OWNER:?}", file.path, file.owner)));
            }
            if file.path == MANIFEST {
                return Err(broken("it lists manifest.json itself".to_string()));
            }
            if file.path == carried::SEED || file.path.as_path().starts_with(carried::FOLDER) {
                return Err(broken(format!("{:?} is no place for a rendered file", file.path)));
            }
        }
        for link in &self.links {
            check_path(&link.path)?;
            if !host_path(&link.path).is_some_and(is_units) {
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
    if host == paths::EXPOSE_FILE || host == paths::LINK_FILE || ServerName::of_container_file(host).is_some()
    {
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

/// Whether a host gets the bundle's file `path`: its plan, its instructions and its own files, and nothing else.
pub(super) fn goes_to_host(path: &str) -> bool {
    matches!(path, PLAN | README) || host_path(path).is_some()
}

/// The path on a host of a bundle's `rootfs/…`.
pub fn host_path(path: &str) -> Option<&str> {
    path.strip_prefix(ROOTFS).filter(|rest| rest.starts_with('/'))
}

/// Refuses a path that does not fit into a tar's header, and under `rootfs/` one that is not this
/// program's.
pub(super) fn check_path(path: &RelativePath) -> Result<()> {
    // 100 is what the header holds.
    if path.len() > 100 {
        return Err(broken(format!("{path:?} has more than 100 bytes")));
    }
    if host_path(path).is_some_and(|host| !is_units(host) && !is_configuration(host)) {
        return Err(broken(format!("{path:?} is no place for a bundle's file")));
    }
    Ok(())
}

/// Returns the files that a plan makes a host fetch. Refuses two files of one name.
pub(super) fn downloads(plan: &Plan) -> Result<Vec<Download>> {
    let pinned = plan.llama_server.runtime.as_ref();
    let beside = &plan.llama_server.runtime_beside;
    if beside.len() + 1 > MOST_ARCHIVES || (pinned.is_none() && !beside.is_empty()) {
        return Err(Failure::usage("the plan's runtime has archives beside it that no release has")
            .hint("make the plan anew, with `agi-provision plan --resolve`")
            .into());
    }
    let mut downloads = Vec::new();
    // An image is no file: podman fetches it by the digest in its unit; and apt knows its packages.
    if plan.container().is_none() && plan.llama_server.packages.is_empty() {
        downloads.push(Download {
            what: CarriedKind::Runtime,
            name: format!("{} {}", plan.engine().name(), plan.llama_server.build),
            url: pinned.map(|file| file.url.clone()),
            size_bytes: pinned.map(|file| file.size_bytes),
            sha256: pinned.map(|file| file.sha256.clone()),
        });
    }
    downloads.extend(beside.iter().map(|file| Download {
        what: CarriedKind::Runtime,
        name: format!("{} {}, libraries beside it", plan.engine().name(), plan.llama_server.build),
        url: Some(file.url.clone()),
        size_bytes: Some(file.size_bytes),
        sha256: Some(file.sha256.clone()),
    }));
    for file in plan.files() {
        if downloads.iter().any(|known| known.what == CarriedKind::Model && file.name == known.name) {
            return Err(Failure::usage(format!("the plan's model file {:?} is there twice", file.name))
                .hint("make the plan again: `agi-provision plan --out FILE`")
                .into());
        }
        downloads.push(Download {
            what: CarriedKind::Model,
            name: file.name.to_string(),
            url: file.url.clone(),
            size_bytes: Some(file.size_bytes),
            sha256: file.sha256.clone(),
        });
    }
    Ok(downloads)
}
