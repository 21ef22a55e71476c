//! A llama-server that the host has already: found, checked, run where it lies, and left there. And one that the host
//! compiles itself.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves, text};
use lab::{Host, from_source, llama_archive, run, wait_for};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Says that it is build 6123, and is the real one otherwise.
const OTHER_BUILD: &str = r#"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int count, char **args) {
    if (count > 1 && !strcmp(args[1], "--version")) return fprintf(stderr, "version: 6123 (abc)\n"), 0;
    return execv("/opt/llama-b11434/llama-server", args);
}"#;

#[test]
fn a_llama_server_on_the_host_is_used_where_it_is() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.put(&llama_archive(), "/root/llama.tar.gz");
    host.exec("tar -xzf /root/llama.tar.gz -C /opt --no-same-owner && rm /root/llama.tar.gz").ok();
    host.exec("ln -s /opt/llama-b11434/llama-server /usr/local/bin/llama-server").ok();
    let apply =
        |path: &str, more: &[&str]| client.apply(&host, "admin", &[&["--runtime-path", path], more].concat());

    // A program that the service could not run is refused, and nothing is left.
    host.exec("cp /bin/true /root/llama-server; cp /bin/true /opt/open; chmod 777 /opt/open; printf '#!/bin/sh\\n' > /opt/script; chmod 755 /opt/script").ok();
    // One that cannot be a host's path is refused here already.
    let relative = apply("llama-server", &[]);
    assert_eq!(relative.exit, 2, "{relative:?}");
    assert!(relative.stderr.contains("is not an absolute path"), "{relative:?}");
    for (path, message) in [
        ("/usr/bin/llama-server", "is not on the host"),
        ("/root/llama-server", "lies in /root, which the service does not see"),
        ("/opt/open", "can be changed by others than root"),
        ("/opt/script", "is not an executable"),
    ] {
        let refused = apply(path, &[]);
        assert_eq!(refused.exit, 1, "{refused:?}");
        assert!(refused.message().contains(message), "{refused:?}");
        assert!(refused.value["hint"].as_str().is_some(), "{refused:?}");
        assert_ne!(host.exec("ls /usr/local/lib/agi-provision /var/lib/agi-provision").status, 0);
    }

    let done = apply("/usr/local/bin/llama-server", &[]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert_serves(&host);
    assert_eq!(done.value["receipt"]["packages_installed"][0], "libgomp1", "what it lacked: {done:?}");
    let exe = host.exec("readlink /proc/$(systemctl show -P MainPID agi-provision-llama)/exe").ok();
    assert_eq!(exe, "/opt/llama-b11434/llama-server");
    let again = apply("/usr/local/bin/llama-server", &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    let status = client.json_on(&host, "admin", &["status"]);
    let status = &status.value["status"];
    assert_eq!(status["runtime"]["path"], "/opt/llama-b11434/llama-server", "{status}");
    assert_eq!(status["runtime"]["build"], "b11434", "{status}");
    assert_eq!(status["drift"].as_array().map(Vec::len), Some(0), "{status}");

    // Another program takes its place: that is drift, said at the start, and applied when asked.
    host.exec("cp /opt/llama-b11434/llama-server /opt/new && mv /opt/new /opt/llama-b11434/llama-server")
        .ok();
    let status = client.json_on(&host, "admin", &["status"]);
    assert_eq!(status.value["status"]["drift"][0]["step"], "runtime", "{status:?}");
    host.exec("systemctl restart agi-provision-llama").ok();
    let said = || host.exec("journalctl -q -o cat -u agi-provision-llama").stdout;
    let began = std::time::Instant::now();
    while !said().contains("is not the one that was applied") {
        assert!(began.elapsed().as_secs() < 30, "{}", said());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let mended = apply("/usr/local/bin/llama-server", &[]);
    assert_eq!((mended.exit, mended.changed()), (0, true), "{mended:?}");
    assert_serves(&host);

    // Another build is said, and refused by those who want what was promised.
    std::fs::write(client.path("other.c"), OTHER_BUILD).unwrap();
    run(Command::new("cc").args(["-O1", "-o", "other", "other.c"]).current_dir(client.path(""))).ok();
    host.put(&client.path("other"), "/opt/other");
    host.exec("chmod 755 /opt/other").ok();
    let strict = apply("/opt/other", &["--strict", "--allow", "cpu-cores"]);
    assert_eq!(strict.exit, 1, "{strict:?}");
    assert!(
        strict.message().contains("llama-server is build b6123, and the plan is for b11434"),
        "{strict:?}"
    );
    assert!(strict.value["hint"].as_str().unwrap().contains("--llama-build"), "{strict:?}");
    assert_serves(&host);
    let other = apply("/opt/other", &[]);
    assert_eq!(other.exit, 0, "{other:?}");
    assert!(other.value["receipt"]["warnings"].to_string().contains("b6123"), "{other:?}");
    assert_serves(&host);

    client.on(&host, "admin", &["remove", "--yes"]).ok();
    host.exec("test -x /opt/llama-b11434/llama-server -a -x /opt/other -a -L /usr/local/bin/llama-server")
        .ok();
}

/// The units that a build runs in, and the folder that it leaves for the next apply.
const BUILDING: &str = "systemctl is-active --quiet agi-provision-build.service";
const PLACE: &str = "ls -d /var/lib/agi-provision/runtimes/*.building";

/// Takes all that is free on the disk, and lets the build go on.
const FILL: &str = "touch /srv/wait; dd if=/dev/zero of=/root/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/root/rest bs=1k 2>/dev/null; mv /srv/wait /srv/go";

#[test]
fn a_runtime_is_built_from_source_and_goes_on_where_it_was_killed() {
    let (host, client) = (Host::boot_with_disk("debian13-compiler", "2G"), Client::new());
    from_source::put_server(&host);
    let before = host.snapshot();
    let whole = from_source::archive(&client.path("small.tar.gz"), "int a() { return 0; }\n");
    let broken = from_source::archive(&client.path("broken.tar.gz"), "int a() { return nothing; }\n");
    let apply = |archive: &Path| client.apply(&host, "admin", &["--runtime-source", text(archive)]);

    // One that does not compile says so in the compiler's words, and leaves its packages alone.
    let refused = apply(&broken);
    assert_eq!(refused.exit, 1, "{refused:?}");
    for said in ["it does not compile", "error: 'nothing' was not declared", "installed packages ninja-build"]
    {
        assert!(refused.message().contains(said), "{said}: {refused:?}");
    }
    assert!(refused.value["hint"].as_str().unwrap().contains("--runtime-source"), "{refused:?}");
    let left = lab::but_kept(lab::ours(&before, &host));
    assert!(left.is_empty(), "{left:?}");

    // The disk is full in the middle: nothing is worth its space then.
    let args = client.applying(&["--runtime-source", text(&whole)]);
    let log = "/var/lib/agi-provision/runtimes/*.building/log";
    let waits = || host.exec(&format!("grep -q 'Linking CXX shared library' {log}")).status == 0;
    let full = client.spawn_on(&host, "admin", &args);
    wait_for("the build", Duration::from_secs(300), waits);
    host.exec(FILL).ok();
    let full = full.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(said.contains("hint: free some space"), "{said}");
    host.exec("rm /root/fill /root/rest /srv/go").ok();
    let left = lab::but_kept(lab::ours(&before, &host));
    assert!(left.is_empty() && host.exec(PLACE).status != 0, "{left:?}");

    // The client is killed: the compiler goes on.
    let mut first = client.spawn_on(&host, "admin", &args);
    wait_for("the build", Duration::from_secs(300), waits);
    first.kill().unwrap();
    first.wait().unwrap();
    let session = "pgrep -f '^/usr/local/lib/agi-provision/agent-[0-9a-f]+ agent session'";
    wait_for("the client's end on the host", Duration::from_secs(30), || host.exec(session).status != 0);
    host.exec(BUILDING).ok();
    let user = host.exec("ps -o user= -C ninja | sort -u").ok();
    assert_eq!(user.trim(), "agi-provision", "the compiler is not root");

    // The agent is killed: the compiler goes with it.
    host.exec("systemctl kill --signal=KILL agi-provision-apply.service").ok();
    wait_for("the compiler's end", Duration::from_secs(20), || host.exec(BUILDING).status != 0);
    host.exec(PLACE).ok();

    host.exec("touch /srv/go").ok();
    let done = apply(&whole);
    assert_eq!(done.exit, 0, "{done:?}\n{}", host.console());
    assert_serves(&host);
    assert!(done.value["receipt"]["warnings"].to_string().contains("goes on where it stopped"), "{done:?}");
    // Only what lacked was compiled.
    let built = "grep -h '\"unit\":\"commands\"' /var/lib/agi-provision/job/journal.jsonl | tail -1";
    let built: serde_json::Value = serde_json::from_str(&host.exec(built).ok()).unwrap();
    // At most four of the nine are left: the file behind the gate, it and the server compiled, and the server linked.
    assert!(built["total"].as_u64().is_some_and(|total| total <= 4), "{built}");
    assert_ne!(host.exec(PLACE).status, 0);

    // The same source is the same runtime; it is root's, and its libraries lie beside it.
    let again = apply(&whole);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    let runtime = "/etc/agi-provision/generation/runtime";
    host.exec(&format!(
        "test -f {runtime}/libggml-base.so && test -z \"$(find -L {runtime}/ -not -user root)\""
    ))
    .ok();
    let exported = host.exec(&format!("{runtime}/llama-server --version 2>&1")).ok();
    assert!(exported.contains("11434"), "{exported}");

    client.on(&host, "admin", &["remove", "--yes"]).ok();
    let left = lab::ours(&before, &host);
    assert!(left.is_empty(), "{left:?}");
}
