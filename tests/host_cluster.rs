//! One model over three hosts: brought up together or not at all, its workers reached by the head alone, back by itself after
//! a worker, its connection, its network or its host was lost or stood still, and rolled back together or not at all.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves, http};
use lab::{Host, Ran, diff_but_backups, run, tool, wait_for};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A lost worker is named within this time.
const NAMED: Duration = Duration::from_secs(10);
/// A loaded machine takes seconds for what is done in one.
const BACK: Duration = Duration::from_secs(120);

/// Hosts as the inventory calls them, the head first.
const NAMES: [&str; 3] = ["head", "first", "second"];
const SERVER: &str = "agi-provision-llama.service";
const WORKER: &str = "agi-provision-rpc-worker.service";
const LINK: &str = "agi-provision-rpc-link.service";

/// Three hosts, each with a cable to both others, and someone's machine that reaches all.
struct Cluster {
    hosts: [Host; 3],
    client: Client,
    archive: PathBuf,
    model: PathBuf,
}

impl Cluster {
    fn boot() -> Cluster {
        let built = PathBuf::from(run(&mut tool("build-rpc")).ok());
        let model = PathBuf::from(run(&mut tool("build-rag")).ok()).join("gemma-3-270m-q4_k_m.gguf");
        let hosts = [Host::boot("debian12"), Host::boot("debian12"), Host::boot("debian13")];
        hosts.iter().for_each(Host::install_libgomp);
        let client = Client::new();
        client.know(&hosts);
        let entry = |(name, host): (&str, &Host)| {
            let (address, key) = (host.addr(), host.key_path());
            format!(
                "[[host]]\nname = \"{name}\"\naddress = \"{address}\"\nuser = \"root\"\nidentity = \"{}\"\n\
                 groups = [\"llm\"]\n",
                key.display()
            )
        };
        let inventory: String = NAMES.into_iter().zip(&hosts).map(entry).collect();
        fs::write(client.path("hosts.toml"), inventory).unwrap();
        let archive = built.join("llama-b11434-bin-linux-x64.tar.gz");
        let cluster = Cluster { hosts, client, archive, model };
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            cluster.cable(one, other);
        }
        cluster
    }

    /// The lab's hosts reach nothing but this machine: gives two of them a cable of their own.
    fn cable(&self, one: usize, other: usize) {
        let (a, b) = (&self.hosts[one], &self.hosts[other]);
        let ends = [format!("to{other}"), format!("to{one}")];
        ip(&[
            "link",
            "add",
            &ends[0],
            "netns",
            a.name(),
            "type",
            "veth",
            "peer",
            "name",
            &ends[1],
            "netns",
            b.name(),
        ]);
        for (host, end, far) in [(a, &ends[0], b), (b, &ends[1], a)] {
            ip(&["-n", host.name(), "link", "set", end, "up"]);
            ip(&[
                "-n",
                host.name(),
                "route",
                "replace",
                &format!("{}/32", far.addr()),
                "dev",
                end,
                "src",
                &host.addr(),
            ]);
        }
    }

    /// Pulls the cable between the head and a worker, or plugs it in again.
    fn network(&self, worker: usize, state: &str) {
        ip(&["-n", self.hosts[worker].name(), "link", "set", "to0", state]);
        if state == "up" {
            let (near, far) = (&self.hosts[worker], &self.hosts[0]);
            let route = format!("{}/32", far.addr());
            ip(&["-n", near.name(), "route", "replace", &route, "dev", "to0", "src", &near.addr()]);
        }
    }

    fn on(&self, args: &[&str]) -> Ran {
        let mut command = self.client.command(args);
        run(command.args(["--known-hosts", "known_hosts"]))
    }

    /// Answers of a command for the hosts of the inventory, the head's first.
    fn json(&self, args: &[&str]) -> (i32, Vec<Value>, String) {
        let mut all = vec![args[0], "--format", "json", "--inventory", "hosts.toml"];
        all.extend(&args[1..]);
        let ran = self.on(&all);
        let answers = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let answers = if let Value::Array(several) = answers { several } else { vec![answers] };
        (ran.status, answers, ran.stderr)
    }

    /// The arguments of `apply --hosts` of the real model that do not name the hosts.
    fn applying(&self) -> [&str; 10] {
        let (archive, model) = (self.archive.to_str().unwrap(), self.model.to_str().unwrap());
        [
            "apply",
            "--yes",
            "--model",
            model,
            "--link",
            "0.2,1000",
            "--runtime-archive",
            archive,
            "--slots",
            "1",
        ]
    }

    /// Applies over a group of the inventory; returns its answers, the head's first.
    fn apply(&self, more: &[&str]) -> (i32, Vec<Value>, String) {
        let mut args = self.applying().to_vec();
        args.extend(["--hosts", "llm"]);
        args.extend(more);
        self.json(&args)
    }

    fn generations(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.exec("readlink /etc/agi-provision/generation").stdout).collect()
    }

    /// The end of the link's log.
    fn moment(&self) -> String {
        let last = self.hosts[0]
            .exec(&format!("journalctl -q -n 1 -o cat --show-cursor -u {LINK} | tail -n 1"))
            .ok();
        last.strip_prefix("-- cursor: ").unwrap_or_else(|| panic!("{last}")).to_string()
    }

    /// Lines that the link has said since then.
    fn said_since(&self, moment: &str) -> String {
        self.hosts[0].exec(&format!("journalctl -q -o cat -u {LINK} --after-cursor '{moment}'")).stdout
    }

    /// Does something, and sees that these workers are named as lost in time, each for its reason.
    fn names(&self, what: &str, lost: &[(usize, &str)], lose: impl FnOnce()) {
        let moment = self.moment();
        let began = Instant::now();
        lose();
        for (worker, why) in lost {
            let named = format!("worker {worker} ({}) is lost: ", NAMES[*worker]);
            wait_for(&format!("{what}: {named}{why}"), NAMED, || {
                let said = self.said_since(&moment);
                said.lines().any(|line| line.split_once(&named).is_some_and(|(_, said)| said.contains(why)))
            });
            println!("{what}, worker {worker}: named after {:.1} s", began.elapsed().as_secs_f64());
        }
    }

    /// Undoes it, and sees that the model serves again.
    fn serves_again(&self, restore: impl FnOnce()) {
        let began = Instant::now();
        restore();
        wait_for("the model to serve again", BACK, || {
            let (_, states, _) = self.json(&["status"]);
            let workers =
                states[0]["status"]["over_hosts"]["workers"].as_array().cloned().unwrap_or_default();
            workers.iter().all(|worker| worker["up"] == true) && health(&self.hosts[0])
        });
        println!("served again {:.1} s after all was as before", began.elapsed().as_secs_f64());
        assert_serves(&self.hosts[0]);
    }
}

/// Sends a signal to a worker's program alone, or to all of its unit.
fn signal(host: &Host, signal: &str) {
    let programs =
        "for f in $(grep -ls '^ggml-rpc' /proc/[0-9]*/comm); do p=${f#/proc/}; echo ${p%/comm}; done";
    host.exec(&format!("set -e; p=$({programs}); [ -n \"$p\" ]; kill -{signal} $p")).ok();
}

fn signal_unit(host: &Host, signal: &str) {
    host.exec(&format!("systemctl kill -s {signal} --kill-who=all {WORKER}")).ok();
}

/// Stops the head's SSH client that passes the server's bytes on to a worker.
fn stop_forward(head: &Host, worker: usize) {
    let all = format!(
        "for d in /proc/[0-9]*; do tr '\\0' ' ' <$d/cmdline 2>/dev/null | grep -q 'agi-provision-worker-{worker} .* rpc $' \
         && kill -STOP ${{d#/proc/}} && echo stopped; done"
    );
    let ran = head.exec(&all);
    assert!(ran.stdout.contains("stopped"), "{ran:?}");
}

fn ip(args: &[&str]) {
    run(Command::new("ip").args(args)).ok();
}

fn health(head: &Host) -> bool {
    let asks = "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3";
    head.exec(&format!("bash -c \"{asks} && [[ \\$line == *' 200 '* ]]\" 2>/dev/null")).status == 0
}

/// Runs it in bash as a user of the host.
fn bash(host: &Host, user: &str, script: &str) -> Ran {
    host.exec(&format!("setpriv --reuid={user} --regid={user} --clear-groups timeout 20 bash -c '{script}'"))
}

/// What a user of a host reads from a worker's door: `up` where it opens.
fn knock(host: &Host, user: &str) -> String {
    let perl = "perl -MIO::Socket::UNIX -e \"my \\$s = IO::Socket::UNIX->new(Peer => q(/run/agi-provision-rpc-worker/watch)) \
                or die qq(kept out); my \\$l = <\\$s>; print defined \\$l ? \\$l : q(closed)\" 2>&1";
    bash(host, user, perl).stdout.trim().to_string()
}

/// Nobody but the head reaches a worker: no other user of its host, no other host, and no other user of the head's.
fn assert_closed(cluster: &Cluster) {
    let [head, worker, other] = &cluster.hosts;
    let connect = |address: &str, port: u16| format!("exec 3<>/dev/tcp/{address}/{port} && echo open");
    for user in ["root", "nosudo"] {
        let tried = bash(worker, user, &connect("127.0.0.1", 50052));
        assert!(
            tried.status != 0 && !tried.stdout.contains("open"),
            "{user} of the worker's host: {tried:?}"
        );
    }
    for host in [head, other] {
        let tried = bash(host, "root", &connect(&worker.addr(), 50052));
        assert!(tried.status != 0 && !tried.stdout.contains("open"), "another host: {tried:?}");
    }
    // The program listens, in a network of its own.
    let pid = worker.exec(&format!("systemctl show -P MainPID {WORKER}")).ok();
    let inside = worker.exec(&format!("nsenter -t {pid} -n cat /proc/net/tcp"));
    let own = worker.exec(&format!("cat /proc/{pid}/net/tcp")).ok();
    assert!(own.contains("0100007F:C384 00000000:0000 0A"), "{own}\n{inside:?}");
    // Its socket takes the user of the private path, and nobody else.
    assert_eq!(knock(worker, "agi-provision-rpc"), "up");
    for user in ["nosudo", "agi-provision", "root"] {
        assert_eq!(knock(worker, user), "closed", "{user}");
    }
    // The head's forward takes the server's user alone: others are let in and shown out.
    let read = "exec 3<>/dev/tcp/127.0.0.1/50053; timeout 5 cat <&3; echo ended $?";
    for user in ["nosudo", "root", "agi-provision-rpc"] {
        let tried = bash(head, user, read);
        assert!(tried.stdout.contains("ended 0"), "{user} of the head: {tried:?}");
    }
    // The head's key opens the door and nothing else.
    let ssh = |more: &str| {
        head.exec(&format!(
            "timeout 20 ssh -F /dev/null -i /etc/agi-provision/rpc/key -o BatchMode=yes -o StrictHostKeyChecking=yes \
             -o UserKnownHostsFile=/etc/agi-provision/rpc/known_hosts -o HostKeyAlias=agi-provision-worker-1 {more}"
        ))
    };
    let login = format!("agi-provision-rpc@{}", worker.addr());
    let shell = ssh(&format!("{login} id"));
    assert!(shell.status != 0 && !shell.stdout.contains("uid="), "{shell:?}");
    assert!(shell.stderr.contains("opens the worker and nothing else"), "{shell:?}");
    let forward = ssh(&format!("-W 127.0.0.1:22 {login}"));
    assert!(forward.status != 0 && !forward.stdout.contains("SSH-2"), "{forward:?}");
    let root = ssh(&format!("root@{} id", worker.addr()));
    assert!(root.status != 0, "{root:?}");
}

/// Each device's buffers, as the server reported them, are within the ledger.
fn assert_proved(receipt: &Value) {
    let devices = receipt["measured"]["proof"]["devices"].as_array().unwrap_or_else(|| panic!("{receipt:#}"));
    let names: Vec<&str> = devices.iter().map(|device| device["device"].as_str().unwrap()).collect();
    assert_eq!(names, ["host", "rpc0", "rpc1"]);
    for device in devices {
        for part in ["weights", "kv", "compute"] {
            let (planned, reported) =
                (device[part]["planned"].as_u64().unwrap(), device[part]["reported"].as_u64().unwrap());
            println!("{} {part}: {planned} planned, {reported} reported", device["device"]);
        }
        let weights = &device["weights"];
        assert!(weights["reported"].as_u64() > Some(0), "{device}");
        let sum = |key: &str| -> u64 {
            ["weights", "kv", "compute"].iter().map(|part| device[part][key].as_u64().unwrap()).sum()
        };
        assert!(sum("reported") <= sum("planned") + (1 << 20), "{device}");
    }
    assert_eq!(receipt["measured"]["proof"]["elsewhere"], json!({}));
}

#[test]
fn three_hosts_serve_one_model_or_are_as_they_were() {
    let cluster = Cluster::boot();
    let [head, first, second] = &cluster.hosts;
    let before = cluster.hosts.each_ref().map(Host::snapshot);

    // A second worker that cannot start keeps the others from it, and leaves nothing anywhere.
    let fails = |host: &Host, unit: &str, condition: &str| {
        let drop_in = format!("/etc/systemd/system/{unit}.d");
        host.exec(&format!(
            "mkdir -p {drop_in} && cat >/opt/lab-check <<'END'\n{condition}\nEND\n\
             printf '[Service]\\nExecStartPre=/bin/sh /opt/lab-check\\n' >{drop_in}/50-lab.conf"
        ))
        .ok();
    };
    let mends = |host: &Host, unit: &str| {
        host.exec(&format!("rm -r /etc/systemd/system/{unit}.d/50-lab.conf /opt/lab-check")).ok();
        host.exec(&format!(
            "rmdir --ignore-fail-on-non-empty /etc/systemd/system/{unit}.d; systemctl daemon-reload"
        ))
        .ok();
    };
    fails(second, WORKER, "false");
    let names = cluster.hosts.each_ref().map(|host| format!("root@{}", host.addr())).join(",");
    let keys = cluster.hosts.each_ref().map(|host| host.key_path().display().to_string());
    let mut args = cluster.applying().to_vec();
    args.extend(["--hosts", &names, "--format", "json"]);
    keys.iter().for_each(|key| args.extend(["--identity", key]));
    let failed = cluster.on(&args);
    assert_eq!(failed.status, 1, "{failed:?}");
    mends(second, WORKER);
    for (host, before) in cluster.hosts.iter().zip(&before) {
        let left = lab::but_kept(diff_but_backups(before, &host.snapshot()));
        assert!(left.is_empty(), "{}: {left:#?}\n{failed:?}", host.name());
    }

    let began = Instant::now();
    let (exit, answers, stderr) = cluster.apply(&[]);
    assert_eq!(exit, 0, "{answers:#?}\n{stderr}\n{}", first.exec(&format!("journalctl -u {WORKER}")).stdout);
    println!("three hosts serve after {:.1} s", began.elapsed().as_secs_f64());
    assert!(answers.iter().all(|answer| answer["changed"] == true), "{answers:#?}");
    assert_proved(&answers[0]["receipt"]);
    assert_serves(head);
    for worker in [first, second] {
        assert_eq!(worker.exec("find /var/lib/agi-provision/models -type f").stdout, "", "no model's file");
    }

    let (exit, answers, _) = cluster.apply(&[]);
    assert_eq!(exit, 0, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer["changed"] == false), "{answers:#?}");

    assert_closed(&cluster);
    let (exit, states, _) = cluster.json(&["status"]);
    assert_eq!(exit, 0, "{states:#?}");
    let up = |at: usize| states[0]["status"]["over_hosts"]["workers"][at]["up"].clone();
    assert_eq!((up(0), up(1)), (json!(true), json!(true)), "{states:#?}");
    assert!(states.iter().all(|state| state["status"]["health"] == "ready"), "{states:#?}");

    // A long prompt keeps the workers busy, and none of them is taken for lost.
    let (moment, began) = (cluster.moment(), Instant::now());
    let prompt = json!({"prompt": "one two three four five six seven ".repeat(280), "n_predict": 1});
    let key = head.exec("cat /etc/agi-provision/api-key").ok();
    let (status, answer) = http(head, "POST", "/completion", Some(&key), Some(&prompt));
    assert_eq!(status, 200, "{answer}");
    println!(
        "a prompt of {} bytes took {:.1} s",
        prompt["prompt"].as_str().unwrap().len(),
        began.elapsed().as_secs_f64()
    );
    assert_eq!(cluster.said_since(&moment), "");

    // A program that is stopped, and one that is killed.
    cluster.names("stopped", &[(1, "its program is stopped")], || signal(first, "STOP"));
    cluster.names("killed", &[(2, "")], || signal_unit(second, "KILL"));
    cluster.serves_again(|| signal(first, "CONT"));

    // A connection and a whole unit that stand still; then the network and the whole host are gone.
    let both = [(2, "the SSH client of its connection is stopped"), (1, "no word of it")];
    cluster.names("standing still", &both, || {
        stop_forward(head, 2);
        signal_unit(first, "STOP");
    });
    let moment = cluster.moment();
    signal_unit(first, "CONT");
    wait_for("the worker to be there", NAMED, || cluster.said_since(&moment).contains("(first) is there"));
    cluster.names("network gone", &[(1, "")], || cluster.network(1, "down"));
    cluster.names("rebooted", &[(2, "")], || drop(second.exec("systemctl --no-block reboot").ok()));
    let (exit, states, _) = cluster.json(&["status", "--limit", "head"]);
    let lost = &states[0]["status"]["over_hosts"]["workers"][0];
    assert!(exit == 1 && lost["up"] == false, "{states:#?}");
    cluster.serves_again(|| {
        cluster.network(1, "up");
        wait_for("the host to be back", BACK, || second.ssh("root", "true").status == 0);
    });

    // Another context: the head fails last, and every host is back in the generation before.
    let generations = cluster.generations();
    fails(head, SERVER, "! grep -q '\"n_ctx\": 1024' /etc/agi-provision/generation/plan.json");
    let (exit, answers, stderr) = cluster.apply(&["--ctx", "1024"]);
    assert_eq!(exit, 8, "{answers:#?}\n{stderr}");
    assert!(answers.iter().all(|answer| answer["exit"] == 8), "{answers:#?}\n{stderr}");
    assert_eq!(cluster.generations(), generations);
    mends(head, SERVER);
    cluster.serves_again(|| ());

    // Applied, and taken back: by no host alone, and by all of them.
    let (exit, answers, stderr) = cluster.apply(&["--ctx", "1024"]);
    assert_eq!(exit, 0, "{answers:#?}\n{stderr}");
    let newer = cluster.generations();
    assert!(newer.iter().zip(&generations).all(|(new, old)| new != old), "{newer:?} {generations:?}");
    let (exit, answers, _) = cluster.json(&["rollback", "--yes", "--limit", "first"]);
    assert_eq!(exit, 1, "{answers:#?}");
    assert!(
        answers[0]["message"].as_str().unwrap().contains("one of 3 that serve one model"),
        "{answers:#?}"
    );
    let all = "rollback --host head --host first --host second";
    assert!(answers[0]["hint"].as_str().unwrap().contains(all), "{answers:#?}");
    assert_eq!(cluster.generations(), newer);
    let (exit, answers, stderr) = cluster.json(&["rollback", "--yes"]);
    assert_eq!(exit, 0, "{answers:#?}\n{stderr}");
    assert_eq!(cluster.generations(), generations);
    assert_serves(head);

    let removed = cluster.on(&["remove", "--yes", "--inventory", "hosts.toml"]);
    assert_eq!(removed.status, 0, "{removed:?}");
    for (host, before) in cluster.hosts.iter().zip(&before) {
        let left = lab::ours(before, host);
        assert!(left.is_empty(), "{}: {left:#?}", host.name());
    }
}
