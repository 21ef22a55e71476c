//! Runs as a worker's unit: starts the program, which has no password, in a network of its own, and lets the user of the
//! private path reach it through a socket. A new connection ends the one before it, whose head may be long gone: the
//! program serves one at a time.

use super::beat::{self, Looks};
use super::passing;
use crate::agent::host::accounts::Accounts;
use crate::engine::server::{ADDRESS, ServerName};
use crate::error::{Context, Exit, Failure, Result};
use crate::paths;
use crate::secret::Secret;
use rustix::process::Pid;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Socket that passes on to the program.
pub const RPC: &str = "rpc";
/// Socket that says each [`beat::EVERY`] how the program is, [`UP`] or [`STOPPED`], and ends with it.
pub const WATCH: &str = "watch";
/// Line of a worker that is there.
pub const UP: &str = "up";
/// Line of a worker whose program stands still.
pub const STOPPED: &str = "stopped";

/// From the program's start until it listens; it may have a card to get ready.
const LISTENS: Duration = Duration::from_secs(120);

/// Runs the program until it ends, which is always a failure.
///
/// # Errors
/// It does not start, or has ended; the user of the private path is not there.
pub fn run(program: &Path, argv: &[String], environment: Vec<(&'static str, Secret)>) -> Result<Exit> {
    let name = ServerName::WORKER;
    let user = Accounts::read()?.account(paths::RPC_USER).ok_or_else(|| {
        Failure::usage(format!("the user {} is not there", paths::RPC_USER))
            .hint("apply the plan of all its hosts again: `agi-provision apply --hosts`")
    })?;
    let mut command = Command::new(program);
    command.args(argv).stdin(Stdio::null());
    command.envs(environment.iter().map(|(name, value)| (*name, value.expose())));
    let mut child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
    wait_until_it_listens(&mut child, name.port())?;
    let folder = PathBuf::from(name.runtime_folder());
    let rpc = listen(&folder.join(RPC))?;
    let watch = listen(&folder.join(WATCH))?;
    thread::spawn(move || accept(&rpc, user.uid, serve(name.port())));
    let (told, pid) = (Told::default(), Pid::from_child(&child));
    let new = told.clone();
    thread::spawn(move || accept(&watch, user.uid, move |stream| new.add(stream)));
    thread::spawn(move || told.tell(pid));
    ready()?;
    let status = child.wait().context("waiting for it")?;
    Err(Failure::failed(format!("{} ended: {status}", program.display())).into())
}

fn wait_until_it_listens(child: &mut Child, port: u16) -> Result<()> {
    let start = Instant::now();
    while TcpStream::connect((ADDRESS, port)).is_err() {
        if let Some(status) = child.try_wait().context("waiting for it")? {
            return Err(Failure::failed(format!("the worker's program ended: {status}")).into());
        }
        if start.elapsed() > LISTENS {
            return Err(
                Failure::failed(format!("the worker's program does not listen on port {port}")).into()
            );
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Everyone may knock; who is let in is decided by the kernel's word on who knocks.
fn listen(path: &Path) -> Result<UnixListener> {
    let listening = || format!("listening on {}", path.display());
    let _ = fs::remove_file(path);
    let listener = UnixListener::bind(path).with_context(listening)?;
    fs::set_permissions(path, Permissions::from_mode(0o666)).with_context(listening)?;
    Ok(listener)
}

fn accept(listener: &UnixListener, user: u32, mut take: impl FnMut(UnixStream)) {
    for stream in listener.incoming().flatten() {
        let asks = rustix::net::sockopt::socket_peercred(&stream).map(|peer| peer.uid.as_raw());
        match asks {
            Ok(uid) if uid == user => take(stream),
            Ok(uid) => say!("warning: a user of this host (uid {uid}) was kept from the worker"),
            Err(_) => {}
        }
    }
}

/// Both ends of the connection that is served.
type Served = Arc<Mutex<Option<(UnixStream, TcpStream)>>>;

fn serve(port: u16) -> impl FnMut(UnixStream) {
    let served: Served = Arc::default();
    move |stream| {
        let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((old, program)) = served.take() {
            let _ = (old.shutdown(Shutdown::Both), program.shutdown(Shutdown::Both));
        }
        let Ok(program) = TcpStream::connect((ADDRESS, port)) else { return };
        let _ = program.set_nodelay(true);
        let both = [stream.try_clone(), stream.try_clone()].into_iter().collect::<std::io::Result<Vec<_>>>();
        let other =
            [program.try_clone(), program.try_clone()].into_iter().collect::<std::io::Result<Vec<_>>>();
        let (Ok(both), Ok(other)) = (both, other) else { return };
        *served = Some((stream, program));
        thread::spawn(move || {
            let end = || {
                let _ = (both[0].shutdown(Shutdown::Both), other[0].shutdown(Shutdown::Both));
            };
            passing::both((&both[0], &both[1]), (&other[0], &other[1]), end);
        });
    }
}

/// Connections whose other ends are told how the program is, and what they were told last.
#[derive(Clone)]
struct Told(Arc<Mutex<(Vec<UnixStream>, &'static str)>>);

impl Default for Told {
    fn default() -> Told {
        Told(Arc::new(Mutex::new((Vec::new(), UP))))
    }
}

impl Told {
    fn add(&self, mut stream: UnixStream) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that does not read keeps nobody else from being told.
        if stream.set_nonblocking(true).is_ok() && writeln!(stream, "{}", told.1).is_ok() {
            told.0.push(stream);
        }
    }

    /// Tells all of them, for as long as this process runs.
    fn tell(&self, program: Pid) {
        let mut looks = Looks::default();
        loop {
            thread::sleep(beat::EVERY);
            let how = if looks.stands_still(beat::is_stopped(program)) { STOPPED } else { UP };
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match how {
                _ if how == told.1 => {}
                UP => say!("the worker's program goes on"),
                _ => say!("the worker's program is stopped (SIGSTOP)"),
            }
            told.1 = how;
            // Leave out connections whose other end has gone.
            told.0.retain_mut(|stream| writeln!(stream, "{how}").is_ok());
        }
    }
}

/// Tells systemd that the unit is ready, where it asked for that.
fn ready() -> Result<()> {
    let Ok(socket) = std::env::var("NOTIFY_SOCKET") else { return Ok(()) };
    let address = match socket.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&socket),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address));
    sent.context("telling systemd that the worker is ready").map(drop)
}
