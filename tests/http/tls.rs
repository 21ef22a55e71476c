//! An https server with an authority of its own, made by openssl.

#![allow(dead_code, reason = "each test takes what it needs")]

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Tls {
    /// `127.0.0.1:4711`.
    pub address: String,
    /// The authority's certificate.
    pub authority: PathBuf,
    paths: Arc<Mutex<Vec<String>>>,
}

/// A whole answer with a file.
pub fn file(content: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", content.len());
    [head.as_bytes(), content].concat()
}

/// A whole answer without one, with a further line of its head.
pub fn status(status: u16, line: &str) -> Vec<u8> {
    let line = if line.is_empty() { String::new() } else { format!("{line}\r\n") };
    format!("HTTP/1.1 {status} x\r\n{line}connection: close\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

impl Tls {
    /// Listens at an address of this machine and keeps its keys in `dir`. `answer` gets each request's number, from 0,
    /// and its path, and gives the whole answer.
    pub fn start(
        dir: &Path,
        host: &str,
        answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Tls {
        let script = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
               -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={host} -keyout key.pem \
               -out csr.pem && printf 'subjectAltName=IP:{host}\nauthorityKeyIdentifier=keyid\n' > ext && \
             openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem"
        );
        let made = Command::new("sh").args(["-c", &script]).current_dir(dir).output().expect("sh");
        assert!(made.status.success(), "these tests need openssl: {made:?}");
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor.set_private_key_file(dir.join("key.pem"), SslFiletype::PEM).unwrap();
        acceptor.set_certificate_chain_file(dir.join("cert.pem")).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind((host, 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let paths = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (paths.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (acceptor, seen, answer) = (acceptor.clone(), seen.clone(), answer.clone());
                thread::spawn(move || -> Option<()> {
                    let mut stream = BufReader::new(acceptor.accept(stream).ok()?);
                    let mut line = String::new();
                    stream.read_line(&mut line).ok()?;
                    let path = line.split(' ').nth(1)?.to_string();
                    while line.trim() != "" {
                        line.clear();
                        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
                    }
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(path.clone());
                        seen.len() - 1
                    };
                    stream.get_mut().write_all(&answer(number, &path)).ok()?;
                    stream.get_mut().shutdown().ok().map(|_| ())
                });
            }
        });
        Tls { address, authority: dir.join("ca.pem"), paths }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}/{path}", self.address)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Returns the paths that were asked for.
    pub fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}
