//! A running remote command: its stdin, its stdout by lines, its stderr kept aside.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use ssh2::{BlockDirections, Channel, PtyModeOpcode, PtyModes};

use super::lines::{Buffer, Line};
use super::wire::{Deadline, Wire, code};
use crate::error::{Context, Result, bail};

/// Longest line that [`Exec::read_line`] gives back, bytes.
pub const LONGEST_LINE: usize = 1 << 20;
/// The newest part of stderr that is kept, bytes: errors come last.
const KEEP_STDERR: usize = 64 << 10;
/// Unread stdout that may pile up while input is being sent, bytes.
const MOST_UNREAD: usize = 8 << 20;
/// Window that the server may fill without hearing from us, bytes.
const WINDOW: u32 = 4 << 20;
/// Largest packet we take, bytes; more than OpenSSH ever sends.
const PACKET: u32 = 32 << 10;
/// Number of the stream that stderr comes on.
const STDERR: i32 = 1;
/// Read from the source of an upload at a time, bytes.
const CHUNK: usize = 256 << 10;
/// A remote command that takes no input for this many times the I/O timeout is stuck. It may be
/// waiting for a slow disk, so this is longer than the wait for an answer.
const PATIENCE: u32 = 4;

/// How long to wait before a channel that was refused is asked for again, each time, ms.
const OPEN_AGAIN: [u64; 5] = [20, 40, 80, 160, 320];

/// How a remote command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `None`: a signal ended it.
    pub status: Option<i32>,
    /// Name of the signal, without SIG.
    pub signal: Option<String>,
    /// The end of what it wrote to stderr, 64 KiB at most.
    pub stderr: String,
}

/// A running command. One thread at a time for all commands of a connection.
///
/// Dropped before it ended, its channel is closed: sshd then closes its pipes, which ends most
/// commands, but not those that neither read nor write.
pub struct Exec {
    wire: Arc<Wire>,
    channel: Channel,
    stdout: Buffer,
    stderr: Vec<u8>,
    stdin_closed: bool,
    /// Both output streams have ended and are read to their ends.
    ended: bool,
    /// It ended before it had taken its input; nothing can be sent any more.
    over: Option<Ended>,
}

/// The remote command ended before it had taken all of its input. In the chain of an error, for
/// `downcast_ref`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the remote command ended {} after {sent} bytes of input{}", describe(ended), colon(&ended.stderr))]
pub struct EndedEarly {
    /// Result of the command.
    pub ended: Ended,
    /// Bytes handed over; how many of them it has read is unknown.
    pub sent: u64,
}

fn describe(ended: &Ended) -> String {
    match (ended.status, &ended.signal) {
        (Some(status), _) => format!("with status {status}"),
        (None, Some(signal)) => format!("by signal {signal}"),
        (None, None) => "without a status".to_string(),
    }
}

fn colon(stderr: &str) -> String {
    let text = stderr.trim();
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

impl Exec {
    pub(super) fn start(wire: Arc<Wire>, command: &str, terminal: bool) -> Result<Exec> {
        let deadline = Deadline::after(wire.io_timeout);
        let mut channel = open_channel(&wire, deadline)?;
        if terminal {
            wire.complete("asking for a terminal", deadline, || {
                channel.request_pty("dumb", Some(raw_terminal()), None)
            })?;
        }
        wire.complete("starting a command", deadline, || channel.exec(command)).map_err(|error| {
            let denied = error
                .downcast_ref::<super::wire::Refused>()
                .is_some_and(|refused| refused.code == code::CHANNEL_REQUEST_DENIED);
            if denied { error.context("the server runs no commands for this user") } else { error }
        })?;
        Ok(Exec {
            wire,
            channel,
            stdout: Buffer::default(),
            stderr: Vec::new(),
            stdin_closed: false,
            ended: false,
            over: None,
        })
    }

    /// Sends all of `bytes` to the command's stdin.
    ///
    /// # Errors
    /// [`EndedEarly`], [`Lost`](super::Lost), [`TimedOut`](super::TimedOut) when it takes nothing for
    /// four I/O timeouts, or 8 MiB of unread output.
    pub fn write_stdin(&mut self, bytes: &[u8]) -> Result<()> {
        let patience = self.wire.io_timeout * PATIENCE;
        match self.send(bytes, || Deadline::after(patience))? {
            true => Ok(()),
            false => Err(self.ended_early(0)),
        }
    }

    /// Sends all that `source` has to the command's stdin and leaves that open. `progress` is called
    /// with the bytes sent so far. Returns how many there were.
    ///
    /// # Errors
    /// Works like [`Exec::write_stdin`]; errors of reading `source` too.
    pub fn send_stream(&mut self, source: &mut dyn Read, mut progress: impl FnMut(u64)) -> Result<u64> {
        let patience = self.wire.io_timeout * PATIENCE;
        let mut chunk = vec![0; CHUNK];
        let mut sent = 0;
        loop {
            let size = match source.read(&mut chunk) {
                Ok(0) => return Ok(sent),
                Ok(size) => size,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading what is to be sent"),
            };
            if !self.send(&chunk[..size], || Deadline::after(patience))? {
                return Err(self.ended_early(sent));
            }
            sent += size as u64;
            progress(sent);
        }
    }

    /// Tells the command that there is no more input.
    pub fn close_stdin(&mut self) -> Result<()> {
        if !self.stdin_closed {
            let Exec { wire, channel, .. } = self;
            wire.complete("closing stdin", Deadline::after(wire.io_timeout), || channel.send_eof())?;
            self.stdin_closed = true;
        }
        Ok(())
    }

    /// The next line of stdout without its newline; `None` when stdout has ended. Bytes after
    /// the last newline are a line too.
    ///
    /// # Errors
    /// [`TimedOut`](super::TimedOut) after `timeout`, [`Lost`](super::Lost), or a line over 1 MiB.
    pub fn read_line(&mut self, timeout: Duration) -> Result<Option<Line>> {
        Ok(self.read_next(timeout, false)?.map(|(line, _)| line))
    }

    /// Works like [`Exec::read_line`], and ends at a question for a password too, which has no newline; whether it is one.
    pub fn read_line_or_question(&mut self, timeout: Duration) -> Result<Option<(Line, bool)>> {
        self.read_next(timeout, true)
    }

    fn read_next(&mut self, timeout: Duration, asks: bool) -> Result<Option<(Line, bool)>> {
        let deadline = Deadline::after(timeout);
        loop {
            let line = self.stdout.take_line();
            if line.as_ref().map_or(self.stdout.unread(), Vec::len) > LONGEST_LINE {
                bail!("{} sent a line of more than {LONGEST_LINE} bytes", self.wire.peer);
            }
            if let Some(line) = line {
                return Ok(Some((line, false)));
            }
            if self.ended {
                let rest = Some(self.stdout.take_all()).filter(|rest| !rest.is_empty());
                return Ok(rest.map(|rest| (rest, false)));
            }
            if let Some(question) = asks.then(|| self.stdout.take_question()).flatten() {
                return Ok(Some((question, true)));
            }
            self.advance("waiting for output", deadline)?;
        }
    }

    /// Closes stdin, drops the rest of stdout and waits for the command to end.
    ///
    /// # Errors
    /// [`TimedOut`](super::TimedOut) after `timeout`, or [`Lost`](super::Lost).
    pub fn finish(mut self, timeout: Duration) -> Result<Ended> {
        let deadline = Deadline::after(timeout);
        self.close_stdin()?;
        while !self.ended {
            self.stdout.take_all();
            self.advance("waiting for the command to end", deadline)?;
        }
        self.reap(deadline)
    }

    /// Sends `stdin`, gathers stdout and waits for the end, all within `deadline`.
    pub(super) fn collect(mut self, stdin: &[u8], deadline: Deadline) -> Result<(Ended, Vec<u8>)> {
        // A command that does not want its input has done nothing wrong.
        if self.send(stdin, || deadline)? {
            self.close_stdin()?;
        }
        while !self.ended {
            self.advance("the command", deadline)?;
            self.check_unread()?;
        }
        let stdout = self.stdout.take_all();
        Ok((self.reap(deadline)?, stdout))
    }

    /// Text that came on stderr so far, the newest 64 KiB.
    pub fn stderr(&self) -> String {
        let from = self.stderr.len().saturating_sub(KEEP_STDERR);
        String::from_utf8_lossy(&self.stderr[from..]).into_owned()
    }

    /// `false`: the command ended first. `deadline` is asked again after each piece that was taken.
    fn send(&mut self, mut bytes: &[u8], deadline: impl Fn() -> Deadline) -> Result<bool> {
        if self.over.is_some() {
            return Ok(false);
        }
        let mut until = deadline();
        while !bytes.is_empty() {
            let sent = match self.channel.write(bytes) {
                Ok(sent) => sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(self.wire.io_failed("sending input", &error)),
            };
            if sent > 0 {
                bytes = &bytes[sent..];
                until = deadline();
                continue;
            }
            // The window is full or the socket is. The command's output must be read meanwhile:
            // it may wait for that before it reads on.
            let half_sent = !matches!(
                self.wire.session.block_directions(),
                BlockDirections::None | BlockDirections::Inbound
            );
            let moved = self.pump()?;
            // A packet that was begun must go out whole, or nothing else ever will.
            if !half_sent && self.closed_by_peer()? {
                return Ok(false);
            }
            self.check_unread()?;
            if until.passed() {
                return Err(self.wire.timed_out("sending input", until));
            }
            if !moved {
                self.wire.wait(until)?;
            }
        }
        Ok(true)
    }

    /// Reads what there is, or waits until there may be something.
    fn advance(&mut self, what: &str, deadline: Deadline) -> Result<()> {
        // First, or a command that never stops talking would never be out of time.
        if deadline.passed() {
            return Err(self.wire.timed_out(what, deadline));
        }
        if !self.pump()? {
            self.wire.wait(deadline)?;
        }
        Ok(())
    }

    /// Reads a piece of each stream without waiting; whether there was anything new.
    fn pump(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut piece = [0; 32 << 10];
        let from_stderr = self.read(STDERR, &mut piece)?;
        self.stderr.extend_from_slice(&piece[..from_stderr]);
        if self.stderr.len() > 2 * KEEP_STDERR {
            self.stderr.drain(..self.stderr.len() - KEEP_STDERR);
        }
        let mut from_stdout = 0;
        if self.stdout.unread() < MOST_UNREAD {
            from_stdout = self.read(0, &mut piece)?;
            self.stdout.add(&piece[..from_stdout]);
        }
        if from_stderr + from_stdout == 0 {
            self.ended = self.channel.eof();
            return Ok(self.ended);
        }
        Ok(true)
    }

    fn read(&mut self, stream: i32, piece: &mut [u8]) -> Result<usize> {
        match self.channel.stream(stream).read(piece) {
            Ok(size) => Ok(size),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(self.wire.io_failed("reading output", &error)),
        }
    }

    fn check_unread(&self) -> Result<()> {
        if self.stdout.unread() >= MOST_UNREAD {
            bail!("the command on {} wrote more than {MOST_UNREAD} bytes", self.wire.peer);
        }
        Ok(())
    }

    /// The process has ended. Closed output alone says nothing: it may still be reading.
    fn closed_by_peer(&mut self) -> Result<bool> {
        if !self.ended {
            return Ok(false);
        }
        match self.channel.wait_close() {
            Ok(()) => Ok(true),
            Err(error) if error.code() == ssh2::ErrorCode::Session(code::EAGAIN) => Ok(false),
            Err(error) => Err(self.wire.failed("sending input", &error)),
        }
    }

    fn ended_early(&mut self, sent: u64) -> anyhow::Error {
        let ended = match self.over.take() {
            Some(ended) => Ok(ended),
            None => self.reap(Deadline::after(self.wire.io_timeout)),
        };
        match ended {
            Ok(ended) => {
                self.over = Some(ended.clone());
                EndedEarly { ended, sent }.into()
            }
            Err(error) => error,
        }
    }

    /// Exit status and stderr of a command whose output has ended.
    fn reap(&mut self, deadline: Deadline) -> Result<Ended> {
        let stderr = self.stderr();
        let Exec { wire, channel, .. } = self;
        wire.complete("waiting for the command to end", deadline, || channel.wait_close())?;
        let failed = |error| wire.failed("reading the exit status", &error);
        let signal = channel.exit_signal().map_err(failed)?.exit_signal;
        let status = channel.exit_status().map_err(failed)?;
        // Best effort: frees the channel's number on the server.
        let _ = channel.close();
        Ok(Ended { status: signal.is_none().then_some(status), signal, stderr })
    }
}

/// A server that allows one session at a time may not have put the last one away yet.
fn open_channel(wire: &Wire, deadline: Deadline) -> Result<Channel> {
    let open = || {
        wire.complete("opening a channel", deadline, || {
            wire.session.channel_open("session", WINDOW, PACKET, None)
        })
    };
    for pause in OPEN_AGAIN {
        match open() {
            Err(error) if error.is::<super::wire::Refused>() => {
                std::thread::sleep(Duration::from_millis(pause))
            }
            other => return other,
        }
    }
    open().context("the server opens no session; does its MaxSessions allow one?")
}

/// Every byte passes as it is, in both directions.
fn raw_terminal() -> PtyModes {
    use PtyModeOpcode::*;
    let mut modes = PtyModes::new();
    for mode in [ECHO, ICANON, ISIG, IEXTEN, ICRNL, INLCR, IGNCR, IXON, IXOFF, ISTRIP, OPOST, ONLCR] {
        modes.set_boolean(mode, false);
    }
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_end_tells_what_the_command_said() {
        let ended = Ended { status: Some(1), signal: None, stderr: "cat: no space\n".into() };
        let text = EndedEarly { ended, sent: 7 }.to_string();
        assert_eq!(text, "the remote command ended with status 1 after 7 bytes of input: cat: no space");
    }
}
