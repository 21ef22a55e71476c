//! The private path between the hosts of a plan over several: the user who goes it, and whom a host knows at its other
//! end. A host of a plan of its own has none of it.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::host::accounts::Accounts;
use crate::agent::host::users;
use crate::agent::rpc::client;
use crate::agent::store::desired::Desired;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::{Failure, Result};
use crate::files;
use crate::paths;
use crate::wire::peers::{Peers, PublicKey, WorkerAddress};
use std::fs;
use std::path::{Path, PathBuf};

/// The resource.
pub struct PrivatePath;

/// A file that it wants.
struct Wanted {
    path: PathBuf,
    content: String,
    mode: u32,
}

impl Resource for PrivatePath {
    fn id(&self) -> Id {
        Id::Path
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        if desired.plan.over_hosts.is_none() {
            return Ok(Observed::default());
        }
        if desired.plan.is_worker() && Path::new(paths::UNIT_FILE).exists() {
            return Err(Failure::failed(
                "this host serves a model by itself, and is to be a worker of another",
            )
            .hint("`agi-provision remove --keep-models` takes the server away first")
            .into());
        }
        let mut changes = Vec::new();
        if Accounts::read()?.account(paths::RPC_USER).is_none() {
            changes.push(Change::Create(english!("change-user", name = paths::RPC_USER)));
        }
        for file in wanted(desired)?.iter().filter(|file| !file.is_there()) {
            changes.push(Change::Create(english!("change-unit", path = file.path.display().to_string())));
        }
        Ok(changes.into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        if desired.peers.is_none() && !desired.plan.is_worker() {
            return Err(no_peers().into());
        }
        user(if desired.plan.is_worker() { "/bin/sh" } else { "/usr/sbin/nologin" })?;
        for file in wanted(desired)?.iter().filter(|file| !file.is_there()) {
            made::add([Thing::file(&file.path)?])?;
            run.note(self.id(), file.undo());
            files::write(&file.path, file.content.as_bytes(), file.mode)?;
        }
        Ok(())
    }
}

fn no_peers() -> Failure {
    Failure::failed("the head is not told where its workers are")
        .hint("`agi-provision apply --hosts` brings all hosts of the plan up together")
}

/// Makes the user and its home, which is root's: it can put nothing there.
fn user(shell: &str) -> Result<()> {
    made::folder(Path::new(paths::RPC_HOME), 0o755)?;
    made::folder(Path::new(paths::RPC_AUTHORIZED).parent().unwrap_or(Path::new("/")), 0o755)?;
    made::folder(Path::new(paths::RPC), 0o755)?;
    let name = || paths::RPC_USER.to_string();
    if Accounts::read()?.account(paths::RPC_USER).is_none() {
        made::add([Thing::Account { name: name(), uid: None }, Thing::Group { name: name(), gid: None }])?;
        users::create_named(paths::RPC_USER, paths::RPC_HOME, shell)?;
    } else if made::account_of(paths::RPC_USER)?.is_none() {
        return Err(Failure::failed(format!("the user {} is there, and was not made here", paths::RPC_USER))
            .hint(format!("`userdel {}` removes it, or give it another name", paths::RPC_USER))
            .into());
    }
    let accounts = Accounts::read()?;
    let (account, group) = (accounts.account(paths::RPC_USER), accounts.group(paths::RPC_USER));
    made::add([
        Thing::Account { name: name(), uid: account.map(|account| account.uid) },
        Thing::Group { name: name(), gid: group.map(|group| group.gid) },
    ])
}

/// Files by what this host is told of the others; those that it has, where it is told nothing.
fn wanted(desired: &Desired) -> Result<Vec<Wanted>> {
    Ok(match &desired.peers {
        Some(Peers::Worker { head }) => {
            vec![Wanted { path: paths::RPC_AUTHORIZED.into(), content: authorized(head), mode: 0o644 }]
        }
        Some(Peers::Head { workers }) => vec![
            Wanted {
                path: paths::RPC_WORKERS.into(),
                content: serde_json::to_string_pretty(workers)? + "\n",
                mode: 0o644,
            },
            Wanted { path: paths::RPC_KNOWN.into(), content: known(workers), mode: 0o644 },
        ],
        None => Vec::new(),
    })
}

/// The line by which sshd lets the head's key run the door, and nothing else: no forwarding, no terminal, no other command.
fn authorized(head: &PublicKey) -> String {
    format!("restrict,command=\"{} agent rpc-door\" {}\n", paths::AGENT_LINK, head.as_str())
}

/// The workers' host keys, each under the name that the link uses for its worker.
fn known(workers: &[WorkerAddress]) -> String {
    let of = |(number, worker): (usize, &WorkerAddress)| {
        let line = move |key: &PublicKey| format!("{} {}\n", client::alias(number), key.as_str());
        worker.keys.iter().map(line).collect::<String>()
    };
    workers.iter().enumerate().map(of).collect()
}

impl Wanted {
    fn is_there(&self) -> bool {
        fs::read(&self.path).is_ok_and(|found| found == self.content.as_bytes())
    }

    fn undo(&self) -> How {
        match fs::read(&self.path) {
            Ok(content) => How::File { path: self.path.clone(), content, mode: self.mode },
            Err(_) => How::Remove(self.path.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> PublicKey {
        PublicKey::try_from(text.to_string()).unwrap()
    }

    #[test]
    fn the_heads_key_opens_the_door_and_nothing_else() {
        assert_eq!(
            authorized(&key("ssh-ed25519 AAAAB root@head")),
            "restrict,command=\"/usr/local/lib/agi-provision/agi-provision agent rpc-door\" ssh-ed25519 AAAAB\n"
        );
    }

    #[test]
    fn every_worker_is_known_by_its_own_keys() {
        let worker = |host: &str, keys: &[&str]| WorkerAddress {
            host: host.to_string().try_into().unwrap(),
            port: 22,
            keys: keys.iter().map(|text| key(text)).collect(),
        };
        let both = [
            worker("10.0.0.2", &["ssh-ed25519 AAAAB", "ssh-rsa AAAAC"]),
            worker("10.0.0.3", &["ssh-ed25519 AAAAD"]),
        ];
        assert_eq!(
            known(&both),
            "agi-provision-worker-1 ssh-ed25519 AAAAB\nagi-provision-worker-1 ssh-rsa AAAAC\n\
             agi-provision-worker-2 ssh-ed25519 AAAAD\n"
        );
    }
}
