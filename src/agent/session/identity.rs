//! Tells what other hosts of a plan have to know of this one: the keys of its sshd, and a key made for the workers.

use crate::agent::host::packages;
use crate::agent::rpc::client::SSH;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::{Context, Failure, Result};
use crate::outside::{self, Kind};
use crate::paths;
use crate::process;
use crate::wire::peers::{Identity, PublicKey};
use crate::wire::protocol::{End, Event, Events};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Sends the identity; `makes_key`: with a key for the workers, which is made unless there is one.
///
/// # Errors
/// The host has no SSH client, or no key of its own.
pub fn identity(makes_key: bool, output: &mut dyn Events) -> Result<End> {
    let made = makes_key && !Path::new(paths::RPC_KEY).exists();
    if made {
        make()?;
    }
    let key = outside::text(Path::new(paths::RPC_PUBLIC), outside::NOTE, Kind::Regular).ok();
    let key = key.and_then(|text| PublicKey::try_from(text).ok());
    if makes_key && key.is_none() {
        return Err(Failure::failed(format!("{} is no public key", paths::RPC_PUBLIC))
            .hint("remove it and the key beside it, and apply again")
            .into());
    }
    let host_keys = host_keys();
    if host_keys.is_empty() {
        return Err(Failure::failed("this host has no SSH host key in /etc/ssh")
            .hint("make them there: `ssh-keygen -A`")
            .into());
    }
    output.send(&Event::Document { value: serde_json::to_value(Identity { host_keys, key })? })?;
    Ok(End::done(made, ""))
}

/// Keys of the host, as ssh-keygen keeps them; the kind that the link asks for first comes first.
fn host_keys() -> Vec<PublicKey> {
    let entries = fs::read_dir("/etc/ssh").into_iter().flatten().flatten();
    let is_host_key = |name: &str| name.starts_with("ssh_host_") && name.ends_with("_key.pub");
    let paths = entries.map(|entry| entry.path());
    let paths = paths.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_host_key));
    let read = |path: std::path::PathBuf| {
        outside::text(&path, outside::NOTE, Kind::Regular)
            .ok()
            .and_then(|text| PublicKey::try_from(text).ok())
    };
    let mut keys: Vec<PublicKey> = paths.filter_map(read).collect();
    keys.sort();
    keys
}

/// Makes the key, which never leaves the host.
fn make() -> Result<()> {
    if !Path::new(SSH).exists() || !packages::is_there("ssh-keygen") {
        return Err(Failure::failed("the head has no SSH client")
            .hint("install the package openssh-client there, and apply again")
            .into());
    }
    made::folder(Path::new(paths::ETC), 0o755)?;
    made::folder(Path::new(paths::RPC), 0o755)?;
    made::add([Thing::file(paths::RPC_KEY)?, Thing::file(paths::RPC_PUBLIC)?])?;
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "agi-provision", "-f", paths::RPC_KEY];
    let outcome = process::run("ssh-keygen", &args, Duration::from_secs(30)).context("making the key")?;
    match outcome.success {
        true => Ok(()),
        false => Err(Failure::failed(format!("ssh-keygen: {}", outcome.stderr.trim()))
            .hint("look at the disk of the head: `df -h /etc`")
            .into()),
    }
}
