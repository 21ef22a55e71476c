//! Throwaway hosts for tests: a real systemd and sshd, with an address and a disk of their own.
//!
//! `#[path = "lab/mod.rs"] mod lab;` gives a test [`Host::boot`]. All of it needs root and what
//! `tests/lab/install` installs, and panics rather than skips where that is missing. Images and
//! llama.cpp are built at first use (minutes) and kept in `/var/cache/agi-provision-lab`.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod driver;
pub mod from_source;
pub mod gate;
pub mod gpu;
pub mod image;
pub mod journey;
pub mod llama;
pub mod schemas;
pub mod vm;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The images there are, beside [`gpu::IMAGE`].
pub const IMAGES: [&str; 2] = ["debian12", "debian13"];

/// Type, mode, owner and content or target of every path on a disk.
pub type Snapshot = BTreeMap<String, String>;

/// How a command in a host ended; 255 is also ssh's own failure.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    /// The exit status, or 128 and more for a signal.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let status = output.status;
        Self {
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns what it printed, without the last line break. Panics if it failed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, 0, "failed:\n{}{}", self.stdout, self.stderr);
        self.stdout.trim_end_matches('\n').to_owned()
    }
}

/// A host, gone when dropped, with the process at the latest.
#[derive(Debug)]
pub struct Host {
    name: String,
    number: u8,
    state: PathBuf,
    keys: TempDir,
    // Held: no other test, in this process or another, has this number.
    _slot: File,
}

impl Host {
    /// Boots a fresh host and waits until it accepts logins (seconds). `image` is one of [`IMAGES`] or [`gpu::IMAGE`].
    pub fn boot(image: &str) -> Self {
        Self::start(image, None)
    }

    /// The same with a disk of its own that can fill up, such as `"64M"`: what the host writes goes
    /// there, the image itself does not count.
    pub fn boot_with_disk(image: &str, size: &str) -> Self {
        Self::start(image, Some(size))
    }

    fn start(image: &str, disk_size: Option<&str>) -> Self {
        require_root();
        let (number, slot) = take_slot();
        let keys = new_key();
        let key = keys.path().join(KEY);

        let name = format!("lab-{number}");
        let mut up = tool("host");
        up.args(["up", &name, image, &number.to_string(), "--key"]).arg(key.with_extension("pub"));
        up.args(["--owner", &std::process::id().to_string()]);
        if let Some(size) = disk_size {
            up.args(["--disk-size", size]);
        }
        // The host that an earlier test process had in this slot may still be going down.
        let mut up_again = run(&mut up);
        for _ in 0..100 {
            if !up_again.stderr.contains("is another host at") {
                break;
            }
            thread::sleep(Duration::from_millis(200));
            up_again = run(&mut up);
        }
        let state = PathBuf::from(up_again.ok());
        Self { name, number, state, keys, _slot: slot }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address; the lab's side of its link is [`Self::near_addr`].
    pub fn addr(&self) -> String {
        format!("10.99.{}.2", self.number)
    }

    /// This machine's address as the host sees it. It has no route to anywhere else.
    pub fn near_addr(&self) -> String {
        format!("10.99.{}.1", self.number)
    }

    /// The private key that root, admin (sudo without a password) and nosudo accept.
    pub fn key_path(&self) -> PathBuf {
        self.keys.path().join(KEY)
    }

    /// A `known_hosts` file with the host's real keys.
    pub fn known_hosts(&self) -> PathBuf {
        self.state.join("known_hosts")
    }

    /// Returns what it has printed to its console.
    pub fn console(&self) -> String {
        fs::read(self.state.join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = tool("host");
        command.args([verb, &self.name]);
        command
    }

    /// Runs a shell command in it as root, behind SSH's back.
    pub fn exec(&self, script: &str) -> Ran {
        run(self.command("exec").args(["sh", "-c", script]))
    }

    /// Copies a file into it, behind SSH's back.
    #[track_caller]
    pub fn put(&self, from: &Path, to: &str) {
        let from = File::open(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
        let mut copy = self.command("exec");
        copy.args(["sh", "-c", "cat > \"$0\"", to]).stdin(from);
        run(&mut copy).ok();
    }

    /// Installs what llama-server needs, as a package stays after a failure and would show.
    #[track_caller]
    pub fn install_libgomp(&self) {
        self.exec("apt-get update -qq && apt-get install -y -qq libgomp1 && apt-get clean").ok();
    }

    /// Runs a command in it with OpenSSH, which knows the host's keys and asks nothing.
    pub fn ssh(&self, user: &str, command: &str) -> Ran {
        let known_hosts = format!("UserKnownHostsFile={}", self.known_hosts().display());
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "GlobalKnownHostsFile=none", "-o", &known_hosts]);
        ssh.args(["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"]);
        ssh.args(["-o", "ConnectTimeout=5", "-o", "IdentitiesOnly=yes", "-i"]).arg(self.key_path());
        run(ssh.arg(format!("{user}@{}", self.addr())).arg("--").arg(command))
    }

    /// Returns a snapshot of its disk; `tests/lab/snapshot` says what is left out, and why.
    #[track_caller]
    pub fn snapshot(&self) -> Snapshot {
        let listing = run(&mut self.command("snapshot")).ok();
        let entry = |line: &str| {
            let (path, what) = line.split_once('\t').expect("a path and what it is");
            (path.to_owned(), what.to_owned())
        };
        listing.lines().map(entry).collect()
    }

    /// Reboots it in an orderly way, and waits until it accepts logins again.
    #[track_caller]
    pub fn reboot(&self) {
        run(&mut self.command("reboot")).ok();
    }

    /// Cuts its power: nothing on it gets another instruction. Then boots it again from its disk, which
    /// has all that was written; what was not flushed is not lost, as this machine keeps its cache.
    #[track_caller]
    pub fn cut_power(&self) {
        run(&mut self.command("power")).ok();
    }

    /// Pulls its cable: it finds the network unreachable, this side gets no answer.
    #[track_caller]
    pub fn link_down(&self) {
        run(self.command("link").arg("down")).ok();
    }

    /// Loses whatever is sent to it, while both sides believe that all is well.
    #[track_caller]
    pub fn link_mute(&self) {
        run(self.command("link").arg("mute")).ok();
    }

    /// Loses one packet in a hundred, each way.
    #[track_caller]
    pub fn link_lossy(&self) {
        run(self.command("link").arg("lossy")).ok();
    }

    /// How many of them that were.
    #[track_caller]
    pub fn lost_packets(&self) -> u64 {
        run(self.command("link").arg("lost")).ok().parse().expect("a number of packets")
    }

    /// Ends all of that.
    #[track_caller]
    pub fn link_up(&self) {
        run(self.command("link").arg("up")).ok();
    }
}

/// A machine that the program reaches over SSH: a [`Host`], or a [`vm::Vm`].
pub trait Machine {
    /// `user@address`, with a port that is not 22.
    fn login(&self, user: &str) -> String;
    /// The private key that its users accept.
    fn key_path(&self) -> PathBuf;
    /// A `known_hosts` file with its real keys.
    fn known_hosts(&self) -> PathBuf;
    /// Runs a shell command in it as root.
    fn exec(&self, script: &str) -> Ran;
    /// Returns what it has printed to its console.
    fn console(&self) -> String;
}

impl Machine for Host {
    fn login(&self, user: &str) -> String {
        format!("{user}@{}", self.addr())
    }

    fn key_path(&self) -> PathBuf {
        self.key_path()
    }

    fn known_hosts(&self) -> PathBuf {
        self.known_hosts()
    }

    fn exec(&self, script: &str) -> Ran {
        self.exec(script)
    }

    fn console(&self) -> String {
        self.console()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let down = run(&mut self.command("down"));
        assert!(down.status == 0 || thread::panicking(), "{} does not go: {}", self.name, down.stderr);
    }
}

/// How two snapshots differ, one line a path: `+` is new, `-` is gone, `~` is altered.
pub fn diff(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let line = |path: &String| match (before.get(path), after.get(path)) {
        (None, Some(new)) => Some(format!("+ {path}: {new}")),
        (Some(old), None) => Some(format!("- {path}: {old}")),
        (Some(old), Some(new)) if old != new => Some(format!("~ {path}: {old} => {new}")),
        _ => None,
    };
    paths.into_iter().filter_map(line).collect()
}

/// The same without the backups that useradd and userdel write.
pub fn diff_but_backups(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let backups =
        ["/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-"];
    let is_backup = |line: &String| backups.contains(&line[2..].split(": ").next().unwrap());
    diff(before, after).into_iter().filter(|line| !is_backup(line)).collect()
}

/// Lists our files that are on the host and were not there before.
pub fn ours(before: &Snapshot, host: &Host) -> Vec<String> {
    let all = diff(before, &host.snapshot());
    all.into_iter().filter(|line| line.contains("agi-provision")).collect()
}

/// Lines of a [`diff`] without what a failed apply keeps for the next one: files of models and llama.cpp that
/// arrived as a whole, the folders and the record that go with them, and the agent while they lie where they
/// arrived.
pub fn but_kept(lines: Vec<String>) -> Vec<String> {
    let data = "/var/lib/agi-provision";
    let kept = ["models", "runtimes", "incoming", "job", "made.json"].map(|name| format!("{data}/{name}"));
    let is_kept = |line: &String| {
        // Where a test mounts a disk of the data's own.
        let path = line[2..].split(": ").next().unwrap().replace("/srv/disk", data);
        let below = |start: &str| path == start || path.starts_with(&format!("{start}/"));
        let ours =
            path == data || kept.iter().any(|start| below(start)) || below("/usr/local/lib/agi-provision");
        ours && !line.starts_with('-')
    };
    lines.into_iter().filter(|line| !is_kept(line)).collect()
}

/// A line of a [`diff`] that a failed apply on a host that serves may leave: its own account of it, and whole
/// files for the next one with the record of them.
pub fn of_a_failed_job(line: impl AsRef<str>) -> bool {
    let path = line.as_ref()[2..].strip_prefix("/var/lib/agi-provision/").unwrap_or_default();
    ["job/", "models/", "runtimes/", "made.json"].iter().any(|start| path.starts_with(start))
}

/// Waits until `ready`, `limit` at most.
#[track_caller]
pub fn wait_for(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let began = Instant::now();
    while !ready() {
        assert!(began.elapsed() < limit, "still waiting for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// llama.cpp b11434 packed like one of its releases. Takes minutes when it is first built.
pub fn llama_archive() -> PathBuf {
    build_llama().join("llama-b11434-bin-linux-x64.tar.gz")
}

/// The same programs unpacked: llama-server, llama-fit-params, llama-bench and llama-quantize.
pub fn llama_bin() -> PathBuf {
    build_llama().join("bin")
}

fn build_llama() -> PathBuf {
    run(&mut tool("build-llama")).ok().into()
}

/// Debian 12's package of doas.
pub fn doas_package() -> PathBuf {
    PathBuf::from(run(&mut tool("build-doas")).ok()).join("doas.deb")
}

/// The program under test.
pub fn agi_provision() -> &'static str {
    env!("CARGO_BIN_EXE_agi-provision")
}

/// A script of the lab.
pub fn tool(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(name))
}

/// Runs a command to its end; without an input of its own it gets none.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let program = command.get_program().to_string_lossy().into_owned();
    let child = spawned.unwrap_or_else(|e| panic!("{program}: {e}; run tests/lab/install"));
    Ran::new(&child.wait_with_output().unwrap_or_else(|e| panic!("{program}: {e}")))
}

#[track_caller]
fn require_root() {
    let uid = fs::metadata("/proc/self").expect("/proc").uid();
    assert_eq!(uid, 0, "the lab's hosts need root: sudo -E cargo test, after tests/lab/install");
}

const KEY: &str = "id_ed25519";

/// A directory with a new private key and its public half.
fn new_key() -> TempDir {
    let keys = tempfile::tempdir().expect("a directory for the client's key");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f"]).arg(keys.path().join(KEY));
    run(&mut keygen).ok();
    keys
}

/// A number for a host that no living process uses.
fn take_slot() -> (u8, File) {
    let slots = Path::new("/run/agi-provision-lab");
    fs::create_dir_all(slots).expect("a directory for locks in /run");
    for number in 1..=250 {
        let slot = File::create(slots.join(format!("slot-{number}"))).expect("a lock file");
        match slot.try_lock() {
            Ok(()) => return (number, slot),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => panic!("slot {number}: {e}"),
        }
    }
    panic!("250 hosts are up already");
}
