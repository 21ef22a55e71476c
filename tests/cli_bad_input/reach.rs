//! Hosts that are none, or that cannot be reached, and what must not be connected to at all.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;

use super::Home;

/// Default wait for a connection, and as long again for the banner.
const LIMIT: Duration = Duration::from_secs(25);

fn apply(home: &Home, args: &[&str]) -> super::Ran {
    home.run(&[&["apply", "--model", "tiny.gguf"], args].concat())
}

/// Listens on this machine; `root@127.0.0.1:PORT`.
fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("root@{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    (listener, host)
}

#[test]
fn nothing_is_connected_to_before_the_question_is_answered() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    let (listener, host) = listen();
    let asks = "there is no terminal to ask on";
    apply(&home, &["--host", &host]).refused(2, asks, "--yes");
    apply(&home, &["--host", &host, "--format", "json"]).refused(2, asks, "--yes");
    home.run(&["remove", "--host", &host]).refused(2, asks, "--yes");
    // Nor when anything on this side is wrong.
    for args in [
        &["--yes", "--host-key", "nonsense"][..],
        &["--yes", "--runtime-archive", "missing"],
        &["--yes", "--model-file", "missing.gguf"],
        &["--yes", "--agent", "missing"],
        &["--yes", "--profile", "missing"],
        &["--yes", "--host", "one two"],
    ] {
        let ran = apply(&home, &[&["--host", &host], args].concat());
        assert!(matches!(ran.exit, 1 | 2), "{args:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {ran:?}");
    }
    assert!(listener.accept().is_err(), "something connected");
}

#[test]
fn a_host_or_a_key_that_is_none_exits_2() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    for host in ["", "a b", "user@", "@name", "name:port", "name:0", "name:65536", "-oProxyCommand=x", "a\tb"]
    {
        let ran = apply(&home, &["--yes", &format!("--host={host}")]);
        ran.refused(2, "is not a", "[user@]name[:port]");
    }
    for key in ["nonsense", "", "SHA256:", "SHA256:short", "MD5:aa:bb", "SHA1:47DEQpj8HBSa"] {
        let ran = apply(&home, &["--yes", "--host", "192.0.2.1", &format!("--host-key={key}")]);
        ran.refused(2, "is not the fingerprint of a host key", "ssh-keygen -lf");
    }
}

#[test]
fn a_host_out_of_reach_exits_1_in_time() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    let ran = apply(&home, &["--yes", "--host", "root@no-such-host.invalid"]);
    ran.refused(1, "cannot resolve no-such-host.invalid", "spelling");
    assert!(ran.took < LIMIT, "{ran:?}");

    let (listener, host) = listen();
    drop(listener);
    let ran = apply(&home, &["--yes", "--host", &host]);
    ran.refused(1, "refused the connection", "is sshd running");
    assert!(ran.took < Duration::from_secs(5), "{ran:?}");

    let ran = apply(&home, &["--yes", "--host", &host, "--identity", "missing"]);
    assert!(matches!(ran.exit, 1 | 2) && ran.stderr.contains("error: "), "{ran:?}");
}

#[test]
fn a_silent_host_exits_1_in_time_and_json_stays_json() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    // It accepts (the kernel does) and says nothing.
    let (silent, host) = listen();
    let (gone, dead) = listen();
    drop(gone);
    let ran = apply(&home, &["--yes", "--host", &host, "--host", &dead, "--format", "json"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (1, ""), "{ran:?}");
    assert!(ran.took < LIMIT, "{:?}", ran.took);
    let answers: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answers[0]["host"], Value::String(host));
    assert!(answers[0]["message"].as_str().unwrap().contains("did not answer with an SSH banner"));
    assert_eq!(answers[1]["host"], Value::String(dead.clone()));
    assert!(answers[1]["message"].as_str().unwrap().contains("refused the connection"));
    for answer in answers.as_array().unwrap() {
        assert_eq!((&answer["exit"], &answer["changed"]), (&1.into(), &false.into()), "{answer}");
        assert!(answer["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{answer}");
    }
    drop(silent);

    // Every command that asks a host, one host: an object.
    for command in [&["probe"][..], &["status"], &["key", "show"], &["remove", "--yes"]] {
        let ran = home.run(&[command, &["--host", &dead, "--format", "json"]].concat());
        assert_eq!((ran.exit, ran.stderr.as_str()), (1, ""), "{command:?}: {ran:?}");
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(answer["exit"], 1);
    }
    let ran = home.run(&["logs", "--host", &dead]);
    ran.refused(1, "refused the connection", "is sshd running");
}
