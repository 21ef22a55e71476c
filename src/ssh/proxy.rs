//! ProxyCommand: a child's stdin and stdout are the socket, as for `ssh`, by the user's shell.

use std::env;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Context, Result};
use crate::outside;

/// Bytes kept of the end of what it writes to stderr.
const KEPT: usize = 2 << 10;
/// To pass our last words on, once its stdin is closed.
const PARTING: Duration = Duration::from_millis(500);

/// TCP, or one end of a pair whose other end goes through a jump host or to a command.
pub(super) type Socket = Arc<OwnedFd>;

/// A running command; it ends with its owner.
pub(super) struct Proxy {
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    /// Reads what it says.
    reader: Option<JoinHandle<()>>,
}

/// Starts `command`, whose tokens are replaced.
///
/// # Errors
/// The shell cannot be started.
pub(super) fn start(command: &str) -> Result<(Socket, Proxy)> {
    let (near, far) = UnixStream::pair().context("making a socket pair")?;
    let (input, output): (OwnedFd, OwnedFd) =
        (far.try_clone().context("making a socket pair")?.into(), far.into());
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into());
    let mut child = Command::new(shell)
        .arg("-c")
        .arg(format!("exec {command}"))
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(output))
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting ProxyCommand {command}"))?;
    let said = Arc::new(Mutex::new(Vec::new()));
    let mut reader = None;
    if let Some(mut stderr) = child.stderr.take() {
        let said = said.clone();
        let started = std::thread::Builder::new()
            .name("ssh-proxy".into())
            .stack_size(64 << 10)
            .spawn(move || {
                let mut piece = [0; 1024];
                while let Ok(size @ 1..) = stderr.read(&mut piece) {
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    said.extend_from_slice(&piece[..size]);
                    let surplus = said.len().saturating_sub(KEPT);
                    said.drain(..surplus);
                }
            })
            .context("starting a thread")?;
        reader = Some(started);
    }
    Ok((Arc::new(near.into()), Proxy { child, said, reader }))
}

impl Proxy {
    /// How it ended, if it has, and what it wrote to stderr.
    pub fn report(&mut self) -> Option<String> {
        let ended = self.wait(Duration::from_millis(200));
        // Its last words may not be read yet, or another process may hold its stderr open.
        let start = Instant::now();
        let reads = || self.reader.as_ref().is_some_and(|reader| !reader.is_finished());
        while ended.is_some() && reads() && start.elapsed() < PARTING {
            std::thread::sleep(Duration::from_millis(5));
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&said);
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = outside::line(&said[said.len().saturating_sub(3)..].join("; "));
        match (ended, said.is_empty()) {
            (None, true) => None,
            (None, false) => Some(format!("it says: {said}")),
            (Some(how), true) => Some(format!("it ended with {how}")),
            (Some(how), false) => Some(format!("it ended with {how}: {said}")),
        }
    }

    fn wait(&mut self, limit: Duration) -> Option<String> {
        let start = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status.to_string());
            }
            if start.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.wait(PARTING).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
