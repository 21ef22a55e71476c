//! Through another host (ProxyJump): a channel of one connection is the socket of the next.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use ssh2::Channel;

use super::target::HostPort;
use super::wire::{Deadline, Lost, Wire};
use crate::error::{Context, Failure, Result};

/// Moved at a time in each direction, bytes.
const PIECE: usize = 64 << 10;
const IDLE: Duration = Duration::from_secs(1);

/// Has the host at the other end of `wire` connect to `host`, which it resolves, and gives the socket.
/// A thread moves the data; it ends, and with it the connection, when the socket is closed.
///
/// # Errors
/// Exit 1 where that host cannot or may not connect there within `limit`.
pub(super) fn through(wire: Arc<Wire>, host: &str, port: u16, limit: Duration) -> Result<OwnedFd> {
    let deadline = Deadline::after(limit);
    let channel = wire
        .complete("connecting", deadline, || wire.session.channel_direct_tcpip(host, port, None))
        .map_err(|error| {
            if error.is::<Lost>() {
                return error;
            }
            Failure::failed(format!("{} cannot connect to {}: {error}", wire.peer, HostPort(host, port)))
                .hint("is it on, is sshd running there, and does the jump host's sshd allow TCP forwarding?")
                .into()
        })?;
    let (near, far) = UnixStream::pair().context("making a socket pair")?;
    near.set_nonblocking(true).context("making a socket pair")?;
    let relay =
        Relay { wire, channel, near, inward: Pending::default(), outward: Pending::default(), deaf: false };
    std::thread::Builder::new()
        .name("ssh-jump".into())
        .spawn(move || relay.run())
        .context("starting a thread")?;
    Ok(far.into())
}

/// Bytes taken from one side that the other has not taken yet.
#[derive(Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    start: usize,
    /// There is nothing to come.
    pub ended: bool,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Takes a piece where there is room and hands on what there is; whether anything moved.
    pub fn step(&mut self, from: &mut impl Read, to: &mut impl Write) -> std::io::Result<(bool, bool)> {
        let mut moved = false;
        let mut at_end = false;
        if self.is_empty() && !self.ended {
            self.start = 0;
            self.bytes.resize(PIECE, 0);
            let size = unless_blocked(from.read(&mut self.bytes));
            self.bytes.truncate(*size.as_ref().ok().and_then(Option::as_ref).unwrap_or(&0));
            let size = size?;
            at_end = size == Some(0);
            moved = size.is_some_and(|size| size > 0);
        }
        while !self.is_empty() {
            match unless_blocked(to.write(&self.bytes[self.start..]))? {
                Some(size) if size > 0 => self.start += size,
                _ => break,
            }
            moved = true;
        }
        Ok((moved, at_end))
    }
}

/// `None`: nothing can be moved just now.
fn unless_blocked(result: std::io::Result<usize>) -> std::io::Result<Option<usize>> {
    use ErrorKind::{ConnectionReset, Interrupted, WouldBlock};
    match result {
        Ok(size) => Ok(Some(size)),
        // The near side was closed without reading all; its own last words are still to be read.
        Err(error) if matches!(error.kind(), WouldBlock | Interrupted | ConnectionReset) => Ok(None),
        Err(error) => Err(error),
    }
}

struct Relay {
    wire: Arc<Wire>,
    channel: Channel,
    near: UnixStream,
    /// From the far host to us.
    inward: Pending,
    outward: Pending,
    /// The near side is closed: it listens to nothing more, but its last words go out.
    deaf: bool,
}

impl Relay {
    /// Until either side ends. An error ends it too: whoever uses the socket finds it closed.
    fn run(mut self) {
        while !self.done() {
            let moved = match self.step() {
                Ok(moved) => moved,
                Err(_) => break,
            };
            if !moved && !self.done() && self.wait().is_err() {
                break;
            }
        }
        if self.outward.ended && self.outward.is_empty() {
            self.part();
        }
        let _ = self.channel.close();
    }

    /// Lets the far host hear our last words. The jump host forgets what it has not yet passed on when
    /// its own connection ends, which is what comes next.
    fn part(&mut self) {
        let deadline = Deadline::after(IDLE);
        let Relay { wire, channel, .. } = self;
        let _ = wire.complete("parting", deadline, || channel.send_eof());
        let mut rest = vec![0; PIECE];
        while !channel.eof() && !deadline.passed() {
            match unless_blocked(channel.read(&mut rest)) {
                Ok(None | Some(0)) if channel.eof() => break,
                Ok(None | Some(0)) if wire.wait(deadline).is_ok() => {}
                Ok(Some(1..)) => {}
                _ => break,
            }
        }
    }

    fn done(&self) -> bool {
        (self.inward.ended && self.inward.is_empty()) || (self.outward.ended && self.outward.is_empty())
    }

    fn step(&mut self) -> std::io::Result<bool> {
        let mut from_far = false;
        if !self.deaf {
            match self.inward.step(&mut self.channel.stream(0), &mut self.near) {
                Ok((moved, quiet)) => {
                    from_far = moved;
                    // Zero bytes of a channel may also mean none yet.
                    self.inward.ended |= quiet && self.channel.eof();
                }
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.deaf = true,
                Err(error) => return Err(error),
            }
        }
        let (from_near, closed) = self.outward.step(&mut &self.near, &mut self.channel)?;
        self.outward.ended |= closed;
        Ok(from_far || from_near)
    }

    fn wait(&self) -> Result<()> {
        let mut near = PollFlags::empty();
        if self.outward.is_empty() {
            near |= PollFlags::IN;
        }
        if !self.inward.is_empty() && !self.deaf {
            near |= PollFlags::OUT;
        }
        // With both directions stuck on this side, news from the far one would only spin.
        let far = (self.inward.is_empty() && !self.deaf) || !self.outward.is_empty();
        // A closed near side would end every wait at once, so it is left out where it is not needed.
        let near = (!near.is_empty()).then(|| PollFd::from_borrowed_fd(self.near.as_fd(), near));
        // Another relay of this connection, as while host keys are tried, may take what is ours off the
        // socket; alone, there is nothing to look for between keepalives.
        match Arc::strong_count(&self.wire) {
            1 if far && !self.wire.is_full() => {
                let mut fds: Vec<_> =
                    std::iter::once(self.wire.descriptor(PollFlags::IN)).chain(near).collect();
                self.wire.rest(&mut fds, None)
            }
            _ => self.wire.wait_with(Deadline::after(IDLE), far, near),
        }
    }
}
