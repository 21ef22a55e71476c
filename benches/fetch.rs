//! A verified download against `curl | sha256sum`, from the same server on this machine, in one run,
//! one after the other. The download also writes the file; curl's goes to the pipe alone.
//!
//!     cargo bench --bench fetch [-- GIB]
//!
//! The bound: not slower. Also prints this process's peak memory (bound: 64 MiB above its start).

use agi_provision::fetch::{Options, Source, fetch};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const RUNS: usize = 3;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve(Path::new(&std::env::args().nth(2).expect("a file")));
    }
    let gib = std::env::args().filter_map(|arg| arg.parse::<u64>().ok()).next().unwrap_or(1);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("file");
    let sha256 = make(&file, gib << 30);
    let mut server = Command::new(std::env::current_exe().expect("this program"))
        .arg("serve")
        .arg(&file)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the server");
    let mut url = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut url).expect("its address");
    let url = url.trim().to_string();

    let source = Source { urls: vec![url.clone()], sha256: sha256.parse().unwrap(), size_bytes: gib << 30 };
    let before = memory("VmHWM:");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let dest = dir.path().join("dest");
        let start = Instant::now();
        fetch(&source, &dest, &Options::default(), &mut |_| Ok(())).expect("the download");
        ours.push(start.elapsed());
        std::fs::remove_file(&dest).expect("removing it");
        let start = Instant::now();
        let pipe = format!("curl -sS --fail {url} | sha256sum");
        let output = Command::new("sh").args(["-c", &pipe]).output().expect("curl");
        theirs.push(start.elapsed());
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(&sha256), "curl: {output:?}");
    }
    let _ = server.kill();
    let _ = server.wait();
    let rate = |time: Duration| (gib << 30) as f64 / 1048576.0 / time.as_secs_f64();
    let (ours, theirs) = (median(ours), median(theirs));
    println!("fetch, verified and written: {:.2} s, {:.0} MiB/s", ours.as_secs_f64(), rate(ours));
    println!("curl | sha256sum:            {:.2} s, {:.0} MiB/s", theirs.as_secs_f64(), rate(theirs));
    println!("ratio:                       {:.2} (bound: 1)", ours.as_secs_f64() / theirs.as_secs_f64());
    let grown = memory("VmHWM:").saturating_sub(before) >> 10;
    println!("memory:                      {grown} MiB more than at the start (bound: 64)");
    assert!(ours <= theirs && grown < 64, "beyond a bound");
}

fn make(path: &Path, size: u64) -> String {
    let mut file = File::create(path).expect("a file");
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    for number in 0..size >> 20 {
        block[..8].copy_from_slice(&number.to_le_bytes());
        hash.update(&block);
        file.write_all(&block).expect("writing the file");
    }
    file.sync_all().expect("writing the file");
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn serve(path: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("http://{}/file", listener.local_addr().expect("an address"));
    for stream in listener.incoming().flatten() {
        let path = path.to_path_buf();
        std::thread::spawn(move || while answer(&stream, &path).is_some() {});
    }
}

fn answer(mut stream: &TcpStream, path: &Path) -> Option<()> {
    let mut reader = BufReader::with_capacity(4096, stream);
    let (mut line, mut range) = (String::new(), None);
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line == "\r\n" {
            break;
        }
        if let Some(asked) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (first, last) = asked.trim().split_once('-')?;
            range = Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()? + 1));
        }
    }
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let (start, end) = range.unwrap_or((0, size));
    let head = match range {
        Some(_) => format!("206 x\r\ncontent-range: bytes {start}-{}/{size}", end - 1),
        None => "200 x".to_string(),
    };
    write!(stream, "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", end - start).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    std::io::copy(&mut file.take(end - start), &mut stream).ok().map(|_| ())
}

fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
