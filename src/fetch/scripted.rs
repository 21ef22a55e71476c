//! A server of a few lines that plays one script per connection.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;

/// Answer of the server to one request.
pub enum Play {
    Status(u16, &'static str),
    /// The file's range that was asked for.
    Range(Vec<u8>),
    Text(String),
    /// A text with a Link header; `<` is followed by the server's own address where it begins with a slash.
    Page(String, String),
    /// A text whose length is not said before.
    Unsaid(String),
    /// Promises more than it sends.
    Cut,
    /// A byte now and then, for as long as someone listens.
    Trickle,
    /// Takes the request and says nothing.
    Stall,
}

/// The address of a server that plays `plays` in order, and the requests it got, line by line.
pub fn serve(plays: Vec<Play>) -> (String, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (own, (sender, requests)) = (base.clone(), mpsc::channel());
    std::thread::spawn(move || {
        // Stalled connections stay open, after the script as well.
        let mut held = Vec::new();
        for play in plays {
            let (stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map_while(|line| line.ok());
            let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let range = request.iter().find_map(|line| {
                let (from, to) = line
                    .to_ascii_lowercase()
                    .strip_prefix("range: bytes=")?
                    .split_once('-')
                    .map(|(from, to)| (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap()))?;
                Some((from, to))
            });
            sender.send(request).unwrap();
            let mut open = &stream;
            let answer = |mut stream: &std::net::TcpStream, head: &str, body: &[u8]| {
                let head =
                    format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
            };
            match play {
                Play::Status(status, more) => answer(open, &format!("{status} x\r\n{more}X-Y: z"), b""),
                Play::Text(text) => answer(open, "200 OK", text.as_bytes()),
                Play::Page(text, link) => {
                    let link = link.replace("</", &format!("<{own}/"));
                    answer(open, &format!("200 OK\r\nLink: {link}"), text.as_bytes());
                }
                Play::Range(file) => {
                    let (from, to) = range.expect("a range was asked for");
                    let (to, size) = (to.min(file.len() - 1), file.len());
                    let head = format!("206 Partial Content\r\nContent-Range: bytes {from}-{to}/{size}");
                    answer(open, &head, &file[from..=to]);
                }
                Play::Unsaid(text) => {
                    let _ = open.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{text}").as_bytes());
                }
                Play::Cut => {
                    let head = range.map_or("200 OK".to_string(), |(from, to)| {
                        format!("206 Partial Content\r\nContent-Range: bytes {from}-{to}/*")
                    });
                    let _ = open
                        .write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 9999\r\n\r\nGGUF").as_bytes());
                }
                Play::Trickle => {
                    let mut last = open.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n");
                    while last.is_ok() {
                        std::thread::sleep(std::time::Duration::from_millis(10));
                        last = open.write_all(b".");
                    }
                }
                Play::Stall => held.push(stream),
            }
        }
        std::mem::forget(held);
    });
    (base, requests)
}
