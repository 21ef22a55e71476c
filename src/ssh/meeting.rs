//! A session with a host whose key was accepted: a server that is busy is waited for, and a key is judged before
//! anything is authenticated.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ssh2::Session;

use super::algorithms::{self, HOST_KEYS};
use super::handshake::{self, Kind};
use super::host_key::{self, Accepted, HostKey, HostKeyPolicy};
use super::known_hosts::{self, KnownHosts, Lookup};
use super::proxy::Socket;
use super::revoked;
use super::settings::Settings;
use crate::error::{Failure, Result, anyhow};

/// How the socket leads to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    Direct,
    Jump,
    Proxy,
}

/// Connects by `dial` until the host's key is accepted.
///
/// A pinned fingerprint does not say of which type its key is, and a server shows one key per
/// connection: where it does not match, the server is asked for its other types.
pub(super) fn right_host(
    settings: &Settings,
    place: &str,
    way: Leads,
    dial: impl Fn() -> Result<Socket>,
) -> Result<(Session, Socket, HostKey)> {
    let mut known = KnownHosts::read(&settings.known_hosts)?;
    let name = known_hosts::name_for(&settings.known_as, settings.known_port);
    if let Some(command) = &settings.known_hosts_command {
        command.add(&mut known, &settings.known_as, None)?;
    }
    let types = known.key_types(&settings.known_as, settings.known_port);
    let mut methods = host_key_methods(&types);
    let mut refused: Option<anyhow::Error> = None;
    loop {
        let (session, socket) = match meet(settings, place, way, &methods, &dial) {
            Ok(met) => met,
            // It has no key of the types that are left.
            Err(error) => return Err(refused.unwrap_or(error)),
        };
        let key = session
            .host_key()
            .and_then(|(blob, _)| HostKey::from_blob(blob))
            .ok_or_else(|| anyhow!("{place} showed no host key"))?;
        if let Some(command) = &settings.known_hosts_command {
            command.add(&mut known, &name, Some(&key))?;
        }
        let address = if way == Leads::Direct { address(&socket) } else { None };
        let error = match accept(settings, &known, &key, place, address) {
            Ok(()) => return Ok((session, socket, key)),
            Err(error) => refused.unwrap_or(error),
        };
        methods.retain(|method| !serves(method, &key.key_type));
        if methods.is_empty() || !matches!(settings.host_key, HostKeyPolicy::Fingerprint(_)) {
            return Err(error);
        }
        refused = Some(error);
    }
}

/// Waits for a busy server this many times as long as for a connection.
const BUSY: u32 = 2;
/// The same for one that keeps our address out.
const PENALTY: u32 = 6;
/// A proxy has to make its own connection first.
const PROXY: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A session with the key exchange done.
fn meet(
    settings: &Settings,
    place: &str,
    way: Leads,
    methods: &[&str],
    dial: &impl Fn() -> Result<Socket>,
) -> Result<(Session, Socket)> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let limit = settings.connect_timeout;
    let each = if way == Leads::Proxy { limit * PROXY } else { limit };
    loop {
        let socket = dial()?;
        let failed = match handshake::start(&socket, place, methods, each) {
            Ok(session) => return Ok((session, socket)),
            Err(failed) => failed,
        };
        let bound = match failed.kind {
            // A command that fails at once would fail again.
            Kind::Busy if way != Leads::Proxy => limit * BUSY,
            Kind::Penalty => limit * PENALTY,
            Kind::NoCommon => {
                drop(socket);
                return Err(match dial().ok().and_then(|socket| algorithms::missing(&socket)) {
                    Some(why) => failed.error.context(format!("{place} cannot be talked to: {why}")),
                    None => failed.error,
                });
            }
            Kind::Busy | Kind::Other => return Err(failed.error),
        };
        let next = pause.mul_f64(jitter());
        if began.elapsed() + next > bound {
            return Err(failed.error);
        }
        if is_first(place) {
            say!("{:#}: trying again for up to {} s", failed.error, bound.as_secs());
        }
        std::thread::sleep(next);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Between a half and one and a half, so that those who were turned away together do not return together.
fn jitter() -> f64 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    0.5 + f64::from(byte[0]) / 255.0
}

/// Whether nothing was said of `place` yet.
fn is_first(place: &str) -> bool {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(place.to_string())
}

fn address(socket: &Socket) -> Option<SocketAddr> {
    rustix::net::getpeername(socket).ok().flatten().and_then(|address| SocketAddr::try_from(address).ok())
}

/// Decides before anything is authenticated, and writes a new key down before it is used.
fn accept(
    settings: &Settings,
    known: &KnownHosts,
    key: &HostKey,
    place: &str,
    address: Option<SocketAddr>,
) -> Result<()> {
    let (name, port) = (&settings.known_as, settings.known_port);
    let entry = known_hosts::name_for(name, port);
    let shown = match entry == known_hosts::name_for(&settings.host, settings.port) {
        true => place.to_string(),
        false => format!("{place} (known as {entry})"),
    };
    revoked::check(&settings.revoked, key, &shown)?;
    // CheckHostIP: another key under the address is a changed one too.
    if let Some(address) = address.filter(|_| settings.check_host_ip) {
        let ip = address.ip().to_string();
        let lookup = known.lookup(&ip, port, &key.blob);
        if matches!(lookup, Lookup::Changed { .. } | Lookup::Revoked { .. }) {
            let entry = known_hosts::name_for(&ip, port);
            host_key::decide(&settings.host_key, &lookup, key, &format!("{place} ({ip})"), &entry)?;
        }
    }
    let lookup = known.lookup(name, port, &key.blob);
    if host_key::decide(&settings.host_key, &lookup, key, &shown, &entry)? == Accepted::New {
        let Some(file) = &settings.new_keys else {
            let failure = Failure::usage("there is no known_hosts file to add the new host key to");
            return Err(failure.hint("name one in UserKnownHostsFile").into());
        };
        known_hosts::append(file, name, port, &key.key_type, &key.blob)?;
    }
    Ok(())
}

/// Known types first: asking a host that is known by another key for its best one would look like a
/// changed key.
fn host_key_methods(known_types: &[String]) -> Vec<&'static str> {
    let is_known = |method: &&str| known_types.iter().any(|known| serves(method, known));
    let (first, then): (Vec<&str>, Vec<&str>) = HOST_KEYS.iter().copied().partition(is_known);
    [first, then].concat()
}

/// Whether a signature method goes with a type of key.
fn serves(method: &str, key_type: &str) -> bool {
    method == key_type || (key_type == "ssh-rsa" && method.starts_with("rsa-sha2-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_asked_for_first_and_the_others_after() {
        let methods = host_key_methods(&["ssh-rsa".into(), "ecdsa-sha2-nistp384".into(), "sk-x".into()]);
        assert_eq!(methods[..3], ["ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256"]);
        assert_eq!(methods.len(), HOST_KEYS.len());
        assert_eq!(host_key_methods(&[]), HOST_KEYS);
    }
}
