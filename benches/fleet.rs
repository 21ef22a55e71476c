//! Time, processor time and memory of the client for `probe` on more and more addresses, all of them one host under names
//! of their own, whose agent was recorded once: the connections are real, and the host does little for each.
//!
//!     cargo bench --bench fleet [-- MOST]        (root; boots a lab host)

#[path = "../tests/lab/mod.rs"]
mod lab;

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let most = std::env::args().filter_map(|arg| arg.parse::<usize>().ok()).next().unwrap_or(200);
    let host = lab::Host::boot("debian12");
    host.exec("printf 'MaxStartups 100\\nPerSourcePenalties no\\n' > /etc/ssh/sshd_config.d/fleet.conf 2>/dev/null; \
               sshd -t 2>/dev/null || printf 'MaxStartups 100\\n' > /etc/ssh/sshd_config.d/fleet.conf; systemctl restart ssh").ok();
    record(&host);
    let dir = tempfile::tempdir().expect("a temporary folder");
    println!("hosts  seconds  processor of the client  memory of the client");
    let mut each = Vec::new();
    for count in [most / 10, most * 3 / 10, most] {
        let mut ini = String::from("[fleet]\n");
        for number in 0..count {
            let (address, key) = (host.addr(), host.key_path());
            let _ = writeln!(
                ini,
                "n{number} ansible_host={address} ansible_user=root ansible_ssh_private_key_file={}",
                key.display()
            );
        }
        let path = dir.path().join("hosts.ini");
        std::fs::write(&path, ini).expect("a file");
        let (took, cpu, kib) = probe(&path, &host, dir.path());
        println!("{count:5}  {:7.2}  {:20.2} s  {:14} MiB", took.as_secs_f64(), cpu.as_secs_f64(), kib >> 10);
        each.push((count, cpu, kib));
    }
    let (few, many) = (&each[0], &each[2]);
    let times = many.0 as f64 / few.0 as f64;
    let cpu = many.1.as_secs_f64() / few.1.as_secs_f64();
    println!("{times:.0} times the hosts: {cpu:.1} times the processor time (bound: {:.0})", times * 1.5);
    assert!(cpu <= times * 1.5, "the time is not linear");
    // Memory of each further host.
    let each_kib = many.2.saturating_sub(few.2) as usize / (many.0 - few.0);
    println!("{each_kib} KiB of memory for each further host (bound: 512)");
    assert!(each_kib <= 512, "the memory is not bounded");
}

/// Puts in the place of the agent, where the client finds it by its size, a script that plays what the agent said once.
fn record(host: &lab::Host) {
    let program = Path::new(env!("CARGO_BIN_EXE_agi-provision"));
    let sum = lab::run(Command::new("sha256sum").arg(program)).ok();
    let agent = format!("/usr/local/lib/agi-provision/agent-{}", sum.split(' ').next().unwrap());
    let size = std::fs::metadata(program).expect("the program").len();
    host.put(program, "/opt/agent");
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), PLAYED).expect("a file");
    host.put(script.path(), "/opt/played");
    let request = r#"{"version":1,"nonce":"RECORDED","op":{"probe":{"measure":false}}}"#;
    host.exec(&format!(
        "set -e; install -D -m 0755 /opt/agent {agent}; echo '{request}' | {agent} agent session >/opt/recorded; \
         install -D -m 0755 /opt/played {agent}; truncate -s {size} {agent}"
    ))
    .ok();
}

const PLAYED: &str = r#"#!/bin/sh
read -r request
nonce=$(printf '%s' "$request" | sed 's/.*"nonce":"\([0-9a-f]*\)".*/\1/')
sed "s/RECORDED/$nonce/" /opt/recorded
exit
"#;

#[allow(clippy::zombie_processes, reason = "wait4 waits for it")]
/// Wall clock, processor time, and peak memory in KiB.
fn probe(inventory: &Path, host: &lab::Host, home: &Path) -> (Duration, Duration, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin");
    command.args(["probe", "--format", "json", "--jobs", "8", "--inventory"]).arg(inventory);
    command.arg("--known-hosts").arg(host.known_hosts()).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().expect("the program");
    let (status, usage) = wait4(child.id());
    assert!(std::process::ExitStatus::from_raw(status).success(), "probe failed");
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    (start.elapsed(), time(usage.ru_utime) + time(usage.ru_stime), usage.ru_maxrss as u64)
}

/// Waits for the child and gives its status and what it used.
#[allow(unsafe_code, reason = "wait4(2) has no safe wrapper")]
fn wait4(pid: u32) -> (i32, libc::rusage) {
    // SAFETY: an all-zero rusage is valid, and the call fills it in.
    unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed());
        assert_eq!(libc::wait4(pid as i32, &mut status, 0, &mut usage), pid as i32);
        (status, usage)
    }
}
