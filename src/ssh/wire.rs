//! One SSH session and the socket below it: waiting for it without sleeping, and telling a lost
//! connection from other failures.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown, sockopt};
use ssh2::{BlockDirections, ErrorCode, Session};

use super::proxy::{Proxy, Socket};
use crate::error::{Result, anyhow};

/// libssh2's codes that matter here; ssh2 does not export them.
pub(super) mod code {
    pub const SOCKET_SEND: i32 = -7;
    pub const TIMEOUT: i32 = -9;
    pub const SOCKET_DISCONNECT: i32 = -13;
    pub const CHANNEL_FAILURE: i32 = -21;
    pub const CHANNEL_REQUEST_DENIED: i32 = -22;
    pub const SOCKET_TIMEOUT: i32 = -30;
    pub const EAGAIN: i32 = -37;
    pub const SOCKET_RECV: i32 = -43;
    pub const BAD_SOCKET: i32 = -45;
}

/// The connection is gone: nothing on it will work again, and what the remote command did is unknown.
/// In the chain of an error, for `downcast_ref`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the connection to {peer} was lost: {detail}")]
pub struct Lost {
    /// `user@host:port`.
    pub peer: String,
    /// Cause.
    pub detail: String,
    /// The connection to its jump host is what ended.
    pub on_the_way: bool,
}

/// Something took longer than its limit. In the chain of an error, for `downcast_ref`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} on {peer} took longer than {} s", limit.as_secs_f64())]
pub struct TimedOut {
    /// `user@host:port`.
    pub peer: String,
    /// Step that took too long.
    pub what: String,
    /// Time that it had.
    pub limit: Duration,
}

/// The server or libssh2 said no, and the connection goes on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} on {peer}: {message}")]
pub(super) struct Refused {
    pub code: i32,
    pub peer: String,
    pub what: String,
    pub message: String,
}

/// Process or connection through which a host is reached.
pub(super) trait Way: Send + Sync {
    /// Reason why a connection on the way has ended, if one has.
    fn why_ended(&self) -> Option<&str> {
        None
    }
}

impl Way for Proxy {}

/// A time limit that knows how long it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub limit: Duration,
    end: Instant,
}

impl Deadline {
    pub fn after(limit: Duration) -> Deadline {
        let now = Instant::now();
        // A limit of centuries is no limit.
        let end = now.checked_add(limit).unwrap_or(now + Duration::from_secs(u32::MAX.into()));
        Deadline { limit, end }
    }

    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    pub fn passed(&self) -> bool {
        self.left().is_zero()
    }
}

/// How often something is sent on an idle connection, so that firewalls keep it and a dead one shows.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// No wait is longer than this: another thread may have taken our data off the socket meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Shared by a connection and its commands. Everything is non-blocking once it is made.
pub(super) struct Wire {
    pub session: Session,
    socket: Socket,
    pub peer: String,
    pub io_timeout: Duration,
    keepalive: Mutex<Instant>,
    /// Ends after the session and the socket, which are declared before it.
    way: Option<Box<dyn Way>>,
}

impl Wire {
    /// Takes over an authenticated session.
    pub fn new(
        session: Session,
        socket: Socket,
        peer: String,
        io_timeout: Duration,
        way: Option<Box<dyn Way>>,
    ) -> Wire {
        session.set_blocking(false);
        // No reply is asked for: the kernel's acknowledgement tells a dead connection, and libssh2 keeps
        // each reply for ever, in a list that it searches with every read.
        session.set_keepalive(false, KEEPALIVE.as_secs() as u32);
        Wire { session, socket, peer, io_timeout, keepalive: Mutex::new(Instant::now()), way }
    }

    /// Repeats a step of libssh2 until it is done.
    ///
    /// # Errors
    /// [`Lost`], [`TimedOut`], or what libssh2 says.
    pub fn complete<T>(
        &self,
        what: &str,
        deadline: Deadline,
        mut step: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T> {
        loop {
            match step() {
                Ok(value) => return Ok(value),
                Err(error) if error.code() == ErrorCode::Session(code::EAGAIN) => {
                    if deadline.passed() {
                        return Err(self.timed_out(what, deadline));
                    }
                    self.wait(deadline)?;
                }
                Err(error) => return Err(self.failed(what, &error)),
            }
        }
    }

    /// Waits until the socket is ready for what libssh2 could not do, or `deadline` or a second has
    /// passed.
    pub fn wait(&self, deadline: Deadline) -> Result<()> {
        self.wait_with(deadline, true, None)
    }

    /// Works like [`Wire::wait`], also for other descriptors, and for the socket only if `own`.
    pub fn wait_with<'a>(
        &'a self,
        deadline: Deadline,
        own: bool,
        others: impl IntoIterator<Item = PollFd<'a>>,
    ) -> Result<()> {
        let flags = self.blocked_on();
        // Only between packets: a keepalive cannot get in while one is half sent.
        if !flags.contains(PollFlags::OUT) {
            self.keep_alive()?;
        }
        let own = own.then(|| PollFd::from_borrowed_fd(self.socket.as_fd(), flags));
        let mut fds: Vec<PollFd<'_>> = own.into_iter().chain(others).collect();
        self.poll(&mut fds, deadline.left().min(LONGEST_WAIT))
    }

    /// Returns the events that the socket must be ready for before libssh2 can go on.
    fn blocked_on(&self) -> PollFlags {
        match self.session.block_directions() {
            BlockDirections::None | BlockDirections::Inbound => PollFlags::IN,
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
        }
    }

    /// Whether libssh2's last step ended because the socket takes nothing more.
    pub fn is_full(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Whether a small packet goes out in one piece. libssh2 keeps some of them on its stack: one that went
    /// out in part could never be completed, and nothing else would be sent any more.
    pub fn takes_a_packet(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::OUT)];
        matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1))
    }

    /// Sends a keepalive when it is time for one. Waits for the socket (which is the first of `fds`, see
    /// [`Wire::descriptor`]) and the others until something is ready, the next keepalive is due, or
    /// `at_most` has passed. For a thread that has the session to itself and has read all there is.
    pub fn rest(&self, fds: &mut [PollFd<'_>], at_most: Option<Duration>) -> Result<()> {
        let mut due = self.keepalive_due();
        if due.is_zero() && self.takes_a_packet() {
            self.keep_alive()?;
            due = self.keepalive_due();
        }
        // A keepalive that could not be sent is tried again when the socket takes something, or in a second.
        let until = if due.is_zero() { LONGEST_WAIT } else { due };
        self.poll(fds, at_most.map_or(until, |limit| limit.min(until)))
    }

    /// The socket, to be waited for.
    pub fn descriptor(&self, flags: PollFlags) -> PollFd<'_> {
        PollFd::from_borrowed_fd(self.socket.as_fd(), flags)
    }

    fn poll(&self, fds: &mut [PollFd<'_>], limit: Duration) -> Result<()> {
        // sshd holds a small packet back until its last one is acknowledged, and an acknowledgement
        // waits 40 ms for something to travel with. The kernel forgets this setting, so each time.
        let _ = sockopt::set_tcp_quickack(&self.socket, true);
        let timeout = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos().into() };
        match poll(fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(self.lost(error.to_string())),
        }
    }

    fn keepalive_due(&self) -> Duration {
        let last = *self.keepalive.lock().unwrap_or_else(PoisonError::into_inner);
        KEEPALIVE.saturating_sub(last.elapsed())
    }

    fn keep_alive(&self) -> Result<()> {
        let mut last = self.keepalive.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < KEEPALIVE {
            return Ok(());
        }
        *last = Instant::now();
        match self.session.keepalive_send() {
            Err(error) if is_lost(&error) => Err(self.failed("keepalive", &error)),
            _ => Ok(()),
        }
    }

    pub fn timed_out(&self, what: &str, deadline: Deadline) -> anyhow::Error {
        TimedOut { peer: self.peer.clone(), what: what.to_string(), limit: deadline.limit }.into()
    }

    pub fn lost(&self, detail: impl Into<String>) -> anyhow::Error {
        let (peer, on_the_way) = (self.peer.clone(), self.way.as_ref().and_then(|way| way.why_ended()));
        let detail = on_the_way.map_or_else(|| detail.into(), str::to_string);
        Lost { peer, detail, on_the_way: on_the_way.is_some() }.into()
    }

    /// libssh2's error as one of ours.
    pub fn failed(&self, what: &str, error: &ssh2::Error) -> anyhow::Error {
        if is_lost(error) {
            return self.lost(self.why_lost(error));
        }
        let code = match error.code() {
            ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
        };
        let message = error.message().to_string();
        Refused { code, peer: self.peer.clone(), what: what.to_string(), message }.into()
    }

    /// Works like [`Wire::failed`] for reads and writes, whose errors come without libssh2's code.
    pub fn io_failed(&self, what: &str, error: &std::io::Error) -> anyhow::Error {
        match ssh2::Error::last_session_error(&self.session) {
            Some(last) => self.failed(what, &last),
            None => anyhow!("{what} on {}: {error}", self.peer),
        }
    }

    fn why_lost(&self, error: &ssh2::Error) -> String {
        match sockopt::socket_error(&self.socket) {
            Ok(Err(socket)) => std::io::Error::from(socket).to_string(),
            _ => match error.code() {
                ErrorCode::Session(code::SOCKET_DISCONNECT) => "the other side closed it".into(),
                _ => error.message().to_string(),
            },
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // A polite goodbye; sshd logs a reset otherwise. Non-blocking, so it cannot hang.
        let _ = self.session.disconnect(None, "done", None);
    }
}

/// Whether the connection, not the request, is what failed.
pub(super) fn is_lost(error: &ssh2::Error) -> bool {
    use code::*;
    let ErrorCode::Session(code) = error.code() else { return false };
    [SOCKET_SEND, SOCKET_DISCONNECT, SOCKET_TIMEOUT, SOCKET_RECV, BAD_SOCKET].contains(&code)
}

/// Cuts a socket off when its time is up. libssh2's own time limit is only looked at while it waits,
/// and a server that never stops sending never lets it wait.
pub(super) struct Watchdog {
    fired: Arc<AtomicBool>,
    end: Arc<Mutex<Instant>>,
    /// Dropped: stand down.
    _stop: mpsc::Sender<()>,
}

impl Watchdog {
    pub fn new(socket: &Socket, limit: Duration) -> std::io::Result<Watchdog> {
        let socket = socket.clone();
        let fired = Arc::new(AtomicBool::new(false));
        let end = Arc::new(Mutex::new(Instant::now() + limit));
        let (stop, stopped) = mpsc::channel::<()>();
        let (flag, moved) = (fired.clone(), end.clone());
        std::thread::Builder::new().name("ssh-watchdog".into()).stack_size(64 << 10).spawn(move || {
            loop {
                let end = *moved.lock().unwrap_or_else(PoisonError::into_inner);
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    flag.store(true, Ordering::SeqCst);
                    let _ = shutdown(&socket, Shutdown::Both);
                    return;
                }
                if stopped.recv_timeout(left) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Watchdog { fired, end, _stop: stop })
    }

    /// Allows more time: a person is asked something meanwhile.
    pub fn extend(&self, by: Duration) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    pub fn fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }
}

/// For libssh2, where 0 would mean no limit.
pub(super) fn millis(limit: Duration) -> u32 {
    limit.as_millis().clamp(1, i32::MAX as u128) as u32
}
