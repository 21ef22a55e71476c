//! One model over three hosts: brought up together or not at all, its workers reached by the head alone, and back by itself
//! after a worker, its network or its host was lost.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves};
use lab::{Host, Ran, diff_but_backups, run, tool, wait_for};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A lost worker is named within this time.
const NAMED: Duration = Duration::from_secs(10);
/// A loaded machine takes seconds for what is done in one.
const BACK: Duration = Duration::from_secs(120);

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
        for host in &self.hosts {
            command.arg("--identity").arg(host.key_path());
        }
        run(command.args(["--known-hosts", "known_hosts"]))
    }

    /// `apply --hosts` of the real model, and its answers, the head's first.
    fn apply(&self, more: &[&str]) -> (i32, Vec<Value>, String) {
        let names: Vec<String> = self.hosts.iter().map(|host| format!("root@{}", host.addr())).collect();
        let (names, archive, model) =
            (names.join(","), self.archive.to_str().unwrap(), self.model.to_str().unwrap());
        let mut args = vec!["apply", "--yes", "--format", "json", "--model", model, "--hosts", &names];
        args.extend(["--link", "0.2,1000", "--runtime-archive", archive, "--slots", "1"]);
        args.extend(more);
        let ran = self.on(&args);
        let answers = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        (ran.status, answers, ran.stderr)
    }

    fn status(&self) -> (i32, Vec<Value>) {
        let names: Vec<String> = self.hosts.iter().map(|host| format!("root@{}", host.addr())).collect();
        let mut args = vec!["status", "--format", "json"];
        names.iter().for_each(|name| args.extend(["--host", name]));
        let ran = self.on(&args);
        (ran.status, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
    }

    fn generations(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.exec("readlink /etc/agi-provision/generation").stdout).collect()
    }

    /// What the link has said since this moment, by the head's clock.
    fn said_since(&self, moment: &str) -> String {
        self.hosts[0].exec(&format!("journalctl -q -o cat -u {LINK} --since '{moment}'")).stdout
    }

    /// Does this to a worker, sees that it is named in the journal and in `status` in time, and that the model serves
    /// again once it was undone.
    fn survives(
        &self,
        what: &str,
        worker: usize,
        lose: impl FnOnce(&Cluster),
        restore: impl FnOnce(&Cluster),
    ) {
        let moment = self.hosts[0].exec("date '+%Y-%m-%d %H:%M:%S'").ok();
        let began = Instant::now();
        lose(self);
        let named = format!("worker {worker} (root@{}) is lost", self.hosts[worker].addr());
        wait_for(&format!("{what}: {named}"), NAMED, || self.said_since(&moment).contains(&named));
        println!("{what}: named after {:.1} s", began.elapsed().as_secs_f64());
        restore(self);
        wait_for(&format!("{what}: the model to serve again"), BACK, || {
            let said = self.said_since(&moment);
            let back = format!("worker {worker} (root@{}) is there", self.hosts[worker].addr());
            said.rfind(&back) > said.rfind(&named) && health(&self.hosts[0])
        });
        println!("{what}: served again after {:.1} s", began.elapsed().as_secs_f64());
        assert_serves(&self.hosts[0]);
    }
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
    let drop_in = "/etc/systemd/system/agi-provision-rpc-worker.service.d";
    let fails = |condition: &str| {
        second
            .exec(&format!(
                "mkdir -p {drop_in} && cat >/opt/lab-check <<'END'\n{condition}\nEND\n\
                 printf '[Service]\\nExecStartPre=/bin/sh /opt/lab-check\\n' >{drop_in}/50-lab.conf"
            ))
            .ok();
    };
    fails("false");
    let (exit, answers, stderr) = cluster.apply(&[]);
    assert_eq!(exit, 1, "{answers:#?}\n{stderr}");
    second.exec(&format!("rm -r {drop_in} /opt/lab-check; systemctl daemon-reload")).ok();
    for (host, before) in cluster.hosts.iter().zip(&before) {
        let left = lab::but_kept(diff_but_backups(before, &host.snapshot()));
        assert!(left.is_empty(), "{}: {left:#?}\n{answers:#?}", host.name());
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
    let (exit, states) = cluster.status();
    assert_eq!(exit, 0, "{states:#?}");
    let up = |at: usize| states[0]["status"]["over_hosts"]["workers"][at]["up"].clone();
    assert_eq!((up(0), up(1)), (json!(true), json!(true)), "{states:#?}");
    assert!(states.iter().all(|state| state["status"]["health"] == "ready"), "{states:#?}");

    // Losses: the program, the network, the whole host.
    let kill = |cluster: &Cluster| {
        cluster.hosts[1].exec(&format!("systemctl kill -s KILL --kill-who=all {WORKER}")).ok();
    };
    cluster.survives("killed", 1, kill, |_| {});
    cluster.survives(
        "network gone",
        1,
        |cluster| cluster.network(1, "down"),
        |cluster| {
            let (exit, states) = cluster.status();
            let lost = &states[0]["status"]["over_hosts"]["workers"][0];
            assert!(exit == 1 && lost["up"] == false, "{states:#?}");
            cluster.network(1, "up");
        },
    );
    let reboot = |cluster: &Cluster| cluster.hosts[2].exec("systemctl --no-block reboot").ok();
    let up = |cluster: &Cluster| {
        wait_for("the host to be back", BACK, || cluster.hosts[2].ssh("root", "true").status == 0);
    };
    cluster.survives("rebooted", 2, |cluster| drop(reboot(cluster)), up);

    // Another context: the second worker fails, and every host serves by the generation before.
    let generations = cluster.generations();
    fails("! grep -q '\"n_ctx\": 1024' /etc/agi-provision/generation/plan.json");
    let (exit, answers, stderr) = cluster.apply(&["--ctx", "1024"]);
    assert_eq!(exit, 8, "{answers:#?}\n{stderr}");
    assert_eq!(cluster.generations(), generations);
    wait_for("the old generation to serve", BACK, || health(head));
    assert_serves(head);
    second.exec(&format!("rm {drop_in}/50-lab.conf /opt/lab-check; systemctl daemon-reload")).ok();

    let names: Vec<String> = cluster.hosts.iter().map(|host| format!("root@{}", host.addr())).collect();
    let mut args = vec!["remove", "--yes"];
    names.iter().for_each(|name| args.extend(["--host", name]));
    let removed = cluster.on(&args);
    assert_eq!(removed.status, 0, "{removed:?}");
    for (host, before) in cluster.hosts.iter().zip(&before) {
        let left = lab::ours(before, host);
        assert!(left.is_empty(), "{}: {left:#?}", host.name());
    }
}
