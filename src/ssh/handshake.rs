//! Banner and key exchange on a fresh socket.

use std::time::Duration;

use ssh2::{MethodType, Session};

use super::algorithms::{CIPHERS, KEX, MACS};
use super::proxy::Socket;
use super::wire::{Watchdog, code, millis};
use crate::error::{Context, Failure, Result};

/// Why there is no session.
pub(super) struct Failed {
    pub kind: Kind,
    pub error: anyhow::Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// sshd takes no more connections just now.
    Busy,
    /// sshd keeps this address out for a while.
    Penalty,
    /// No algorithm in common, or something like it.
    NoCommon,
    Other,
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Failed {
        Failed { kind: Kind::Other, error }
    }
}

/// A session with the key exchange done.
pub(super) fn start(
    socket: &Socket,
    place: &str,
    host_keys: &[&str],
    limit: Duration,
) -> Result<Session, Failed> {
    let mut session = Session::new().context("starting libssh2")?;
    session.set_tcp_stream(socket.clone());
    prefer(&session, host_keys)?;
    handshake(&mut session, socket, place, limit)?;
    Ok(session)
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

fn handshake(session: &mut Session, socket: &Socket, place: &str, limit: Duration) -> Result<(), Failed> {
    session.set_timeout(millis(limit));
    // A little later than libssh2's own limit, which gives the better reason.
    let watchdog = Watchdog::new(socket, limit + Duration::from_millis(200)).context("starting a thread")?;
    let Err(error) = session.handshake() else { return Ok(()) };
    let timed_out = watchdog.fired() || error.code() == ssh2::ErrorCode::Session(code::TIMEOUT);
    let seconds = limit.as_secs_f64();
    let banner =
        session.banner_bytes().map(|bytes| String::from_utf8_lossy(bytes).escape_debug().to_string());
    let (kind, what, hint) = match banner {
        Some(banner) if banner.starts_with("SSH-") && timed_out => (
            Kind::Other,
            format!("({banner}) did not finish the key exchange within {seconds} s"),
            "the machine may be overloaded; try again, or allow more time",
        ),
        Some(banner) if banner.starts_with("SSH-") => (
            Kind::NoCommon,
            format!("({banner}) and this program found no common way to talk: {}", error.message()),
            "this program takes no SHA-1, CBC or DSA: update the server, or look at its log",
        ),
        Some(line) if line.contains("Not allowed at this time") => (
            Kind::Penalty,
            format!("lets this address wait: it said {line:?}"),
            "sshd keeps an address out for a while after failed logins (PerSourcePenalties): wait, or have it exempted",
        ),
        Some(line) if line.contains("MaxStartups") => (
            Kind::Busy,
            format!("has too many connections that are not logged in: it said {line:?}"),
            "try again later or with a lower --jobs, or raise MaxStartups there",
        ),
        Some(line) => {
            (Kind::Other, format!("does not speak SSH; it said {line:?}"), "is this the port of sshd?")
        }
        None if timed_out => (
            Kind::Other,
            format!("did not answer with an SSH banner within {seconds} s"),
            "something listens there, but it may not be sshd, or it is overloaded",
        ),
        None => (
            Kind::Busy,
            format!("closed the connection before an SSH banner: {}", error.message()),
            "sshd may be starting, limit connections (MaxStartups), or have banned this address",
        ),
    };
    Err(Failed { kind, error: Failure::failed(format!("{place} {what}")).hint(hint).into() })
}
