//! Channels of one connection to ports that the far host connects to. One thread moves the data of all; it wakes up
//! for data and for the keepalive only.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use socket2::Socket;
use ssh2::Channel;

use super::stream::{Stream, Stuck, close, is_again};
use super::wire::{Deadline, Lost, Wire};
use crate::error::Result;

/// Connections at once; more wait at the door.
pub(super) const MOST: usize = 256;
/// While libssh2 has something to send and says neither why it cannot nor when: keys are being changed.
const SHORT: Duration = Duration::from_millis(20);

/// A wish to be connected to `host:port`, as the far host sees it.
pub(super) struct Wish<W> {
    pub near: Socket,
    pub host: String,
    pub port: u16,
    /// Time for the far host to say yes or no.
    pub limit: Duration,
    pub who: W,
}

/// Where wishes come from.
pub(super) trait Door {
    /// Who made a wish.
    type Who;
    /// The far host may think about one wish this long before those behind it are turned away with [`Held`].
    const PATIENCE: Option<Duration> = None;

    /// Wakes up when there may be a wish; `None`: none will come.
    fn bell(&self) -> Option<BorrowedFd<'_>>;

    /// The next wish, if there is one.
    fn next(&mut self) -> Result<Option<Wish<Self::Who>>>;

    /// Tells how a wish went. `beside`: other channels of the connection at that time.
    fn tell(&mut self, who: Self::Who, outcome: Result<()>, beside: usize);

    /// How much longer the connection stays without a channel; `None`: for ever.
    fn stays(&mut self, idle: bool) -> Option<Duration>;
}

/// The far host has not answered an earlier wish, and libssh2 opens one channel at a time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("another connection is being made and takes long")]
pub(super) struct Held;

/// Channels of one connection.
pub(super) struct Channels<W> {
    /// Reads what comes on the socket while no stream is open, so that libssh2 answers the server's keepalives.
    reader: Option<Reader>,
    streams: Vec<Stream>,
    closing: Vec<Channel>,
    waiting: VecDeque<Wish<W>>,
    opening: Option<Opening<W>>,
}

/// Channel that the far host was asked for. libssh2 asks for one at a time.
struct Opening<W> {
    host: String,
    port: u16,
    /// `None`: given up, and libssh2 goes on asking.
    wish: Option<(Socket, W)>,
    /// By when the host must have said yes or no.
    until: Deadline,
    /// By when it should have.
    patience: Option<Deadline>,
}

impl<W> Channels<W> {
    pub fn new(reader: Option<Reader>) -> Channels<W> {
        Channels { reader, streams: Vec::new(), closing: Vec::new(), waiting: VecDeque::new(), opening: None }
    }

    /// Fulfils the wishes at `door` until it wants no more of the connection.
    ///
    /// # Errors
    /// [`Lost`]; the streams are still there then.
    pub fn run(&mut self, wire: &Wire, door: &mut impl Door<Who = W>) -> Result<()> {
        // Whether each may have something: all are looked at in the first round.
        let mut knocks = true;
        loop {
            self.read_all(wire)?;
            for stream in &mut self.streams {
                stream.step(wire)?;
            }
            for at in (0..self.streams.len()).rev() {
                if self.streams[at].is_done() {
                    self.closing.push(self.streams.swap_remove(at).into_channel());
                }
            }
            let full = !close(wire, &mut self.closing)?;
            while knocks && self.has_room() {
                match door.next()? {
                    Some(wish) => self.waiting.push_back(wish),
                    None => knocks = false,
                }
            }
            // Last, as what it reads from the socket for the streams shows in `has_news`.
            while self.open(wire, door)? {}
            if self.streams.iter().any(Stream::has_news) {
                continue;
            }
            let stays = door.stays(self.is_idle());
            if stays.is_some_and(|left| left.is_zero()) {
                return Ok(());
            }
            knocks = self.wait(wire, door.bell(), full, stays)?;
        }
    }

    fn is_idle(&self) -> bool {
        self.streams.is_empty()
            && self.closing.is_empty()
            && self.waiting.is_empty()
            && self.opening.is_none()
    }

    fn has_room(&self) -> bool {
        self.streams.len() + self.waiting.len() < MOST
    }

    /// Reads what has come for all channels: libssh2 does when it reads for one.
    fn read_all(&mut self, wire: &Wire) -> Result<()> {
        match (&mut self.reader, self.streams.first_mut()) {
            (Some(reader), _) => reader.read_all(wire, self.opening.is_none()),
            (None, Some(stream)) => match stream.channel().stderr().read(&mut [0; 64]) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => {
                    Err(wire.io_failed("forwarding", &error))
                }
                _ => Ok(()),
            },
            // Closing and opening read for themselves.
            (None, None) => Ok(()),
        }
    }

    /// Goes on with the wish whose turn it is; `false` while the host has not said, or there is none.
    fn open<D: Door<Who = W>>(&mut self, wire: &Wire, door: &mut D) -> Result<bool> {
        if self.opening.is_none() {
            let Some(Wish { near, host, port, limit, who }) = self.waiting.pop_front() else {
                return Ok(false);
            };
            let patience = D::PATIENCE.map(Deadline::after);
            let until = Deadline::after(limit);
            self.opening = Some(Opening { host, port, wish: Some((near, who)), until, patience });
        }
        let beside = self.streams.len() + self.closing.len();
        let Some(opening) = &mut self.opening else { return Ok(false) };
        let opened = match wire.session.channel_direct_tcpip(&opening.host, opening.port, None) {
            Err(error) if is_again(&error) => {
                if opening.until.passed() {
                    let error = wire.timed_out("connecting", opening.until);
                    opening.until = Deadline::after(wire.io_timeout);
                    let next = || self.waiting.pop_front().map(|wish| wish.who);
                    if let Some(who) = opening.wish.take().map(|(_, who)| who).or_else(next) {
                        door.tell(who, Err(error), beside);
                    }
                }
                if opening.patience.is_some_and(|patience| patience.passed()) {
                    self.waiting.drain(..).for_each(|wish| door.tell(wish.who, Err(Held.into()), beside));
                }
                return Ok(false);
            }
            opened => opened.map_err(|error| wire.failed("connecting", &error)),
        };
        let wish = self.opening.take().and_then(|opening| opening.wish);
        match (wish, opened) {
            (_, Err(error)) if error.is::<Lost>() => return Err(error),
            (Some((near, who)), Ok(channel)) => {
                let outcome = Stream::new(channel, near).map(|stream| self.streams.push(stream));
                door.tell(who, outcome, beside);
            }
            (Some((_, who)), Err(error)) => door.tell(who, Err(error), beside),
            (None, Ok(channel)) => self.closing.push(channel),
            (None, Err(_)) => {}
        }
        Ok(true)
    }

    /// Waits for news of the socket, the streams' near sides and the door; whether somebody knocks. `full`: there is
    /// something to send that the socket did not take. `stays`: the longest wait.
    fn wait(
        &mut self,
        wire: &Wire,
        bell: Option<BorrowedFd<'_>>,
        full: bool,
        stays: Option<Duration>,
    ) -> Result<bool> {
        let reads = self.reader.is_some() || !self.is_idle();
        // Without a channel nothing can be read; the end of the connection is seen all the same.
        let mut flags = if reads { PollFlags::IN } else { PollFlags::RDHUP };
        let patience = |opening: &Opening<W>| {
            let patience = opening.patience.filter(|_| !self.waiting.is_empty());
            patience.map_or(opening.until.left(), |patience| patience.left().min(opening.until.left()))
        };
        let mut limit = [stays, self.opening.as_ref().map(patience)].into_iter().flatten().min();
        if full || self.streams.iter().any(|stream| stream.stuck() == Stuck::Socket) {
            flags |= PollFlags::OUT;
        } else if self.streams.iter().any(|stream| stream.stuck() == Stuck::Session) {
            limit = Some(limit.map_or(SHORT, |limit| limit.min(SHORT)));
        }
        let mut fds = Vec::with_capacity(self.streams.len() + 2);
        fds.push(wire.descriptor(flags));
        let bell = bell.filter(|_| self.has_room());
        let first = 1 + usize::from(bell.is_some());
        fds.extend(bell.map(|bell| PollFd::from_borrowed_fd(bell, PollFlags::IN)));
        let mut asked = Vec::with_capacity(self.streams.len());
        for (at, stream) in self.streams.iter().enumerate() {
            let interest = stream.interest();
            // A closed one would end every wait at once, even if nothing is asked of it.
            if !interest.is_empty() {
                fds.push(PollFd::from_borrowed_fd(stream.near(), interest));
                asked.push(at);
            }
        }
        wire.rest(&mut fds, limit)?;
        if !reads && fds[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR) {
            return Err(wire.lost("the other side closed it"));
        }
        let knocks = bell.is_some() && !fds[1].revents().is_empty();
        let ready: Vec<bool> = fds[first..].iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        for (at, ready) in asked.into_iter().zip(ready) {
            self.streams[at].set_near_ready(ready);
        }
        Ok(knocks)
    }
}

/// A session in which nothing runs: libssh2 reads for a channel only.
pub(super) struct Reader(Channel);

impl Reader {
    pub fn open(wire: &Wire) -> Result<Reader> {
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
