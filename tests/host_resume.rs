//! Jobs that go on: after a restart of the host, after their agent was killed, while nobody looks.

#[path = "http/mod.rs"]
mod http;
#[path = "lab/mod.rs"]
mod lab;

use agi_provision::hash::sha256;
use http::{Reply, Server};
use lab::journey::{Client, assert_serves, text};
use lab::{Host, llama_archive, wait_for};
use serde_json::json;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

const RESUME: &str = "/etc/systemd/system/agi-provision-resume.service";

/// A plan whose runtime the host downloads, from a server that takes its time at first.
fn slow_plan(host: &Host, client: &Client) -> (Server, PathBuf) {
    let archive = std::fs::read(llama_archive()).unwrap();
    let (digest, size) = (sha256(&archive), archive.len());
    let server = Server::start_at(&host.near_addr(), archive, |number, _| match number {
        0..4 => Reply::Slow(200_000),
        _ => Reply::Good,
    });
    let (model, url) = (client.tiny("tiny.gguf", 1), server.url("llama.tar.gz"));
    let plan = client.plan("slow.json", &model, &[], |plan| {
        plan["llama_server"]["runtime"] = json!({"url": url, "sha256": digest, "size_bytes": size});
    });
    (server, plan)
}

fn wait_for_the_download(host: &Host) {
    let journal = "/var/lib/agi-provision/job/journal.jsonl";
    let begun = || host.exec(&format!("grep -q '\"event\":\"progress\"' {journal}")).status == 0;
    wait_for("the download", Duration::from_secs(60), begun);
}

#[test]
fn a_restart_of_the_host_in_the_middle_is_nothing_but_a_delay() {
    for image in lab::IMAGES {
        let (host, client) = (Host::boot(image), Client::new());
        let (_server, plan) = slow_plan(&host, &client);
        let model = client.path("tiny.gguf");
        let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
        let mut first = client.spawn_on(&host, "root", &args);
        wait_for_the_download(&host);
        assert_eq!(host.exec(&format!("test -f {RESUME}")).status, 0);
        host.reboot();
        let _ = first.kill();
        first.wait().unwrap();

        // The same command shows what happens, from the beginning; or finds that it is done.
        let again = client.on(&host, "root", &args);
        assert_eq!(again.status, 0, "{again:?}\n{}", host.console());
        let joined = again.stderr.contains("is being applied") && again.stderr.contains("was restarted");
        assert!(joined || again.stderr.contains("nothing to do"), "{again:?}");
        assert_serves(&host);
        let gone = || host.exec(&format!("test -e {RESUME}")).status != 0;
        wait_for("the unit's end", Duration::from_secs(20), gone);
        assert_eq!(
            host.exec("ls /etc/systemd/system/multi-user.target.wants | grep -c resume").stdout.trim(),
            "0"
        );
        let journal = host.exec("head -1 /var/lib/agi-provision/job/journal.jsonl").ok();
        assert!(journal.contains("agi-provision/journal/1"), "{journal}");
    }
}

#[test]
fn a_killed_agent_is_no_loss() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let (_server, plan) = slow_plan(&host, &client);
    let model = client.path("tiny.gguf");
    let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
    let first = client.spawn_on(&host, "root", &args);
    wait_for_the_download(&host);
    host.exec("systemctl kill --signal=KILL agi-provision-apply.service").ok();
    let first = first.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&first.stderr);
    assert_eq!(first.status.code(), Some(1), "{said}");
    assert!(said.contains("the job ended without saying why") && said.contains("apply again"), "{said}");

    let again = client.on(&host, "root", &args);
    assert_eq!(again.status, 0, "{again:?}");
    assert_serves(&host);
    assert_ne!(host.exec(&format!("test -e {RESUME}")).status, 0);
}

#[test]
fn a_killed_client_and_a_cut_cable_are_no_loss() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let (_server, plan) = slow_plan(&host, &client);
    let model = client.path("tiny.gguf");
    let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
    let mut first = client.spawn_on(&host, "admin", &args);
    wait_for_the_download(&host);
    first.kill().unwrap();
    first.wait().unwrap();
    host.link_down();
    sleep(Duration::from_secs(3));
    host.link_up();
    let again = client.on(&host, "admin", &args);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stderr.contains("is being applied"), "{again:?}");
    assert_serves(&host);
}
