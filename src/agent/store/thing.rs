//! Things that this tool makes on a host, and the paths that it may make and remove.

use super::id::Id;
use crate::checked::ImageRef;
use crate::engine::server::ServerName;
use crate::error::{Failure, Result};
use crate::paths;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// A path that this tool may make and remove: below its own folders, or a unit or a setting of its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
pub struct OurPath(PathBuf);

/// Our folders; a path below them is ours too.
pub const ROOTS: [&str; 4] = [paths::ETC, paths::VAR, paths::LIB, paths::CACHE];
/// Folders of others in which a file of our name is ours.
const SHARED: [&str; 3] = ["/etc/modprobe.d", "/etc/apt/apt.conf.d", "/etc/apt/sources.list.d"];
/// Folder of units, in which systemd's own folders may have to be made, too.
const UNITS: &str = "/etc/systemd/system";
/// Folders that units of podman's Quadlet may have to be made in, and theirs alone.
const OF_CONTAINERS: [&str; 2] = ["/etc/containers", paths::CONTAINERS];

impl OurPath {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl TryFrom<PathBuf> for OurPath {
    type Error = String;

    fn try_from(path: PathBuf) -> Result<OurPath, String> {
        let plain = path.is_absolute()
            && path.components().skip(1).all(|part| matches!(part, Component::Normal(_)))
            && !path.as_os_str().to_string_lossy().contains("//");
        let below = ROOTS.iter().any(|root| path.starts_with(root));
        let unit = path.strip_prefix(UNITS).is_ok_and(|rest| {
            let names: Vec<_> = rest.iter().map(|name| name.to_string_lossy()).collect();
            names.iter().any(|name| name.starts_with("agi-provision-"))
                || matches!(&names[..], [one] if one.ends_with(".wants"))
        });
        let container = path.to_str().is_some_and(|path| {
            ServerName::of_container_file(path).is_some() || OF_CONTAINERS.contains(&path)
        });
        // A file among those of others, in folders whose files are read by any name.
        let among =
            path.parent().is_some_and(|folder| SHARED.iter().any(|shared| folder == Path::new(shared)));
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().contains("agi-provision-"));
        match plain && (below || unit || container || among && named) {
            true => Ok(OurPath(path)),
            false => Err(format!("{} is no place of agi-provision's", path.display())),
        }
    }
}

impl From<OurPath> for PathBuf {
    fn from(path: OurPath) -> PathBuf {
        path.0
    }
}

/// One thing on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Thing {
    /// A user. The uid is known once the account was made.
    Account {
        name: String,
        uid: Option<u32>,
    },
    Group {
        name: String,
        gid: Option<u32>,
    },
    /// A folder, removed when nothing is left in it.
    Folder {
        path: OurPath,
    },
    /// A folder, removed with all that is in it.
    Tree {
        path: OurPath,
    },
    File {
        path: OurPath,
    },
    UnitFile {
        path: OurPath,
    },
    DropIn {
        path: OurPath,
    },
    Link {
        path: OurPath,
    },
    Certificate {
        path: OurPath,
    },
    /// A package of the system, which stays on the host.
    Package {
        name: String,
    },
    /// A container image that podman keeps; removed unless others use it.
    Image {
        image: ImageRef,
    },
    /// A table of nftables, removed with the unit that loads it.
    FirewallTable {
        family: String,
        name: String,
    },
}

/// Checks that the path is one that this tool may make and remove.
fn ours(path: impl AsRef<Path>) -> Result<OurPath> {
    OurPath::try_from(path.as_ref().to_path_buf()).map_err(|why| Failure::failed(why).into())
}

impl Thing {
    pub fn folder(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::Folder { path: ours(path)? })
    }

    pub fn tree(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::Tree { path: ours(path)? })
    }

    pub fn file(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::File { path: ours(path)? })
    }

    pub fn unit_file(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::UnitFile { path: ours(path)? })
    }

    pub fn drop_in(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::DropIn { path: ours(path)? })
    }

    pub fn link(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::Link { path: ours(path)? })
    }

    pub fn certificate(path: impl AsRef<Path>) -> Result<Thing> {
        Ok(Thing::Certificate { path: ours(path)? })
    }

    /// Returns the resource that makes it; `None` for what a job keeps for itself: its folder, files that arrive, the
    /// receipt, and the unit that carries it over a restart of the host.
    pub fn by(&self) -> Option<Id> {
        let path = match self {
            Thing::Account { name, .. } | Thing::Group { name, .. } if name == paths::RPC_USER => {
                return Some(Id::Path);
            }
            Thing::Account { .. } | Thing::Group { .. } => return Some(Id::User),
            Thing::Package { .. } => return Some(Id::Packages),
            Thing::Image { .. } => return Some(Id::Runtime),
            Thing::FirewallTable { .. } => return Some(Id::Expose),
            other => other.path()?,
        };
        let is = |names: &[&str]| names.iter().any(|name| path == Path::new(name));
        let below = |folder: &str| path.starts_with(folder) && path != Path::new(folder);
        if below(paths::JOB) || below(paths::INCOMING) {
            return None;
        }
        if is(&[paths::JOB, paths::INCOMING, paths::RECEIPT, paths::RESUME_FILE, paths::RESUME_LINK]) {
            return None;
        }
        if is(&[paths::DRIVER_MODPROBE, paths::DRIVER_HELD, paths::DRIVER_SOURCES]) {
            return Some(Id::Driver);
        }
        let expose = [paths::EXPOSE_CONFIRMED, paths::EXPOSE_NOTE, paths::EXPOSE_TRIED];
        Some(match () {
            () if below(paths::RUNTIMES) => Id::Runtime,
            () if below(paths::MODELS) => Id::Model,
            () if below(paths::GENERATIONS) || path.starts_with(paths::GENERATION) => Id::Configuration,
            () if is(&[paths::API_KEY]) => Id::Key,
            () if path.starts_with(paths::RPC) || path.starts_with(paths::RPC_HOME) => Id::Path,
            () if path.starts_with(paths::LIB) => Id::Agent,
            () if is(&expose) || path.starts_with(paths::TLS) => Id::Expose,
            () => match ServerName::all().find(|server| path == Path::new(&server.wants())) {
                Some(server) => Id::Start(server),
                None if path.starts_with(paths::UNITS) || path.starts_with(OF_CONTAINERS[0]) => Id::Unit,
                None => Id::Directories,
            },
        })
    }

    /// Returns the path of a thing that has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Thing::Folder { path }
            | Thing::Tree { path }
            | Thing::File { path }
            | Thing::UnitFile { path }
            | Thing::DropIn { path }
            | Thing::Link { path }
            | Thing::Certificate { path } => Some(path.path()),
            Thing::Account { .. }
            | Thing::Group { .. }
            | Thing::Package { .. }
            | Thing::Image { .. }
            | Thing::FirewallTable { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_ours_are_paths_of_the_record() {
        for (path, ours) in [
            ("/var/lib/agi-provision", true),
            ("/var/lib/agi-provision/models/ab/note.json", true),
            ("/etc/agi-provision/api-key", true),
            ("/usr/local/lib/agi-provision/agent-1", true),
            ("/var/cache/agi-provision", true),
            ("/etc/systemd/system/agi-provision-llama.service", true),
            ("/etc/systemd/system/agi-provision-llama.service.d/10-generation.conf", true),
            ("/etc/systemd/system/multi-user.target.wants/agi-provision-llama.service", true),
            ("/etc/systemd/system/multi-user.target.wants", true),
            (paths::DRIVER_MODPROBE, true),
            (paths::DRIVER_HELD, true),
            (paths::DRIVER_SOURCES, true),
            ("/etc/modprobe.d/nvidia.conf", false),
            ("/etc/apt/apt.conf.d/50unattended-upgrades", false),
            ("/etc/apt/sources.list.d/agi-provision-driver.sources/x", false),
            ("/etc/apt/agi-provision-driver", false),
            ("/", false),
            ("/var/lib", false),
            ("/home", false),
            ("/var/lib/agi-provision/../dpkg", false),
            ("/var/lib/agi-provision-other", false),
            ("var/lib/agi-provision", false),
            ("/etc/systemd/system", false),
            ("/etc/systemd/system/sshd.service", false),
            ("/etc/systemd/system/agi-provision-llama.service.d/../../../passwd", false),
            ("/etc/passwd", false),
            ("/etc/containers/systemd", true),
            ("/etc/containers/systemd/agi-provision-llama.container", true),
            ("/etc/containers/systemd/other.container", false),
            ("/etc/containers/systemd/agi-provision-llama.container.d/50-lab.conf", false),
            ("/etc/containers/registries.conf", false),
            ("", false),
        ] {
            assert_eq!(OurPath::try_from(PathBuf::from(path)).is_ok(), ours, "{path}");
        }
    }

    #[test]
    fn each_thing_belongs_to_the_resource_that_makes_it() {
        let embed = ServerName::EMBEDDING;
        let account = Thing::Account { name: "agi-provision".into(), uid: None };
        assert_eq!(account.by(), Some(Id::User));
        let image = format!("docker.io/a/b@sha256:{}", "1".repeat(64)).parse().unwrap();
        assert_eq!(Thing::Image { image }.by(), Some(Id::Runtime));
        for (path, by) in [
            ("/var/lib/agi-provision", Some(Id::Directories)),
            ("/etc/agi-provision", Some(Id::Directories)),
            ("/var/cache/agi-provision", Some(Id::Directories)),
            (paths::MODELS, Some(Id::Directories)),
            ("/var/lib/agi-provision/models/ab", Some(Id::Model)),
            ("/var/lib/agi-provision/runtimes/cd", Some(Id::Runtime)),
            ("/var/lib/agi-provision/generations/3", Some(Id::Configuration)),
            (paths::GENERATION, Some(Id::Configuration)),
            (paths::API_KEY, Some(Id::Key)),
            (paths::AGENT_LINK, Some(Id::Agent)),
            (paths::UNIT_FILE, Some(Id::Unit)),
            (paths::CONTAINERS, Some(Id::Unit)),
            ("/etc/containers/systemd/agi-provision-llama.container", Some(Id::Unit)),
            (paths::WANTS, Some(Id::Start(ServerName::CHAT))),
            (paths::EMBED_WANTS, Some(Id::Start(embed))),
            (paths::DRIVER_HELD, Some(Id::Driver)),
            (paths::TLS_KEY, Some(Id::Expose)),
            (paths::EXPOSE_NOTE, Some(Id::Expose)),
            (paths::JOB, None),
            ("/var/lib/agi-provision/incoming/x", None),
            (paths::RESUME_LINK, None),
        ] {
            assert_eq!(Thing::file(path).unwrap().by(), by, "{path}");
        }
    }
}
