//! A host's API on this machine.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::Client;
use lab::{Host, Ran, agi_provision, run};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Chat completions with curl, `count` at once; how many were answered.
fn answered(port: &str, key: &str, count: usize) -> usize {
    let ask = || {
        let body = r#"{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8}"#;
        let url = format!("http://127.0.0.1:{port}/v1/chat/completions");
        let mut curl = Command::new("curl");
        curl.args([
            "-sS",
            "--max-time",
            "60",
            "-H",
            &format!("Authorization: Bearer {key}"),
            "-d",
            body,
            &url,
        ]);
        let answer: Value = serde_json::from_str(&run(&mut curl).stdout).unwrap_or_default();
        answer["usage"]["completion_tokens"].as_u64() > Some(0)
    };
    thread::scope(|scope| {
        let asking: Vec<_> = (0..count).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    })
}

/// Runs Python with OpenAI's client, the key in its environment as the pages say.
fn python(program: &str, key: &str) -> Ran {
    let site =
        run(&mut Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-openai"))).ok();
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", program]).stdin(Stdio::null()).env_clear().env("PATH", "/usr/bin:/bin");
    python.env("PYTHONPATH", Path::new(&site).join("site")).env("PYTHONDONTWRITEBYTECODE", "1");
    run(python.env("OPENAI_API_KEY", key))
}

/// The code of docs/clients.md, with another port.
fn documented(port: &str) -> String {
    let page = include_str!("../docs/clients.md");
    let code = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("code");
    assert!(code.contains(":8080/"), "{code}");
    code.replace(":8080/", &format!(":{port}/"))
}

#[test]
fn the_tunnel_carries_several_requests_and_comes_back_after_a_cut() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "admin");
    let key = client.on(&host, "admin", &["key", "show"]).ok();

    let mut command = client.command_on(&host, "admin", &["tunnel", "--port", "0"]);
    let mut tunnel = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tunnel.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let port =
        first.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split(' ').next()).unwrap().to_string();
    // The command that it prints works as it is, and has no secret in it.
    let shown: Vec<String> = lines.by_ref().take(5).collect();
    let shown = shown.join("\n");
    assert!(shown.contains("curl http://127.0.0.1:") && !shown.contains(&key), "{shown}");
    let mut printed = Command::new("sh");
    let folder = std::path::Path::new(agi_provision()).parent().unwrap();
    printed.args(["-c", &shown]).env("HOME", client.path("")).stdin(Stdio::null());
    printed.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let answer = run(&mut printed);
    assert!(answer.stdout.contains("completion_tokens"), "{answer:?}");

    assert_eq!(answered(&port, &key, 8), 8);

    // OpenAI's client, by the page and by what an apply ends with.
    let counted = "\nprint('TOKENS', answer.usage.completion_tokens, sum(1 for _ in client.models.list()))";
    let asked = python(&(documented(&port) + counted), &key).ok();
    let counts: Vec<u64> = asked.rsplit("TOKENS ").next().unwrap().split(' ').flat_map(str::parse).collect();
    assert!(counts.len() == 2 && counts[0] > 0 && counts[1] == 1, "{asked}");
    let refused = python(&documented(&port), "wrong");
    assert!(refused.status != 0 && refused.stderr.contains("AuthenticationError"), "{refused:?}");
    let applied = client.on(&host, "admin", &client.applying(&["-vv"]));
    assert_eq!(applied.status, 0, "{applied:?}");
    let (_, code) = applied.stderr.split_once("\nfrom openai import OpenAI\n").expect("the code");
    let code = format!("from openai import OpenAI\n{code}").replace(":8080/", &format!(":{port}/"));
    assert_eq!(python(&code, &key).status, 0, "{code}");

    // -vv tells what is done, and no key.
    let shown = client.on(&host, "admin", &["key", "show", "-vv"]);
    assert_eq!(shown.stdout.trim(), key);
    for (said, wanted) in [(&applied.stderr, "llama.cpp b"), (&shown.stderr, "the agent answers")] {
        assert!(said.contains(wanted) && said.contains("is logged in") && said.contains("runs `"), "{said}");
        assert!(!said.contains(&key), "{said}");
    }

    // sshd ends the session; the tunnel makes another one.
    host.exec("pkill -KILL -u admin").ok();
    let start = Instant::now();
    while answered(&port, &key, 2) < 2 {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(300));
    }
    // A server that is away is said, and the tunnel stays.
    host.exec("systemctl stop agi-provision-llama").ok();
    assert_eq!(answered(&port, &key, 1), 0);
    host.exec("systemctl start agi-provision-llama").ok();
    let start = Instant::now();
    while answered(&port, &key, 1) < 1 {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(300));
    }
    tunnel.kill().unwrap();
    let said = String::from_utf8(tunnel.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.contains("connected again") && said.contains("warning:"), "{said}");

    // The port is taken here.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let busy = client.on(&host, "admin", &["tunnel", "--port", &port]);
    assert_eq!(busy.status, 1, "{busy:?}");
    assert!(busy.stderr.contains("--port N"), "{busy:?}");
}
