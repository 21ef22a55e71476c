//! The two forms of a server's unit: a file of systemd's with a drop-in for the generation, and for an engine that comes as
//! a container a file of which podman's Quadlet makes the unit. Both have one name, and a file of systemd's counts before
//! the generated one: where a plan changes the form, what the other one left goes.

use crate::agent::host::{podman, service};
use crate::agent::store::made;
use crate::agent::store::seen::DROP_IN;
use crate::agent::store::thing::Thing;
use crate::engine::server::ServerName;
use crate::error::{Context, Result};
use crate::files;
use crate::plan::servers::Server;
use crate::render::Bundle;
use crate::render::manifest::{ROOTFS, host_path};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns whether the server has a unit on this host, in either form.
pub fn has_unit(server: ServerName) -> bool {
    [server.unit_file(), server.container_file()].iter().any(|path| Path::new(path).exists())
}

/// Returns the paths of the server's unit, and of the links that belong to it, in the form of a container or in the other.
fn paths(server: ServerName, container: bool) -> Vec<PathBuf> {
    let paths = match container {
        true => vec![server.container_file()],
        false => vec![server.wants(), format!("{}/{DROP_IN}", server.drop_in()), server.unit_file()],
    };
    paths.into_iter().map(PathBuf::from).collect()
}

/// Returns what is there of the form that the server has not, and is ours.
pub fn others(server: &Server) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths(server.name, server.container().is_none()) {
        if fs::symlink_metadata(&path).is_ok() && made::is_ours(&path)? {
            found.push(path);
        }
    }
    Ok(found)
}

/// Stops the server and removes what [`others`] found of it, each after `before` was told of it. systemd reads units again.
pub fn settle(server: &Server, mut before: impl FnMut(&Path)) -> Result<()> {
    let others = others(server)?;
    if others.is_empty() {
        return Ok(());
    }
    service::stop(&server.name.unit())?;
    if others.contains(&PathBuf::from(server.name.container_file())) {
        // The unit's new form does not know what the old one ran.
        podman::remove_container(&server.name.identifier());
    }
    for path in &others {
        before(path);
        files::remove(path)?;
    }
    service::reload()
}

/// Puts the server's unit there as the bundle has it, with the links to the generation's limits.
pub fn put(bundle: &Bundle, server: &Server) -> Result<()> {
    let (name, container) = (server.name, server.container().is_some());
    let file = if container { name.container_file() } else { name.unit_file() };
    let unit = bundle.file(&format!("{ROOTFS}{file}")).context("the bundle has no unit of the server")?;
    made::add([Thing::unit_file(&file)?])?;
    made::folder(Path::new(&file).parent().unwrap_or(Path::new("/")), 0o755)?;
    files::write(Path::new(&file), unit, 0o644)?;
    if container {
        return Ok(());
    }
    let drop_in = name.drop_in();
    made::add([Thing::link(name.wants())?])?;
    made::folder(Path::new(&drop_in), 0o755)?;
    let links = bundle.links().iter().filter_map(|link| Some((host_path(&link.path)?, &link.target)));
    for (path, target) in links.filter(|(path, _)| Path::new(path).starts_with(&drop_in)) {
        made::add([Thing::drop_in(path)?])?;
        files::link(Path::new(path), Path::new(target))?;
    }
    Ok(())
}
