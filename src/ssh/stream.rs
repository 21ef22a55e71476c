//! One channel and the socket of this side that it leads to.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;
use socket2::Socket;
use ssh2::{Channel, ErrorCode, ExtendedData};

use super::pending::Pending;
use super::wire::{Lost, Wire, code, is_lost};
use crate::error::{Context, Result};

pub(super) fn is_again(error: &ssh2::Error) -> bool {
    error.code() == ErrorCode::Session(code::EAGAIN)
}

/// Closes each channel as far as it goes; `false`: the socket takes nothing just now. A channel that is
/// dropped before the server has closed it too stays in libssh2's list for ever.
pub(super) fn close(wire: &Wire, closing: &mut Vec<Channel>) -> Result<bool> {
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
pub(super) enum Stuck {
    /// Nothing, or the far side: its window is closed.
    No,
    /// The socket takes no more.
    Socket,
    /// Another stream's packet, which is half sent, or a change of keys.
    Session,
}

pub(super) struct Stream {
    channel: Channel,
    near: Socket,
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
    pub fn new(mut channel: Channel, near: Socket) -> Result<Stream> {
        near.set_nonblocking(true).context("preparing a connection")?;
        let _ = near.set_tcp_nodelay(true);
        // Nobody reads it, and it would count as something that has come.
        let _ = channel.handle_extended_data(ExtendedData::Ignore);
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
    pub fn step(&mut self, wire: &Wire) -> Result<()> {
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
                // It hears nothing more, but its last words go out.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    self.inward = Pending::default();
                    self.inward.ended = true;
                    self.told = true;
                    return Ok(());
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
    pub fn has_news(&self) -> bool {
        let has_room = !self.outward.is_empty() && self.stuck == Stuck::No && self.window() > 0;
        !self.is_done() && ((!self.gone && self.has_come()) || has_room)
    }

    pub fn is_done(&self) -> bool {
        if self.gone {
            return self.outward.is_empty() || self.window() == 0;
        }
        self.parted && self.told
    }

    /// Reason why it does not send on.
    pub fn stuck(&self) -> Stuck {
        self.stuck
    }

    /// A channel by which libssh2 may read what has come for all of them.
    pub fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    pub fn into_channel(self) -> Channel {
        self.channel
    }

    pub fn near(&self) -> BorrowedFd<'_> {
        self.near.as_fd()
    }

    pub fn set_near_ready(&mut self, ready: bool) {
        self.near_ready = ready;
    }

    /// Returns the events that the near side is waited for.
    pub fn interest(&self) -> PollFlags {
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
