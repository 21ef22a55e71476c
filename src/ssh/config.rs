//! The caller's [`Options`], and what the SSH configuration says of a host: OpenSSH's client is asked, or where
//! there is none the files are read here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::found::Found;
use super::host_key::HostKeyPolicy;
use super::included::MOST_BYTES;
use super::kept::{Kept, Run};
use super::reader::{self, Asked};
use super::secrets::Secrets;
use super::target::Target;
use super::tokens::tilde;
use super::{account, authority};
use crate::error::{Context, Failure, Result};
use crate::outside::{self, Kind};

/// Read after the user's own where OpenSSH's client is not there to do it.
const ETC_CONFIG: &str = "/etc/ssh/ssh_config";

/// Options of the caller. Paths left out are OpenSSH's usual ones.
#[derive(Clone, Debug)]
pub struct Options {
    /// Private keys; where there are any, no others are tried.
    pub identity: Vec<PathBuf>,
    /// Host keys that are accepted.
    pub host_key: HostKeyPolicy,
    /// `None`: the configuration's UserKnownHostsFile. New keys are added to the first of them. The
    /// configuration's GlobalKnownHostsFile is read in any case.
    pub known_hosts: Option<PathBuf>,
    /// `None`: `~/.ssh/config` and `/etc/ssh/ssh_config`, as OpenSSH reads them.
    pub config: Option<PathBuf>,
    /// Socket of the ssh-agent. `None`: the configuration's IdentityAgent or `$SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
    /// For the TCP connection, and again for banner and key exchange. `None`: the configuration's
    /// ConnectTimeout, or 10 s.
    pub connect_timeout: Option<Duration>,
    /// For one answer of the server, and for sent data to be acknowledged by its machine.
    pub io_timeout: Duration,
    /// More arguments for OpenSSH's client when it is asked about its configuration.
    pub ssh_args: Vec<String>,
    /// Passphrases and passwords, and whom to ask for them; by default nobody.
    pub secrets: Secrets,
    /// Settings and pipes that were read with these options; clones share them.
    pub memory: Memory,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            identity: Vec::new(),
            host_key: HostKeyPolicy::Known,
            known_hosts: None,
            config: None,
            agent_socket: None,
            connect_timeout: None,
            io_timeout: Duration::from_secs(30),
            ssh_args: Vec::new(),
            secrets: Secrets::default(),
            memory: Memory::default(),
        }
    }
}

/// Settings that were read for each host, the content of a configuration that is a pipe, and connections to jump hosts.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    known: Arc<Mutex<Known>>,
    pub(super) kept: Kept,
}

impl Memory {
    /// Begins a run over many hosts.
    pub fn begin_run(&self) -> Run {
        self.kept.begin()
    }
}

#[derive(Debug, Default)]
struct Known {
    found: HashMap<Key, Arc<Found>>,
    named: HashMap<PathBuf, Arc<Named>>,
}

/// Configuration file, arguments, user, name and port.
type Key = (Option<PathBuf>, Vec<String>, Option<String>, String, Option<u16>);

/// Returns the settings for `target`, which are read once.
///
/// # Errors
/// Exit 2 where it is not understood.
pub(super) fn found(target: &Target, options: &Options) -> Result<Arc<Found>> {
    let (config, args) = (options.config.clone(), options.ssh_args.clone());
    let key = (config, args, target.user.clone(), target.name.clone(), target.port);
    let known = || options.memory.known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().found.get(&key) {
        return Ok(found.clone());
    }
    let named = match &options.config {
        None => None,
        Some(path) => Some(match known().named.entry(path.clone()) {
            Entry::Occupied(entry) => entry.get().clone(),
            Entry::Vacant(entry) => entry.insert(Arc::new(Named::open(path)?)).clone(),
        }),
    };
    let found = Arc::new(ask(target, options, named.as_deref())?);
    known().found.insert(key, found.clone());
    Ok(found)
}

fn ask(target: &Target, options: &Options, named: Option<&Named>) -> Result<Found> {
    let home = account::home();
    let identity = options.identity.iter().map(|file| tilde(&file.to_string_lossy(), home.as_deref()));
    let identity: Vec<String> = identity.map(|file| file.to_string_lossy().into_owned()).collect();
    match authority::ask(target, named.map(|named| named.path.as_path()), &identity, &options.ssh_args)? {
        Some(found) => Ok(found),
        None if !options.ssh_args.is_empty() => Err(Failure::usage(format!(
            "what {} means for {target} is known to OpenSSH's client alone, which is not on this machine",
            options.ssh_args.join(" ")
        ))
        .hint("install it, or write the same into an SSH configuration and name that with --ssh-config")
        .into()),
        None => read_files(target, named),
    }
}

/// The file that `--ssh-config` names. OpenSSH would read a device without end.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    /// Copy of a pipe's content, which can be read only once.
    _copy: Option<OwnedFd>,
}

impl Named {
    fn open(path: &Path) -> Result<Named> {
        let kind = std::fs::metadata(path).map_err(|error| broken(path, &error.to_string()))?.file_type();
        let bytes = outside::read_bounded(path, MOST_BYTES, Kind::Named)
            .map_err(|error| broken(path, &error.to_string()))?;
        if !kind.is_fifo() {
            return Ok(Named { path: path.to_path_buf(), _copy: None });
        }
        let copy = (|| {
            let copy = rustix::fs::memfd_create("ssh_config", rustix::fs::MemfdFlags::CLOEXEC)?;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                rest = &rest[rustix::io::write(&copy, rest)?..];
            }
            Ok::<OwnedFd, rustix::io::Errno>(copy)
        })()
        .with_context(|| format!("keeping what {} says", path.display()))?;
        // ssh closes every descriptor that it was given.
        let path = format!("/proc/{}/fd/{}", std::process::id(), copy.as_raw_fd()).into();
        Ok(Named { path, _copy: Some(copy) })
    }
}

/// Reads the files here.
fn read_files(target: &Target, named: Option<&Named>) -> Result<Found> {
    let home = account::set_home_or_account();
    let paths: Vec<PathBuf> = match (named, &home) {
        (Some(named), _) => vec![named.path.clone()],
        (None, Some(home)) => vec![home.join(".ssh/config"), ETC_CONFIG.into()],
        (None, None) => vec![ETC_CONFIG.into()],
    };
    let mut files = Vec::new();
    for path in paths {
        match outside::read_bounded(&path, MOST_BYTES, Kind::Named) {
            Ok(bytes) => files.push((path, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {}
            Err(error) => return Err(broken(&path, &error.to_string()).into()),
        }
    }
    let home = home.unwrap_or_else(|| "/".into());
    let asked = Asked { name: &target.name, user: target.user.as_deref(), port: target.port, home: &home };
    let shown = files.first().map_or_else(|| PathBuf::from(ETC_CONFIG), |(path, _)| path.clone());
    reader::read_config(&files, &asked).map_err(|why| broken(&shown, &why).into())
}

fn broken(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("the SSH configuration {} cannot be used: {why}", path.display()))
        .hint("correct it, or name another with --ssh-config (/dev/null for none)")
}
