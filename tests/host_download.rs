//! Hosts that download what a plan pins, from real servers with bad habits.

#[path = "http/mod.rs"]
mod http;
#[path = "lab/mod.rs"]
mod lab;
#[path = "http/tls.rs"]
mod tls;

use agi_provision::hash::sha256;
use http::{Reply, Server};
use lab::journey::{Client, assert_serves, text};
use lab::{Host, but_kept, diff, llama_archive, ours, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tls::Tls;

const SECRET: &str = "hf_poison_4b1d0c9a";

/// A plan whose model and runtime are pinned to these addresses.
fn pinned(client: &Client, model: &Path, model_url: &str, runtime_url: &str) -> PathBuf {
    let (model_bytes, archive) = (std::fs::read(model).unwrap(), std::fs::read(llama_archive()).unwrap());
    client.plan("pinned.json", model, &[], |plan: &mut Value| {
        plan["model"]["files"][0]["url"] = json!(model_url);
        plan["model"]["files"][0]["sha256"] = json!(sha256(&model_bytes));
        plan["llama_server"]["runtime"] =
            json!({"url": runtime_url, "sha256": sha256(&archive), "size_bytes": archive.len()});
    })
}

fn serve(host: &Host, path: &Path, habit: fn(usize, &http::Request) -> Reply) -> Server {
    Server::start_at(&host.near_addr(), std::fs::read(path).unwrap(), habit)
}

#[test]
fn a_host_downloads_what_the_plan_pins_and_the_token_stays_in_memory() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let before = host.snapshot();
    let runtime = serve(&host, &llama_archive(), |number, _| match number % 3 {
        1 => Reply::Cut(3 << 20),
        _ => Reply::Good,
    });
    let models = serve(&host, &model, |_, request| match request.authorization.as_deref() {
        Some(value) if value == format!("Bearer {SECRET}") => Reply::Good,
        _ => Reply::Status(401, vec![]),
    });
    let plan = pinned(&client, &model, &models.url("m/tiny.gguf"), &runtime.url("r/llama.tar.gz"));
    let args = ["apply", "--yes", "--plan", text(&plan), "--format", "json"];

    // Without the token: it says what it wants. The runtime, which is whole, stays for the next apply.
    let refused = client.on(&host, "root", &args);
    assert_eq!(refused.status, 1, "{refused:?}");
    let answer: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert!(answer["message"].as_str().unwrap().contains("needs a token"), "{answer}");
    assert!(answer["hint"].as_str().unwrap().contains("HF_TOKEN"), "{answer}");
    assert!(
        answer["message"].as_str().unwrap().contains("llama.tar.gz stays for the next apply"),
        "{answer}"
    );
    assert_eq!(but_kept(ours(&before, &host)), [""; 0]);
    let fetched = runtime.requests().len();

    let mut command = client.command_on(&host, "root", &args);
    command.env("HF_TOKEN", SECRET).env("HF_ENDPOINT", models.url(""));
    let done = run(&mut command);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    assert!(runtime.requests().iter().all(|request| request.authorization.is_none()));
    assert_eq!(runtime.requests().len(), fetched, "it is not downloaded again");

    // The secret is in no file, no log, no process, no unit.
    let places = "/var /etc /run /usr/local /root /tmp /home";
    assert_eq!(host.exec(&format!("grep -rlaF {SECRET} {places} 2>/dev/null")).stdout, "");
    assert_eq!(host.exec(&format!("journalctl --no-pager | grep -cF {SECRET}")).stdout.trim(), "0");
    assert_eq!(host.exec("ls /run/agi-provision.token").status, 2);

    // Nothing is fetched twice.
    let requests = runtime.requests().len() + models.requests().len();
    let again = client.on(&host, "root", &args);
    assert_eq!((again.status, again.stdout.contains("nothing to do")), (0, true), "{again:?}");
    assert_eq!(runtime.requests().len() + models.requests().len(), requests);
}

#[test]
fn a_download_that_stops_goes_on_with_the_next_apply() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let models = serve(&host, &model, |_, _| Reply::Good);
    let bad = serve(&host, &llama_archive(), |number, _| match number {
        0 => Reply::Cut(2 << 20),
        _ => Reply::Status(404, vec![]),
    });
    let before = host.snapshot();
    let plan = pinned(&client, &model, &models.url("tiny.gguf"), &bad.url("r/llama.tar.gz"));
    let args = ["apply", "--yes", "--plan", text(&plan), "--format", "json"];
    let stopped = client.on(&host, "admin", &args);
    assert_eq!(stopped.status, 1, "{stopped:?}");
    for word in
        ["downloading llama.tar.gz stopped", "no such file (404)", "stay for the next try", "--mirror"]
    {
        assert!(stopped.stdout.contains(word), "{word}: {stopped:?}");
    }
    let left = ours(&before, &host);
    let places = ["/var/lib/agi-provision", "/usr/local/lib/agi-provision"];
    assert!(left.iter().all(|line| places.iter().any(|place| line.contains(place))), "{left:#?}");
    assert!(left.iter().any(|line| line.contains("incoming/") && line.contains(".download")), "{left:#?}");

    // From a mirror, and only what is missing.
    let good = serve(&host, &llama_archive(), |_, _| Reply::Good);
    let mirror = format!("{}={}", bad.url("r/"), good.url("mirror/"));
    let mut with: Vec<&str> = args.to_vec();
    with.extend(["--mirror", &mirror]);
    let done = client.on(&host, "admin", &with);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    assert!(good.requests().iter().all(|r| r.path == "/mirror/llama.tar.gz" && r.range.unwrap().0 > 0));
    assert_eq!(host.exec("ls -A /var/lib/agi-provision/incoming").ok(), "");
}

#[test]
fn damaged_and_stalled_downloads_leave_the_host_as_it_was() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let before = host.snapshot();
    let runtime = serve(&host, &llama_archive(), |_, _| Reply::Good);
    let corrupt = serve(&host, &model, |_, _| Reply::Corrupt(1000));
    let plan = pinned(&client, &model, &corrupt.url("tiny.gguf"), &runtime.url("llama.tar.gz"));
    let args = ["apply", "--yes", "--plan", text(&plan), "--format", "json"];
    let damaged = client.on(&host, "root", &args);
    assert_eq!(damaged.status, 1, "{damaged:?}");
    assert!(damaged.stdout.contains("its SHA-256 is") && damaged.stdout.contains("as it was"), "{damaged:?}");
    assert_eq!(but_kept(ours(&before, &host)), [""; 0]);
    assert_ne!(host.exec("ls /var/lib/agi-provision/incoming/* /var/lib/agi-provision/models/*").status, 0);

    // One connection that stops in the middle is another one's work.
    let stalling = serve(&host, &model, |number, _| match number {
        0 => Reply::Stall(1000, Duration::from_secs(120)),
        _ => Reply::Good,
    });
    let plan = pinned(&client, &model, &stalling.url("tiny.gguf"), &runtime.url("llama.tar.gz"));
    let args = ["apply", "--yes", "--plan", text(&plan), "--format", "json"];
    let done = client.on(&host, "root", &args);
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(stalling.requests()[1].range.unwrap().0, 1000);
    assert_serves(&host);
}

#[test]
fn a_file_that_is_not_pinned_is_not_downloaded() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let before = host.snapshot();
    let plan = client.plan("open.json", &model, &[], |plan| {
        plan["model"]["files"][0]["url"] = json!("https://models.example/tiny.gguf");
    });
    let refused = client.apply(&host, "root", &["--plan", text(&plan)]);
    assert_eq!(refused.exit, 1, "{refused:?}");
    assert!(refused.value["hint"].as_str().unwrap().contains("plan --resolve"), "{refused:?}");
    assert_eq!(ours(&before, &host), [""; 0]);

    // A site that nobody reaches, with what the client has held back; then through the host's own proxy.
    let proxy = serve(&host, &model, |_, _| Reply::Good);
    let away = "http://10.255.255.1";
    let plan = pinned(&client, &model, &format!("{away}/tiny.gguf"), &format!("{away}/llama.tar.gz"));
    let archive = llama_archive();
    let args = ["apply", "--yes", "--plan", text(&plan), "--runtime-archive", text(&archive)];
    let refused = client.on(&host, "root", &args);
    assert_eq!(refused.status, 4, "{refused:?}");
    for word in
        ["egress: needed 10.255.255.1, found directly: no connection", "hint: does the host need a proxy"]
    {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
    let sent = |line: &&str| line.contains(": sending ") && !line.contains(": sending agent");
    assert_eq!(refused.stderr.lines().find(sent), None, "{refused:?}");
    assert_eq!(ours(&before, &host), [""; 0]);
    host.exec(&format!("echo 'http_proxy=\"http://me:secret@{}\"' >> /etc/environment", proxy.address)).ok();
    let done = client.on(&host, "root", &args);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    assert!(proxy.requests().iter().all(|request| request.path == format!("{away}/tiny.gguf")));
    assert_eq!(host.exec("grep -rl me:secret /var/lib/agi-provision").stdout, "");
}

#[test]
fn https_is_checked_against_the_hosts_authorities_and_bundled_ones() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let address = host.near_addr();
    let content = std::fs::read(&model).unwrap();
    let server = Tls::start(&client.path(""), &address, move |_, _| tls::file(&content));
    let runtime = serve(&host, &llama_archive(), |_, _| Reply::Good);
    let plan = pinned(&client, &model, &server.url("tiny.gguf"), &runtime.url("llama.tar.gz"));
    let args = ["apply", "--yes", "--plan", text(&plan), "--format", "json"];
    // Nobody whom Mozilla trusts signed that.
    let refused = client.on(&host, "root", &args);
    host.exec("mkdir -p /etc/ssl/certs").ok();
    host.put(&server.authority, "/etc/ssl/certs/ca-certificates.crt");
    let done = client.on(&host, "root", &args);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(
        refused.stdout.contains("certificate verify failed (unable to get local issuer certificate)"),
        "{refused:?}"
    );
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
}

#[test]
fn the_network_towards_the_plans_files_is_measured_when_asked_and_a_slow_one_is_a_warning() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let fresh = host.snapshot();
    let network = |server: &Server, more: &[&str]| {
        let plan = pinned(&client, &model, &server.url("m/tiny.gguf"), &server.url("r/llama.tar.gz"));
        let args = [&["verify", "--plan", text(&plan)][..], more].concat();
        let answer = client.json_on(&host, "admin", &args);
        let lines = answer.value["verification"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
        let line = lines.iter().find(|line| line["id"] == "network").unwrap();
        (
            answer.exit,
            line["outcome"].as_str().unwrap().to_owned(),
            line["found"].as_str().unwrap().to_owned(),
        )
    };
    // 4 MB/s are 32 Mbit/s. The runtime's site is asked as well: here it is the model's.
    let slow = serve(&host, &model, |_, _| Reply::Slow(4_000_000));
    assert_eq!(network(&slow, &[]), (0, "ok".into(), "not measured".into()));
    assert_eq!(slow.requests().len(), 0, "nothing is asked without --measure");
    let (exit, outcome, found) = network(&slow, &["--measure"]);
    assert_eq!((exit, outcome.as_str()), (0, "warning"), "{found}");
    assert!(found.ends_with(&format!(" Mbit/s from {}", host.near_addr())), "{found}");
    let strict = network(&slow, &["--measure", "--strict"]);
    assert_eq!((strict.0, strict.1.as_str()), (4, "refused"), "{strict:?}");
    let gone = serve(&host, &model, |_, _| Reply::Status(503, vec![]));
    let (_, outcome, found) = network(&gone, &["--measure"]);
    assert_eq!(outcome, "warning");
    assert!(found.contains("it answers 503"), "{found}");

    let fast = serve(&host, &model, |_, _| Reply::Good);
    let args = ["probe", "--measure", "--url", &fast.url("m/tiny.gguf")];
    let probe = client.json_on(&host, "admin", &args);
    let egress = &probe.value["facts"]["measured"]["egress"][0];
    assert!(egress["mbit_s"].as_f64() > Some(1.0) && egress["first_byte_seconds"].is_f64(), "{probe:?}");
    // All that looking, and not a trace of it.
    assert_eq!(diff(&fresh, &host.snapshot()), [""; 0]);
}
