//! Other engines than llama.cpp's own server, on a host. text-generation-webui is a small server here that takes its
//! arguments and answers its requests as documented, in front of the lab's real llama-server; with its own archive in
//! `AGI_LAB_TEXT_GENERATION_WEBUI` the same test runs the real one (docs/engines.md says when that was done).

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves, chat, http_at, text};
use lab::{Host, diff_but_backups, llama_archive, run, wait_for};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Port of the llama-server behind it.
const BEHIND: u16 = 8085;
/// Where its archives have their llama-server.
const BINARIES: &str = "app/portable_env/lib/python3.13/site-packages/llama_cpp_binaries/bin";

/// The archive to serve from, and one of the same without its script.
fn archives(client: &Client) -> (PathBuf, PathBuf) {
    let root = client.path("textgen-test");
    let bin = root.join(BINARIES);
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(root.join("app/portable_env/bin")).unwrap();
    std::fs::create_dir_all(root.join("user_data/characters")).unwrap();
    std::fs::write(root.join("user_data/characters/Assistant.yaml"), "name: AI\n").unwrap();
    // The archive's own words here are not taken.
    std::fs::write(root.join("user_data/CMD_FLAGS.txt"), "--listen-host 0.0.0.0\n").unwrap();
    let untar = ["-xzf", text(&llama_archive()), "-C", text(&bin), "--strip-components=1"].map(String::from);
    run(Command::new("tar").args(untar)).ok();
    let python = root.join("app/portable_env/bin/python3");
    std::fs::write(&python, "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n").unwrap();
    run(Command::new("chmod").args(["755", text(&python)])).ok();
    let pack = |name: &str| {
        let path = client.path(name);
        run(Command::new("tar").args([
            "-czf",
            text(&path),
            "-C",
            text(root.parent().unwrap()),
            "textgen-test",
        ]))
        .ok();
        path
    };
    let without = pack("without.tar.gz");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/text-generation-webui/server.py");
    std::fs::copy(script, root.join("app/server.py")).unwrap();
    let real = std::env::var_os("AGI_LAB_TEXT_GENERATION_WEBUI").map(PathBuf::from);
    (real.unwrap_or_else(|| pack("textgen.tar.gz")), without)
}

fn key(host: &Host) -> String {
    host.exec("cat /etc/agi-provision/api-key").ok().trim().to_string()
}

/// The key opens the API, and nothing opens the server behind it.
#[track_caller]
fn assert_is_closed(host: &Host) {
    let key = key(host);
    assert_eq!(chat(host, Some(&key)).0, 200);
    assert_eq!(chat(host, None).0, 401);
    let body = json!({"prompt": "a", "n_predict": 1});
    for key in [None, Some(key.as_str())] {
        assert_eq!(http_at(host, BEHIND, "POST", "/completion", key, Some(&body)).0, 401, "{key:?}");
    }
    // Another key than the API's loads other models, with arguments of the caller's choice.
    let load = Some(json!({"model_name": "x"}));
    let load = |key| http_at(host, 8080, "POST", "/v1/internal/model/load", key, load.as_ref()).0;
    assert_eq!((load(None), load(Some(&key))), (401, 401));
    // A pattern that finds the key, and not itself.
    let (first, rest) = key.split_at(1);
    let shown = host
        .exec(&format!("ps -eo args | grep -c '[{first}]{rest}'; journalctl -b | grep -c '[{first}]{rest}'"));
    assert_eq!(
        shown.stdout.split_whitespace().collect::<Vec<_>>(),
        ["0", "0"],
        "the key is in no argv and in no log"
    );
}

#[test]
fn text_generation_webui_serves_is_proved_restarts_and_goes() {
    let (host, client) = (Host::boot("debian12-python"), Client::new());
    host.install_libgomp();
    let before = host.snapshot();
    let (archive, without) = archives(&client);
    let engine = ["--engine", "text-generation-webui"];
    let apply = |archive: &Path| {
        client.apply(&host, "admin", &[&engine[..], &["--runtime-archive", text(archive)]].concat())
    };

    let refused = apply(&without);
    assert_eq!(refused.exit, 1, "{refused:?}");
    assert!(refused.message().contains("has no server.py with portable_env/bin/python3"), "{refused:?}");

    let done = apply(&archive);
    assert_eq!(done.exit, 0, "{done:?}\n{}", host.console());
    assert_is_closed(&host);
    let measured = &done.value["receipt"]["measured"];
    assert!(measured["answer"]["generated_tokens"].as_u64().unwrap() > 0, "{measured}");
    assert!(measured["decode_tok_s"]["measured"].as_f64().unwrap() > 0.0, "{measured}");
    // The ledger was compared with what the llama-server behind it reported.
    let parts = measured["proof"].to_string();
    assert!(measured["proof"].is_object() && parts.contains("reported"), "{measured}");
    let again = apply(&archive);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // The server behind it ends: all of it starts again.
    let main = || host.exec("systemctl show -P MainPID agi-provision-llama").ok();
    let first = main();
    host.exec("pkill -KILL -x llama-server").ok();
    let answers = || {
        let ask =
            r"exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /v1/models HTTP/1.0\r\n\r\n' >&3 && head -1 <&3";
        host.exec(&format!("timeout 5 bash -c \"{ask}\"")).stdout.contains("401")
    };
    wait_for("another start", Duration::from_secs(300), || {
        main() != first && answers() && chat(&host, Some(&key(&host))).0 == 200
    });

    // Another key, and llama.cpp's own server instead of it and back.
    let old = key(&host);
    let rotated = client.json_on(&host, "admin", &["key", "rotate", "--yes"]);
    assert_eq!(rotated.exit, 0, "{rotated:?}");
    assert_ne!(key(&host), old);
    assert_is_closed(&host);
    assert_eq!(chat(&host, Some(&old)).0, 401);
    client.serve(&host, "admin");
    assert_serves(&host);
    let back = client.json_on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!(back.exit, 0, "{back:?}");
    assert_is_closed(&host);
    let plan: Value =
        serde_json::from_str(&host.exec("cat /etc/agi-provision/generation/plan.json").ok()).unwrap();
    assert_eq!(plan["llama_server"]["engine"], "text-generation-webui");

    assert_eq!(client.json_on(&host, "admin", &["remove", "--yes"]).exit, 0);
    assert_eq!(diff_but_backups(&before, &host.snapshot()), [""; 0]);
}
