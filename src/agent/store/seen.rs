//! Names that we use on a host, and what was found under them.

use crate::agent::host::accounts::{Account, Group};
use crate::engine::server::ServerName;
use crate::paths;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Entry at a path; links are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub uid: u32,
    /// The owner's name, such as `alice (uid 1001)`.
    pub owner: String,
    /// Permission bits.
    pub mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file. `ours`: its text is one that this tool writes.
    File {
        ours: bool,
    },
    Folder {
        /// Whether a file system is mounted on it.
        mount: bool,
        entries: BTreeSet<String>,
        /// Entries that hold our note of what they are.
        noted: BTreeSet<String>,
    },
    Link {
        target: PathBuf,
    },
    /// A device, a socket or a pipe.
    Other,
}

/// Facts about everything that lies under our names on the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub account: Option<Account>,
    pub group: Option<Group>,
    /// Entries by path; a path that does not exist is missing here.
    pub nodes: BTreeMap<PathBuf, Node>,
    /// Folders above ours, links followed.
    pub ways: BTreeMap<PathBuf, Node>,
    /// Whether a version that kept no record applied here: its generation or its job can be read.
    pub earlier: bool,
    /// Whether an nftables table of our name is loaded.
    pub table: bool,
}

/// Files and links of fixed names in our folders.
pub const FILES: [&str; 8] = [
    paths::API_KEY,
    paths::GENERATION,
    paths::EXPOSE_CONFIRMED,
    paths::EXPOSE_NOTE,
    paths::EXPOSE_TRIED,
    paths::TLS_CERT,
    paths::TLS_KEY,
    paths::RECEIPT,
];
/// Folders of fixed names in our folders, but the shelves and what arrives.
pub const FOLDERS: [&str; 3] = [paths::TLS, paths::GENERATIONS, paths::JOB];
/// Folders that a host may have without serving.
pub const SHELVES: [&str; 2] = [paths::MODELS, paths::RUNTIMES];
/// Unit files and links of fixed names.
pub fn units() -> Vec<String> {
    let fixed = [paths::EXPOSE_FILE, paths::RESUME_FILE, paths::RESUME_LINK].map(String::from);
    let servers =
        ServerName::all().flat_map(|server| [server.unit_file(), server.wants(), server.container_file()]);
    servers.chain(fixed).collect()
}

/// Units that would be ours wherever they lie: systemd's own order of folders decides which one counts.
pub const ELSEWHERE: [&str; 6] = [
    "/etc/systemd/system/agi-provision-apply.service",
    "/etc/systemd/system/agi-provision-expose-revert.service",
    "/etc/systemd/system/agi-provision-expose-revert.timer",
    "/usr/lib/systemd/system/agi-provision-llama.service",
    "/usr/lib/systemd/system/agi-provision-embed.service",
    "/usr/lib/systemd/system/agi-provision-expose.service",
];
/// Folders for what changes a unit; an administrator may have files of their own in them.
pub fn drop_ins() -> Vec<String> {
    ServerName::all().map(ServerName::drop_in).collect()
}
/// Name of our file in those folders.
pub const DROP_IN: &str = "10-generation.conf";

/// Family and name of our nftables table.
pub const TABLE: (&str, &str) = ("inet", "agi_provision");
