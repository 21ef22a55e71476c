//! A small HTTP server with every bad habit, over real sockets.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How one request is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The file, with ranges where they are asked for.
    Good,
    /// The whole file, whatever is asked.
    Whole,
    /// Good, with this entity tag; an If-Range with another gets the whole file.
    Tagged(&'static str),
    /// This many bytes of the body, then the connection is closed.
    Cut(usize),
    /// This many bytes of the body, then nothing for the time given.
    Stall(usize, Duration),
    /// The body with one byte wrong, at this place of the file.
    Corrupt(u64),
    /// The file is said to have this many bytes.
    OtherSize(u64),
    /// A status with these header lines and no body.
    Status(u16, Vec<String>),
    Redirect(String),
    /// This text, whatever the file is.
    Text(String),
    /// Another file, which is said to have this many bytes.
    File(Arc<Vec<u8>>, u64),
    /// Bytes a second.
    Slow(usize),
}

#[derive(Clone, Debug, Default)]
pub struct Request {
    pub path: String,
    pub range: Option<(u64, u64)>,
    pub if_range: Option<String>,
    pub authorization: Option<String>,
}

type Habit = dyn Fn(usize, &Request) -> Reply + Send + Sync;

pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// On 127.0.0.1; `habit` gets each request with its number from 0.
    pub fn start(
        content: Vec<u8>,
        habit: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        Server::start_at("127.0.0.1", content, habit)
    }

    pub fn start_at(
        host: &str,
        content: Vec<u8>,
        habit: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind((host, 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (content, habit): (Arc<Vec<u8>>, Arc<Habit>) = (Arc::new(content), Arc::new(habit));
        let seen = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (content, habit, seen) = (content.clone(), habit.clone(), seen.clone());
                thread::spawn(move || serve(stream, &content, habit.as_ref(), &seen));
            }
        });
        Server { address, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, content: &[u8], habit: &Habit, seen: &Mutex<Vec<Request>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    stream.set_nodelay(true).ok()?;
    loop {
        let request = read_request(&mut reader)?;
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        answer(&mut stream, content, &request, habit(number, &request))?;
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut request = Request { path: line.split(' ').nth(1)?.to_string(), ..Request::default() };
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim().split_once(": ") else { return Some(request) };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
                request.range = Some((first.parse().ok()?, last.parse::<u64>().ok()? + 1));
            }
            "if-range" => request.if_range = Some(value.to_string()),
            "authorization" => request.authorization = Some(value.to_string()),
            _ => {}
        }
    }
}

fn say(stream: &mut TcpStream, text: String) -> Option<()> {
    stream.write_all(text.as_bytes()).ok()
}

/// `None`: the connection is to be closed.
fn answer(stream: &mut TcpStream, content: &[u8], request: &Request, reply: Reply) -> Option<()> {
    let file = if let Reply::File(file, _) = &reply { Some(file.clone()) } else { None };
    let content = file.as_ref().map_or(content, |file| file.as_slice());
    let mut tag = "\"one\"";
    let mut range = request.range;
    let mut size = content.len() as u64;
    match &reply {
        Reply::Whole => range = None,
        Reply::Tagged(other) => {
            tag = other;
            range = range.filter(|_| request.if_range.as_deref().is_none_or(|asked| asked == tag));
        }
        Reply::OtherSize(other) => size = *other,
        Reply::File(_, bytes) => size = *bytes,
        Reply::Status(status, headers) => {
            let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
            return say(stream, format!("HTTP/1.1 {status} x\r\n{headers}content-length: 0\r\n\r\n"));
        }
        Reply::Text(text) => {
            return say(stream, format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n{text}", text.len()));
        }
        Reply::Redirect(to) => {
            return say(stream, format!("HTTP/1.1 302 x\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"));
        }
        _ => {}
    }
    let (start, end) = range.unwrap_or((0, size));
    let end = end.min(size);
    if start >= end {
        return say(
            stream,
            format!("HTTP/1.1 416 x\r\ncontent-range: bytes */{size}\r\ncontent-length: 0\r\n\r\n"),
        );
    }
    let head = match range {
        Some(_) => format!(
            "HTTP/1.1 206 x\r\ncontent-range: bytes {start}-{}/{size}\r\netag: {tag}\r\ncontent-length: {}\r\n\r\n",
            end - 1,
            end - start
        ),
        None => format!("HTTP/1.1 200 x\r\netag: {tag}\r\ncontent-length: {size}\r\n\r\n"),
    };
    say(stream, head)?;
    let mut body = content[start as usize..(end as usize).min(content.len())].to_vec();
    match reply {
        Reply::Cut(most) => {
            stream.write_all(&body[..most.min(body.len())]).ok()?;
            return None;
        }
        Reply::Stall(most, time) => {
            stream.write_all(&body[..most.min(body.len())]).ok()?;
            thread::sleep(time);
            return None;
        }
        Reply::Corrupt(at) if (start..end).contains(&at) => body[(at - start) as usize] ^= 1,
        Reply::Slow(rate) => {
            for piece in body.chunks((rate / 50).max(1)) {
                stream.write_all(piece).ok()?;
                thread::sleep(Duration::from_millis(20));
            }
            return Some(());
        }
        _ => {}
    }
    stream.write_all(&body).ok()
}

/// Bytes that are the same everywhere and compress to nothing like themselves.
pub fn content(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&next());
    }
    bytes.truncate(size);
    bytes
}
