//! Looks for keys, agents and known hosts on this machine, without connecting.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::account;
use super::agent;
use super::config::Options;
use super::key_file::read_key_file;
use super::known_hosts::KnownHosts;
use super::settings::settings;
use super::target::Target;
use crate::error::Result;
use crate::outside::{self, Kind};

/// A private key in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// The file.
    pub path: PathBuf,
    /// It has a passphrase.
    pub encrypted: bool,
    /// A hardware token signs with it, which is not supported.
    pub hardware: bool,
    /// Others than its owner may read it.
    pub open: bool,
}

/// Most names that are offered.
const MOST_NAMES: usize = 500;

/// Returns the names of hosts in the user's SSH configuration and known_hosts, for completion: without patterns, hashed
/// names and addresses' ports.
pub fn known_names() -> Vec<String> {
    let Some(folder) = account::home().map(|home| home.join(".ssh")) else { return Vec::new() };
    let text = |name: &str| {
        outside::read_bounded(&folder.join(name), outside::DOCUMENT, Kind::Regular).unwrap_or_default()
    };
    let (config, known) = (text("config"), text("known_hosts"));
    let (config, known) = (String::from_utf8_lossy(&config), String::from_utf8_lossy(&known));
    let aliases = config.lines().filter_map(|line| {
        let (word, names) = line.trim().split_once([' ', '\t', '='])?;
        word.eq_ignore_ascii_case("host").then(|| names.split_whitespace())
    });
    let filed =
        known.lines().filter_map(|line| line.split_whitespace().next()).flat_map(|names| names.split(','));
    let plain = |name: &&str| {
        let sign = |c: char| !c.is_ascii_alphanumeric() && !".-_:".contains(c);
        !name.is_empty() && !name.starts_with(['-', '.']) && !name.contains(sign)
    };
    let mut names: Vec<String> = Vec::new();
    for name in aliases.flatten().chain(filed).filter(plain).take(MOST_NAMES) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_string());
        }
    }
    names
}

/// Result of the survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Name or address to connect to, as the SSH configuration has it.
    pub host: String,
    /// Private keys that would be tried.
    pub keys: Vec<FoundKey>,
    /// Keys that ssh-agent holds, or why it does not say; `None` without one.
    pub agent: Option<Result<usize, String>>,
    /// Files of host keys that exist.
    pub known_hosts: Vec<PathBuf>,
    /// Types of the host's keys in them.
    pub known_types: Vec<String>,
}

/// Looks at what would be used for `target`.
///
/// # Errors
/// The SSH configuration or known_hosts cannot be read.
pub fn survey(target: &Target, options: &Options) -> Result<Survey> {
    let settings = settings(target, options)?;
    let files = settings.identity.iter().chain(&settings.config_identity).chain(&settings.default_keys);
    let key = |path: &PathBuf| {
        let key = read_key_file(path).ok().filter(|key| !key.is_half)?;
        let open = std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0);
        let hardware = key.hardware().is_some();
        Some(FoundKey { path: path.clone(), encrypted: key.encrypted, hardware, open })
    };
    let agent = settings.agent_socket.as_deref().map(|socket| match agent::keys(socket) {
        Ok(keys) => Ok(keys.len()),
        Err(error) => Err(error.to_string()),
    });
    let known = KnownHosts::read(&settings.known_hosts)?;
    Ok(Survey {
        keys: files.filter_map(key).collect(),
        agent,
        known_types: known.key_types(&settings.known_as, settings.known_port),
        known_hosts: settings.known_hosts.iter().filter(|file| file.exists()).cloned().collect(),
        host: settings.host,
    })
}
