//! A connection: resolved, connected, the right host, authenticated.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use ssh2::Session;

use super::config::Options;
use super::exec::Exec;
use super::gate::{self, Gate};
use super::host_key::HostKey;
use super::meeting::{Leads, right_host};
use super::proxy::{self, Proxy, Socket};
use super::settings::{self, Settings};
use super::target::{HostPort, Target};
use super::wire::{Deadline, Watchdog, Way, Wire, millis};
use super::{auth, dial, logins};
use crate::error::{Context, Exit, Failure, Result, anyhow, exit_code};

/// Authentication as a whole may take this many I/O timeouts: several keys, an agent that asks.
const AUTH_STEPS: u32 = 4;

/// A jump host may have one of its own, and so on, this deep.
const MOST_HOPS: usize = 8;

/// Result of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteOutput {
    /// `None`: a signal ended it.
    pub status: Option<i32>,
    /// Output.
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
        let settings = settings::settings(target, options)?;
        let gate = gate_before(target, &settings, options, 0)?;
        let (wire, host_key) = log_in(target, &settings, gate.as_ref())?;
        Ok(Connection { wire: Arc::new(wire), host_key })
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

/// Connects through `gate`, if there is one, and logs in.
fn log_in(target: &Target, settings: &Settings, gate: Option<&Arc<Gate>>) -> Result<(Wire, HostKey)> {
    let place = HostPort(&settings.host, settings.port).to_string();
    let through = match (gate, &settings.proxy) {
        (Some(gate), _) => format!(" through {}", HostPort(&gate.settings.host, gate.settings.port)),
        (None, Some(command)) => format!(" through `{command}`"),
        (None, None) => String::new(),
    };
    tracing::info!("{place}: connects as {}{through}", settings.user);
    let mut way: Option<Box<dyn Way>> = None;
    let (session, socket, host_key) = match (gate, &settings.proxy) {
        (Some(gate), _) => {
            let through = RefCell::new(None);
            let dial = || {
                let (socket, led) = gate.lead(target, settings, log_in_to)?;
                through.replace(Some(led));
                Ok(Arc::new(socket))
            };
            let found = right_host(settings, &place, Leads::Jump, dial)?;
            way = through.take().map(|through| Box::new(through) as Box<dyn Way>);
            found
        }
        (None, Some(command)) => {
            let (found, running) = by_proxy(settings, &place, command)?;
            way = Some(Box::new(running));
            found
        }
        (None, None) => {
            let addresses = dial::addresses(settings)?;
            tracing::debug!("{place}: its addresses are {addresses:?}");
            right_host(settings, &place, Leads::Direct, || dial::dial(&addresses, &place, settings))?
        }
    };
    tracing::debug!("{place}: its host key is accepted: {} {}", host_key.key_type, host_key.fingerprint());
    session.set_timeout(millis(settings.io_timeout));
    let watchdog = Watchdog::new(&socket, settings.io_timeout * AUTH_STEPS).context("starting a thread")?;
    let outcome = auth::authenticate(&session, &socket, &watchdog, settings, &place);
    drop(watchdog);
    if let (Err(error), Some(why)) = (&outcome, way.as_ref().and_then(|way| way.why_ended())) {
        let failure = Failure::failed(format!("{why}, while logging in to {place}: {error:#}"));
        return Err(failure
            .hint("`ssh -v` to the same host goes the same way and shows where it ends")
            .into());
    }
    outcome?;
    tracing::info!("{place}: is logged in");
    let peer = format!("{}@{place}", settings.user);
    Ok((Wire::new(session, socket, peer, settings.io_timeout, way), host_key))
}

/// Logs in to a jump host, a few at a time.
fn log_in_to(gate: &Gate) -> Result<Wire> {
    let _entered = logins::enter(&HostPort(&gate.settings.host, gate.settings.port).to_string());
    Ok(log_in(&gate.name, &gate.settings, gate.via.as_ref())?.0)
}

/// The host by the configuration's ProxyCommand, and the command, which must live as long as the session.
fn by_proxy(settings: &Settings, place: &str, command: &str) -> Result<((Session, Socket, HostKey), Proxy)> {
    let running = RefCell::new(None);
    let dial = || {
        let (socket, proxy) = proxy::start(command)?;
        running.replace(Some(proxy));
        Ok(socket)
    };
    let found = right_host(settings, place, Leads::Proxy, dial);
    let Some(mut proxy) = running.take() else { return Err(anyhow!("ProxyCommand was not started")) };
    match found {
        Ok(found) => Ok((found, proxy)),
        Err(error) if exit_code(&error) != Exit::Failed => Err(error),
        Err(error) => {
            let report = proxy.report().map_or(String::new(), |report| format!("; {report}"));
            let what = format!("the way to {place} is ProxyCommand {command}{report}");
            Err(error.context(what))
        }
    }
}

/// The last jump host before the target, if there is any. `depth`: how many configurations led here.
fn gate_before(
    target: &Target,
    settings: &Settings,
    options: &Options,
    depth: usize,
) -> Result<Option<Arc<Gate>>> {
    if depth == MOST_HOPS && !settings.jump.is_empty() {
        return Err(Failure::usage(format!("ProxyJump of {target} leads in a circle"))
            .hint("give the jump host a Host block of its own with ProxyJump none")
            .into());
    }
    // They concern the host at the end, as with ssh.
    let options = &Options { ssh_args: Vec::new(), ..options.clone() };
    settings.jump.iter().try_fold(None, |via, hop| {
        let found = || -> Result<Arc<Gate>> {
            let settings = settings::settings(hop, options)?.into_hop();
            let via = match via {
                Some(via) => Some(via),
                None => gate_before(hop, &settings, options, depth + 1)?,
            };
            Ok(gate::find(hop, settings, via, &options.memory.kept))
        };
        found().map(Some).with_context(|| format!("the way to {target} is through {hop}"))
    })
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
}
