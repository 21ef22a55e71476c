//! From a card without a driver to a served token: an apply with `--driver` on a host of the lab, which it restarts.
//! tests/host_vm/driver.rs does the same on a machine with a kernel of its own. Needs root, and `tests/lab/install` first.

#[path = "http/mod.rs"]
mod http;
#[path = "lab/mod.rs"]
mod lab;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agi_provision::hash::sha256;
use agi_provision::paths;
use agi_provision::render::Bundle;
use agi_provision::render::targets::cloud_init;
use http::{Reply, Server};
use lab::gpu::{self, GpuHost};
use lab::journey::{Client, assert_serves, job_events, text};
use lab::{Host, agi_provision, driver, wait_for};
use serde_json::{Value, json};

/// A first start compiles shaders: one to two minutes where the machine has nothing else to do.
const PATIENCE: &str = "1800";
const RESUME: &str = "/etc/systemd/system/agi-provision-resume.service";

/// A host whose card llama.cpp finds through Vulkan, once its driver is there.
fn host_without_driver() -> Host {
    let host = GpuHost::boot().host;
    driver::give_card(&host);
    let lines = gpu::service_lines(&host, 1);
    let folder = "/etc/systemd/system/agi-provision-llama.service.d";
    host.exec(&format!("mkdir -p {folder}; printf '[Service]\\n{lines}' > {folder}/50-lab.conf")).ok();
    host
}

/// A plan for one card, whatever driver its runtime wants by itself.
fn plan(client: &Client) -> PathBuf {
    let path = client.path("gpu.json");
    let model = client.tiny("tiny.gguf", 1);
    client.run(&["plan", "--model", text(&model), "--profile", "gpu-24gb", "--out", text(&path)]).ok();
    path
}

#[test]
fn a_host_without_a_driver_is_restarted_and_serves_on_its_card() {
    let (host, client) = (host_without_driver(), Client::new());
    let archive = gpu::archive();
    let (plan, model) = (plan(&client), client.path("tiny.gguf"));
    let args = ["apply", "--plan", text(&plan), "--model-file", text(&model), "--start-timeout", PATIENCE];
    let args = [&args[..], &["--runtime-archive", text(&archive)]].concat();
    let with = |more: &[&'static str]| [&args[..], more].concat();
    let clean = host.snapshot();

    // Nothing is installed unasked.
    let refused = client.json_on(&host, "root", &with(&["--yes"]));
    assert_eq!(refused.exit, 4, "{refused:?}");
    let hint = refused.value["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("apply --driver distribution") && hint.contains("nothing was changed"), "{hint}");
    let check = client.json_on(&host, "root", &with(&["--check", "--driver", "distribution"]));
    assert_eq!(check.exit, 5, "{check:?}");
    let changes = check.differences();
    assert!(changes[0].starts_with("driver: write /etc/modprobe.d/agi-provision-driver.conf"), "{changes:?}");
    let install = "driver: install NVIDIA's driver 550 from the distribution for Debian 13, with the closed kernel modules";
    assert!(changes.iter().any(|change| change.starts_with(install)), "{changes:?}");
    assert!(
        changes.iter().any(|change| change == "driver: load it, with a restart of the host if it takes one")
    );
    assert_eq!(host.snapshot(), clean, "a refusal and a check leave nothing");

    let before = driver::boot_id(&host);
    let applied = client.json_on(&host, "root", &with(&["--yes", "--driver", "distribution"]));
    let log =
        || host.exec("journalctl --no-pager -n 80 -u agi-provision-llama -u agi-provision-resume").stdout;
    assert_eq!(applied.exit, 0, "{applied:?}\n{}", log());
    assert!(applied.changed(), "{applied:?}");
    assert_ne!(driver::boot_id(&host), before, "the host was restarted");
    assert_serves(&host);
    // The client heard both halves: the facts are those with the driver, the proof is of the card.
    assert_eq!(applied.value["facts"]["gpus"][0]["name"], "NVIDIA GeForce RTX 3090", "{applied:?}");
    let proof = &applied.value["receipt"]["measured"]["proof"];
    assert_eq!(proof["offloaded_reported"], proof["offloaded_planned"], "{proof}");
    let installed = applied.value["receipt"]["packages_installed"].to_string();
    assert!(driver::PACKAGES.split(' ').all(|name| installed.contains(name)), "{installed}");
    let events: Vec<String> =
        job_events(&host).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    let at =
        |name: &str| events.iter().position(|event| event == name).unwrap_or_else(|| panic!("{events:?}"));
    assert!(at("restarting") < at("resumed") && at("resumed") < at("facts"), "{events:?}");

    // Settings that keep the driver in its place.
    let held = host.exec("apt-config dump Unattended-Upgrade::Package-Blacklist").ok();
    assert!(held.contains("\"nvidia-\"") && held.contains("\"libcuda1\""), "{held}");
    let sources = host.exec("cat /etc/apt/sources.list.d/agi-provision-driver.sources").ok();
    assert!(sources.contains("Components: contrib non-free non-free-firmware\nTrusted: yes"), "{sources}");
    assert!(host.exec("cat /etc/modprobe.d/agi-provision-driver.conf").ok().contains("blacklist nouveau"));
    let again = client.json_on(&host, "root", &with(&["--yes", "--driver", "distribution"]));
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // A new kernel came without the module: the gate says which kernels have it.
    let release = host.exec("uname -r").ok().trim().to_owned();
    host.exec(&format!(
        "mkdir -p /lib/modules/1.2.3-old; mv /lib/modules/{release}/modules.dep /lib/modules/1.2.3-old/; \
         rm /run/lab-bus/devices/0000:01:00.0/driver; systemctl restart agi-provision-llama"
    ));
    let refused = || client.json_on(&host, "root", &["status"]).value["status"]["refused"].to_string();
    let why = format!("nvidia is built for kernel 1.2.3-old and not for {release}, which runs");
    wait_for("the gate", Duration::from_secs(180), || refused().contains(&why));

    // Everything that was made goes, the packages stay, and both are said.
    let removed = client.json_on(&host, "root", &["remove", "--yes"]);
    assert_eq!(removed.exit, 0, "{removed:?}");
    assert!(
        removed.message().contains("nvidia-kernel-dkms") && removed.message().contains("stay"),
        "{removed:?}"
    );
    assert_eq!(host.exec("ls -d /etc/*/agi-provision* /etc/apt/*/*agi-provision* 2>/dev/null").stdout, "");
    assert!(driver::installed(&host).ok().lines().all(|line| line.ends_with(" installed")));
}

#[test]
fn a_client_that_leaves_while_the_host_restarts_loses_nothing() {
    let (host, client) = (host_without_driver(), Client::new());
    // An archive without a backend for the card: the apply gets through the restart, and is taken back.
    let plan = plan(&client);
    let args = client.applying(&["--plan", text(&plan), "--driver", "distribution", "--start-timeout", "60"]);
    let model = client.path("tiny.gguf");
    let args = [&args[..], &["--model-file", text(&model)]].concat();
    let before = driver::boot_id(&host);
    let mut first = client.spawn_on(&host, "root", &args);
    let journal = "/var/lib/agi-provision/job/journal.jsonl";
    let restarts = || host.exec(&format!("grep -q restarting {journal}")).status == 0;
    wait_for("the restart", Duration::from_secs(300), restarts);
    first.kill().unwrap();
    first.wait().unwrap();
    let back = || host.exec("cat /proc/sys/kernel/random/boot_id").stdout.trim() != before;
    wait_for("the next boot", Duration::from_secs(120), back);
    let done =
        || host.exec(&format!("test ! -e {RESUME} && grep -q '\"event\":\"end\"' {journal}")).status == 0;
    wait_for("the end of the apply", Duration::from_secs(300), done);
    let events = job_events(&host);
    let end = &events[events.len() - 1];
    assert_ne!(end["exit"], json!("done"), "{end}");
    let message = end["message"].as_str().unwrap();
    assert!(message.contains("the host is as it was") && message.contains("nvidia-kernel-dkms"), "{message}");
    assert!(driver::installed(&host).ok().lines().all(|line| line.ends_with(" installed")));
}

#[test]
fn a_first_boot_installs_the_driver_and_goes_on_after_the_restart() {
    let (host, client) = (host_without_driver(), Client::new());
    let serve =
        |path: &Path| Server::start_at(&host.near_addr(), fs::read(path).unwrap(), |_, _| Reply::Good);
    let (model, archive) = (client.path("tiny.gguf"), gpu::archive());
    let (models, runtimes) = (serve(&model), serve(&archive));
    // Nobody brings the files: the plan pins them.
    let path = plan(&client);
    let mut pinned: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    pinned["model"]["files"][0]["url"] = json!(models.url("tiny.gguf"));
    pinned["model"]["files"][0]["sha256"] = json!(sha256(&fs::read(&model).unwrap()));
    let bytes = fs::read(&archive).unwrap();
    pinned["llama_server"]["runtime"] =
        json!({"url": runtimes.url("llama.tar.gz"), "sha256": sha256(&bytes), "size_bytes": bytes.len()});
    fs::write(&path, pinned.to_string()).unwrap();
    let bundle = client.path("bundle");
    let made = ["bundle", "--plan", text(&path), "--driver", "distribution", "--start-timeout", PATIENCE];
    client.run(&[&made[..], &["--out", text(&bundle)]].concat()).ok();

    // The image carries the program; user-data lays the bundle and starts the script.
    let (tar, script) = (client.path("bundle.tar"), client.path("first-boot.sh"));
    fs::write(&tar, Bundle::read(&bundle).unwrap().to_tar().unwrap()).unwrap();
    fs::write(&script, cloud_init::script(None).unwrap()).unwrap();
    host.exec(&format!("mkdir -p {} {}", paths::LIB, paths::INCOMING)).ok();
    host.put(Path::new(agi_provision()), paths::AGENT_LINK);
    host.put(&tar, paths::FIRST_BOOT);
    host.put(&script, "/root/first-boot.sh");
    let before = driver::boot_id(&host);
    let log = "/var/log/cloud-init-output.log";
    host.exec(&format!(
        "chmod 755 {}; systemd-run --quiet -p StandardOutput=append:{log} -p StandardError=append:{log} \
         sh /root/first-boot.sh",
        paths::AGENT_LINK
    ))
    .ok();

    let said =
        || host.exec(&format!("cat {log}; journalctl --no-pager -n 60 -u agi-provision-resume")).stdout;
    let boot = || host.exec("cat /proc/sys/kernel/random/boot_id").stdout.trim().to_owned();
    wait_for("the next boot", Duration::from_secs(300), || boot() != before && !boot().is_empty());
    let journal = "/var/lib/agi-provision/job/journal.jsonl";
    let done =
        || host.exec(&format!("test ! -e {RESUME} && grep -q '\"event\":\"end\"' {journal}")).status == 0;
    wait_for("the end of the apply", Duration::from_secs(300), done);
    let events = job_events(&host);
    let end = &events[events.len() - 1];
    assert_eq!(end["exit"], json!("done"), "{end}\n{}", said());
    assert_serves(&host);
    assert!(said().contains("restart"), "{}", said());
    assert!(driver::installed(&host).ok().lines().all(|line| line.ends_with(" installed")));
    assert_eq!(host.exec(&format!("ls {}", paths::INCOMING)).stdout, "", "what user-data brought is gone");

    // The bundle says where the driver comes from, also to an apply.
    let asked = || models.requests().len() + runtimes.requests().len();
    let before = asked();
    let again = client.json_on(&host, "root", &["apply", "--yes", "--bundle", text(&bundle)]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    assert_eq!(asked(), before, "nothing is fetched twice");
}
