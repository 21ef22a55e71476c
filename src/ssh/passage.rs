//! One connection to a jump host, through which many hosts are reached: each has a channel of it for a socket.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use super::channels::{Channels, Door, Held, MOST, Wish};
use super::target::HostPort;
use super::wire::{Refused, TimedOut, Wire, code};
use crate::error::{Context, Failure, Result};

/// Without a host behind it, it is kept this long for the next one. Nothing answers the server's keepalives meanwhile.
const IDLE: Duration = Duration::from_secs(10);

/// Why there is no channel.
pub(super) enum No {
    /// The jump host has not answered an earlier wish.
    Held,
    /// It takes no further channel beside those that are open.
    Crowded(anyhow::Error),
    /// The connection has ended.
    Lost(String),
    Refused(anyhow::Error),
}

type Answer = mpsc::Sender<Result<(), No>>;

/// Ends with the last one who holds it, once the hosts behind it are done.
pub(super) struct Passage {
    peer: String,
    wishes: mpsc::Sender<Wish<Answer>>,
    bell: UnixStream,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    ended: OnceLock<String>,
    held: AtomicBool,
    full: AtomicBool,
}

impl Passage {
    /// Gives the connection to a thread that moves the data of all its channels.
    pub fn start(wire: Wire) -> Result<Arc<Passage>> {
        let (bell, rung) = UnixStream::pair().context("making a socket pair")?;
        rung.set_nonblocking(true).context("making a socket pair")?;
        let (wishes, asked) = mpsc::channel();
        let (peer, state) = (wire.peer.clone(), Arc::new(State::default()));
        let mut queue = Queue { asked, rung, left: false, idle: None, state: state.clone() };
        std::thread::Builder::new()
            .name("ssh-jump".into())
            .spawn(move || {
                let mut channels = Channels::new(None);
                let why = match channels.run(&wire, &mut queue) {
                    Ok(()) => format!("the connection to {} was no longer needed", wire.peer),
                    Err(error) => format!("{error:#}"),
                };
                // Before the sockets close: who is cut off asks why.
                let _ = queue.state.ended.set(why);
                drop(channels);
            })
            .context("starting a thread")?;
        Ok(Arc::new(Passage { peer, wishes, bell, state }))
    }

    /// Has the jump host connect to `host`, which it resolves, and gives the socket.
    pub fn lead(&self, host: &str, port: u16, limit: Duration) -> Result<OwnedFd, No> {
        let failed =
            |error: std::io::Error| No::Refused(anyhow::Error::from(error).context("making a socket pair"));
        let (near, far) = UnixStream::pair().map_err(failed)?;
        let (who, answer) = mpsc::channel();
        let wish = Wish { near: near.into(), host: host.to_string(), port, limit, who };
        // One byte for each wish.
        if self.wishes.send(wish).is_ok() {
            let _ = (&self.bell).write_all(&[1]);
        }
        match answer.recv() {
            Ok(Ok(())) => Ok(far.into()),
            Ok(Err(No::Refused(error))) => Err(No::Refused(
                Failure::failed(format!("{} cannot connect to {}: {error}", self.peer, HostPort(host, port)))
                    .hint("is it on, is sshd running there, and does the jump host's sshd allow TCP forwarding?")
                    .into(),
            )),
            Ok(Err(no)) => Err(no),
            Err(_) => Err(No::Lost(self.why_ended().unwrap_or("the connection ended").to_string())),
        }
    }

    pub fn why_ended(&self) -> Option<&str> {
        self.state.ended.get().map(String::as_str)
    }

    /// Whether another wish may be granted soon.
    pub fn takes_more(&self) -> bool {
        self.why_ended().is_none()
            && !self.state.held.load(Ordering::SeqCst)
            && !self.state.full.load(Ordering::SeqCst)
    }
}

/// Wishes of those who hold the [`Passage`].
struct Queue {
    asked: mpsc::Receiver<Wish<Answer>>,
    rung: UnixStream,
    /// Nobody holds it any more.
    left: bool,
    idle: Option<Instant>,
    state: Arc<State>,
}

impl Door for Queue {
    type Who = Answer;
    const PATIENCE: Option<Duration> = Some(Duration::from_secs(2));

    fn bell(&self) -> Option<BorrowedFd<'_>> {
        (!self.left).then(|| self.rung.as_fd())
    }

    fn next(&mut self) -> Result<Option<Wish<Answer>>> {
        match self.rung.read(&mut [0]) {
            Ok(0) => {
                self.left = true;
                Ok(None)
            }
            Ok(_) => Ok(self.asked.try_recv().ok()),
            Err(_) => Ok(None),
        }
    }

    fn tell(&mut self, who: Answer, outcome: Result<()>, beside: usize) {
        let answer = outcome.map_err(|error| refusal(error, beside));
        let State { held, full, .. } = &*self.state;
        match &answer {
            Err(No::Held) => held.store(true, Ordering::SeqCst),
            // libssh2 still waits for that one.
            Err(No::Refused(error)) if error.is::<TimedOut>() => held.store(true, Ordering::SeqCst),
            _ => held.store(false, Ordering::SeqCst),
        }
        if matches!(answer, Err(No::Crowded(_))) || beside + 1 >= MOST {
            full.store(true, Ordering::SeqCst);
        }
        let _ = who.send(answer);
    }

    fn stays(&mut self, idle: bool) -> Option<Duration> {
        if !idle {
            self.idle = None;
            return None;
        }
        if self.left {
            return Some(Duration::ZERO);
        }
        self.state.full.store(false, Ordering::SeqCst);
        Some(IDLE.saturating_sub(self.idle.get_or_insert_with(Instant::now).elapsed()))
    }
}

/// Tells a jump host that cannot reach the host from one that takes no further channel on this connection. OpenSSH's
/// client has a connection for each host, so what is refused for another reason than "connect failed" is no last word
/// while others are open.
fn refusal(error: anyhow::Error, beside: usize) -> No {
    if error.is::<Held>() {
        return No::Held;
    }
    let other = error.downcast_ref::<Refused>().is_some_and(|refused| {
        refused.code == code::CHANNEL_FAILURE && !refused.message.contains("connect failed")
    });
    if other && beside > 0 { No::Crowded(error) } else { No::Refused(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::anyhow;

    #[test]
    fn only_a_channel_too_many_is_worth_a_connection_of_its_own() {
        let refused = |message: &str| {
            let (peer, what) = ("me@gate:22".to_string(), "connecting".to_string());
            Refused {
                code: code::CHANNEL_FAILURE,
                peer,
                what,
                message: format!("Channel open failure ({message})"),
            }
        };
        for (message, beside, crowded) in [
            ("connect failed", 3, false),
            ("administratively prohibited", 0, false),
            ("administratively prohibited", 1, true),
            ("resource shortage", 1, true),
            ("resource shortage", 0, false),
        ] {
            let no = refusal(refused(message).into(), beside);
            assert_eq!(matches!(no, No::Crowded(_)), crowded, "{message} beside {beside}");
        }
        assert!(matches!(refusal(Held.into(), 1), No::Held));
        assert!(matches!(refusal(anyhow!("something else"), 1), No::Refused(_)));
    }
}
