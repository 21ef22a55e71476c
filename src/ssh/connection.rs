//! A connection: resolved, connected, the right host, authenticated.

use std::sync::Arc;
use std::time::Duration;

use ssh2::{MethodType, Session};

use super::config::Options;
use super::exec::Exec;
use super::host_key::{self, Accepted, HostKey, HostKeyPolicy};
use super::known_hosts::{self, KnownHosts};
use super::settings::{self, Settings};
use super::target::{HostPort, Target};
use super::wire::{Deadline, Socket, Watchdog, Wire, millis};
use super::{auth, dial, jump};
use crate::error::{Context, Failure, Result, anyhow};

/// Authentication as a whole may take this many I/O timeouts: several keys, an agent that asks.
const AUTH_STEPS: u32 = 4;

/// A jump host may have one of its own, and so on, this deep.
const MOST_HOPS: usize = 8;

// Fast first, and nothing broken: no SHA-1, no CBC, no DSA, no host certificates (known_hosts'
// authorities are not checked here, so such a host must show its plain key).
const KEX: &str = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,\
                   ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256,\
                   diffie-hellman-group-exchange-sha256,mlkem768x25519-sha256";
const CIPHERS: &str = "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,\
                       aes128-ctr,aes256-ctr";
const MACS: &str = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
const HOST_KEYS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// Result of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteOutput {
    /// `None`: a signal ended it.
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    /// The end of it, 64 KiB at most.
    pub stderr: String,
}

/// An authenticated connection to one host.
pub struct Connection {
    pub(super) wire: Arc<Wire>,
    host_key: HostKey,
}

impl Connection {
    /// Connects to `target`. Bounded: name lookup 5 s, TCP over all addresses `connect_timeout`,
    /// banner and key exchange `connect_timeout`, authentication four `io_timeout`s (an agent that
    /// asks its user is waited for), and 100 s for each question to a person.
    ///
    /// # Errors
    /// Exit 1: not resolved, not reached, no SSH there, or nothing was taken. Exit 2: configuration or
    /// named key file. Exit 6: the host key, before anything is authenticated.
    pub fn connect(target: &Target, options: &Options) -> Result<Connection> {
        establish(target, options, 0, None)
    }

    /// `user@host:port`, for messages.
    pub fn peer(&self) -> &str {
        &self.wire.peer
    }

    /// The key that the host proved to have.
    pub fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// Starts a command, sent as it is to the user's login shell; see [`sh`](super::sh). No terminal.
    pub fn open(&self, command: &str) -> Result<Exec> {
        Exec::start(self.wire.clone(), command, false)
    }

    /// Works like [`Connection::open`] on a terminal that neither echoes nor changes a byte. Its stderr comes
    /// on stdout, and its stdin has no end.
    pub fn open_on_terminal(&self, command: &str) -> Result<Exec> {
        Exec::start(self.wire.clone(), command, true)
    }

    /// Runs a command to its end with `stdin` as its input.
    ///
    /// # Errors
    /// [`TimedOut`](super::TimedOut) after `limit`, [`Lost`](super::Lost), or more than 8 MiB of
    /// stdout. A status other than 0 is no error.
    pub fn run(&self, command: &str, stdin: &[u8], limit: Duration) -> Result<RemoteOutput> {
        let deadline = Deadline::after(limit);
        let (ended, stdout) = self.open(command)?.collect(stdin, deadline)?;
        Ok(RemoteOutput { status: ended.status, stdout, stderr: ended.stderr })
    }
}

/// Connects, through `via` or else through the hosts that the configuration says. `depth`: how many
/// configurations led here.
fn establish(
    target: &Target,
    options: &Options,
    depth: usize,
    via: Option<Connection>,
) -> Result<Connection> {
    let mut settings = settings::settings(target, options)?;
    if depth > 0 {
        settings = settings.into_hop();
    }
    let via = match via {
        Some(via) => Some(via),
        None => jump_hosts(target, &settings, options, depth)?,
    };
    let known = KnownHosts::read(&settings.known_hosts)?;
    let place = HostPort(&settings.host, settings.port).to_string();
    let (session, socket, host_key) = match via {
        Some(via) => {
            let (host, port, limit) = (&settings.host, settings.port, settings.connect_timeout);
            let dial = || Ok(Arc::new(jump::through(via.wire.clone(), host, port, limit)?));
            right_host(&settings, &known, &place, dial)?
        }
        None => {
            let addresses = dial::addresses(&settings)?;
            right_host(&settings, &known, &place, || dial::dial(&addresses, &place, &settings))?
        }
    };
    session.set_timeout(millis(settings.io_timeout));
    let watchdog = Watchdog::new(&socket, settings.io_timeout * AUTH_STEPS).context("starting a thread")?;
    auth::authenticate(&session, &socket, &watchdog, &settings, &place)?;
    drop(watchdog);
    let peer = format!("{}@{place}", settings.user);
    Ok(Connection { wire: Arc::new(Wire::new(session, socket, peer, settings.io_timeout)), host_key })
}

/// The connection to the last host before the target, if there is any.
fn jump_hosts(
    target: &Target,
    settings: &Settings,
    options: &Options,
    depth: usize,
) -> Result<Option<Connection>> {
    if depth == MOST_HOPS && !settings.jump.is_empty() {
        return Err(Failure::usage(format!("ProxyJump of {target} leads in a circle"))
            .hint("give the jump host a Host block of its own with ProxyJump none")
            .into());
    }
    settings.jump.iter().try_fold(None, |via, hop| {
        let hop = establish(hop, options, depth + 1, via)
            .with_context(|| format!("the way to {target} is through {hop}"))?;
        Ok(Some(hop))
    })
}

/// A session with a host whose key was accepted.
///
/// A pinned fingerprint does not say of which type its key is, and a server shows one key per
/// connection: where it does not match, the server is asked for its other types.
fn right_host(
    settings: &Settings,
    known: &KnownHosts,
    place: &str,
    dial: impl Fn() -> Result<Socket>,
) -> Result<(Session, Socket, HostKey)> {
    let types = known.key_types(&settings.known_as, settings.port);
    let mut methods = host_key_methods(&types);
    let mut refused: Option<anyhow::Error> = None;
    loop {
        let socket = dial()?;
        let session = match start(&socket, place, &methods, settings.connect_timeout) {
            Ok(session) => session,
            // It has no key of the types that are left.
            Err(error) => return Err(refused.unwrap_or(error)),
        };
        let key = session
            .host_key()
            .and_then(|(blob, _)| HostKey::from_blob(blob))
            .ok_or_else(|| anyhow!("{place} showed no host key"))?;
        let error = match accept(settings, known, &key) {
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

/// A session with the key exchange done.
fn start(socket: &Socket, place: &str, host_keys: &[&str], limit: Duration) -> Result<Session> {
    let mut session = Session::new().context("starting libssh2")?;
    session.set_tcp_stream(socket.clone());
    prefer(&session, host_keys)?;
    handshake(&mut session, socket, place, limit)?;
    Ok(session)
}

/// Decides before anything is authenticated, and writes a new key down before it is used.
fn accept(settings: &Settings, known: &KnownHosts, key: &HostKey) -> Result<()> {
    let (name, port) = (&settings.known_as, settings.port);
    let lookup = known.lookup(name, port, &key.blob);
    if host_key::decide(&settings.host_key, &lookup, key, name, port)? == Accepted::New {
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

/// Must be set before the handshake.
fn prefer(session: &Session, host_keys: &[&str]) -> Result<()> {
    for (method, list) in [
        (MethodType::Kex, KEX),
        (MethodType::HostKey, &host_keys.join(",")),
        (MethodType::CryptCs, CIPHERS),
        (MethodType::CryptSc, CIPHERS),
        (MethodType::MacCs, MACS),
        (MethodType::MacSc, MACS),
    ] {
        session.method_pref(method, list).with_context(|| format!("libssh2 knows none of {list}"))?;
    }
    Ok(())
}

fn handshake(session: &mut Session, socket: &Socket, place: &str, limit: Duration) -> Result<()> {
    session.set_timeout(millis(limit));
    // A little later than libssh2's own limit, which gives the better reason.
    let watchdog = Watchdog::new(socket, limit + Duration::from_millis(200)).context("starting a thread")?;
    let Err(error) = session.handshake() else { return Ok(()) };
    let timed_out = watchdog.fired() || error.code() == ssh2::ErrorCode::Session(super::wire::code::TIMEOUT);
    let seconds = limit.as_secs_f64();
    let banner =
        session.banner_bytes().map(|bytes| String::from_utf8_lossy(bytes).escape_debug().to_string());
    let (what, hint) = match banner {
        Some(banner) if banner.starts_with("SSH-") && timed_out => (
            format!("({banner}) did not finish the key exchange within {seconds} s"),
            "the machine may be overloaded; try again, or allow more time",
        ),
        Some(banner) if banner.starts_with("SSH-") => (
            format!("({banner}) and this program found no common way to talk: {}", error.message()),
            "this program takes no SHA-1, CBC or DSA: update the server, or look at its log",
        ),
        Some(line) => (format!("does not speak SSH; it said {line:?}"), "is this the port of sshd?"),
        None if timed_out => (
            format!("did not answer with an SSH banner within {seconds} s"),
            "something listens there, but it may not be sshd, or it is overloaded",
        ),
        None => (
            format!("closed the connection before an SSH banner: {}", error.message()),
            "sshd may be starting, limit connections (MaxStartups), or have banned this address",
        ),
    };
    Err(Failure::failed(format!("{place} {what}")).hint(hint).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_may_be_handed_to_a_thread() {
        fn check<T: Send>() {}
        check::<Connection>();
        check::<Exec>();
    }

    #[test]
    fn known_types_are_asked_for_first_and_the_others_after() {
        let methods = host_key_methods(&["ssh-rsa".into(), "ecdsa-sha2-nistp384".into(), "sk-x".into()]);
        assert_eq!(methods[..3], ["ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256"]);
        assert_eq!(methods.len(), HOST_KEYS.len());
        assert_eq!(host_key_methods(&[]), HOST_KEYS);
    }

    #[test]
    fn libssh2_knows_every_method_asked_for() {
        let session = Session::new().unwrap();
        for (method, list) in
            [(MethodType::Kex, KEX), (MethodType::CryptCs, CIPHERS), (MethodType::MacCs, MACS)]
        {
            let known = session.supported_algs(method).unwrap();
            for name in list.split(',') {
                assert!(known.contains(&name), "{name} is not among {known:?}");
            }
        }
    }
}
