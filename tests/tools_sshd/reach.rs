use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::ssh::{Connection, Options, Target};

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
