//! A second apply, which changes nothing, against OpenSSH's `ssh host true`, on the same host in the
//! same run, one after the other.
//!
//!     cargo bench --bench noop        (root; boots a lab host)
//!
//! It is no slower: libssh2 connects in less time than OpenSSH's client does.

#[path = "../tests/lab/mod.rs"]
mod lab;

use agi_provision::model::tiny::write_tiny;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 30;

fn main() {
    let host = lab::Host::boot("debian12");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let model = dir.path().join("tiny.gguf");
    write_tiny(&mut std::fs::File::create(&model).expect("a file"), 1, None).expect("the model");
    let mut apply = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    apply
        .env("HOME", dir.path())
        .args(["apply", "--yes", "--profile", "laptop-cpu-16gb", "--model"])
        .arg(&model)
        .arg("--runtime-archive")
        .arg(lab::llama_archive())
        .args(["--host", &format!("root@{}", host.addr()), "--known-hosts"])
        .arg(host.known_hosts())
        .arg("--identity")
        .arg(host.key_path());
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o"])
        .arg(format!("UserKnownHostsFile={}", host.known_hosts().display()))
        .arg("-i")
        .arg(host.key_path())
        .args([&format!("root@{}", host.addr()), "true"]);
    let first = time(&mut apply);
    println!("first apply: {} ms", first.as_millis());
    let (mut noop, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        noop.push(time(&mut apply));
        bare.push(time(&mut ssh));
    }
    let (noop, bare) = (median(noop), median(bare));
    let ratio = noop.as_secs_f64() / bare.as_secs_f64();
    println!("apply with nothing to do: {:.1} ms (median of {RUNS})", noop.as_secs_f64() * 1e3);
    println!("ssh host true:            {:.1} ms (median of {RUNS})", bare.as_secs_f64() * 1e3);
    println!("ratio:                    {ratio:.2} (bound: 1)");
    assert!(ratio <= 1.0, "beyond the bound");
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("the command starts");
    let elapsed = start.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
