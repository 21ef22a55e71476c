//! The same job by this program, by Ansible (pipelining on) and by pyinfra, on the same lab hosts in one
//! run, one after the other: first apply, nothing to do, one changed setting; beside `ssh host true`.
//!
//!     cargo bench --bench peers [-- HOSTS]        (root; boots lab hosts; installs both from PyPI)
//!
//! `cargo test --bench peers -- HOSTS` does it with the development build, `--only ours,ansible,pyinfra` with those
//! that it names.
//!
//! Each begins on hosts without libgomp1 and apt's lists, and works on up to 32 hosts at once. Each makes a user and
//! folders, installs libgomp1, sends and unpacks llama.cpp, sends the model, a key, the settings and a unit, enables and
//! starts that, waits for /health, and asks the two questions that this program asks after a start: 32 tokens of a chat,
//! then 32 tokens after a quarter of the context, with the speeds as the server tells them. The servers' own logs say
//! at the end that both had the same tokens to read and to write. One changed setting is the context's length; it
//! restarts the server and asks again. Ours besides verifies the hardware before and at each start, compares the
//! server's buffers with the ledger, asks whether it refuses others, keeps what serves until the new one does, leaves
//! a receipt, and lets hosts that share a machine, as these do, take turns. The peers' jobs are
//! benches/peers/site.yml and deploy.py.

#[path = "../tests/lab/mod.rs"]
mod lab;

use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

struct Bench {
    hosts: Vec<lab::Host>,
    dir: tempfile::TempDir,
    python: PathBuf,
}

fn main() {
    let count = std::env::args().filter_map(|arg| arg.parse::<usize>().ok()).next().unwrap_or(1);
    let python = Path::new("/var/cache/agi-provision-lab/peers").to_path_buf();
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/install");
    assert!(
        Command::new(install).arg(&python).status().expect("the script").success(),
        "installing the peers"
    );
    let hosts = (0..count).map(|_| lab::Host::boot("debian12-python")).collect();
    let bench = Bench { hosts, dir: tempfile::tempdir().expect("a temporary folder"), python };
    bench.prepare();
    println!("{count} host(s); load {}", load());

    let only = std::env::args().skip_while(|arg| arg != "--only").nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only.split(',').any(|only| only == name));
    bench.clear();
    let ours = wanted("ours").then(|| bench.ours());
    bench.clear();
    let ansible = wanted("ansible").then(|| bench.peer("Ansible", &|bench| bench.ansible()));
    bench.clear();
    let pyinfra = wanted("pyinfra").then(|| bench.peer("pyinfra", &|bench| bench.pyinfra()));
    if let Some(ours) = &ours {
        for (name, theirs, bound) in [("Ansible", &ansible, 20), ("pyinfra", &pyinfra, 10)] {
            let Some(theirs) = theirs else { continue };
            assert_eq!(ours.tokens, theirs.tokens, "{name}'s job is another");
            let times = |of: fn(&Times) -> Duration| of(theirs).as_secs_f64() / of(ours).as_secs_f64();
            println!(
                "nothing to do: {name} takes {:.0} times as long (bound: {bound})",
                times(|times| times.noop)
            );
            println!("first: {name} takes {:.2} times as long", times(|times| times.first));
            println!(
                "one setting changed: {name} takes {:.2} times as long (bound: 1)",
                times(|times| times.changed)
            );
        }
    }
    println!("load {}", load());
}

/// Times of one program, and what its server on the first host had to read and to write in all, tokens by tokens.
struct Times {
    tokens: String,
    first: Duration,
    noop: Duration,
    changed: Duration,
}

/// Returns the processor time of everything on this machine so far, hosts included: neither idle nor waiting for a disk.
fn busy() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = first.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; a hundred a second.
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum::<u64>();
    Duration::from_millis(busy * 10)
}

/// Says how long each part took, and how much of the processors it and whatever else ran here meanwhile.
fn line(who: &str, part: &str, took: Duration, busy_before: Duration) {
    let busy = busy().saturating_sub(busy_before).as_secs_f64();
    println!("{who}: {part} {:.2} s ({busy:.1} s of processor on the whole machine)", took.as_secs_f64());
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_string()
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn peers(&self, name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
    }

    fn prepare(&self) {
        let write = |name: &str, text: &str| std::fs::write(self.path(name), text).expect("a file");
        agi_provision::model::tiny::write_tiny(
            &mut File::create(self.path("tiny.gguf")).expect("a file"),
            1,
            None,
        )
        .expect("the model");
        // Each program has the form of inventory that it reads itself.
        let (mut known, mut toml) = (String::new(), String::new());
        let (mut ini, mut py) = (String::from("[all]\n"), String::from("everyone = ([\n"));
        for host in &self.hosts {
            let key = host.key_path();
            known += &std::fs::read_to_string(host.known_hosts()).expect("known hosts");
            toml += &format!(
                "[[host]]\nname = \"{}\"\nuser = \"root\"\nidentity = \"{}\"\n",
                host.addr(),
                key.display()
            );
            ini += &format!(
                "{0} ansible_host={0} ansible_user=root ansible_ssh_private_key_file={1}\n",
                host.addr(),
                key.display()
            );
            py += &format!(
                "    (\"{}\", {{\"ssh_user\": \"root\", \"ssh_key\": \"{}\"}}),\n",
                host.addr(),
                key.display()
            );
        }
        write("known", &known);
        write("hosts", &ini);
        write("hosts.toml", &toml);
        let path = |name: &str| self.path(name).display().to_string();
        let data = format!(
            "], {{\"archive\": \"{}\", \"model\": \"{}\", \"arguments\": \"{}\", \"questions\": \"{}\", \
             \"key\": \"{}\", \"unit\": \"{}\", \"ssh_known_hosts_file\": \"{}\"}})\n",
            lab::llama_archive().display(),
            path("tiny.gguf"),
            path("arguments"),
            path("questions"),
            path("key"),
            self.peers("peer.service").display(),
            path("known"),
        );
        write("inventory.py", &format!("{py}{data}"));
        write("key", "not-a-secret\n");
        self.settings(512);
        // Both programs are told as much of the way as ours.
        std::fs::create_dir_all(self.path(".ssh")).expect("a folder");
        std::fs::copy(self.path("known"), self.path(".ssh/known_hosts")).expect("known hosts");
    }

    /// Writes the server's arguments, and the questions that this program asks a server with this context.
    fn settings(&self, ctx: u32) {
        let text = format!("ARGUMENTS=--ctx-size {ctx} --parallel 1 --fit off --no-webui --offline\n");
        std::fs::write(self.path("arguments"), text).expect("a file");
        let engine = agi_provision::engine::default();
        let prompt = u64::from(ctx / 4);
        let questions: Vec<_> = [
            engine.chat("Say in one sentence what you can do.", 32),
            engine.timed("", &json!({"tokens": vec![300; prompt as usize]}), prompt, 32),
        ]
        .map(|question| json!({"path": question.path, "body": question.body.to_string()}))
        .into();
        std::fs::write(self.path("questions"), json!({"questions": questions}).to_string()).expect("a file");
    }

    /// Takes away what the last program left and the next one would find done.
    fn clear(&self) {
        self.everywhere(
            "for unit in agi-provision-llama peer; do systemctl disable -q --now $unit; done 2>/dev/null
             userdel peer 2>/dev/null; rm -rf /etc/peer /var/lib/peer /etc/systemd/system/peer.service
             dpkg -s libgomp1 >/dev/null 2>&1 && apt-get purge -qq libgomp1 >/dev/null
             rm -rf /var/lib/apt/lists/* /var/lib/apt/periodic/*; touch -d 2000-01-01 /var/lib/apt/lists
             # Both peers' units have one name: the tokens that are compared are of one alone.
             journalctl -q --rotate; journalctl -q --vacuum-time=1s
             systemctl daemon-reload",
        );
    }

    /// Returns what the server of `unit` on the first host had to read and to write by its own log.
    fn tokens(&self, unit: &str) -> String {
        let log = self.hosts[0].exec(&format!("journalctl -q -o cat -u {unit}")).ok();
        let counts = log.lines().filter(|line| line.contains("eval time ="));
        let counts = counts.filter_map(|line| line.split(" / ").nth(1)?.split_whitespace().next());
        counts.collect::<Vec<_>>().join(" ")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.dir.path()).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Also against `ssh host true`, all at once.
    fn ours(&self) -> Times {
        let apply = |ctx: &str| {
            let mut apply = self.command(Path::new(env!("CARGO_BIN_EXE_agi-provision")));
            apply.args([
                "apply",
                "--yes",
                "--jobs",
                "32",
                "--profile",
                "laptop-cpu-16gb",
                "--ctx",
                ctx,
                "--slots",
                "1",
                "--model",
            ]);
            apply.arg(self.path("tiny.gguf")).arg("--runtime-archive").arg(lab::llama_archive());
            apply
                .arg("--inventory")
                .arg(self.path("hosts.toml"))
                .arg("--known-hosts")
                .arg(self.path("known"));
            time(&mut apply)
        };
        let who = "agi-provision";
        let before = busy();
        let first = apply("512");
        line(who, "first", first, before);
        let (mut noop, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..2 * RUNS {
            noop.push(apply("512"));
            bare.push(self.bare());
        }
        let (noop, bare) = (median(noop), median(bare));
        let bound = if self.hosts.len() == 1 { 1.0 } else { 1.2 };
        println!(
            "{who}: nothing to do {:.2} s; ssh host true {:.2} s",
            noop.as_secs_f64(),
            bare.as_secs_f64()
        );
        println!(
            "{who}: {:.2} times `ssh host true` (bound: {bound})",
            noop.as_secs_f64() / bare.as_secs_f64()
        );
        let before = busy();
        let changed = apply("1024");
        line(who, "one setting changed", changed, before);
        Times { tokens: self.tokens("agi-provision-llama"), first, noop, changed }
    }

    /// OpenSSH to every host at once.
    fn bare(&self) -> Duration {
        let start = Instant::now();
        let ssh = |host: &lab::Host| {
            let mut ssh = Command::new("ssh");
            ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o"]);
            ssh.arg(format!("UserKnownHostsFile={}", self.path("known").display()));
            ssh.arg("-i").arg(host.key_path()).args([&format!("root@{}", host.addr()), "true"]);
            ssh.stdin(Stdio::null()).spawn().expect("ssh")
        };
        let all: Vec<_> = self.hosts.iter().map(ssh).collect();
        for mut child in all {
            assert!(child.wait().expect("ssh").success());
        }
        start.elapsed()
    }

    fn peer(&self, who: &str, run: &dyn Fn(&Bench) -> Duration) -> Times {
        self.settings(512);
        let before = busy();
        let first = run(self);
        line(who, "first", first, before);
        // On twenty hosts they take minutes.
        let runs = if self.hosts.len() == 1 { RUNS } else { 1 };
        let noop = median((0..runs).map(|_| run(self)).collect());
        println!("{who}: nothing to do {:.2} s", noop.as_secs_f64());
        self.settings(1024);
        let before = busy();
        let changed = run(self);
        line(who, "one setting changed", changed, before);
        Times { tokens: self.tokens("peer"), first, noop, changed }
    }

    fn ansible(&self) -> Duration {
        let mut play = self.command(&self.python.join("bin/ansible-playbook"));
        let known = format!("-o UserKnownHostsFile={}", self.path("known").display());
        play.env("ANSIBLE_CONFIG", self.peers("ansible.cfg")).env("ANSIBLE_SSH_EXTRA_ARGS", known);
        play.arg("-i").arg(self.path("hosts")).arg(self.peers("site.yml"));
        for (name, path) in [
            ("archive", lab::llama_archive()),
            ("model", self.path("tiny.gguf")),
            ("arguments", self.path("arguments")),
        ] {
            play.arg("-e").arg(format!("{name}={}", path.display()));
        }
        play.arg("-e").arg(format!("@{}", self.path("questions").display()));
        time(&mut play)
    }

    fn pyinfra(&self) -> Duration {
        let mut deploy = self.command(&self.python.join("bin/pyinfra"));
        deploy.args(["-y", "--parallel", "32"]).arg(self.path("inventory.py")).arg(self.peers("deploy.py"));
        time(&mut deploy)
    }

    fn everywhere(&self, script: &str) {
        for host in &self.hosts {
            host.exec(script).ok();
        }
    }
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().expect("the command starts");
    let elapsed = start.elapsed();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
