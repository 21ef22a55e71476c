//! A port of this machine that leads to one of the host's: every connection to it is a channel.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use ssh2::{Channel, ErrorCode};

use super::connection::Connection;
use super::jump::Pending;
use super::wire::{Deadline, Lost, Wire, code, is_lost};
use crate::error::{Context, Result};

/// Connections at once; more wait in the listener's queue.
const MOST: usize = 256;
/// While libssh2 has something to send and says neither why it cannot nor when: keys are being changed.
const SHORT: Duration = Duration::from_millis(20);

impl Connection {
    /// Leads what connects to `listener` to `host:port`, as the far host sees it, until the connection
    /// is lost. One thread for all of them; it wakes up for data and for the keepalive only. `refused`
    /// hears why the host did not lead one on.
    ///
    /// # Errors
    /// [`Lost`], or the server lets no session channel be opened; never returns otherwise.
    pub fn forward(
        &self,
        listener: &TcpListener,
        host: &str,
        port: u16,
        refused: &mut dyn FnMut(&anyhow::Error),
    ) -> Result<std::convert::Infallible> {
        listener.set_nonblocking(true).context("preparing the local port")?;
        let wire = &*self.wire;
        let mut reader = Reader::open(wire)?;
        let mut opening = Opening { host, port, waiting: VecDeque::new(), since: None };
        let mut streams: Vec<Stream> = Vec::new();
        let mut closing: Vec<Channel> = Vec::new();
        // Whether each may have something: all are looked at in the first round.
        let mut knocks = true;
        loop {
            reader.read_all(wire, opening.is_idle())?;
            for stream in &mut streams {
                stream.step(wire)?;
            }
            for at in (0..streams.len()).rev().filter(|at| streams[*at].is_done()).collect::<Vec<_>>() {
                closing.push(streams.swap_remove(at).channel);
            }
            let full = !close(wire, &mut closing)?;
            while knocks && streams.len() + opening.waiting.len() < MOST {
                match accept(listener)? {
                    Some(near) => opening.waiting.push_back(near),
                    None => knocks = false,
                }
            }
            // Last, as what it reads from the socket for the streams shows in `has_news`.
            while let Some(opened) = opening.step(wire, &mut closing)? {
                match opened {
                    Ok(stream) => streams.push(stream),
                    Err(error) => refused(&error),
                }
            }
            if streams.iter().any(|stream| stream.has_news()) {
                continue;
            }
            knocks = wait(wire, listener, &opening, full, &mut streams)?;
        }
    }
}

/// Waits for news of the socket, the streams' near sides and the listener; whether somebody knocks.
/// `full`: there is something to send that the socket did not take.
fn wait(
    wire: &Wire,
    listener: &TcpListener,
    opening: &Opening<'_>,
    full: bool,
    streams: &mut [Stream],
) -> Result<bool> {
    let mut flags = PollFlags::IN;
    let mut limit = opening.since.map(|since| since.left());
    if full || streams.iter().any(|stream| stream.stuck == Stuck::Socket) {
        flags |= PollFlags::OUT;
    } else if streams.iter().any(|stream| stream.stuck == Stuck::Session) {
        limit = Some(limit.map_or(SHORT, |limit| limit.min(SHORT)));
    }
    let room = streams.len() + opening.waiting.len() < MOST;
    let mut fds = Vec::with_capacity(streams.len() + 2);
    fds.push(wire.descriptor(flags));
    fds.push(PollFd::from_borrowed_fd(
        listener.as_fd(),
        if room { PollFlags::IN } else { PollFlags::empty() },
    ));
    let mut asked = Vec::with_capacity(streams.len());
    for (at, stream) in streams.iter().enumerate() {
        let interest = stream.interest();
        // A closed one would end every wait at once, even if nothing is asked of it.
        if !interest.is_empty() {
            fds.push(PollFd::from_borrowed_fd(stream.near.as_fd(), interest));
            asked.push(at);
        }
    }
    wire.rest(&mut fds, limit)?;
    let knocks = !fds[1].revents().is_empty();
    let ready: Vec<bool> = fds[2..].iter().map(|fd| !fd.revents().is_empty()).collect();
    drop(fds);
    for (at, ready) in asked.into_iter().zip(ready) {
        streams[at].near_ready = ready;
    }
    Ok(knocks)
}

fn accept(listener: &TcpListener) -> Result<Option<TcpStream>> {
    match listener.accept() {
        Ok((stream, _)) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted => Ok(None),
            _ => Err(error).context("accepting a connection"),
        },
    }
}

/// Reads what comes on the socket, whether a stream is open or not, so that libssh2 answers the server's
/// keepalives. libssh2 reads for a channel only: this one is a session in which nothing runs.
struct Reader(Channel);

impl Reader {
    fn open(wire: &Wire) -> Result<Reader> {
        let deadline = Deadline::after(wire.io_timeout);
        let what = "opening a session for the tunnel";
        Ok(Reader(wire.complete(what, deadline, || wire.session.channel_session())?))
    }

    /// `idle`: no other channel is being opened. libssh2 opens one at a time, and takes the next wish for
    /// a repetition of the last; what is being opened is read for meanwhile.
    fn read_all(&mut self, wire: &Wire, idle: bool) -> Result<()> {
        let mut nothing = [0; 64];
        loop {
            match self.0.read(&mut nothing) {
                // The server has closed it, as its ChannelTimeout says.
                Ok(0) if idle => *self = Reader::open(wire)?,
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(wire.io_failed("forwarding", &error)),
            }
        }
    }
}

/// Connections that have no channel yet. libssh2 opens one at a time.
struct Opening<'a> {
    host: &'a str,
    port: u16,
    waiting: VecDeque<TcpStream>,
    /// By when the host must have said yes or no to the one that is being opened.
    since: Option<Deadline>,
}

impl Opening<'_> {
    fn is_idle(&self) -> bool {
        self.since.is_none()
    }

    /// The next stream, or why it is none; `None` while the host has not said. A channel that is opened
    /// after its connection was given up goes to `closing`.
    fn step(&mut self, wire: &Wire, closing: &mut Vec<Channel>) -> Result<Option<Result<Stream>>> {
        if self.waiting.is_empty() && self.is_idle() {
            return Ok(None);
        }
        let deadline = *self.since.get_or_insert_with(|| Deadline::after(wire.io_timeout));
        match wire.session.channel_direct_tcpip(self.host, self.port, None) {
            Ok(channel) => {
                self.since = None;
                let Some(near) = self.waiting.pop_front() else {
                    closing.push(channel);
                    return Ok(None);
                };
                Ok(Some(Stream::new(channel, near)))
            }
            // libssh2 goes on asking for it, and would take another wish for the same.
            Err(error) if is_again(&error) && deadline.passed() => {
                self.since = Some(Deadline::after(wire.io_timeout));
                Ok(self.waiting.pop_front().map(|_| Err(wire.timed_out("connecting", deadline))))
            }
            Err(error) if is_again(&error) => Ok(None),
            Err(error) => {
                self.since = None;
                let error = wire.failed("connecting", &error);
                if error.is::<Lost>() {
                    return Err(error);
                }
                Ok(self.waiting.pop_front().map(|_| Err(error)))
            }
        }
    }
}

fn is_again(error: &ssh2::Error) -> bool {
    error.code() == ErrorCode::Session(code::EAGAIN)
}

/// Closes each channel as far as it goes; `false`: the socket takes nothing just now. A channel that is
/// dropped before the server has closed it too stays in libssh2's list for ever.
fn close(wire: &Wire, closing: &mut Vec<Channel>) -> Result<bool> {
    if closing.is_empty() {
        return Ok(true);
    }
    if !wire.takes_a_packet() {
        return Ok(false);
    }
    let mut left = Vec::new();
    for mut channel in closing.drain(..) {
        match channel.close() {
            Err(error) if is_again(&error) => left.push(channel),
            Err(error) if is_lost(&error) => return Err(wire.failed("forwarding", &error)),
            _ => {}
        }
    }
    *closing = left;
    Ok(true)
}

/// Reason why a stream does not send on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stuck {
    /// Nothing, or the far side: its window is closed.
    No,
    /// The socket takes no more.
    Socket,
    /// Another stream's packet, which is half sent, or a change of keys.
    Session,
}

struct Stream {
    channel: Channel,
    near: TcpStream,
    inward: Pending,
    outward: Pending,
    /// The near side may have something, or room.
    near_ready: bool,
    stuck: Stuck,
    /// The far side knows that nothing more comes.
    parted: bool,
    /// The near side does.
    told: bool,
    /// The near side is gone, and nothing is read for it any more.
    gone: bool,
}

impl Stream {
    fn new(channel: Channel, near: TcpStream) -> Result<Stream> {
        near.set_nonblocking(true).context("preparing a connection")?;
        let _ = near.set_nodelay(true);
        Ok(Stream {
            channel,
            near,
            inward: Pending::default(),
            outward: Pending::default(),
            near_ready: true,
            stuck: Stuck::No,
            parted: false,
            told: false,
            gone: false,
        })
    }

    /// Moves what can be moved.
    ///
    /// # Errors
    /// The connection's; one of the near side ends this stream only.
    fn step(&mut self, wire: &Wire) -> Result<()> {
        if !self.gone {
            self.take_in(wire)?;
        }
        self.stuck = Stuck::No;
        self.give_out(wire)?;
        if self.outward.ended && self.outward.is_empty() && !self.parted && !self.gone {
            self.part(wire)?;
        }
        if self.inward.ended && self.inward.is_empty() && !self.told {
            self.told = true;
            let _ = self.near.shutdown(std::net::Shutdown::Write);
        }
        // The far side is closed in both directions: nobody is left to send to.
        if self.told && !self.parted && self.channel.wait_close().is_ok() {
            self.gone = true;
            self.outward = Pending::default();
        }
        Ok(())
    }

    /// From the far side to the near one.
    fn take_in(&mut self, wire: &Wire) -> Result<()> {
        while self.has_come() || (!self.inward.is_empty() && self.near_ready) {
            match self.inward.step(&mut self.channel.stream(0), &mut &self.near) {
                Ok((moved, quiet)) => {
                    // Zero bytes of a channel may also mean none yet.
                    self.inward.ended |= quiet && self.channel.eof();
                    if !moved {
                        break;
                    }
                }
                Err(error) => return self.fail(wire, &error),
            }
        }
        Ok(())
    }

    /// From the near side to the far one.
    fn give_out(&mut self, wire: &Wire) -> Result<()> {
        loop {
            // Data that may be half sent goes out whole, even for a side that is gone; nothing is read for that side.
            let wants = match self.outward.is_empty() {
                true => self.near_ready && !self.outward.ended && !self.gone,
                false => self.window() > 0,
            };
            if !wants {
                return Ok(());
            }
            match self.outward.step(&mut &self.near, &mut self.channel) {
                Ok((moved, closed)) => {
                    self.outward.ended |= closed;
                    if self.gone && moved {
                        self.outward = Pending::default();
                        self.outward.ended = true;
                    } else if !self.outward.is_empty() && self.window() > 0 {
                        self.stuck = if wire.is_full() { Stuck::Socket } else { Stuck::Session };
                        return Ok(());
                    } else if !moved {
                        self.near_ready = false;
                        return Ok(());
                    }
                }
                Err(error) => {
                    // Nothing of it is half sent: libssh2 says "again" as long as there is.
                    self.outward = Pending::default();
                    return self.fail(wire, &error);
                }
            }
        }
    }

    fn part(&mut self, wire: &Wire) -> Result<()> {
        if !wire.takes_a_packet() {
            self.stuck = Stuck::Socket;
            return Ok(());
        }
        match self.channel.send_eof() {
            Ok(()) => self.parted = true,
            Err(error) if is_again(&error) => self.stuck = Stuck::Session,
            Err(error) if is_lost(&error) => return Err(wire.failed("forwarding", &error)),
            // The far side has closed the channel: it needs no telling.
            Err(_) => self.parted = true,
        }
        Ok(())
    }

    /// Finds out whose error it was. A near side that went away is everyday; a lost connection concerns all.
    fn fail(&mut self, wire: &Wire, error: &std::io::Error) -> Result<()> {
        self.gone = true;
        let near = matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
        let error = wire.io_failed("forwarding", error);
        if !near && error.is::<Lost>() { Err(error) } else { Ok(()) }
    }

    /// Bytes that the far side takes.
    fn window(&self) -> u32 {
        self.channel.write_window().remaining
    }

    /// The far side has sent something that libssh2 keeps, or its end, and there is room for it.
    fn has_come(&self) -> bool {
        self.inward.is_empty()
            && !self.inward.ended
            && (self.channel.read_window().available > 0 || self.channel.eof())
    }

    /// Whether another round would move something: libssh2 reads for all channels when it does for one.
    fn has_news(&self) -> bool {
        let has_room = !self.outward.is_empty() && self.stuck == Stuck::No && self.window() > 0;
        !self.is_done() && ((!self.gone && self.has_come()) || has_room)
    }

    fn is_done(&self) -> bool {
        if self.gone {
            return self.outward.is_empty() || self.window() == 0;
        }
        self.parted && self.told
    }

    /// Returns the events that the near side is waited for.
    fn interest(&self) -> PollFlags {
        let mut flags = PollFlags::empty();
        if self.gone {
            return flags;
        }
        if self.outward.is_empty() && !self.outward.ended {
            flags |= PollFlags::IN;
        }
        if !self.inward.is_empty() {
            flags |= PollFlags::OUT;
        }
        flags
    }
}
