//! Several hosts from one file.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves};
use lab::{Host, Ran, run};
use serde_json::Value;

#[test]
fn a_fleet_of_three_with_one_that_fails() {
    let hosts = [Host::boot("debian12"), Host::boot("debian13"), Host::boot("debian12")];
    let client = Client::new();
    client.know(&hosts);
    let mut inventory = String::new();
    for (host, name) in hosts.iter().zip(["one", "two", "three"]) {
        inventory += &format!(
            "[[host]]\nname = \"{name}\"\naddress = \"{}\"\nuser = \"admin\"\nidentity = \"{}\"\ngroups = [\"g{}\"]\n",
            host.addr(),
            host.key_path().display(),
            name.len()
        );
    }
    inventory += "plan = { ctx = 512, slots = 1 }\n";
    std::fs::write(client.path("fleet.toml"), inventory).unwrap();
    let on = |args: &[&str]| -> Ran {
        let mut command = client.command(args);
        command.args(["--inventory", "fleet.toml", "--known-hosts", "known_hosts"]);
        run(&mut command)
    };
    let apply = client.applying(&[]);

    assert_eq!(on(&[&apply[..], &["--retry-failed"]].concat()).status, 2, "nothing is known yet");
    hosts[1].link_down();
    let first = on(&apply);
    assert_eq!(first.status, 1, "{first:?}");
    assert!(first.stderr.contains("3 hosts: 1 failed (two), 2 done"), "{first:?}");
    assert_serves(&hosts[0]);
    assert_serves(&hosts[2]);
    let context = |host: &Host| {
        host.exec("grep -A1 '^--ctx-size$' /etc/agi-provision/generation/llama-server.args | tail -1").ok()
    };
    assert_eq!((context(&hosts[0]).as_str(), context(&hosts[2]).as_str()), ("4096", "512"));

    // Only the one that failed, then none.
    hosts[1].link_up();
    let retry = [&apply[..], &["--retry-failed", "--format", "json"]].concat();
    let second = on(&retry);
    assert_eq!(second.status, 0, "{second:?}");
    let answer: Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(answer["host"], "two", "one host, one object");
    assert_serves(&hosts[1]);
    let third = on(&retry);
    assert_eq!(third.status, 2, "{third:?}");
    assert!(third.stderr.contains("nothing failed last time"), "{third:?}");

    let limited = on(&["status", "--limit", "g3,!two", "--format", "json"]);
    assert_eq!(limited.status, 0, "{limited:?}");
    let answer: Value = serde_json::from_str(&limited.stdout).unwrap();
    assert_eq!(answer["host"], "one");
    assert_eq!(on(&["status", "--limit", "nothing"]).status, 2);

    // One object a line for one host and for three; all of stderr is objects as well.
    for (limit, count) in [("g3,!two", 1), ("*", 3)] {
        let lines = on(&["status", "--limit", limit, "--format", "jsonl", "--log-format", "json"]);
        assert_eq!(lines.status, 0, "{lines:?}");
        let objects = |text: &str| -> Vec<Value> {
            text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
        };
        let answers = objects(&lines.stdout);
        assert!(answers.len() == count && answers.iter().all(|one| one["host"].is_string()), "{lines:?}");
        let told = objects(&lines.stderr);
        let ends = told.iter().filter(|line| line["event"] == "end" && line["host"].is_string());
        assert_eq!(ends.count(), count, "{lines:?}");
    }

    // Something changes on all of them, which share one kernel: never two at once switch, start and time a server.
    let change =
        [&apply[..], &["--limit", "one,two", "--ctx", "1024", "--slots", "1", "--log-format", "json"]]
            .concat();
    let changed = on(&change);
    assert_eq!(changed.status, 0, "{changed:?}");
    let (mut working, mut started): (Vec<String>, usize) = (Vec::new(), 0);
    for line in changed.stderr.lines() {
        let line: Value = serde_json::from_str(line).expect("an object a line");
        let host = line["host"].as_str().unwrap_or_default().to_string();
        match (line["event"].as_str(), line["step"].as_str().or(line["name"].as_str())) {
            (Some("step"), _) if !working.contains(&host) => working.push(host),
            (Some("step-done"), Some("start")) => {
                started += 1;
                working.retain(|working| *working != host);
            }
            _ => {}
        }
        assert!(working.len() <= 1, "{working:?}: {changed:?}");
    }
    assert_eq!(started, 2, "{changed:?}");

    // Each is planned for as it is; the one that cannot be looked at keeps the others from nothing.
    hosts[1].link_down();
    let mut as_they_are = client.applying(&["--check", "--format", "json"]);
    let profile = as_they_are.iter().position(|arg| *arg == "--profile").unwrap();
    as_they_are.drain(profile..profile + 2);
    let looked = on(&as_they_are);
    assert_eq!(looked.status, 1, "{looked:?}");
    let answers: Vec<Value> = serde_json::from_str(&looked.stdout).unwrap();
    let exits: Vec<(&str, i64)> =
        answers.iter().map(|one| (one["host"].as_str().unwrap(), one["exit"].as_i64().unwrap())).collect();
    assert!(matches!(exits[..], [("one", 0 | 5), ("two", 1), ("three", 0 | 5)]), "{looked:?}");
    assert!(answers[1]["message"].as_str().unwrap().starts_with(&hosts[1].addr()), "{looked:?}");
    hosts[1].link_up();

    // Ansible's inventories say the same.
    let ini = format!(
        "[all:vars]\nansible_user=admin\n[g]\none ansible_host={} ansible_ssh_private_key_file={}\n",
        hosts[0].addr(),
        hosts[0].key_path().display()
    );
    std::fs::write(client.path("hosts.ini"), ini).unwrap();
    let mut command = client.command(&["status", "--inventory", "hosts.ini", "--known-hosts", "known_hosts"]);
    let status = run(&mut command);
    assert_eq!(status.status, 0, "{status:?}");
}
