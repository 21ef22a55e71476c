//! The API's front on real sockets, with bounds that are short enough for a test: who keeps others out, who is
//! cut off, and who is not.

use agi_provision::agent::expose::front::{Bounds, Front, acceptor};
use agi_provision::plan::expose::Exposure;
use openssl::ssl::{ShutdownState, SslConnector, SslMethod, SslStream, SslVerifyMode};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ME: Ipv4Addr = Ipv4Addr::LOCALHOST;
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SHORT: &str = "GET /short HTTP/1.1\r\nHost: x\r\n\r\n";

/// Bounds of a second, for what is cut; everything else of a test takes longer or far less.
fn second() -> Bounds {
    let second = Duration::from_secs(1);
    Bounds { handshake: second, head: second, stall: second, upload: second, ..Bounds::default() }
}

struct Rig {
    address: SocketAddr,
    /// Connections that the server has now.
    served: Arc<AtomicUsize>,
    /// The server takes one more connection, says nothing, and is gone.
    leaves: Arc<AtomicBool>,
    _runtime: tokio::runtime::Runtime,
}

/// A front before a server; without one, nobody listens there.
fn rig(bounds: Bounds, server: bool) -> Rig {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most).unwrap();
    let served = Arc::new(AtomicUsize::new(0));
    let leaves = Arc::new(AtomicBool::new(false));
    let behind = TcpListener::bind((ME, 0)).unwrap();
    let behind_address = behind.local_addr().unwrap();
    if server {
        let (served, leaves) = (served.clone(), leaves.clone());
        thread::spawn(move || {
            for stream in behind.incoming().flatten().take_while(|_| !leaves.load(Ordering::SeqCst)) {
                let served = served.clone();
                thread::spawn(move || {
                    served.fetch_add(1, Ordering::SeqCst);
                    let _ = answer(stream);
                    served.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
    } else {
        drop(behind);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "9",
    ]);
    openssl.args(["-subj", "/CN=front", "-keyout"]).arg(path("key")).arg("-out").arg(path("cert"));
    assert!(openssl.stderr(Stdio::null()).status().expect("these tests need openssl").success());
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    let acceptor = acceptor(&read("cert"), &read("key")).unwrap();
    let exposure = Exposure::of(&["0.0.0.0/0".parse().unwrap()]).unwrap();
    let front = Front::new(acceptor, exposure, behind_address, bounds);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind((ME, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(front.accept(listener));
    Rig { address, served, leaves, _runtime: runtime }
}

/// A server that speaks as llama-server does.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length, mut chunked) = (String::new(), 0, false);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        assert!(!line.starts_with("expect") && !line.starts_with("upgrade"), "{line}");
        length = line.strip_prefix("content-length: ").map_or(length, |size| size.parse().unwrap());
        chunked |= line == "transfer-encoding: chunked";
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let chunk = |stream: &mut TcpStream, text: &str| write!(stream, "{:x}\r\n{text}\r\n", text.len());
    match path {
        "/short" => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        "/count" => {
            let mut got = 0;
            if chunked {
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line)?;
                    let size = usize::from_str_radix(line.trim(), 16).unwrap();
                    let mut piece = vec![0; size + 2];
                    reader.read_exact(&mut piece)?;
                    got += size;
                    if size == 0 {
                        break;
                    }
                }
            } else {
                let mut body = vec![0; length];
                reader.read_exact(&mut body)?;
                got = body.iter().filter(|byte| **byte == b'x').count();
            }
            let text = got.to_string();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())
        }
        // Quiet for longer than every bound, before the first piece and in the middle.
        "/stream" => {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for piece in 0..12 {
                let quiet = if piece % 6 == 0 { 1600 } else { 150 };
                thread::sleep(Duration::from_millis(quiet));
                chunk(&mut stream, &format!("data: {piece}\n\n"))?;
            }
            chunk(&mut stream, "")
        }
        // A server without the key does so: the body stays unread, and the connection is closed.
        "/refuse" => write!(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nok"),
        // Nothing until the client has gone.
        "/wait" => stream.read_to_end(&mut Vec::new()).map(|_| ()),
        "/flood" => {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let text = "y".repeat(50_000);
            loop {
                chunk(&mut stream, &text)?;
            }
        }
        "/half" => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        other => write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{other}", other.len()),
    }
}

/// A connection from one of this machine's addresses.
fn tcp(rig: &Rig, from: Ipv4Addr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(from, 0)).unwrap();
    connect(&socket, &rig.address).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn tls(rig: &Rig, from: Ipv4Addr) -> SslStream<TcpStream> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    connector.build().connect("front", tcp(rig, from)).unwrap()
}

/// One request; what came until the head and so many bytes of the body had come.
fn ask(stream: &mut SslStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut got = Vec::new();
    let mut byte = [0];
    while !got.ends_with(b"ok") && stream.read(&mut byte).is_ok_and(|size| size == 1) {
        got.push(byte[0]);
    }
    String::from_utf8(got).unwrap()
}

/// Everything until the end, and whether it was an orderly one.
fn rest(stream: &mut impl Read) -> (String, bool) {
    let mut got = Vec::new();
    let ended = stream.read_to_end(&mut got).is_ok();
    (String::from_utf8_lossy(&got).into_owned(), ended)
}

#[track_caller]
fn served(rig: &Rig, from: Ipv4Addr) {
    let answer = ask(&mut tls(rig, from), SHORT);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:?}");
}

#[track_caller]
fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn held_connections_leave_the_others_served() {
    let rig = rig(Bounds::default(), true);
    let mut working = tls(&rig, Ipv4Addr::new(127, 0, 0, 9));
    working.write_all(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    // From one address, as an ordinary client's pool that nobody looks at.
    let mut held = Vec::new();
    for _ in 0..600 {
        let mut stream = tls(&rig, ME);
        assert!(ask(&mut stream, SHORT).ends_with("ok"));
        held.push(stream);
    }
    served(&rig, OTHER);
    served(&rig, ME);
    drop(held);
    // Half requests, and connections that do not even begin with TLS, from more addresses than there is room for.
    let mut half = Vec::new();
    let mut mute = Vec::new();
    for source in 0..16 {
        let from = Ipv4Addr::new(127, 0, 1, source);
        for _ in 0..40 {
            mute.push(tcp(&rig, from));
        }
        let mut stream = tls(&rig, from);
        stream.write_all(b"GET /short HTTP/1.1\r\nX: ").unwrap();
        half.push(stream);
    }
    served(&rig, OTHER);
    served(&rig, ME);
    let (text, _) = rest(&mut BufReader::new(&mut working).take(400));
    assert!(text.contains("data: 0") || text.starts_with("HTTP/1.1 200"), "{text}");
}

#[test]
fn silent_clients_are_cut_and_working_ones_are_not() {
    let rig = rig(second(), true);
    let start = Instant::now();
    thread::scope(|scope| {
        let rig = &rig;
        // Neither TLS, nor half a handshake, nor half a head is waited for.
        for (what, begin) in [("silent", &b""[..]), ("half a handshake", &[22, 3, 1, 2, 0, 1, 0])] {
            scope.spawn(move || {
                let mut stream = tcp(rig, ME);
                stream.write_all(begin).unwrap();
                assert_eq!(rest(&mut stream).0, "", "{what}");
            });
        }
        for head in ["", "GET /short HTTP/1.1\r\nX: "] {
            scope.spawn(move || {
                let mut stream = tls(rig, ME);
                stream.write_all(head.as_bytes()).unwrap();
                let (said, _) = rest(&mut stream);
                assert!(!said.contains("200"), "{said}");
            });
        }
        // A head that comes byte by byte is too slow all the same.
        scope.spawn(move || {
            let mut stream = tls(rig, ME);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(8) && stream.write_all(b"G").is_ok() {
                thread::sleep(Duration::from_millis(200));
            }
            assert!(begin.elapsed() < Duration::from_secs(7), "{:?}", begin.elapsed());
        });
        // So is a body; one answer says so.
        scope.spawn(move || {
            let mut stream = tls(rig, ME);
            stream.write_all(b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nxxx").unwrap();
            let (said, _) = rest(&mut stream);
            assert!(said.starts_with("HTTP/1.1 408") && said.contains("too slowly"), "{said}");
        });
        // An idle connection between two requests ends, and the next one is served anew.
        scope.spawn(move || {
            let mut stream = tls(rig, ME);
            assert!(ask(&mut stream, SHORT).ends_with("ok"));
            assert!(ask(&mut stream, SHORT).ends_with("ok"));
            assert_eq!(rest(&mut stream).0, "");
        });
        // A stream in one direction, quiet for longer than each bound, is whole.
        scope.spawn(move || {
            let mut stream = tls(rig, ME);
            stream.write_all(b"GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let (said, ended) = rest(&mut stream);
            assert!(ended && said.contains("data: 11"), "{said}");
        });
    });
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    until("every connection to the server ends", || rig.served.load(Ordering::SeqCst) == 0);
}

#[test]
fn side_that_ends_ends_the_other() {
    let rig = rig(Bounds::default(), true);
    let has = |count: usize| rig.served.load(Ordering::SeqCst) == count;
    // The client goes: by a reset, an end, or the end of its own half only.
    for way in 0..3 {
        let mut stream = tls(&rig, ME);
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        until("the server has it", || has(1));
        match way {
            0 => {
                rustix::net::sockopt::set_socket_linger(stream.get_ref(), Some(Duration::ZERO)).unwrap();
                drop(stream);
            }
            1 => drop(stream),
            _ => {
                stream.set_shutdown(ShutdownState::empty());
                let _ = stream.shutdown();
                until("the server's side ends", || has(0));
            }
        }
        until("the server's side ends", || has(0));
    }
    // The server goes in the middle of an answer.
    let mut stream = tls(&rig, ME);
    stream.write_all(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let start = Instant::now();
    let (said, _) = rest(&mut stream);
    assert!(said.ends_with("half") && start.elapsed() < Duration::from_secs(5), "{said}");
}

#[test]
fn client_that_reads_nothing_of_its_answer_is_cut() {
    let rig = rig(second(), true);
    let mut stream = tls(&rig, ME);
    stream.write_all(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    until("the server has it", || rig.served.load(Ordering::SeqCst) == 1);
    until("the server's side ends", || rig.served.load(Ordering::SeqCst) == 0);
}

#[test]
fn bodies_arrive_whole_and_a_missing_server_is_said() {
    let rig_with = rig(Bounds::default(), true);
    let mut stream = tls(&rig_with, ME);
    let head = "POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nUpgrade: websocket\r\n";
    write!(stream, "{head}Connection: close\r\nContent-Length: 3000000\r\n\r\n").unwrap();
    stream.write_all(&vec![b'x'; 3_000_000]).unwrap();
    assert!(rest(&mut stream).0.ends_with("3000000"));
    let mut stream = tls(&rig_with, ME);
    write!(stream, "{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    write!(stream, "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n").unwrap();
    let (said, _) = rest(&mut stream);
    assert!(said.ends_with("\r\n\r\n8") || said.contains("\r\n8\r\n"), "{said}");

    // An answer that comes before the body has is handed on, whatever becomes of the rest.
    for size in [10, 100_000, 3_000_000].repeat(5) {
        let mut stream = tls(&rig_with, ME);
        write!(stream, "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n").unwrap();
        let _ = stream.write_all(&vec![b'x'; size]);
        let said = ask(&mut stream, "");
        assert!(said.starts_with("HTTP/1.1 401"), "{size}: {said:?}");
    }

    // Connections that are there when the server goes are answered, and no other is taken from then on.
    let mut streams = [(); 2].map(|()| tls(&rig_with, ME));
    rig_with.leaves.store(true, Ordering::SeqCst);
    for (stream, want) in streams.iter_mut().zip(["502 Bad Gateway", "503 Service Unavailable"]) {
        stream.write_all(SHORT.as_bytes()).unwrap();
        let (said, _) = rest(stream);
        assert!(said.starts_with(&format!("HTTP/1.1 {want}")), "{said}");
    }
    for gone in [&rig_with, &rig(Bounds::default(), false)] {
        let mut stream = TcpStream::connect(gone.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let said = stream.read(&mut [0]).map_err(|error| error.kind());
        assert!(matches!(said, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{said:?}");
    }
}

#[test]
fn tls_is_1_2_or_1_3() {
    let rig = rig(Bounds::default(), true);
    for (version, serves) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-quiet", "-cipher", "ALL:@SECLEVEL=0", version, "-connect"]);
        client
            .arg(rig.address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut client = client.spawn().unwrap();
        let request = SHORT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        let _ = client.stdin.as_mut().unwrap().write_all(request.as_bytes());
        let said = String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(said.starts_with("HTTP/1.1 200"), serves, "{version}: {said}");
    }
}
