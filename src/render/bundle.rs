//! A bundle in memory, and the same in a directory or a tar. Every way in checks it against its
//! manifest, so a [`Bundle`] that exists is sound.

use super::archive;
use super::broken::broken;
use super::carried::{self, Carried, Seed};
use super::choices::{Choices, Targets};
use super::first_boot::FirstBoot;
use super::manifest::{
    BundleLink, Download, MANIFEST, MAX_BYTES, Manifest, ManifestFile, OWNER, PLAN, ROOTFS, SCHEMA,
    check_path, goes_to_host, host_path,
};
use crate::checked::{Checksum, FileMode, RelativePath, ToolVersion};
use crate::error::{Context, Failure, Result};
use crate::hardware::vendor::driver::Origin;
use crate::hash::sha256;
use crate::paths;
use crate::plan::Plan;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// Relative to the bundle, with `/`.
    pub path: RelativePath,
    /// Permission bits.
    pub mode: FileMode,
    /// `user:group`.
    pub owner: String,
    /// Content.
    pub content: Vec<u8>,
}

impl BundleFile {
    /// A file that everyone may read.
    ///
    /// # Errors
    /// `path` leads out of the bundle.
    pub(super) fn plain(path: &str, content: Vec<u8>) -> Result<BundleFile> {
        let (path, owner) = (RelativePath::new(path)?, OWNER.to_string());
        Ok(BundleFile { path, mode: FileMode::PLAIN, owner, content })
    }
}

/// Files of a plan, for one host or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// By path; without the manifest.
    files: Vec<BundleFile>,
    manifest: Manifest,
    manifest_json: Vec<u8>,
}

/// Result of [`Bundle::write`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOutcome {
    /// Paths written or removed, in order; empty when everything was so already.
    pub changed: Vec<String>,
}

impl Bundle {
    pub(super) fn new(
        mut files: Vec<BundleFile>,
        links: Vec<BundleLink>,
        llama_build: String,
        downloads: Vec<Download>,
        tool_version: ToolVersion,
    ) -> Result<Bundle> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let manifest = Manifest {
            schema: SCHEMA.to_string(),
            tool_version,
            llama_build,
            files: files.iter().map(entry).collect(),
            links,
            downloads,
            carried: Vec::new(),
            seed: None,
            first_boot: FirstBoot::default(),
            targets: Targets::default(),
            driver: None,
        };
        Bundle::of(files, manifest)
    }

    fn of(files: Vec<BundleFile>, manifest: Manifest) -> Result<Bundle> {
        let json = manifest.to_json();
        // Only a manifest that can be read again is written.
        Manifest::from_json(json.as_bytes())?;
        Ok(Bundle { files, manifest, manifest_json: json.into_bytes() })
    }

    /// The same bundle with the files of its targets, and what those depend on.
    pub(super) fn with(self, more: Vec<BundleFile>, choices: Choices) -> Result<Bundle> {
        let Bundle { mut files, manifest, .. } = self;
        files.extend(more);
        let whole = Bundle::new(
            files,
            manifest.links,
            manifest.llama_build,
            manifest.downloads,
            manifest.tool_version,
        )?;
        let Choices { first_boot, targets, driver } = choices;
        Bundle::of(whole.files, Manifest { first_boot, targets, driver, ..whole.manifest })
    }

    /// The same bundle, whose host gets its cards' driver from `driver`.
    pub(super) fn driven(self, driver: Option<Origin>) -> Result<Bundle> {
        Bundle::of(self.files, Manifest { driver, ..self.manifest })
    }

    /// The same bundle, whose directory holds these files and this image too.
    pub fn carrying(&self, mut carried: Vec<Carried>, seed: Option<Seed>) -> Result<Bundle> {
        carried.sort_by(|a, b| a.name.cmp(&b.name));
        Bundle::of(self.files.clone(), Manifest { carried, seed, ..self.manifest.clone() })
    }

    /// Returns the bundle for a machine's seed: the files that a host gets, and those that are carried.
    pub(super) fn for_seed(&self) -> Result<Bundle> {
        let files = self.files.iter().filter(|file| goes_to_host(&file.path)).cloned().collect();
        let carried = self.manifest.carried.clone();
        Bundle::of(files, Manifest { carried, ..self.for_host() })
    }

    /// The files that `manifest` lists, taken from `content`, which is asked once per path. Every
    /// size and digest must be right.
    fn assemble(
        manifest_json: Vec<u8>,
        mut content: impl FnMut(&ManifestFile) -> Result<Option<Vec<u8>>>,
    ) -> Result<Bundle> {
        let manifest = Manifest::from_json(&manifest_json)?;
        let mut files = Vec::new();
        for file in &manifest.files {
            let path = &file.path;
            let found = content(file)?.ok_or_else(|| broken(format!("{path} is missing")))?;
            if found.len() as u64 != file.size_bytes || sha256(&found) != file.sha256 {
                return Err(broken(format!("{path} is not what the manifest says; it was changed")));
            }
            files.push(BundleFile {
                path: path.clone(),
                mode: file.mode,
                owner: file.owner.clone(),
                content: found,
            });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let bundle = Bundle { files, manifest, manifest_json };
        let served = format!("{ROOTFS}{}/{}", paths::GENERATION, paths::generation::PLAN);
        let plan = bundle.file(PLAN).ok_or_else(|| broken(format!("{PLAN} is missing")))?;
        if bundle.file(&served) != Some(plan) {
            return Err(broken(format!("{PLAN} and {served} differ")));
        }
        // Refuses a bundle whose plan cannot be read, before anything is done with it.
        bundle.plan()?;
        Ok(bundle)
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[BundleFile] {
        &self.files
    }

    /// Returns the links, sorted by path.
    pub fn links(&self) -> &[BundleLink] {
        &self.manifest.links
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The content of the file at `path`, `manifest.json` included.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        if path == MANIFEST {
            return Some(&self.manifest_json);
        }
        self.files.iter().find(|file| file.path == path).map(|file| file.content.as_slice())
    }

    /// The plan that the bundle was rendered from.
    pub fn plan(&self) -> Result<Plan> {
        let json = self.file(PLAN).unwrap_or_default();
        let text = std::str::from_utf8(json).context("reading the bundle's plan.json")?;
        Plan::from_json(text).context("reading the bundle's plan.json")
    }

    /// The bundle's name: the SHA-256 of the manifest of what a host becomes by it. The version of the
    /// tool and its texts for people are no part of that: the same plan, applied by another version with
    /// the same templates, is the same bundle.
    pub fn id(&self) -> Checksum {
        let Manifest { llama_build, files, links, downloads, .. } = &self.manifest;
        let files: Vec<&ManifestFile> = files.iter().filter(|file| host_path(&file.path).is_some()).collect();
        let becomes = serde_json::json!({
            "llama_build": llama_build, "files": files, "links": links, "downloads": downloads,
        });
        sha256(becomes.to_string().as_bytes())
    }

    /// The manifest of what goes to a host: without the files of targets, which may hold the rest of the bundle and
    /// so cannot be part of what they hold, and without what only a directory has.
    fn for_host(&self) -> Manifest {
        // The driver is the host's own matter, and stays.
        let Choices { first_boot, targets, driver: _ } = Choices::default();
        let mut manifest =
            Manifest { carried: Vec::new(), seed: None, first_boot, targets, ..self.manifest.clone() };
        manifest.files.retain(|file| goes_to_host(&file.path));
        manifest
    }

    /// The tar that goes to a host: the manifest first, then every file that goes there, by path.
    pub fn to_tar(&self) -> Result<Vec<u8>> {
        let manifest = self.for_host().to_json();
        let files = self.files.iter().filter(|file| goes_to_host(&file.path));
        let files = files.map(|file| (file.path.as_str(), file.mode.bits(), file.content.as_slice()));
        archive::pack([(MANIFEST, 0o644, manifest.as_bytes())].into_iter().chain(files))
    }

    /// Reads [`Bundle::to_tar`]'s output, or refuses what only looks like it.
    pub fn from_tar(bytes: &[u8]) -> Result<Bundle> {
        let mut found = archive::unpack(bytes)?;
        let manifest = found.remove(MANIFEST).ok_or_else(|| broken(format!("{MANIFEST} is missing")))?;
        let bundle = Bundle::assemble(manifest, |file| Ok(found.remove(file.path.as_str())))?;
        match found.into_keys().next() {
            Some(extra) => Err(broken(format!("{extra:?} is not in its manifest"))),
            None => Ok(bundle),
        }
    }
}

fn entry(file: &BundleFile) -> ManifestFile {
    ManifestFile {
        path: file.path.clone(),
        mode: file.mode,
        owner: file.owner.clone(),
        sha256: sha256(&file.content),
        size_bytes: file.content.len() as u64,
    }
}

/// In a directory.
impl Bundle {
    /// Makes `dir` this bundle. Files that are right already are left alone; each other is replaced
    /// by a rename, the manifest last; what an older bundle there had and this one has not is
    /// removed. A directory with anything else in it is refused. What the bundle carries is put there by
    /// whoever has it, before this.
    pub fn write(&self, dir: &Path) -> Result<WriteOutcome> {
        fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let old = old_manifest(dir)?;
        let mut changed = Vec::new();

        for file in &self.files {
            if put_file(dir, &file.path, file.mode, &file.content)? {
                changed.push(file.path.to_string());
            }
        }
        for link in self.links() {
            if put_link(dir, link)? {
                changed.push(link.path.to_string());
            }
        }
        if let Some(old) = old {
            let kept =
                |path: &str| self.file(path).is_some() || self.links().iter().any(|link| link.path == path);
            let old_paths =
                old.files.iter().map(|file| &file.path).chain(old.links.iter().map(|link| &link.path));
            for path in old_paths.filter(|path| !kept(path)) {
                if remove(dir, path)? {
                    changed.push(path.to_string());
                }
            }
            changed.extend(carried::remove(dir, &old.carried, &self.manifest.carried)?);
            if old.seed.is_some()
                && self.manifest.seed.is_none()
                && remove(dir, &RelativePath::new(carried::SEED)?)?
            {
                changed.push(carried::SEED.to_string());
            }
        }
        if put_file(dir, &RelativePath::new(MANIFEST)?, FileMode::PLAIN, &self.manifest_json)? {
            changed.push(MANIFEST.to_string());
        }
        Ok(WriteOutcome { changed })
    }

    /// Whether `dir` is a bundle's already; one with anything else in it is refused.
    pub fn is_in(dir: &Path) -> Result<bool> {
        Ok(dir.exists() && old_manifest(dir)?.is_some())
    }

    /// Reads a directory that [`Bundle::write`] made, and checks every file; of what it carries only the
    /// sizes. Files that the manifest does not list are ignored.
    pub fn read(dir: &Path) -> Result<Bundle> {
        let manifest = read_file(dir, MANIFEST, 1 << 20)?.ok_or_else(|| {
            Failure::failed(format!("{} is not a bundle: it has no {MANIFEST}", dir.display()))
                .hint("`agi-provision bundle --out DIR` makes one")
        })?;
        let bundle = Bundle::assemble(manifest, |file| read_file(dir, &file.path, MAX_BYTES))
            .with_context(|| format!("reading the bundle {}", dir.display()))?;
        carried::check_present(dir, &bundle.manifest.carried)?;
        for link in bundle.links() {
            let path = dir.join(&link.path);
            let target = fs::read_link(&path).ok();
            if target.as_deref() != Some(link.target.as_ref()) {
                return Err(broken(format!("{} is not a link to {}", link.path, link.target)));
            }
        }
        Ok(bundle)
    }
}

/// The manifest of the bundle that `dir` holds; `None` for an empty directory.
fn old_manifest(dir: &Path) -> Result<Option<Manifest>> {
    let occupied = |why: &str| {
        Failure::failed(format!("{} {why}", dir.display()))
            .hint("name a new or an empty directory, or a bundle's")
    };
    match read_file(dir, MANIFEST, 1 << 20)? {
        Some(json) => {
            let manifest = Manifest::from_json(&json);
            Ok(Some(manifest.map_err(|_| occupied("holds a manifest.json that is not a bundle's"))?))
        }
        None => {
            let mut entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
            match entries.next() {
                None => Ok(None),
                Some(_) => Err(occupied("is not empty and not a bundle").into()),
            }
        }
    }
}

/// The regular file at `path`, of at most `most` bytes; `None` when there is none.
fn read_file(dir: &Path, path: &str, most: u64) -> Result<Option<Vec<u8>>> {
    let full = dir.join(path);
    let reading = || format!("reading {}", full.display());
    match fs::symlink_metadata(&full) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(reading),
        // A pipe would block, and a link lead elsewhere.
        Ok(metadata) if !metadata.is_file() => {
            return Err(broken(format!("{} is not a regular file", full.display())));
        }
        Ok(_) => {}
    }
    let mut content = Vec::new();
    let file = fs::File::open(&full).with_context(reading)?;
    file.take(most + 1).read_to_end(&mut content).with_context(reading)?;
    if content.len() as u64 > most {
        return Err(broken(format!("{} has more than {most} bytes", full.display())));
    }
    Ok(Some(content))
}

/// Makes the file so; false when it was.
fn put_file(dir: &Path, path: &RelativePath, mode: FileMode, content: &[u8]) -> Result<bool> {
    let mode = mode.bits();
    let full = place(dir, path)?;
    if let Ok(metadata) = fs::symlink_metadata(&full)
        && metadata.is_file()
        && metadata.permissions().mode() & 0o7777 == mode
        && metadata.len() == content.len() as u64
        && fs::read(&full).is_ok_and(|found| found == content)
    {
        return Ok(false);
    }
    let writing = || format!("writing {}", full.display());
    // No fsync: a bundle is made anew from its plan, and its reader checks every byte.
    let mut temporary = tempfile::Builder::new()
        .prefix(".agi-provision-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(full.parent().unwrap_or(dir))
        .with_context(writing)?;
    // Again, past the umask.
    temporary.as_file().set_permissions(fs::Permissions::from_mode(mode)).with_context(writing)?;
    temporary.write_all(content).with_context(writing)?;
    temporary.persist(&full).map_err(|error| error.error).with_context(writing)?;
    Ok(true)
}

fn put_link(dir: &Path, link: &BundleLink) -> Result<bool> {
    let full = place(dir, &link.path)?;
    if fs::read_link(&full).is_ok_and(|target| target == Path::new(link.target.as_str())) {
        return Ok(false);
    }
    let writing = || format!("writing {}", full.display());
    let folder = tempfile::Builder::new()
        .prefix(".agi-provision-")
        .tempdir_in(full.parent().unwrap_or(dir))
        .with_context(writing)?;
    let temporary = folder.path().join("link");
    symlink(link.target.as_str(), &temporary).with_context(writing)?;
    fs::rename(&temporary, &full).with_context(writing)?;
    Ok(true)
}

/// Removes a file or link and the folders that it leaves empty; false when it was gone.
fn remove(dir: &Path, path: &RelativePath) -> Result<bool> {
    let full = place(dir, path)?;
    match fs::remove_file(&full) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        removed => removed.with_context(|| format!("removing {}", full.display()))?,
    }
    let mut folder = full.parent();
    while let Some(empty) = folder.filter(|folder| *folder != dir) {
        if fs::remove_dir(empty).is_err() {
            break;
        }
        folder = empty.parent();
    }
    Ok(true)
}

/// Where `path` lies in `dir`, its folders made. A link among them could lead out of the bundle and is
/// refused.
fn place(dir: &Path, path: &RelativePath) -> Result<PathBuf> {
    check_path(path)?;
    let mut folder = dir.to_path_buf();
    let (parents, name) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
    for part in parents.split('/').filter(|part| !part.is_empty()) {
        folder.push(part);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("creating {}", folder.display()));
            }
            _ => {}
        }
        let metadata =
            fs::symlink_metadata(&folder).with_context(|| format!("reading {}", folder.display()))?;
        if !metadata.is_dir() {
            return Err(broken(format!("{} is not a folder", folder.display())));
        }
    }
    Ok(folder.join(name))
}
