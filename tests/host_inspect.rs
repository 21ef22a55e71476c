//! Questions and small orders to a host: `probe`, `verify`, `status`, `logs`, `remove`.

#[path = "lab/mod.rs"]
mod lab;

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use lab::journey::{Client, assert_serves, text};
use lab::{Host, Snapshot, diff, diff_but_backups};
use serde_json::{Value, json};

#[test]
fn a_host_answers_what_it_is_asked() {
    for (image, user) in [("debian12", "root"), ("debian13", "admin")] {
        let (host, client) = (Host::boot(image), Client::new());
        let fresh = host.snapshot();
        let model = client.tiny("tiny.gguf", 1);
        let plan = client.plan("plan.json", &model, &[], |_| ());
        let verify = ["verify", "--plan", text(&plan)];

        // A fresh host: facts and a judgement, and not a trace after them.
        let probe = client.json_on(&host, user, &["probe"]);
        assert_eq!(probe.exit, 0, "{probe:?}");
        let facts = &probe.value["facts"];
        assert_eq!(facts["schema"], "agi-provision/facts/1");
        assert_eq!(facts["os"]["version"], image.trim_start_matches("debian"));
        assert_eq!((&facts["gpus"], &facts["failed"]), (&json!([]), &json!({})), "{facts}");
        let cpus: u64 = host.exec("nproc").ok().parse().unwrap();
        assert_eq!(facts["cpu"]["logical"], cpus);
        assert!(facts["disk"]["free_bytes"].as_u64() > Some(0), "{facts}");
        let ssh = facts["ports"].as_array().unwrap().iter().find(|port| port["port"] == 22).unwrap();
        assert!(ssh["process"].as_str().is_some(), "{ssh}");
        let as_text = client.on(&host, user, &["probe"]);
        assert_eq!(as_text.status, 0, "{as_text:?}");
        for word in ["system", "debian", "systemd", "RAM", "disk", "GPU", "none"] {
            assert!(as_text.stdout.contains(word), "{word}: {as_text:?}");
        }
        let verified = client.json_on(&host, user, &verify);
        assert_eq!(verified.exit, 0, "{verified:?}");
        let outcome = |verification: &Value, id: &str| {
            let lines = verification.as_array().unwrap();
            lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("{id}"))["outcome"].clone()
        };
        for id in ["arch", "systemd", "cpu-flags", "ram", "disk", "port"] {
            assert_eq!(outcome(&verified.value["verification"], id), "ok", "{id}: {verified:?}");
        }
        let as_text = client.on(&host, user, &verify);
        assert_eq!(as_text.status, 0, "{as_text:?}");
        assert!(
            as_text.stdout.contains("cpu-flags") && as_text.stderr.contains("the host meets the plan"),
            "{as_text:?}"
        );
        // A command that needs an installation says that there is none.
        for command in [&["status"][..], &["logs"], &["key", "show"], &["key", "rotate", "--yes"]] {
            let none = client.on(&host, user, command);
            assert_eq!(none.status, 1, "{none:?}");
            assert!(none.stderr.contains("nothing of agi-provision is installed"), "{none:?}");
            assert!(none.stderr.contains("\nhint: "), "{none:?}");
        }
        let removed = client.json_on(&host, user, &["remove", "--yes"]);
        assert_eq!((removed.exit, removed.changed()), (0, false), "{removed:?}");
        assert!(removed.message().contains("nothing of agi-provision was installed"), "{removed:?}");
        assert_eq!(diff(&fresh, &host.snapshot()), [""; 0], "{image}");

        client.serve(&host, user);
        let serving = host.snapshot();
        // Our own server on the port does not count against the plan.
        let verified = client.json_on(&host, user, &verify);
        assert_eq!(verified.exit, 0, "{verified:?}");
        assert_eq!(outcome(&verified.value["verification"], "port"), "ok");
        let status = client.json_on(&host, user, &["status"]);
        assert_eq!(status.exit, 0, "{status:?}");
        let document = &status.value["status"];
        assert_eq!((&document["health"], &document["model"]), (&json!("ready"), &json!("tiny")));
        assert_eq!(document["unit"]["active"], "active");
        assert_eq!(document["unit"]["enabled"], "enabled");
        assert_eq!(document["generation"], "/var/lib/agi-provision/generations/1");
        assert!(document["measured"]["decode_tok_s"]["measured"].as_f64() > Some(0.0), "{document}");
        let as_text = client.on(&host, user, &["status"]);
        assert_eq!(as_text.status, 0, "{as_text:?}");
        for word in ["tiny F32", "active, enabled", "ready", "b11434", "tokens/s when applied"] {
            assert!(as_text.stdout.contains(word), "{word}: {as_text:?}");
        }
        let logs = client.on(&host, user, &["logs", "-n", "400"]);
        assert_eq!(logs.status, 0, "{logs:?}");
        assert!(logs.stdout.lines().count() <= 400 && logs.stdout.contains("listening"), "{logs:?}");
        follow_the_log(&host, &client, user);
        assert_eq!(diff(&serving, &host.snapshot()), [""; 0], "{image}");

        // Values for monitoring, and changes by other hands.
        assert_eq!(document["drift"], json!([]), "{document}");
        assert_eq!(
            document["runtime"],
            json!({"build": "b11434", "path": null, "image": null}),
            "{document}"
        );
        assert!(document["speed"]["decode_tok_s"].as_f64() > Some(0.0), "{document}");
        assert!(document["disk"]["models_bytes"].as_u64() > Some(0), "{document}");
        assert!(document["disk"]["free_bytes"].as_u64() > Some(0), "{document}");
        host.exec(
            "echo '# mine' >> /etc/systemd/system/agi-provision-llama.service; \
             rm /etc/agi-provision/generation/runtime; touch /var/lib/agi-provision/models/*/tiny.gguf",
        )
        .ok();
        let status = client.json_on(&host, user, &["status"]);
        let drift = status.value["status"]["drift"].as_array().unwrap();
        let steps: Vec<&str> = drift.iter().map(|step| step["step"].as_str().unwrap()).collect();
        assert_eq!(steps, ["model", "unit", "configuration"], "{status:?}");
        let as_text = client.on(&host, user, &["status"]);
        assert!(as_text.stdout.contains("unit: change /etc/systemd/system"), "{as_text:?}");
        let mended = client.serve(&host, user);
        assert!(mended.changed(), "{mended:?}");
        let status = client.json_on(&host, user, &["status"]);
        assert_eq!(status.value["status"]["drift"], json!([]), "{status:?}");

        // A server that is down: exit 1, the document all the same.
        host.exec("systemctl stop agi-provision-llama").ok();
        let status = client.json_on(&host, user, &["status"]);
        assert_eq!(
            (status.exit, &status.value["status"]["unit"]["active"]),
            (1, &json!("inactive")),
            "{status:?}"
        );
    }
}

fn follow_the_log(host: &Host, client: &Client, user: &str) {
    let mut follow = client.spawn_on(host, user, &["logs", "--follow", "-n", "1"]);
    let mut lines = BufReader::new(follow.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    if line.is_empty() {
        let mut said = String::new();
        follow.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        panic!("no line: {said}");
    }
    assert!(line.contains(host.name()), "{line}");
    // New lines of the service's log arrive at once.
    host.exec("systemctl restart agi-provision-llama").ok();
    line.clear();
    lines.read_line(&mut line).unwrap();
    assert!(!line.is_empty());
    // The client goes while the service is quiet: nothing is written that could fail.
    std::thread::sleep(Duration::from_secs(1));
    assert_ne!(host.exec("pgrep -x journalctl").stdout, "");
    follow.kill().unwrap();
    follow.wait().unwrap();
    let began = Instant::now();
    loop {
        let left = host.exec("ps -eo args= | grep -E '^(journalctl|.*agent session)' | grep -v grep");
        if left.stdout.is_empty() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{left:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn an_apply_is_removed_without_a_trace() {
    for (image, user) in [("debian12", "root"), ("debian13", "admin")] {
        let (host, client) = (Host::boot(image), Client::new());
        let fresh = host.snapshot();
        client.serve(&host, user);
        // It asks first.
        let asked = client.on(&host, user, &["remove"]);
        assert_eq!(asked.status, 2, "{asked:?}");
        assert!(asked.stderr.contains("add --yes"), "{asked:?}");
        assert_serves(&host);

        let removed = client.json_on(&host, user, &["remove", "--yes"]);
        assert_eq!((removed.exit, removed.changed()), (0, true), "{removed:?}");
        assert_eq!(
            host.exec("pgrep -x llama-server; getent passwd agi-provision; getent group agi-provision")
                .stdout,
            ""
        );
        assert_eq!(host.exec("systemctl list-units --all --no-legend 'agi-provision*'").stdout, "");
        assert_eq!(host.exec("systemctl list-unit-files --no-legend 'agi-provision*'").stdout, "");
        assert_eq!(host.exec("ls -A /run | grep agi").stdout, "");
        assert_eq!(left(&fresh, &host), [""; 0], "{image}");
        host.exec("dpkg -s libgomp1").ok();

        let clean = host.snapshot();
        let removed = client.json_on(&host, user, &["remove", "--yes"]);
        assert_eq!((removed.exit, removed.changed()), (0, false), "{removed:?}");
        assert_eq!(diff(&clean, &host.snapshot()), [""; 0], "{image}");
    }
}

/// Returns whether the line is of something that stays beside the users' backups: the package that was installed,
/// with what apt and dpkg note of it.
fn stays_after_remove(line: &str) -> bool {
    let path = line[2..].split(": ").next().unwrap();
    let package = [
        "/usr/lib/x86_64-linux-gnu/libgomp.so.1",
        "/usr/share/doc/libgomp1",
        "/usr/share/lintian/overrides/libgomp1",
        "/var/lib/dpkg/info/libgomp1",
        "/usr/share/doc/gcc-",
        "/var/lib/dpkg/status",
        "/var/lib/dpkg/available",
        "/var/lib/dpkg/triggers/",
        "/var/lib/dpkg/lock",
        "/var/lib/apt/",
        "/var/cache/apt/",
        "/var/log/apt",
        "/var/log/dpkg.log",
        "/var/log/alternatives.log",
        "/etc/ld.so.cache",
        "/var/cache/ldconfig/aux-cache",
    ];
    package.iter().any(|start| path.starts_with(start))
}

fn left(before: &Snapshot, host: &Host) -> Vec<String> {
    let all = diff_but_backups(before, &host.snapshot());
    all.into_iter().filter(|line| !stays_after_remove(line)).collect()
}

#[test]
fn models_can_be_kept_for_a_next_apply() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.install_libgomp();
    let fresh = host.snapshot();
    client.serve(&host, "root");
    let model = client.path("tiny.gguf");
    let removed = client.json_on(&host, "root", &["remove", "--yes", "--keep-models"]);
    assert_eq!((removed.exit, removed.changed()), (0, true), "{removed:?}");
    let kept = left(&fresh, &host);
    assert_eq!(kept.len(), 6, "the folders, the model, its note and the record: {kept:#?}");
    assert!(kept.iter().all(|line| line.starts_with("+ /var/lib/agi-provision")), "{kept:#?}");
    // A question leaves no executable beside them.
    let with_models = host.snapshot();
    assert_eq!(client.on(&host, "root", &["probe"]).status, 0);
    assert_eq!(diff(&with_models, &host.snapshot()), [""; 0]);

    // The model is not sent again, nor asked for.
    let plan = client.plan("plan.json", &model, &[], |_| ());
    let applied = client.on(&host, "root", &client.applying(&["--plan", text(&plan)]));
    assert_eq!(applied.status, 0, "{applied:?}");
    assert!(
        applied.stderr.contains("sending llama-") && !applied.stderr.contains("sending tiny"),
        "{applied:?}"
    );
    assert_serves(&host);
    client.on(&host, "root", &["remove", "--yes", "--keep-models"]).ok();
    let applied = client.on(&host, "root", &client.applying(&[]));
    assert_eq!(applied.status, 0, "{applied:?}");
    assert!(!applied.stderr.contains("sending tiny"), "{applied:?}");
    assert_serves(&host);

    // Twice is fine; then everything.
    client.on(&host, "root", &["remove", "--yes", "--keep-models"]).ok();
    client.on(&host, "root", &["remove", "--yes", "--keep-models"]).ok();
    assert_eq!(left(&with_models, &host), [""; 0]);
    let removed = client.json_on(&host, "root", &["remove", "--yes"]);
    assert_eq!((removed.exit, removed.changed()), (0, true), "{removed:?}");
    assert_eq!(left(&fresh, &host), [""; 0]);
}
