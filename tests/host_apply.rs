//! `apply` on fresh hosts: from nothing to a model that answers, and nothing to do after that.

#[path = "lab/mod.rs"]
mod lab;

use std::thread;

use lab::journey::{Client, assert_serves, chat, wait_until_ready};
use lab::{Host, diff, run};
use serde_json::{Value, json};

const UNIT: &str = "agi-provision-llama.service";
const UNIT_FILE: &str = "/etc/systemd/system/agi-provision-llama.service";

#[test]
fn a_fresh_debian_12_serves_for_root() {
    from_nothing_to_an_answer("debian12", "root");
}

#[test]
fn a_fresh_debian_13_serves_for_a_sudo_user() {
    from_nothing_to_an_answer("debian13", "admin");
}

fn from_nothing_to_an_answer(image: &str, user: &str) {
    let (host, client) = (Host::boot(image), Client::new());
    let fresh = host.snapshot();

    // Looking first: it says what it would do, and leaves nothing.
    let check = client.apply(&host, user, &["--check"]);
    assert_eq!((check.exit, check.changed()), (5, true), "{check:?}");
    let steps = ["user", "directories", "runtime", "packages", "model", "key", "agent", "unit", "start"];
    for step in steps {
        assert!(check.differences().iter().any(|line| line.starts_with(step)), "{step}: {check:?}");
    }
    assert_eq!(diff(&fresh, &host.snapshot()), [""; 0]);
    assert_eq!(host.exec("ls /run | grep agi").stdout, "");

    let done = client.apply(&host, user, &[]);
    assert_eq!((done.exit, done.changed()), (0, true), "{done:?}\n{}", host.exec(LOGS).stdout);
    assert!(done.message().contains("tiny F32 serves"), "{done:?}");
    assert_receipt(&host, &done.value["receipt"]);
    assert_serves(&host);
    assert_eq!(
        host.exec(&format!("systemctl is-active {UNIT}; systemctl is-enabled {UNIT}")).ok(),
        "active\nenabled"
    );
    assert_eq!(host.exec("ps -o user:20= -C llama-server").ok().trim(), "agi-provision");
    assert_hardened(&host);
    assert_key_is_secret(&host);

    // Again: nothing to do, and nothing done.
    let serving = host.snapshot();
    let again = client.apply(&host, user, &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    assert!(again.message().contains("nothing to do"), "{again:?}");
    let check = client.apply(&host, user, &["--check"]);
    assert_eq!((check.exit, check.changed(), check.differences()), (0, false, vec![]), "{check:?}");
    assert_eq!(diff(&serving, &host.snapshot()), [""; 0]);

    assert_key_rotates(&host, &client, user);

    // By itself after a reboot, past the gate.
    host.reboot();
    wait_until_ready(&host);
    assert_serves(&host);
    assert_eq!(host.exec(&format!("systemctl show -p NRestarts --value {UNIT}")).ok(), "0");
    let again = client.apply(&host, user, &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
}

#[test]
fn a_model_alone_is_planned_for_the_host_as_it_is_and_lists_name_the_command() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let fresh = host.snapshot();
    let usual = client.applying(&[]);
    let at = usual.iter().position(|flag| *flag == "--profile").expect("the lab's usual profile");
    let alone: Vec<&str> = [&usual[..at], &usual[at + 2..]].concat();

    // Without --yes and a terminal nothing is connected; with --check the plan is shown and nothing written.
    let unasked: Vec<&str> = alone.iter().copied().filter(|flag| *flag != "--yes").collect();
    let refused = client.on(&host, "root", &unasked);
    assert!(refused.status == 2 && refused.stderr.contains("apply asks before"), "{refused:?}");
    let looked = client.on(&host, "root", &[&alone[..], &["--check"]].concat());
    assert_eq!(looked.status, 5, "{looked:?}");
    assert!(looked.stderr.contains("is planned for as it is"), "{looked:?}");
    assert!(looked.stderr.contains("tiny F32 on this-host: comfort"), "{looked:?}");
    assert_eq!(diff(&fresh, &host.snapshot()), [""; 0]);

    let done = client.json_on(&host, "root", &alone);
    assert_eq!((done.exit, done.changed()), (0, true), "{done:?}\n{}", host.exec(LOGS).stdout);
    assert_serves(&host);
    let plan: Value =
        serde_json::from_str(&host.exec("cat /etc/agi-provision/generation/plan.json").ok()).unwrap();
    assert_eq!((&plan["profile"]["id"], &plan["cost"]), (&json!("this-host"), &Value::Null));
    // A model of a megabyte is slower than its bytes say, and this machine may be busy: speeds are no matter here.
    let warned = done.value["warnings"].as_array().unwrap().iter().filter_map(Value::as_str);
    let warned: Vec<&str> = warned.filter(|text| !text.contains("tokens/s")).collect();
    assert!(warned.is_empty(), "a host keeps what it was planned for: {warned:?}");
    // The model on its disk and the server in its memory change no plan.
    let again = client.json_on(&host, "root", &alone);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // Without a model: the best few for it, each with the command that brings it there.
    let list = client.json_on(&host, "root", &["plan", "--for", "russian"]).value;
    let found = list["suggestions"].as_array().unwrap();
    assert!(!found.is_empty(), "{list}");
    for one in found {
        let command = one["command"].as_str().unwrap();
        let (model, quant) = (one["model"].as_str().unwrap(), one["quant"].as_str().unwrap());
        let begins = format!("agi-provision apply --model {model} --quant {quant} --resolve --host root@");
        assert!(command.starts_with(&begins) && command.contains(" --known-hosts "), "{command}");
    }
}

const LOGS: &str = "journalctl --no-pager -n 60 -u agi-provision-llama -u agi-provision-apply";

fn assert_receipt(host: &Host, receipt: &Value) {
    let stored: Value =
        serde_json::from_str(&host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap();
    assert_eq!(&stored, receipt, "the client shows what the host keeps");
    assert_eq!(receipt["schema"], "agi-provision/receipt/1");
    assert_eq!(receipt["llama_build"], "b11434");
    assert_eq!(receipt["packages_installed"], json!(["libgomp1"]));
    assert!(receipt["applied_by"].as_str().unwrap().starts_with("tester@"), "{receipt}");
    assert!(receipt["started"].as_str() < receipt["finished"].as_str(), "{receipt}");
    let facts = &receipt["facts_before"];
    assert_eq!((&facts["os"]["id"], &facts["os"]["systemd"]), (&json!("debian"), &json!(true)), "{facts}");
    assert!(facts["memory"]["total_bytes"].as_u64() > Some(1 << 30), "{facts}");
    let lines = receipt["verification"]["lines"].as_array().unwrap();
    for id in ["arch", "systemd", "cpu-flags", "cpu-cores", "ram", "disk", "port"] {
        let line = lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("{id}: {lines:?}"));
        assert_ne!(line["outcome"], "refused", "{line}");
    }
    let measured = &receipt["measured"];
    for number in [
        &measured["decode_tok_s"]["measured"],
        &measured["decode_tok_s"]["planned"]["low"],
        &measured["answer"]["generated_tokens"],
        &measured["answer"]["prefill_tok_s"],
        &measured["start_seconds"],
        &measured["memory"]["planned_host_bytes"],
        &measured["memory"]["measured"]["resident_bytes"],
    ] {
        assert!(number.as_f64() > Some(0.0), "{measured}");
    }
    assert_eq!(receipt["model"][0]["name"], "tiny.gguf");
}

/// The unit is in force as it is on the disk, drop-in included.
fn assert_hardened(host: &Host) {
    let show = |property: &str| host.exec(&format!("systemctl show -p {property} --value {UNIT}")).ok();
    assert_eq!(show("NeedDaemonReload"), "no");
    assert_eq!(show("LimitMEMLOCK"), "infinity", "the generation's drop-in");
    assert_eq!(show("PrivateDevices"), "yes", "the generation's drop-in");
    let denied = show("IPAddressDeny");
    assert!(denied.contains("::/0") && denied.contains("0.0.0.0/0"), "{denied}");
    assert_eq!(show("NoNewPrivileges"), "yes");
    let security = host.exec(&format!("systemd-analyze security --no-pager {UNIT}")).ok();
    let level = security.split("Overall exposure level for agi-provision-llama.service: ").nth(1);
    let level = level.and_then(|rest| rest.split_whitespace().next()).unwrap_or_else(|| panic!("{security}"));
    assert!(level.parse::<f64>().unwrap() <= 2.0, "{security}");
    // The server's address is the host's own alone.
    assert_eq!(host.exec("ss -Hltn 'sport = :8080'").ok().split_whitespace().nth(3), Some("127.0.0.1:8080"));
}

/// The key is in its file and in the service's credential, and nowhere else.
fn assert_key_is_secret(host: &Host) {
    assert_eq!(host.exec("stat -c '%a %U:%G' /etc/agi-provision/api-key").ok(), "600 root:root");
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    assert_eq!(key.len(), 64);
    let places = "/etc /var/lib /var/cache /var/log /var/tmp /tmp /run /usr/local /root /home";
    let found = host.exec(&format!(
        "cd /; printf %s {key} > /dev/shm/pattern; grep -rlaFf /dev/shm/pattern {places} 2>/dev/null | \
         grep -v /proc/; rm /dev/shm/pattern"
    ));
    let mut files: Vec<&str> = found.stdout.lines().collect();
    files.sort_unstable();
    files.dedup();
    let credential = |file: &&str| {
        file.starts_with("/run/credentials/agi-provision-llama.service/")
            || file.starts_with("/run/credstore")
            || *file == "/etc/agi-provision/api-key"
    };
    assert!(!files.is_empty() && files.iter().all(credential), "{files:?}");
    for look in [
        "ps axeww -o args",
        "cat /proc/[0-9]*/cmdline | tr '\\0' ' '",
        "systemctl show '*'",
        "journalctl --no-pager -o export",
        "systemctl cat agi-provision-llama",
    ] {
        let seen = host.exec(&format!("{look} 2>/dev/null; true")).ok();
        assert!(!seen.is_empty() && !seen.contains(&key), "the key is in `{look}`");
    }
    // No other user gets at the credential.
    assert_ne!(host.ssh("nosudo", "cat /run/credentials/agi-provision-llama.service/api-key").status, 0);
}

/// The next start of the service fails, and no other.
const FAILS_ONCE: &str = "touch /run/fails-once && d=/etc/systemd/system/agi-provision-llama.service.d && mkdir -p $d && \
    printf '[Service]\\nExecStartPre=+/bin/sh -c \"! rm /run/fails-once\"\\n' > $d/50-once.conf";

fn assert_key_rotates(host: &Host, client: &Client, user: &str) {
    let old = host.exec("cat /etc/agi-provision/api-key").ok();
    assert_eq!(client.on(host, user, &["key", "show"]).ok(), old);
    // It asks first.
    let asked = client.on(host, user, &["key", "rotate"]);
    assert_eq!(asked.status, 2, "{asked:?}");
    assert!(asked.stderr.contains("add --yes"), "{asked:?}");
    // A server that does not come up with the new key comes up with the old one.
    host.exec(FAILS_ONCE).ok();
    let failed = client.json_on(host, user, &["key", "rotate", "--yes"]);
    assert_eq!(failed.exit, 8, "{failed:?}");
    assert!(failed.message().contains("the old key works again"), "{failed:?}");
    assert_eq!(client.on(host, user, &["key", "show"]).ok(), old);
    assert_eq!(chat(host, Some(&old)).0, 200);
    host.exec("rm /etc/systemd/system/agi-provision-llama.service.d/50-once.conf").ok();
    let rotated = client.json_on(host, user, &["key", "rotate", "--yes"]);
    assert_eq!((rotated.exit, rotated.changed()), (0, true), "{rotated:?}");
    let new = rotated.value["key"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(client.json_on(host, user, &["key", "show"]).value["key"], new);
    assert_eq!((chat(host, Some(&old)).0, chat(host, Some(new)).0), (401, 200));
    assert_eq!(host.exec("stat -c '%a %U:%G' /etc/agi-provision/api-key").ok(), "600 root:root");
}

#[test]
fn drift_is_listed_exactly_and_repaired() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    client.serve(&host, "root");
    let generation = "/etc/agi-provision/generation";
    let model_on_host = host.exec(&format!("readlink {generation}/model/tiny.gguf")).ok();
    let changed_by_hand =
        |name: &str| format!("configuration: restore {generation}/{name}, which was changed by hand");
    let restart = |what: &str| format!("start: restart {UNIT}, because the {what} changes");
    let rounds = [
        (
            format!(
                "echo '# mine' >> {UNIT_FILE}; echo --verbose >> {generation}/llama-server.args; \
                 echo LimitNOFILE=5 >> {generation}/limits.conf; systemctl stop {UNIT}"
            ),
            vec![
                format!("unit: change {UNIT_FILE}"),
                changed_by_hand("limits.conf"),
                changed_by_hand("llama-server.args"),
                format!("start: start {UNIT} (now inactive, enabled)"),
            ],
        ),
        (
            format!(
                "rm {UNIT_FILE}.d/10-generation.conf {generation}/model/tiny.gguf; \
                 systemctl disable -q {UNIT}"
            ),
            vec![
                format!("unit: create {UNIT_FILE}.d/10-generation.conf"),
                format!("configuration: restore the link {generation}/model/tiny.gguf"),
                format!("start: start {UNIT} (now active, disabled)"),
            ],
        ),
        // The server would go on with what it has in memory: it is restarted with what is on the disk.
        (
            format!("rm {model_on_host}"),
            vec!["model: put tiny.gguf (1 MiB) in place".to_string(), restart("model")],
        ),
        (
            "rm /etc/agi-provision/api-key".to_string(),
            vec!["key: make an API key".to_string(), restart("key")],
        ),
    ];
    for (drift, lines) in rounds {
        host.exec(&drift).ok();
        let drifted = host.snapshot();
        let check = client.apply(&host, "root", &["--check"]);
        assert_eq!((check.exit, check.changed()), (5, true), "{drift}: {check:?}");
        assert_eq!(check.differences(), lines, "{drift}");
        assert_eq!(diff(&drifted, &host.snapshot()), [""; 0], "{drift}");

        let started = host.exec(&format!("systemctl show -p InvocationID {UNIT}")).ok();
        let repaired = client.apply(&host, "root", &[]);
        assert_eq!((repaired.exit, repaired.changed()), (0, true), "{drift}: {repaired:?}");
        let now = host.exec(&format!("systemctl show -p InvocationID {UNIT}")).ok();
        assert_ne!(now, started, "{drift}: not restarted");
        assert_serves(&host);
        let again = client.apply(&host, "root", &[]);
        assert_eq!((again.exit, again.changed()), (0, false), "{drift}: {again:?}");
    }
    // Without --format json, one line per change goes to stdout, the rest to stderr.
    host.exec(&format!("systemctl stop {UNIT}")).ok();
    let check = client.on(&host, "root", &client.applying(&["--check"]));
    assert_eq!(check.status, 5, "{check:?}");
    let name = format!("root@{}", host.addr());
    assert_eq!(check.stdout, format!("{name}: start: start {UNIT} (now inactive, enabled)\n"), "{check:?}");
}

#[test]
fn several_hosts_at_once_and_the_worst_is_told() {
    let boot = |image: &'static str| thread::spawn(move || Host::boot(image));
    let (one, two) = (boot("debian12"), boot("debian13"));
    let (one, two) = (one.join().unwrap(), two.join().unwrap());
    let client = Client::new();
    client.know([&one, &two]);
    let apply = |first: &str, second: &str| {
        let (first, second) = (format!("{first}@{}", one.addr()), format!("{second}@{}", two.addr()));
        let mut command = client.command(&client.applying(&["--format", "json", "--jobs", "2"]));
        command.args(["--host", &first, "--host", &second, "--known-hosts", "known_hosts"]);
        for host in [&one, &two] {
            command.arg("--identity").arg(host.key_path());
        }
        let ran = run(&mut command);
        let value: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
        lab::schemas::assert_valid("apply", &value);
        assert_eq!(value[0]["host"], first);
        assert_eq!(value[1]["host"], second);
        (ran.status, value)
    };
    let untouched = one.snapshot();
    let (status, value) = apply("nosudo", "admin");
    assert_eq!(status, 1, "{value}");
    assert_eq!((&value[0]["exit"], &value[0]["changed"]), (&json!(1), &json!(false)), "{value}");
    assert!(value[0]["message"].as_str().unwrap().contains("sudo"), "{value}");
    assert_eq!((&value[1]["exit"], &value[1]["changed"]), (&json!(0), &json!(true)), "{value}");
    assert_eq!(diff(&untouched, &one.snapshot()), [""; 0]);
    assert_serves(&two);

    let (status, value) = apply("root", "admin");
    assert_eq!(status, 0, "{value}");
    assert_eq!((&value[0]["changed"], &value[1]["changed"]), (&json!(true), &json!(false)), "{value}");
    assert_serves(&one);
}
