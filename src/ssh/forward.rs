//! A port of this machine that leads to one of the host's: every connection to it is a channel.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use ssh2::Channel;

use super::connection::Connection;
use super::jump::Pending;
use super::wire::{Deadline, Lost, Wire};
use crate::error::{Context, Result};

/// Connections at once; more wait in the listener's queue.
const MOST: usize = 64;
const IDLE: Duration = Duration::from_secs(1);

impl Connection {
    /// Leads what connects to `listener` to `host:port`, as the far host sees it, until the connection
    /// is lost. One thread for all of them. `refused` hears why the host did not lead one on.
    ///
    /// # Errors
    /// [`Lost`]; never returns otherwise.
    pub fn forward(
        &self,
        listener: &TcpListener,
        host: &str,
        port: u16,
        refused: &mut dyn FnMut(&anyhow::Error),
    ) -> Result<std::convert::Infallible> {
        listener.set_nonblocking(true).context("preparing the local port")?;
        let wire = &*self.wire;
        let mut streams: Vec<Stream> = Vec::new();
        loop {
            let mut moved = false;
            while streams.len() < MOST {
                let Some(near) = accept(listener)? else { break };
                match Stream::open(wire, near, host, port) {
                    Ok(stream) => streams.push(stream),
                    Err(error) if error.is::<Lost>() => return Err(error),
                    Err(error) => refused(&error),
                }
                moved = true;
            }
            for stream in &mut streams {
                moved |= stream.step(wire)?;
            }
            streams.retain_mut(|stream| {
                let done = stream.done();
                if done {
                    let _ = stream.channel.close();
                }
                !done
            });
            if !moved {
                let room =
                    (streams.len() < MOST).then(|| PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN));
                let near = streams.iter().filter_map(Stream::interest);
                wire.wait_with(Deadline::after(IDLE), true, room.into_iter().chain(near))?;
            }
        }
    }
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

struct Stream {
    channel: Channel,
    near: TcpStream,
    inward: Pending,
    outward: Pending,
    /// The far side knows that nothing more comes.
    parted: bool,
    /// The near side does, or is gone.
    told: bool,
    broken: bool,
}

impl Stream {
    fn open(wire: &Wire, near: TcpStream, host: &str, port: u16) -> Result<Stream> {
        near.set_nonblocking(true).context("preparing a connection")?;
        let _ = near.set_nodelay(true);
        let deadline = Deadline::after(wire.io_timeout);
        let channel =
            wire.complete("connecting", deadline, || wire.session.channel_direct_tcpip(host, port, None))?;
        Ok(Stream {
            channel,
            near,
            inward: Pending::default(),
            outward: Pending::default(),
            parted: false,
            told: false,
            broken: false,
        })
    }

    /// Moves what can be moved. An error of the near side ends this stream, one of the connection all.
    fn step(&mut self, wire: &Wire) -> Result<bool> {
        if self.broken {
            return Ok(false);
        }
        let mut moved = false;
        match self.inward.step(&mut self.channel.stream(0), &mut &self.near) {
            Ok((some, quiet)) => {
                moved |= some;
                // Zero bytes of a channel may also mean none yet.
                self.inward.ended |= quiet && self.channel.eof();
            }
            Err(error) => self.fail(wire, &error)?,
        }
        if !self.broken && (!self.outward.ended || !self.outward.is_empty()) {
            match self.outward.step(&mut &self.near, &mut self.channel) {
                Ok((some, closed)) => {
                    moved |= some;
                    self.outward.ended |= closed;
                }
                Err(error) => self.fail(wire, &error)?,
            }
        }
        if self.broken {
            return Ok(true);
        }
        if self.outward.ended && self.outward.is_empty() && !self.parted {
            self.parted = true;
            let Stream { channel, .. } = self;
            wire.complete("parting", Deadline::after(wire.io_timeout), || channel.send_eof())?;
        }
        if self.inward.ended && self.inward.is_empty() && !self.told {
            self.told = true;
            let _ = self.near.shutdown(std::net::Shutdown::Write);
        }
        Ok(moved)
    }

    /// Whose error was it? A near side that went away is everyday; a lost connection concerns all.
    fn fail(&mut self, wire: &Wire, error: &std::io::Error) -> Result<()> {
        self.broken = true;
        let near = matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
        let error = wire.io_failed("forwarding", error);
        if !near && error.is::<Lost>() { Err(error) } else { Ok(()) }
    }

    fn done(&self) -> bool {
        self.broken || (self.parted && self.told)
    }

    /// What this side is waited for; a closed one is left out, or every wait would end at once.
    fn interest(&self) -> Option<PollFd<'_>> {
        let mut flags = PollFlags::empty();
        if self.outward.is_empty() && !self.outward.ended {
            flags |= PollFlags::IN;
        }
        if !self.inward.is_empty() {
            flags |= PollFlags::OUT;
        }
        (!flags.is_empty()).then(|| PollFd::from_borrowed_fd(self.near.as_fd(), flags))
    }
}
