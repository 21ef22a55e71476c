//! 1 GiB to a lab host against scp, on the plain link and through a proxy that delays each way by half
//! of 50 ms. Ours is timed from the start of the program until the host has checked the SHA-256 and the
//! job begins; scp checks nothing, and leaves the file in the host's memory, not on its disk. With AES-GCM, the
//! quickest cipher here, it shows what one connection of OpenSSH's can do on the machine at all.
//!
//!     cargo bench --bench upload [-- MIB]        (root; boots a lab host)
//!
//! The bounds: 1.5 times scp's speed on the plain link, 2 times at 50 ms; 64 MiB of memory at each end.

#[path = "../tests/lab/mod.rs"]
mod lab;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

const RUNS: usize = 3;
const RTT: Duration = Duration::from_millis(50);

fn main() {
    let mib = std::env::args().filter_map(|arg| arg.parse::<u64>().ok()).next().unwrap_or(1024);
    let host = lab::Host::boot("debian12");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("large.tar");
    noise(&file, mib << 20);
    let model = dir.path().join("tiny.gguf");
    agi_provision::model::tiny::write_tiny(&mut File::create(&model).expect("a file"), 1, None)
        .expect("the model");
    let proxy = delaying(&host.addr());
    let known = std::fs::read_to_string(host.known_hosts()).expect("known hosts");
    let near = known.replace(&host.addr(), &format!("[127.0.0.1]:{proxy}"));
    std::fs::write(dir.path().join("known"), format!("{known}{near}")).expect("known hosts");
    // The agent is on the host, and the file's hash is taken once, as it is for a model that goes to several.
    let serves =
        command(&host, dir.path(), 22, &host.addr(), &lab::llama_archive()).output().expect("the program");
    assert!(serves.status.success(), "{}", String::from_utf8_lossy(&serves.stderr));
    apply(&host, dir.path(), 22, &host.addr(), true);

    for (what, address, port, bound) in
        [("plain link", host.addr(), 22, 1.5), ("50 ms", "127.0.0.1".to_string(), proxy, 2.0)]
    {
        let (mut ours, mut theirs, mut quickest) = (Vec::new(), Vec::new(), Vec::new());
        let (mut client, mut agent) = (0, 0);
        for _ in 0..RUNS {
            host.exec("rm -rf /var/lib/agi-provision/incoming /root/copy").ok();
            let sent = apply(&host, dir.path(), port, &address, false);
            ours.push(sent.time);
            client = client.max(sent.client_kib);
            agent = agent.max(sent.agent_kib);
            theirs.push(scp(&host, dir.path(), port, &address, &[]));
            // With latency the cipher is not what it waits for.
            if port == 22 {
                quickest.push(scp(&host, dir.path(), port, &address, &["-c", "aes128-gcm@openssh.com"]));
            }
        }
        let rate = |time: Duration| mib as f64 / time.as_secs_f64();
        let (ours, theirs) = (median(ours), median(theirs));
        println!("{what}: apply, checked: {:.2} s, {:.0} MiB/s", ours.as_secs_f64(), rate(ours));
        println!("{what}: scp:            {:.2} s, {:.0} MiB/s", theirs.as_secs_f64(), rate(theirs));
        if !quickest.is_empty() {
            let speed = rate(median(quickest));
            println!("{what}: scp, AES-GCM:   {speed:.0} MiB/s, {:.2} times scp's", speed / rate(theirs));
        }
        println!("{what}: speed:          {:.2} times scp's (bound: {bound})", rate(ours) / rate(theirs));
        println!(
            "{what}: peak memory:    client {} MiB, agents {} MiB (bound: 64)",
            client >> 10,
            agent >> 10
        );
    }
    println!("load: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
}

/// The same file by scp, with further options.
fn scp(host: &lab::Host, dir: &Path, port: u16, address: &str, more: &[&str]) -> Duration {
    host.exec("rm -f /root/copy").ok();
    let start = Instant::now();
    let mut scp = Command::new("scp");
    scp.args([
        "-q",
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-P",
        &port.to_string(),
    ]);
    scp.args(more).arg("-o").arg(format!("UserKnownHostsFile={}", dir.join("known").display()));
    scp.arg("-i").arg(host.key_path()).arg(dir.join("large.tar")).arg(format!("root@{address}:/root/copy"));
    assert!(scp.status().expect("scp").success(), "scp failed");
    start.elapsed()
}

struct Sent {
    time: Duration,
    client_kib: u64,
    /// Memory of the largest agent, KiB.
    agent_kib: u64,
}

/// An apply of the small model with that runtime.
fn command(host: &lab::Host, dir: &Path, port: u16, address: &str, archive: &Path) -> Command {
    let mut apply = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    apply.env("HOME", dir).args(["apply", "--yes", "--profile", "laptop-cpu-16gb", "--model"]);
    apply.arg(dir.join("tiny.gguf")).arg("--runtime-archive").arg(archive);
    apply.args(["--host", &format!("root@{address}:{port}"), "--known-hosts"]).arg(dir.join("known"));
    apply.arg("--identity").arg(host.key_path());
    apply.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    apply
}

/// Sends the file as a runtime that is none: the job ends soon after it has arrived.
fn apply(host: &lab::Host, dir: &Path, port: u16, address: &str, hash_only: bool) -> Sent {
    let mut apply = command(host, dir, port, address, &dir.join("large.tar"));
    let start = Instant::now();
    let mut child = apply.spawn().expect("the program");
    let (mut sent, mut client_kib, mut agent_kib, mut all) = (None, 0, 0, String::new());
    for line in BufReader::new(child.stderr.take().expect("its messages")).lines().map_while(Result::ok) {
        all += &format!("{line}\n");
        client_kib = client_kib.max(peak(&format!("/proc/{}/status", child.id())));
        if line.contains("sending large.tar") {
            for pid in agents() {
                agent_kib = agent_kib.max(peak(&format!("/proc/{pid}/status")));
            }
            sent = None;
        } else if sent.is_none() && line.contains("runtime: unpack large.tar") {
            sent = Some(start.elapsed());
        }
    }
    let _ = child.wait();
    if hash_only {
        return Sent { time: start.elapsed(), client_kib, agent_kib };
    }
    Sent { time: sent.unwrap_or_else(|| panic!("it was not sent:\n{all}")), client_kib, agent_kib }
}

/// The agents of the lab's hosts, as this side numbers their processes.
fn agents() -> Vec<u32> {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_agent = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("agent\0session")
    };
    pids.filter(is_agent).collect()
}

fn peak(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// Bytes that nothing compresses.
fn noise(path: &Path, size: u64) {
    let mut source = File::open("/dev/urandom").expect("/dev/urandom").take(size);
    let mut file = File::create(path).expect("a file");
    std::io::copy(&mut source, &mut file).expect("writing the file");
    file.sync_all().expect("writing the file");
}

/// A port of this machine that leads to the host's sshd, each way half of [`RTT`] late.
fn delaying(host: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let host = format!("{host}:22");
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(&host) else { continue };
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                let _ = to.set_nodelay(true);
                // Room for a second of a fast link, so that only time is lost.
                let (late, due) = sync_channel(4096);
                std::thread::spawn(move || {
                    read(from, &|piece| late.send((Instant::now() + RTT / 2, piece)).is_ok())
                });
                std::thread::spawn(move || write(to, &due));
            }
        }
    });
    port
}

fn read(mut from: TcpStream, give: &dyn Fn(Vec<u8>) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        if !give(buffer[..read].to_vec()) || read == 0 {
            return;
        }
    }
}

fn write(mut to: TcpStream, due: &Receiver<(Instant, Vec<u8>)>) {
    for (at, piece) in due {
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
