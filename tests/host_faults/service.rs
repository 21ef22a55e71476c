//! Servers that do not come up, or do not stay up.

use super::lab::journey::{Client, assert_serves, text, wait_until_ready};
use super::lab::{Host, ours, run, wait_for};
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
    let never = client.on(&host, "root", &client.applying(&["--runtime-archive", text(&fake)]));
    assert!(began.elapsed() < Duration::from_secs(240), "{:?}", began.elapsed());
    assert_eq!(never.status, 8, "{never:?}");
    let expected = "the server was not ready within 120 s: it is still loading the model; \
        rolled back, the old generation serves again";
    assert!(never.stderr.contains(expected), "{never:?}");
    assert!(never.stderr.contains("| loading, and loading"), "its own words: {never:?}");
    assert_serves(&host);
    let changes = ours(&before, &host);
    assert!(changes.iter().all(|line| line[2..].starts_with("/var/lib/agi-provision/job/")), "{changes:#?}");
}

/// What an administrator allows the service: too little memory to load anything.
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
    assert_eq!(ours(&before, &host), [""; 0]);

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
