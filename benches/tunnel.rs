//! Requests through the tunnel against the same through `ssh -L`, to the same sshd on 127.0.0.1, in turn in
//! the same run: 200 short requests one after the other, 200 with 16 at once, and 16 streams at once.
//!
//!     cargo bench --bench tunnel        (needs openssh-server; boots nothing)
//!
//! The tunnel is to be as quick: 1.1 times `ssh -L`'s time at most.

#[allow(dead_code)]
#[path = "../tests/tools_sshd/server.rs"]
mod server;

use agi_provision::ssh::{Connection, Options, Target};
use server::{Server, USER};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const SHORT: usize = 200;
const STREAMS: usize = 16;
/// Events of a stream, each written by itself, as a model server does for each token.
const EVENTS: usize = 4000;
const BOUND: f64 = 1.1;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, mode, folder, port, listen, far] = args.as_slice()
        && mode == "--tunnel"
    {
        let number = |text: &str| text.parse().expect("a port");
        return tunnel(Path::new(folder), number(port), number(listen), number(far));
    }
    let (server, far) = (Server::start(), far());
    server.trust("ed25519");
    let (mut ours, mut ssh) = (Client::tunnel(&server, far), Client::ssh(&server, far));
    let mut slow = Vec::new();
    for (what, run) in [
        ("200 short requests, one after the other", one_by_one as fn(u16)),
        ("200 short requests, 16 at once", at_once),
        ("16 streams at once", streams),
    ] {
        let (mut tunnel, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // Compares neighbours in time, each first in turn, as others may use the machine meanwhile.
            let (first, second) = if round % 2 == 0 { (ours.port, ssh.port) } else { (ssh.port, ours.port) };
            let (first, second) = (time(|| run(first)), time(|| run(second)));
            let (mine, other) = if round % 2 == 0 { (first, second) } else { (second, first) };
            ratios.push(mine / other);
            tunnel.push(mine);
            theirs.push(other);
        }
        let (tunnel, theirs, ratio) = (median(tunnel), median(theirs), median(ratios));
        println!("{what}: tunnel {tunnel:.1} ms, ssh -L {theirs:.1} ms: {ratio:.2} x (bound: {BOUND})");
        if ratio > BOUND {
            slow.push(what);
        }
    }
    println!("load: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    ours.end();
    ssh.end();
    assert!(slow.is_empty(), "beyond the bound: {slow:?}");
}

fn one_by_one(port: u16) {
    (0..SHORT).for_each(|_| short(port));
}

fn at_once(port: u16) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..STREAMS {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < SHORT {
                    short(port);
                }
            });
        }
    });
}

fn streams(port: u16) {
    thread::scope(|scope| {
        for _ in 0..STREAMS {
            scope.spawn(|| {
                let body = request(port, "stream");
                assert_eq!(body.iter().filter(|byte| **byte == b'\n').count(), EVENTS);
            });
        }
    });
}

fn short(port: u16) {
    assert_eq!(request(port, "short"), b"{\"status\": \"ok\"}");
}

/// Answer after the head.
fn request(port: u16, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let _ = stream.set_nodelay(true);
    write!(stream, "POST /{path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("asking");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    answer.split_off(head + 4)
}

/// A server like a model's: a short answer, or many events.
fn far() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    if first.contains("/short") {
        return stream.write_all(b"{\"status\": \"ok\"}");
    }
    let event = format!("data: {{\"choices\": [{{\"delta\": {{\"content\": \"{}\"}}}}]}}\n", "x".repeat(140));
    (0..EVENTS).try_for_each(|_| stream.write_all(event.as_bytes()))
}

/// This bench's other half: a tunnel in a process of its own, as the command is.
fn tunnel(folder: &Path, port: u16, listen: u16, far: u16) {
    let target = Target::parse(&format!("{}@127.0.0.1:{port}", *USER)).expect("a target");
    let options = Options {
        identity: vec![folder.join("client")],
        known_hosts: Some(folder.join("known_hosts")),
        config: Some("/dev/null".into()),
        agent_socket: Some("/nonexistent/agent".into()),
        ..Options::default()
    };
    let connection = Connection::connect(&target, &options).expect("a connection");
    let listener = TcpListener::bind(("127.0.0.1", listen)).expect("the port");
    let Err(error) = connection.forward(&listener, "127.0.0.1", far, &mut |error| panic!("{error:#}"));
    panic!("{error:#}");
}

/// A process that forwards a port.
struct Client {
    port: u16,
    child: Child,
}

impl Client {
    fn tunnel(server: &Server, far: u16) -> Client {
        let mut tunnel = Command::new(std::env::current_exe().expect("this program"));
        tunnel.arg("--tunnel").arg(server.path("")).arg(server.port.to_string());
        Client::start(tunnel, |tunnel, port| {
            tunnel.args([port.to_string(), far.to_string()]);
        })
    }

    /// OpenSSH's own.
    fn ssh(server: &Server, far: u16) -> Client {
        let mut ssh = Command::new("ssh");
        ssh.args(["-N", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o"]);
        ssh.arg(format!("UserKnownHostsFile={}", server.path("known_hosts").display()));
        ssh.arg("-i").arg(server.path("client")).args(["-p", &server.port.to_string()]);
        Client::start(ssh, |ssh, port| {
            ssh.args(["-L", &format!("127.0.0.1:{port}:127.0.0.1:{far}")]);
            ssh.arg(format!("{}@127.0.0.1", *USER));
        })
    }

    fn start(mut command: Command, with_port: impl FnOnce(&mut Command, u16)) -> Client {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        with_port(&mut command, port);
        let child = command.stdin(Stdio::null()).spawn().expect("the command starts");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "{command:?} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Client { port, child }
    }

    fn end(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Milliseconds.
fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
