use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::ssh::{Connection, Options, Target};

use crate::server::Server;

fn options() -> Options {
    Options {
        known_hosts: Some("/nonexistent/known_hosts".into()),
        config: Some("/dev/null".into()),
        agent_socket: Some("/nonexistent/agent".into()),
        connect_timeout: Some(Duration::from_secs(1)),
        ..Options::default()
    }
}

/// Fails to connect within `limit`, and returns the message.
fn fails(target: &str, limit: Duration) -> String {
    let start = Instant::now();
    let error = Connection::connect(&Target::parse(target).unwrap(), &options()).err().unwrap();
    assert!(start.elapsed() < limit, "{:?}: {error:#}", start.elapsed());
    assert_eq!(exit_code(&error), Exit::Failed, "{error:#}");
    assert!(hint(&error).is_some(), "{error:#}");
    error.to_string()
}

const SOON: Duration = Duration::from_secs(4);

/// A server that does `act` on each connection.
fn server(act: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(act));
    format!("me@127.0.0.1:{port}")
}

#[test]
fn a_closed_port() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = fails(&format!("me@127.0.0.1:{port}"), SOON);
    assert!(text.contains(&format!("127.0.0.1:{port} refused the connection")), "{text}");
    let text = fails(&format!("me@localhost:{port}"), SOON);
    assert!(text.contains("refused the connection"), "{text}");
}

#[test]
fn a_server_that_stays_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("me@{}", listener.local_addr().unwrap());
    let text = fails(&target, SOON);
    assert!(text.contains("did not answer with an SSH banner within 1 s"), "{text}");
}

#[test]
fn a_server_that_talks_without_end() {
    let target = server(|mut stream| while stream.write_all(b"welcome to the machine\r\n").is_ok() {});
    let text = fails(&target, SOON);
    assert!(text.contains("does not speak SSH") && text.contains("welcome"), "{text}");
    let target = server(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let text = fails(&target, SOON);
    assert!(text.contains("does not speak SSH"), "{text}");
}

#[test]
fn a_server_of_another_protocol() {
    let target = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let text = fails(&target, SOON);
    assert!(text.contains("does not speak SSH") && text.contains("400 Bad Request"), "{text}");
    let target = server(|mut stream| {
        let _ = stream.write_all(&[0x15, 3, 1, 0, 2, 2, 70, 0, 0]);
    });
    let text = fails(&target, SOON);
    assert!(text.contains("SSH"), "{text}");
    let target = server(drop);
    let text = fails(&target, SOON);
    assert!(text.contains("before an SSH banner"), "{text}");
}

#[test]
fn a_server_that_stops_after_its_banner_or_sends_garbage_then() {
    let target = server(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-slow\r\n");
        std::thread::sleep(Duration::from_secs(10));
    });
    let text = fails(&target, SOON);
    assert!(text.contains("did not finish the key exchange within 1 s"), "{text}");
    let target = server(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-garbage\r\n");
        while stream.write_all(&[0xa5; 4096]).is_ok() {}
    });
    let text = fails(&target, SOON);
    assert!(text.contains("SSH-2.0-garbage"), "{text}");
}

#[test]
fn a_name_that_does_not_resolve() {
    let text = fails("me@no-such-host.invalid", Duration::from_secs(9));
    assert!(text.contains("cannot resolve no-such-host.invalid"), "{text}");
}

#[test]
fn a_server_that_keeps_our_address_out_for_a_while_is_waited_for() {
    let real = Server::start();
    real.trust("ed25519");
    let port = real.port;
    let turned_away = std::sync::atomic::AtomicUsize::new(0);
    let target = server(move |mut stream| {
        if turned_away.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            let _ = stream.write_all(b"Not allowed at this time\r\n");
            return;
        }
        let onward = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), onward.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut from, mut to) = (onward, stream);
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    });
    let number = target.rsplit(':').next().unwrap();
    real.write_known_hosts(&format!("[127.0.0.1]:{number} {}\n", real.host_key("ed25519")));
    let target = Target { port: Some(number.parse().unwrap()), ..real.target() };
    Connection::connect(&target, &real.options()).unwrap();

    let never = server(|mut stream| drop(stream.write_all(b"Not allowed at this time\r\n")));
    let text = fails(&never, Duration::from_secs(8));
    assert!(text.contains("lets this address wait"), "{text}");
}

#[test]
fn a_server_with_too_many_connections_is_waited_for() {
    let server = Server::with(&["ed25519"], "MaxStartups 1:100:1\nLoginGraceTime 60\n");
    server.trust("ed25519");
    // The connection that asked whether the server is up may count still, and this one be turned away for it.
    let began = Instant::now();
    let holding = loop {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let mut word = [0; 4];
        if stream.read_exact(&mut word).is_ok() && &word == b"SSH-" {
            break stream;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the server takes nobody");
        std::thread::sleep(Duration::from_millis(50));
    };
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        drop(holding);
    });
    let start = Instant::now();
    Connection::connect(&server.target(), &server.options()).unwrap();
    assert!(start.elapsed() > Duration::from_millis(1000), "it was turned away first");
}

#[test]
fn the_algorithm_that_is_missing_is_named() {
    for (lines, why) in [
        (
            "KexAlgorithms sntrup761x25519-sha512@openssh.com",
            "it has no key exchange but sntrup761x25519-sha512@openssh.com",
        ),
        ("Ciphers aes256-ctr\nMACs umac-128-etm@openssh.com", "it has no MAC but umac-128-etm@openssh.com"),
        (
            "Ciphers chacha20-poly1305@openssh.com\nMACs umac-128-etm@openssh.com",
            "it has no MAC but umac-128-etm@openssh.com",
        ),
        ("Ciphers aes128-cbc", "it has no cipher but aes128-cbc"),
    ] {
        let server = Server::with(&["ed25519"], lines);
        server.trust("ed25519");
        let error = Connection::connect(&server.target(), &server.options()).err().unwrap();
        assert_eq!(exit_code(&error), Exit::Failed);
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    for lines in [
        "KexAlgorithms diffie-hellman-group18-sha512",
        "Ciphers aes256-gcm@openssh.com\nMACs umac-128-etm@openssh.com",
    ] {
        Server::with(&["ed25519"], lines).connect();
    }
}
