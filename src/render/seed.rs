//! The seed: one ISO 9660 image with which a machine comes to its plan at its first boot, without a
//! network. cloud-init's NoCloud looks for a disk or a CD with the label `cidata`.
//!
//! ```text
//! user-data  meta-data  network-config     what cloud-init reads
//! agi-provision  SHA256SUMS                the program
//! bundle/                                  the bundle, with the files that it carries
//! ```
//!
//! The same files give the same bytes: every time in it is the beginning of 1980. Files are streamed,
//! and one of 4 GiB or more takes several extents, as interchange level 3 has it; Linux reads those.

use super::bundle::Bundle;
use super::manifest;
use super::targets::cloud_init;
use crate::error::{Context, Failure, Result};
use crate::hash::sha256;
use hadris_fs::{Content, Node, Permissions, SetAttr, Tree};
use hadris_iso::{IsoId, IsoLevel, IsoOptions, Preserve};
use hadris_storage::host::FileDevice;
use std::fs::File;
use std::path::Path;

/// The label by which cloud-init knows a seed.
pub const LABEL: &str = "cidata";
/// The bundle's folder in the image.
const BUNDLE: &str = "bundle";
const PROGRAM: &str = "agi-provision";
const SUMS: &str = "SHA256SUMS";

/// The executable that does the work on the machine.
pub struct Program<'a> {
    /// Path of the file on this machine.
    pub path: &'a Path,
    /// Lower-case hex.
    pub sha256: &'a str,
}

/// Writes the image of `bundle`, whose carried files lie in `dir`, to `to`: its size in bytes.
pub fn write(bundle: &Bundle, dir: &Path, program: &Program, to: &Path) -> Result<u64> {
    let tree = tree(bundle, dir, program)?;
    let options = IsoOptions::new()
        .with_id(IsoId::Volume, LABEL)
        .with_id(IsoId::Application, "AGI-PROVISION")
        .with_level(IsoLevel::L3)
        .with_rock_ridge()
        .with_preserve(Preserve::PERMISSIONS);
    let writing = || format!("writing {}", to.display());
    let file =
        File::options().read(true).write(true).create(true).truncate(true).open(to).with_context(writing)?;
    let device = FileDevice::new(file).with_context(writing)?;
    let report =
        hadris_iso::sync::write(device, &tree, &options).map_err(anyhow::Error::new).with_context(writing)?;
    match report.warnings().first() {
        None => Ok(report.size()),
        Some(warning) => Err(Failure::failed(format!("the seed cannot hold all of the bundle: {warning}"))
            .hint("leave --seed-iso out, and apply the bundle over SSH")
            .into()),
    }
}

fn tree(bundle: &Bundle, dir: &Path, program: &Program) -> Result<Tree> {
    let plan = bundle.plan()?;
    let bundle = bundle.for_seed()?;
    let inside = bundle.file(manifest::MANIFEST).unwrap_or_default();
    let instance = sha256([inside, program.sha256.as_bytes()].concat().as_slice());
    let mut tree = Tree::new();
    let mut put = |path: &str, content: Content, mode: u32| {
        let attrs = SetAttr::new().with_permissions(Permissions::new(mode));
        let placed = tree.insert(path, Node::file(content).with_attrs(attrs));
        placed.map_err(anyhow::Error::new).with_context(|| format!("placing {path} in the seed"))
    };
    let user_data = cloud_init::seed_user_data(&plan, LABEL, SUMS, BUNDLE)?;
    put("user-data", Content::bytes(user_data), 0o644)?;
    put("meta-data", Content::bytes(cloud_init::meta_data(&instance)?), 0o644)?;
    put("network-config", Content::bytes(cloud_init::network_config()?), 0o644)?;
    let on_disk = |path: &Path| {
        hadris_fs::host::file(path)
            .map_err(anyhow::Error::new)
            .with_context(|| format!("reading {}", path.display()))
    };
    put(PROGRAM, on_disk(program.path)?, 0o755)?;
    put(SUMS, Content::bytes(format!("{}  {PROGRAM}\n", program.sha256)), 0o644)?;
    put(&format!("{BUNDLE}/{}", manifest::MANIFEST), Content::bytes(inside), 0o644)?;
    for file in bundle.files() {
        put(&format!("{BUNDLE}/{}", file.path), Content::bytes(file.content.as_slice()), file.mode.bits())?;
    }
    for file in &bundle.manifest().carried {
        let path = file.path();
        put(&format!("{BUNDLE}/{}", path.display()), on_disk(&dir.join(&path))?, 0o644)?;
    }
    for link in bundle.links() {
        let placed = tree.insert(format!("{BUNDLE}/{}", link.path), Node::symlink(link.target.as_str()));
        placed.map_err(anyhow::Error::new).with_context(|| format!("placing {} in the seed", link.path))?;
    }
    Ok(tree)
}
