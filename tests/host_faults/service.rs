//! Servers that do not come up, or do not stay up.

use super::lab::journey::{Client, assert_serves, job_events, text, wait_until_ready};
use super::lab::{Host, but_kept, of_a_failed_job, ours, run, wait_for};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const UNIT: &str = "agi-provision-llama.service";

/// An archive with this C program as its llama-server.
fn archive(client: &Client, program: &str) -> PathBuf {
    std::fs::write(client.path("server.c"), program).unwrap();
    let script = "mkdir -p fake && cc -O1 -o fake/llama-server server.c && tar -czf fake.tar.gz fake";
    run(Command::new("sh").args(["-c", script]).current_dir(client.path(""))).ok();
    client.path("fake.tar.gz")
}

/// Listens where it is told to, and is never ready.
const NEVER_READY: &str = r#"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int count, char **args) {
    int port = 8080, one = 1, all = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 1; i < count; i++) {
        if (!strcmp(args[i], "--version")) return fprintf(stderr, "version: 11434 (a fake)\n"), 0;
        if (!strcmp(args[i], "--port")) port = atoi(args[i + 1]);
    }
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(all, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(all, (struct sockaddr *)&at, sizeof at) || listen(all, 8)) return 1;
    for (fprintf(stderr, "loading, and loading\n");;) {
        char request[4096];
        int client = accept(all, 0, 0);
        read(client, request, sizeof request);
        const char *answer = "HTTP/1.1 503 Loading\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        write(client, answer, strlen(answer));
        close(client);
    }
}"#;

#[test]
fn a_server_that_is_never_ready_is_not_waited_for_for_ever() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let fake = archive(&client, NEVER_READY);
    client.serve(&host, "root");
    let before = host.snapshot();
    let began = Instant::now();
    let patience = ["--runtime-archive", text(&fake), "--start-timeout", "15"];
    let never = client.on(&host, "root", &client.applying(&patience));
    assert!(began.elapsed() < Duration::from_secs(240), "{:?}", began.elapsed());
    assert_eq!(never.status, 8, "{never:?}");
    let expected =
        ["came no further for 15 s: it is still loading the model; ", "the old generation serves again"];
    assert!(expected.iter().all(|part| never.stderr.contains(part)), "{never:?}");
    assert!(never.stderr.contains("| loading, and loading"), "its own words: {never:?}");
    assert_serves(&host);
    let changes = ours(&before, &host);
    assert!(changes.iter().all(of_a_failed_job), "{changes:#?}");
}

/// A drop-in of the service's, with what is done once, when its next process has started; `$1` is that process.
fn once_started(host: &Host, script: &str) {
    host.exec("mkdir -p /etc/systemd/system/agi-provision-llama.service.d && touch /run/once").ok();
    let drop_in = "[Service]\nExecStartPost=+/bin/sh /root/once.sh $MAINPID\n";
    let place = "/etc/systemd/system/agi-provision-llama.service.d/50-once.conf";
    host.exec(&format!("cat > {place} <<'END'\n{drop_in}END")).ok();
    host.exec(&format!("cat > /root/once.sh <<'END'\nrm /run/once 2>/dev/null || exit 0\n{script}\nEND"))
        .ok();
}

/// Seconds that the step `start` took, and whether it failed.
fn start_took(host: &Host) -> (f64, bool) {
    let events = job_events(host);
    let done = events.iter().find(|event| event["event"] == "step-done" && event["name"] == "start");
    let done = done.unwrap_or_else(|| panic!("{events:#?}"));
    (done["seconds"].as_f64().unwrap(), done["failed"] == true)
}

/// No time is measured against the machine's: one server makes no progress at all, the other one makes it a
/// hundredth of a second at a time.
#[test]
fn a_server_that_stands_still_is_taken_back_and_one_that_is_slow_serves_with_a_warning() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    client.serve(&host, "root");

    // Standing still: the bound that was asked for, and not the usual five minutes.
    once_started(&host, "kill -STOP $1");
    let stuck = client.apply(&host, "root", &["--ctx", "512", "--start-timeout", "12"]);
    assert_eq!(stuck.exit, 8, "{stuck:?}");
    // The bound, and what the last look took.
    let waited =
        stuck.message().split_once("came no further for ").and_then(|(_, rest)| rest.split(' ').next());
    let waited: Option<u64> = waited.and_then(|seconds| seconds.parse().ok());
    assert!(waited.is_some_and(|seconds| (12..120).contains(&seconds)), "{stuck:?}");
    let (seconds, failed) = start_took(&host);
    assert!(failed && (12.0..200.0).contains(&seconds), "{seconds}");
    assert_serves(&host);

    // Slow: it runs 20 ms of every second, from its first instruction on.
    let slowed = "systemd-run -q --collect --unit=slowed /bin/sh -c \
        \"while kill -STOP $1; do sleep 0.98; kill -CONT $1; sleep 0.02; done\"";
    once_started(&host, slowed);
    let slow = client.apply(&host, "root", &["--ctx", "512"]);
    host.exec("systemctl stop slowed; systemctl kill -s CONT agi-provision-llama").ok();
    assert_eq!(slow.exit, 0, "{slow:?}");
    assert!(!start_took(&host).1);
    // The speed that was measured, next to the plan's, on the screen and in the receipt.
    let said = slow.value["warnings"].to_string();
    assert!(said.contains("decode reached") && said.contains("the plan expected"), "{slow:?}");
    let decode = &slow.value["receipt"]["measured"]["decode_tok_s"];
    assert!(decode["measured"].as_f64() < decode["planned"]["low"].as_f64(), "{slow:?}");
    assert!(slow.value["receipt"]["warnings"].to_string().contains("decode reached"), "{slow:?}");
    assert_serves(&host);
}

/// Limit of an administrator: too little memory to load anything.
const LITTLE: &str = "mkdir -p /etc/systemd/system/agi-provision-llama.service.d && \
    printf '[Service]\\nLimitAS=120M\\n' > /etc/systemd/system/agi-provision-llama.service.d/50-little.conf && \
    systemctl daemon-reload";
const ENOUGH: &str =
    "rm /etc/systemd/system/agi-provision-llama.service.d/50-little.conf && systemctl daemon-reload";

#[test]
fn memory_that_runs_out_while_loading_is_said_and_taken_back() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.exec(LITTLE).ok();
    let before = host.snapshot();
    let lacking = client.apply(&host, "root", &[]);
    assert_eq!(lacking.exit, 1, "{lacking:?}");
    assert!(lacking.message().contains("the service did not start"), "{lacking:?}");
    assert!(lacking.message().contains("the host is as it was"), "{lacking:?}");
    assert!(!lacking.value["log"].as_array().unwrap().is_empty(), "{lacking:?}");
    // Not even the administrator's own drop-in is touched.
    assert_eq!(but_kept(ours(&before, &host)), [""; 0]);

    host.exec(ENOUGH).ok();
    client.serve(&host, "root");
    assert_serves(&host);
}

#[test]
fn a_server_that_keeps_ending_is_left_alone_after_five_starts_and_mended_by_an_apply() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "admin");
    host.exec(LITTLE).ok();
    host.exec(&format!("systemctl restart {UNIT}"));
    let failed = || host.exec(&format!("systemctl is-failed -q {UNIT}")).status == 0;
    wait_for("the last start", Duration::from_secs(90), failed);
    let restarts = || host.exec(&format!("systemctl show -P NRestarts {UNIT}")).ok();
    let after = restarts();
    assert!((1..=5).contains(&after.parse::<u32>().unwrap()), "{after}");
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(restarts(), after, "it is left alone");
    let status = client.json_on(&host, "admin", &["status"]);
    assert_eq!(status.exit, 1, "{status:?}");
    let state = &status.value["status"];
    assert_eq!(state["unit"]["active"], "failed", "{status:?}");
    assert!(!state["last_lines"].as_array().unwrap().is_empty(), "{status:?}");

    host.exec(ENOUGH).ok();
    let mended = client.apply(&host, "admin", &[]);
    assert_eq!((mended.exit, mended.changed()), (0, true), "{mended:?}");
    wait_until_ready(&host);
    assert_serves(&host);
}
