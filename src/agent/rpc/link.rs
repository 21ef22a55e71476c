//! Runs as the link's unit on the head: for each worker, listens on a port on 127.0.0.1 that the server's user alone may use, and
//! keeps a second connection that tells whether the worker is there.

use super::beat::{self, EVERY, Looks, SILENCE};
use super::client::connect;
use super::passing::{self, Side};
use super::peer;
use super::relay::{RPC, STOPPED, UP, WATCH};
use super::state::{self, Worker};
use crate::agent::host::accounts::Accounts;
use crate::engine::llama_cpp::rpc::forward;
use crate::engine::server::ADDRESS;
use crate::error::{Context, Exit, Failure, Result};
use crate::outside::{self, Kind};
use crate::paths;
use crate::wire::peers::WorkerAddress;
use rustix::process::Pid;
use std::io::{BufRead, BufReader, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Between two tries to reach a worker.
const AGAIN: Duration = Duration::from_secs(1);
/// From the start of a client until the worker's first word: a login takes its time on a busy host.
const FIRST: Duration = Duration::from_secs(30);
/// A worker whose program ended is known as lost by then, with its reason.
const KNOWN: Duration = Duration::from_secs(1);
/// Most bytes of what a client says of its failure.
const SAID: u64 = 4 << 10;

/// The key, which systemd has put there for this unit.
fn key() -> Result<String> {
    let folder = std::env::var("CREDENTIALS_DIRECTORY").context("the unit has no key")?;
    Ok(format!("{folder}/key"))
}

/// Workers and how they are, for all threads.
struct Link {
    workers: Vec<WorkerAddress>,
    state: Mutex<Vec<Worker>>,
    key: String,
    /// The server's user.
    user: u32,
    forwards: Mutex<Vec<Forward>>,
}

/// A connection of the server's that is passed on to a worker.
struct Forward {
    number: usize,
    client: Arc<Mutex<Child>>,
    looks: Looks,
}

/// Keeps the connections; returns only when it cannot.
///
/// # Errors
/// The workers' addresses are not there, or not those of the plan; a port is taken.
pub fn run() -> Result<Exit> {
    let names = format!("{}/{}", paths::GENERATION, paths::generation::WORKERS);
    let read = |path: &str| {
        outside::text(Path::new(path), outside::DOCUMENT, Kind::Regular)
            .with_context(|| format!("reading {path}"))
    };
    let workers: Vec<WorkerAddress> = serde_json::from_str(&read(paths::RPC_WORKERS)?)
        .with_context(|| format!("reading {}", paths::RPC_WORKERS))?;
    let state: Vec<Worker> = read(&names)?.lines().map(Worker::new).collect();
    if workers.len() != state.len() {
        let (found, planned) = (workers.len(), state.len());
        let why = format!("{} has {found} workers, and the plan {planned}", paths::RPC_WORKERS);
        return Err(Failure::usage(why).hint("apply the plan again: `agi-provision apply --hosts`").into());
    }
    let user = Accounts::read()?.account(paths::USER).map(|account| account.uid);
    let user = user.ok_or_else(|| Failure::usage(format!("the user {} is not there", paths::USER)))?;
    let link =
        Arc::new(Link { workers, state: Mutex::new(state), key: key()?, user, forwards: Mutex::default() });
    link.write();
    let mut threads = Vec::new();
    for number in 0..link.workers.len() {
        let port = forward(number);
        let listener =
            TcpListener::bind((ADDRESS, port)).with_context(|| format!("listening on port {port}"))?;
        let (of_port, of_watch) = (link.clone(), link.clone());
        thread::spawn(move || of_port.serve(number, &listener));
        threads.push(thread::spawn(move || of_watch.watch(number)));
    }
    thread::spawn(|| {
        loop {
            if let Err(error) = beat::write() {
                say!("warning: {} was not written: {error}", paths::LINK_BEAT);
            }
            thread::sleep(EVERY);
        }
    });
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Err(Failure::failed("a connection was given up").into())
}

impl Link {
    fn write(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state::write(&state) {
            say!("warning: {} was not written: {error}", paths::LINK_STATE);
        }
    }

    fn is_up(&self, number: usize) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)[number].up
    }

    /// Notes how a worker is, and says so where it is news.
    fn note(&self, number: usize, up: bool, why: &str) {
        let name = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let worker = &mut state[number];
            if !worker.is_now(up, why) {
                return;
            }
            worker.name.clone()
        };
        self.write();
        match up {
            true => say!("worker {} ({name}) is there", number + 1),
            false => say!("worker {} ({name}) is lost: {why}", number + 1),
        }
    }

    /// Asks a worker whether it is there, for as long as it is.
    fn watch(&self, number: usize) {
        loop {
            let why = match self.watched(number) {
                Ok(why) => why,
                Err(error) => format!("{error:#}"),
            };
            self.note(number, false, &why);
            thread::sleep(AGAIN);
        }
    }

    fn watched(&self, number: usize) -> Result<String> {
        let mut command = connect(&self.workers[number], number, &self.key, WATCH);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting the SSH client")?;
        let said = child.stderr.take().map(|stderr| thread::spawn(move || last_line(stderr)));
        let (hear, heard) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let lines = BufReader::new(stdout).lines().map_while(std::io::Result::ok);
                lines.map(|line| hear.send(line)).take_while(std::result::Result::is_ok).for_each(drop);
            });
        }
        let mut patience = FIRST;
        let silent = loop {
            match heard.recv_timeout(patience) {
                Ok(word) => self.hears(number, &word),
                Err(RecvTimeoutError::Timeout) => break true,
                Err(RecvTimeoutError::Disconnected) => break false,
            }
            patience = SILENCE;
        };
        end(&mut child);
        let said = said.and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok(match (silent, said.is_empty()) {
            (true, _) => format!("it stands still: no word of it for {} s", patience.as_secs()),
            (false, true) => "its end of the connection was closed".to_string(),
            (false, false) => said,
        })
    }

    /// Takes a word of the worker's, which is the time to look at the connections to it too.
    fn hears(&self, number: usize, word: &str) {
        let forward = self.stopped_forward(number);
        match word {
            UP if forward => {
                self.note(number, false, "the SSH client of its connection is stopped (SIGSTOP)")
            }
            UP => self.note(number, true, ""),
            STOPPED => self.note(number, false, "its program is stopped (SIGSTOP)"),
            _ => {}
        }
    }

    /// Ends the clients to this worker that stand still, which pass nothing on; returns whether there was one.
    fn stopped_forward(&self, number: usize) -> bool {
        let mut forwards = self.forwards.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = false;
        for forward in forwards.iter_mut().filter(|forward| forward.number == number) {
            let mut client = forward.client.lock().unwrap_or_else(PoisonError::into_inner);
            if forward.looks.stands_still(beat::is_stopped(Pid::from_child(&client))) {
                let _ = client.kill();
                found = true;
            }
        }
        found
    }

    /// Passes connections of the server's user on to a worker.
    fn serve(self: &Arc<Link>, number: usize, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            match peer::user(&stream) {
                Some(uid) if uid == self.user => {}
                other => {
                    let who = other.map_or("gone already".to_string(), |uid| format!("uid {uid}"));
                    say!("warning: a user of this host ({who}) was kept from worker {}", number + 1);
                    continue;
                }
            }
            // Let nobody in who would wait for a connection that does not come.
            if !self.is_up(number) {
                continue;
            }
            let link = self.clone();
            thread::spawn(move || {
                if let Err(error) = link.pass(number, stream) {
                    say!("warning: worker {}: {error:#}", number + 1);
                }
            });
        }
    }

    fn pass(&self, number: usize, stream: TcpStream) -> Result<()> {
        let mut command = connect(&self.workers[number], number, &self.key, RPC);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("starting the SSH client")?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            end(&mut child);
            return Ok(());
        };
        stream.set_nodelay(true)?;
        let child = Arc::new(Mutex::new(child));
        let forward = Forward { number, client: child.clone(), looks: Looks::default() };
        self.forwards.lock().unwrap_or_else(PoisonError::into_inner).push(forward);
        let closed = || {
            let _ = stream.shutdown(Shutdown::Both);
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        };
        let first = passing::both((&stream, &stream), (from, to), closed);
        let mut forwards = self.forwards.lock().unwrap_or_else(PoisonError::into_inner);
        forwards.retain(|forward| !Arc::ptr_eq(&forward.client, &child));
        drop(forwards);
        end(&mut child.lock().unwrap_or_else(PoisonError::into_inner));
        // The server would learn of it at its next request, and end.
        if first == Side::Other {
            thread::sleep(KNOWN);
            if self.is_up(number) {
                self.note(number, false, "its connection has ended");
            }
        }
        Ok(())
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The last line of what a client says, as one line that may be shown.
fn last_line(from: impl Read) -> String {
    let mut text = String::new();
    let _ = from.take(SAID).read_to_string(&mut text);
    outside::line(text.trim().lines().last().unwrap_or_default().trim()).to_string()
}
