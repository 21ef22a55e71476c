//! A port that leads to the host's: idle, busy, and with clients that go away.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use agi_provision::ssh::Connection;

use crate::server::Server;

/// Reads four bytes that say how much is to come back, then all that comes, and answers so much when
/// nothing more does. Two bytes of a size answer nothing: such a client is left alone until it goes.
fn far() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut size = [0; 4];
    stream.read_exact(&mut size)?;
    let mut got = Vec::new();
    stream.read_to_end(&mut got)?;
    let sum: u64 = got.iter().map(|byte| u64::from(*byte)).sum();
    stream.write_all(&sum.to_be_bytes())?;
    let mut left = u32::from_be_bytes(size) as usize;
    while left > 0 {
        let piece = vec![b'a'; left.min(50_000)];
        stream.write_all(&piece)?;
        left -= piece.len();
    }
    Ok(())
}

/// Sends `out` bytes and takes `back`, whole.
fn exchange(port: u16, out: usize, back: u32) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(&back.to_be_bytes()).unwrap();
    stream.write_all(&vec![1; out]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer[..8], (out as u64).to_be_bytes());
    assert_eq!(answer.len(), 8 + back as usize);
    assert!(answer[8..].iter().all(|byte| *byte == b'a'));
}

/// A tunnel on a thread of its own: its port here, and the thread's number.
fn forwarded(connection: Connection, far: u16) -> (u16, u32) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (say, hear) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let own = fs::read_link("/proc/thread-self").unwrap();
        say.send(own.file_name().unwrap().to_str().unwrap().parse().unwrap()).unwrap();
        let Err(error) =
            connection.forward(&listener, "127.0.0.1", far, &mut |error| eprintln!("refused: {error:#}"));
        eprintln!("the tunnel ended: {error:#}");
    });
    (port, hear.recv().unwrap())
}

/// How often a thread has slept and been woken.
fn wakes(thread: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// User and system time of a thread, in the kernel's ticks of 10 ms.
fn ticks(thread: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn idle_tunnel_answers_the_servers_keepalives_and_hardly_wakes() {
    let server = Server::with(&["ed25519"], "ClientAliveInterval 1\nClientAliveCountMax 2");
    let (port, tunnel) = forwarded(server.connect(), far());
    exchange(port, 3, 3);
    // An open stream that says nothing, and one whose client does not read what came for it.
    let mut silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    silent.write_all(&[0, 0]).unwrap();
    let mut deaf = TcpStream::connect(("127.0.0.1", port)).unwrap();
    deaf.write_all(&(64u32 << 20).to_be_bytes()).unwrap();
    deaf.shutdown(Shutdown::Write).unwrap();
    for with_streams in [true, false] {
        thread::sleep(Duration::from_secs(1));
        let (woken, busy, start) = (wakes(tunnel), ticks(tunnel), Instant::now());
        thread::sleep(Duration::from_secs(4));
        // One wake for each of the server's keepalives, and a few for what else there may be.
        let bound = 3 * start.elapsed().as_secs() + 8;
        assert!(wakes(tunnel) - woken <= bound, "{} wakes, streams: {with_streams}", wakes(tunnel) - woken);
        assert!(ticks(tunnel) - busy <= 10, "{} ticks, streams: {with_streams}", ticks(tunnel) - busy);
        let _ = (silent.shutdown(Shutdown::Both), deaf.shutdown(Shutdown::Both));
    }
    assert!(!server.log().contains("Timeout, client not responding"), "{}", server.log());
    exchange(port, 3, 3);
}

#[test]
fn sixteen_streams_at_once_are_whole_while_keys_change() {
    let server = Server::with(&["ed25519"], "RekeyLimit 4M");
    let (port, _) = forwarded(server.connect(), far());
    thread::scope(|scope| {
        for index in 0..16 {
            scope.spawn(move || exchange(port, 300_000 * index, 2_000_000));
        }
    });
    let log = server.log();
    assert!(log.matches("SSH2_MSG_KEXINIT sent").count() > 2, "keys were not changed: {log}");
    // More connections than there is room for at once are served all the same.
    thread::scope(|scope| {
        for _ in 0..300 {
            scope.spawn(move || exchange(port, 10, 10));
        }
    });
}

#[test]
fn clients_that_go_away_in_the_middle_stop_nobody_else() {
    let server = Server::start();
    let (port, _) = forwarded(server.connect(), far());
    for _ in 0..8 {
        // In the middle of an upload, with a reset rather than an end.
        let mut sender = TcpStream::connect(("127.0.0.1", port)).unwrap();
        sender.write_all(&vec![1; 5_000_000]).unwrap();
        let linger = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(&sender, linger).unwrap();
        drop(sender);
        // In the middle of an answer.
        let mut taker = TcpStream::connect(("127.0.0.1", port)).unwrap();
        taker.write_all(&(32u32 << 20).to_be_bytes()).unwrap();
        taker.shutdown(Shutdown::Write).unwrap();
        taker.read_exact(&mut [0; 100_000]).unwrap();
        drop(taker);
        exchange(port, 1_000_000, 1_000_000);
    }
    // Every channel is closed on both sides.
    let start = Instant::now();
    while server.log().matches("free: direct-tcpip").count() < 24 {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", server.log());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_connection_that_the_host_refuses_is_reported_and_the_tunnel_stays() {
    let server = Server::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let connection = server.connect();
    let (say, hear) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let Err(error) = connection
            .forward(&listener, "127.0.0.1", closed, &mut |error| say.send(format!("{error:#}")).unwrap());
        eprintln!("the tunnel ended: {error:#}");
    });
    for _ in 0..3 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
        let said = hear.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(said.contains("connect failed"), "{said}");
    }
}
