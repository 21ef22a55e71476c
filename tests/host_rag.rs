//! `--rag`: an embedding server beside the model, from the first apply to its end.

#[path = "http/mod.rs"]
mod http;
#[path = "lab/mod.rs"]
mod lab;

use http::{Reply, Server};
use lab::journey::{Client, assert_serves, http_at, text, unservable};
use lab::{Host, agi_provision, but_kept, diff, diff_but_backups, of_a_failed_job, run, wait_for};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const UNIT: &str = "agi-provision-embed.service";
const PORT: u16 = 8081;

fn embed(host: &Host, key: Option<&str>, input: &Value) -> (u16, Value) {
    embed_at(host, PORT, key, input)
}

fn embed_at(host: &Host, port: u16, key: Option<&str>, input: &Value) -> (u16, Value) {
    let body = json!({"input": input});
    let (status, text) = http_at(host, port, "POST", "/v1/embeddings", key, Some(&body));
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[track_caller]
fn assert_embeds(host: &Host) {
    assert_embeds_at(host, PORT);
}

/// Texts become vectors for whoever has the key, and for nobody else.
#[track_caller]
fn assert_embeds_at(host: &Host, port: u16) {
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let embed = |host, key, input: &Value| embed_at(host, port, key, input);
    let (status, answer) = embed(host, Some(&key), &json!(["a b c", "x y z"]));
    assert_eq!(status, 200, "{answer}");
    let vectors: Vec<&Vec<Value>> =
        answer["data"].as_array().unwrap().iter().map(|row| row["embedding"].as_array().unwrap()).collect();
    assert_eq!(vectors.iter().map(|vector| vector.len()).collect::<Vec<_>>(), [128, 128]);
    assert_ne!(vectors[0], vectors[1]);
    assert_eq!(embed(host, None, &json!("a")).0, 401);
}

fn receipt(host: &Host) -> Value {
    serde_json::from_str(&host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap()
}

fn state(host: &Host) -> String {
    host.exec(&format!("systemctl show -p LoadState -p ActiveState --value {UNIT}")).ok().replace('\n', " ")
}

#[test]
fn an_embedding_server_comes_serves_and_goes_with_the_plan() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.install_libgomp();
    let before = host.snapshot();
    let embedder = client.tiny_embedder("embedder.gguf");
    let rag = ["--rag", "--rag-model", text(&embedder), "--rag-chunks", "1000"];

    let done = client.apply(&host, "admin", &rag);
    assert_eq!(done.exit, 0, "{done:?}\n{}", host.console());
    assert!(done.message().contains("embedder gives vectors of 128 numbers"), "{done:?}");
    assert_serves(&host);
    assert_embeds(&host);
    // A text may be as long as the plan says, and no longer.
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    assert_eq!(embed(&host, Some(&key), &json!(["a"; 254].join(" "))).0, 200);
    assert_ne!(embed(&host, Some(&key), &json!(["a"; 400].join(" "))).0, 200);

    // Both are in the receipt, and the ledger held.
    let receipt: Value =
        serde_json::from_str(&host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap();
    let proof = &receipt["measured"]["embedding"];
    assert_eq!(proof["answer"]["dimensions"], 128, "{proof}");
    let bytes = |key: &str| proof["buffers"][key].as_u64().unwrap();
    assert!(bytes("reported") > 0 && bytes("reported") <= bytes("planned"), "{proof}");
    assert!(bytes("planned") < bytes("reported") + (8 << 20), "{proof}");
    let names: Vec<&str> =
        receipt["model"].as_array().unwrap().iter().map(|blob| blob["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["tiny.gguf", "embedder.gguf"]);
    let status = client.json_on(&host, "admin", &["status"]);
    let beside = status.value["status"]["embedding"].clone();
    assert_eq!((status.exit, &beside["health"]), (0, &json!("ready")), "{status:?}");
    assert_eq!(beside["listen"]["port"], PORT);
    let logs = client.on(&host, "admin", &["logs", "-n", "2000"]).ok();
    assert!(logs.contains("agi-provision-embed") && logs.contains("this host meets the plan"), "{logs}");

    // The same again is nothing to do; stopped by hand it is started, and only it.
    let again = client.apply(&host, "admin", &rag);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    host.exec(&format!("systemctl stop {UNIT}")).ok();
    let status = client.json_on(&host, "admin", &["status"]);
    assert_eq!(status.exit, 1, "{status:?}");
    assert!(status.message().contains("active, ready; embedder: inactive"), "{status:?}");
    // Another program that answers 200 on its port is not taken for it.
    let answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok";
    let squatter = format!(
        "systemd-run -q --unit=squatter systemd-socket-activate -l 127.0.0.1:{PORT} -a --inetd printf '{answer}'"
    );
    host.exec(&squatter).ok();
    let listens = || host.exec("grep -q :1F91 /proc/net/tcp").status == 0;
    wait_for("the port", Duration::from_secs(30), listens);
    let status = client.json_on(&host, "admin", &["status"]);
    assert_eq!(
        (status.exit, &status.value["status"]["embedding"]["stranger"]),
        (1, &json!(true)),
        "{status:?}"
    );
    assert!(status.message().contains(&format!("port {PORT} belongs to systemd-socket")), "{status:?}");
    let refused = client.apply(&host, "admin", &rag);
    assert_eq!(refused.exit, 4, "{refused:?}");
    let tunnel = client.on(&host, "admin", &["tunnel", "--embedding", "--port", "0"]);
    assert_eq!(tunnel.status, 1, "{tunnel:?}");
    assert!(tunnel.stderr.contains("it is not our server that listens there"), "{tunnel:?}");
    host.exec("systemctl stop squatter").ok();
    let differs = client.apply(&host, "admin", &[&["--check"], &rag[..]].concat());
    assert_eq!(differs.differences(), [format!("embedding: start {UNIT} (now inactive, enabled)")]);
    let pid = host.exec("systemctl show -p MainPID --value agi-provision-llama").ok();
    let mended = client.apply(&host, "admin", &rag);
    assert_eq!((mended.exit, mended.changed()), (0, true), "{mended:?}");
    assert_eq!(host.exec("systemctl show -p MainPID --value agi-provision-llama").ok(), pid);
    assert_embeds(&host);

    assert_a_third_server_needs_no_more_than_its_place_in_the_plan(&host, &client, &rag);

    // A new key is both servers'; a restart of the host brings both back.
    let new = client.on(&host, "admin", &["key", "rotate", "--yes"]).ok();
    assert_eq!(embed(&host, Some(&key), &json!("a")).0, 401);
    assert_eq!(embed(&host, Some(new.trim()), &json!("a")).0, 200);
    host.reboot();
    lab::journey::wait_until_ready(&host);
    let active = || host.exec(&format!("systemctl is-active -q {UNIT}")).status == 0;
    wait_for("the embedding server", Duration::from_secs(30), active);

    // Without --rag the second server goes; a rollback brings it back, and away again.
    let without = client.apply(&host, "admin", &[]);
    assert_eq!((without.exit, without.changed()), (0, true), "{without:?}");
    assert_eq!(state(&host), "not-found inactive");
    assert_serves(&host);
    assert_eq!(client.json_on(&host, "admin", &["status"]).value["status"]["embedding"], Value::Null);
    let pid = host.exec("systemctl show -p MainPID --value agi-provision-llama").ok();
    let back = client.json_on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!((back.exit, back.changed()), (0, true), "{back:?}");
    assert!(back.message().contains("vectors of 128 numbers"), "{back:?}");
    assert_embeds(&host);
    // The model's own server has the same inputs by both generations, and went on.
    assert_eq!(host.exec("systemctl show -p MainPID --value agi-provision-llama").ok(), pid);
    let again = client.apply(&host, "admin", &rag);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    assert_tunnel_leads_there(&host, &client);
    assert_every_byte_is_read(&host, &client, &rag);
    client.on(&host, "admin", &["remove", "--yes"]).ok();
    assert_eq!(diff_but_backups(&before, &host.snapshot()), [""; 0]);
}

/// A plan whose `servers` has another embedding server, on a host that serves the plan of `rag`; in the end
/// the host serves that one again.
#[track_caller]
fn assert_a_third_server_needs_no_more_than_its_place_in_the_plan(
    host: &Host,
    client: &Client,
    rag: &[&str],
) {
    let (model, embedder) = (client.path("tiny.gguf"), client.path("embedder.gguf"));
    let third = client.tiny_embedder_of("third.gguf", 2);
    let size = std::fs::metadata(&third).unwrap().len();
    let three = client.plan("three.json", &model, rag, |plan| {
        let mut server = plan["rag"].clone();
        server["role"] = json!("embedding");
        server["model"]["id"] = json!("third");
        server["model"]["files"] =
            json!([{"name": "third.gguf", "size_bytes": size, "sha256": null, "url": null}]);
        for arg in server["args"].as_array_mut().unwrap() {
            let text = arg.as_str().unwrap();
            let text = text.replace("embedder", "third").replace("8081", "8091");
            *arg = json!(text.replace("agi-provision-embed.service", "agi-provision-embed-2.service"));
        }
        let taken = server["memory"][0]["total_bytes"].as_u64().unwrap();
        for part in ["rag_bytes", "total_bytes"] {
            plan["memory"][0][part] = json!(plan["memory"][0][part].as_u64().unwrap() + taken);
        }
        plan["servers"] = json!([server]);
        plan["requirements"].as_array_mut().unwrap().push(json!(
            {"id": "rag-port-2", "need": 8091, "promise": null, "unit": "port", "why": "it must be free"}
        ));
    });
    let files = ["--model-file", text(&model), "--model-file", text(&embedder), "--model-file", text(&third)];
    let args = [&["--plan", text(&three)], &files[..]].concat();
    let pids = "systemctl show -p MainPID --value agi-provision-llama agi-provision-embed";
    let (others, earlier) = (host.exec(pids).ok(), receipt(host));
    let done = client.apply(host, "admin", &args);
    assert_eq!((done.exit, done.changed()), (0, true), "{done:?}");
    assert!(done.message().contains("embedder gives") && done.message().contains("third gives"), "{done:?}");
    assert_serves(host);
    assert_embeds(host);
    assert_embeds_at(host, 8091);
    // It was started, and only it: the receipt keeps what is known of the others.
    assert_eq!(host.exec(pids).ok(), others);
    let receipt = receipt(host);
    assert_eq!(receipt["measured"]["answer"], earlier["measured"]["answer"]);
    assert_eq!(receipt["measured"]["servers"][0], earlier["measured"]["servers"][0]);
    // Proof, status and log go over all of them.
    for (at, name) in ["embed", "embed-2"].iter().enumerate() {
        let proof = &receipt["measured"]["servers"][at];
        assert_eq!(
            (&proof["server"], &proof["answer"]["dimensions"]),
            (&json!(name), &json!(128)),
            "{proof}"
        );
        assert!(proof["buffers"]["reported"].as_u64() <= proof["buffers"]["planned"].as_u64(), "{proof}");
    }
    let status = client.json_on(host, "admin", &["status"]);
    let servers = status.value["status"]["servers"].as_array().unwrap();
    let said: Vec<_> = servers
        .iter()
        .map(|server| (&server["name"], &server["health"], &server["listen"]["port"]))
        .collect();
    assert_eq!(
        said,
        [
            (&json!("embed"), &json!("ready"), &json!(8081)),
            (&json!("embed-2"), &json!("ready"), &json!(8091))
        ]
    );
    let logs = client.on(host, "admin", &["logs", "-n", "2000"]).ok();
    assert!(logs.contains("agi-provision-embed-2["), "{logs}");
    assert_tunnel_leads_to(host, client, &["--server", "embed-2"]);

    // Nothing to do; stopped by hand it is started, and only it.
    let again = client.apply(host, "admin", &args);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    let others = host.exec(pids).ok();
    host.exec("systemctl stop agi-provision-embed-2").ok();
    let differs = client.apply(host, "admin", &[&["--check"], &args[..]].concat());
    assert_eq!(
        differs.differences(),
        ["embedding: start agi-provision-embed-2.service (now inactive, enabled)"]
    );
    let mended = client.apply(host, "admin", &args);
    assert_eq!((mended.exit, mended.changed()), (0, true), "{mended:?}");
    assert_eq!(host.exec(pids).ok(), others);
    assert_embeds_at(host, 8091);

    // It goes with the next plan, alone.
    let two = client.apply(host, "admin", rag);
    assert_eq!((two.exit, two.changed()), (0, true), "{two:?}");
    assert_eq!(host.exec(pids).ok(), others);
    assert_embeds(host);
    let traces =
        host.exec("ls -d /etc/systemd/system/*embed-2* /etc/systemd/system/*/*embed-2* 2>/dev/null; ss -ltn");
    assert!(!traces.stdout.contains("embed-2") && !traces.stdout.contains(":8091 "), "{traces:?}");
}

/// `verify --deep` reads both models and the runtime, and names the one file that is not as it was.
#[track_caller]
fn assert_every_byte_is_read(host: &Host, client: &Client, rag: &[&str]) {
    let plan = client.plan("deep.json", &client.path("tiny.gguf"), rag, |_| ());
    let deep = || client.json_on(host, "admin", &["verify", "--plan", text(&plan), "--deep"]);
    let refused = |answer: &lab::journey::Answer| -> Vec<(String, String)> {
        let lines = answer.value["verification"].as_array().unwrap().iter();
        let refused = lines.filter(|line| line["outcome"] == "refused");
        let said = |line: &Value, key: &str| line[key].as_str().unwrap().to_string();
        refused.map(|line| (said(line, "id"), said(line, "found"))).collect()
    };
    let right = deep();
    assert_eq!((right.exit, refused(&right)), (0, vec![]), "{right:?}");
    let lib = "$(ls /var/lib/agi-provision/runtimes/*/*/libllama.so.*.* | head -1)";
    for (file, id) in
        [("$(ls /var/lib/agi-provision/models/*/embedder.gguf)", "embedding-sha256"), (lib, "runtime-sha256")]
    {
        let path = host.exec(&format!("echo {file}")).ok();
        host.exec(&format!(
            "cp -a {path} /root/whole && printf x | dd of={path} bs=1 seek=9999 conv=notrunc"
        ))
        .ok();
        let flipped = deep();
        let found = refused(&flipped);
        assert_eq!(flipped.exit, 4, "{flipped:?}");
        assert!(matches!(&found[..], [(line, what)] if line == id && what.contains(&path)), "{found:?}");
        host.exec(&format!("cp -a /root/whole {path} && rm /root/whole")).ok();
    }
}

#[track_caller]
fn assert_tunnel_leads_there(host: &Host, client: &Client) {
    assert_tunnel_leads_to(host, client, &["--embedding"]);
}

/// The command that `tunnel` prints gives a vector on this machine.
#[track_caller]
fn assert_tunnel_leads_to(host: &Host, client: &Client, server: &[&str]) {
    let mut command = client.command_on(host, "admin", &[&["tunnel"], server, &["--port", "0"]].concat());
    let mut tunnel = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(tunnel.stdout.take().unwrap()).lines().map(Result::unwrap);
    let shown = lines.skip(1).take(5).collect::<Vec<_>>().join("\n");
    let mut printed = Command::new("sh");
    let folder = Path::new(agi_provision()).parent().unwrap();
    printed.args(["-c", &shown]).env("HOME", client.path("")).stdin(Stdio::null());
    printed.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let answer = run(&mut printed);
    tunnel.kill().and_then(|()| tunnel.wait()).unwrap();
    assert!(answer.stdout.contains("\"embedding\":["), "{shown}\n{answer:?}");
}

#[test]
fn an_embedding_server_that_fails_takes_nothing_down() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "root");
    let (model, embedder) = (client.path("tiny.gguf"), client.tiny_embedder("embedder.gguf"));
    let rag = ["--rag", "--rag-model", text(&embedder)];

    // A port that another program has: refused before anything is touched.
    let serving = host.snapshot();
    host.exec("systemd-run -q --unit=squatter systemd-socket-activate -l 8081 cat").ok();
    // It listens before its process has its name.
    let listens = || host.exec("grep -q :1F91 /proc/net/tcp /proc/net/tcp6").status == 0;
    wait_for("the port", Duration::from_secs(30), listens);
    let refused = client.apply(&host, "root", &rag);
    assert_eq!(refused.exit, 4, "{refused:?}");
    assert!(
        refused.stderr.contains("rag-port") || refused.value.to_string().contains("rag-port"),
        "{refused:?}"
    );
    host.exec("systemctl stop squatter").ok();
    assert_eq!(diff(&serving, &host.snapshot()), [""; 0]);

    // A plan whose second server does not start: the old generation serves, without a second one.
    let broken = client.plan("broken.json", &model, &rag, |plan| {
        unservable(&mut plan["rag"]["args"]);
    });
    let failed = client.apply(&host, "root", &["--plan", text(&broken), "--model-file", text(&embedder)]);
    assert_eq!((failed.exit, failed.changed()), (8, false), "{failed:?}");
    assert!(failed.message().contains("the embedding service did not start"), "{failed:?}");
    assert!(failed.message().contains("the old generation serves again"), "{failed:?}");
    assert_eq!(state(&host), "not-found inactive");
    assert_serves(&host);
    let differs = diff(&serving, &host.snapshot());
    assert!(differs.iter().all(of_a_failed_job), "{differs:#?}");

    // One that serves, its model downloaded by the host; and then a plan without it that does not: it
    // comes back.
    let bytes = std::fs::read(&embedder).unwrap();
    let sha256 = agi_provision::hash::sha256(&bytes);
    let site = Server::start_at(&host.near_addr(), bytes, |_, _| Reply::Good);
    let pinned = client.plan("pinned.json", &model, &rag, |plan| {
        plan["rag"]["model"]["files"][0]["url"] = json!(site.url("m/embedder.gguf"));
        plan["rag"]["model"]["files"][0]["sha256"] = json!(sha256);
    });
    // The model that the failed apply left would be used.
    host.exec(&format!("rm -r /var/lib/agi-provision/models/{sha256}")).ok();
    let done = client.apply(&host, "root", &["--plan", text(&pinned)]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(!site.requests().is_empty());
    let spoilt = client.plan("spoilt.json", &model, &["--ctx", "512"], |plan| {
        unservable(&mut plan["llama_server"]["args"]);
    });
    let failed = client.apply(&host, "root", &["--plan", text(&spoilt)]);
    assert_eq!(failed.exit, 8, "{failed:?}");
    assert_serves(&host);
    assert_embeds(&host);
}

#[test]
fn a_first_apply_whose_embedding_server_fails_leaves_nothing() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.install_libgomp();
    let before = host.snapshot();
    let (model, embedder) = (client.tiny("tiny.gguf", 1), client.tiny_embedder("embedder.gguf"));
    // Another model under its name: it loads, and gives vectors of another length than planned.
    let plan = client.plan("plan.json", &model, &["--rag", "--rag-model", text(&embedder)], |plan| {
        plan["rag"]["model"]["dimensions"] = json!(1024);
    });
    let files = ["--model-file", text(&embedder), "--model-file", text(&model)];
    let failed = client.apply(&host, "root", &[&["--plan", text(&plan)], &files[..]].concat());
    assert_eq!((failed.exit, failed.changed()), (1, false), "{failed:?}");
    assert!(failed.message().contains("vectors of 128 numbers; the plan says 1024"), "{failed:?}");
    assert!(failed.message().contains("the host is as it was"), "{failed:?}");
    assert_eq!(but_kept(diff_but_backups(&before, &host.snapshot())), [""; 0]);
    assert_eq!(host.exec("systemctl --failed --no-legend --plain").ok(), "");
}

/// When one ended and another began, as systemd has it: of both services, oldest first.
fn starts_and_stops(host: &Host, since: &str) -> Vec<String> {
    let units = "-u agi-provision-embed -u agi-provision-llama";
    let script = format!(
        "journalctl -q --no-pager -o cat {units} --since=@{since} | grep -E '^(Stopped|Started) agi-'"
    );
    let kind = |line: &str| {
        let which = if line.contains("agi-provision-embed") { "embed" } else { "llama" };
        format!("{} {which}", &line[..7])
    };
    host.exec(&script).ok().lines().map(kind).collect()
}

#[test]
fn an_old_embedding_server_makes_room_for_the_model_where_the_new_plan_keeps_less_for_one() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let (model, embedder) = (client.tiny("tiny.gguf", 1), client.tiny_embedder("embedder.gguf"));
    let rag = ["--rag", "--rag-model", text(&embedder)];
    // By its ledger it takes a byte more than the others'.
    let large = client.plan("large.json", &model, &rag, |plan| {
        let bytes = &mut plan["memory"][0]["rag_bytes"];
        *bytes = json!(bytes.as_u64().unwrap() + 1);
    });
    let small = client.plan("small.json", &model, &[&rag[..], &["--ctx", "1024"]].concat(), |_| ());
    let same = client.plan("same.json", &model, &[&rag[..], &["--ctx", "512"]].concat(), |_| ());
    let files = ["--model-file", text(&model), "--model-file", text(&embedder)];
    let apply = |plan: &Path| {
        let since = host.exec("sleep 1; date +%s").ok();
        let done = client.apply(&host, "root", &[&["--plan", text(plan)], &files[..]].concat());
        assert_eq!((done.exit, done.changed()), (0, true), "{done:?}");
        assert_embeds(&host);
        starts_and_stops(&host, &since)
    };
    assert_eq!(apply(&large), ["Started llama", "Started embed"]);
    // The old one would be there beside the new model, and no ledger has that.
    assert_eq!(apply(&small), ["Stopped embed", "Stopped llama", "Started llama", "Started embed"]);
    // It fits, and nothing of it changes: it goes on while the model loads.
    assert_eq!(apply(&same), ["Stopped llama", "Started llama"]);
    let since = host.exec("sleep 1; date +%s").ok();
    let back = client.json_on(&host, "root", &["rollback", "--yes"]);
    assert_eq!(back.exit, 0, "{back:?}");
    // The embedding server has the same inputs by both generations.
    assert_eq!(starts_and_stops(&host, &since), ["Stopped llama", "Started llama"]);
}
