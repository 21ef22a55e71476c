//! A port of this machine that leads to one of the host's: every connection to it is a channel.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::channels::{Channels, Door, Reader, Wish};
use super::connection::Connection;
use crate::error::{Context, Result, anyhow};

impl Connection {
    /// Leads what connects to `listener` to `host:port`, as the far host sees it, until the connection
    /// is lost. One thread for all of them; it wakes up for data and for the keepalive only. `refused`
    /// hears why the host did not lead one on.
    ///
    /// # Errors
    /// [`Lost`](super::Lost), or the server lets no session channel be opened; never returns otherwise.
    pub fn forward(
        &self,
        listener: &TcpListener,
        host: &str,
        port: u16,
        refused: &mut dyn FnMut(&anyhow::Error),
    ) -> Result<std::convert::Infallible> {
        listener.set_nonblocking(true).context("preparing the local port")?;
        let wire = &*self.wire;
        let mut port = Port { listener, host, port, limit: wire.io_timeout, refused };
        Channels::new(Some(Reader::open(wire)?)).run(wire, &mut port)?;
        Err(anyhow!("the tunnel ended"))
    }
}

struct Port<'a> {
    listener: &'a TcpListener,
    host: &'a str,
    port: u16,
    limit: Duration,
    refused: &'a mut dyn FnMut(&anyhow::Error),
}

impl Door for Port<'_> {
    type Who = ();

    fn bell(&self) -> Option<BorrowedFd<'_>> {
        Some(self.listener.as_fd())
    }

    fn next(&mut self) -> Result<Option<Wish<()>>> {
        match self.listener.accept() {
            Ok((near, _)) => {
                let host = self.host.to_string();
                Ok(Some(Wish { near: near.into(), host, port: self.port, limit: self.limit, who: () }))
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted => Ok(None),
                _ => Err(error).context("accepting a connection"),
            },
        }
    }

    fn tell(&mut self, (): (), outcome: Result<()>, _beside: usize) {
        if let Err(error) = outcome {
            (self.refused)(&error);
        }
    }

    fn stays(&mut self, _idle: bool) -> Option<Duration> {
        None
    }
}
