//! Bundles and plans of strangers: refused by file or by text, and nothing on the host changes. What the
//! user trusts by name is applied, and said.

use super::lab::Host;
use super::lab::journey::{PROFILE, text};
use super::{Site, refused};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const UNIT: &str = "rootfs/etc/systemd/system/agi-provision-llama.service";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A bundle in which a file was changed, its manifest made to agree.
fn edited(site: &Site, name: &str, path: &str, change: impl Fn(String) -> String) -> PathBuf {
    let dir = site.client.path(name);
    let (model, out) = (site.client.path("tiny.gguf"), text(&dir));
    site.client.run(&["bundle", "--model", text(&model), "--profile", PROFILE, "--out", out]).ok();
    let place = dir.join(path);
    fs::write(&place, change(fs::read_to_string(&place).unwrap())).unwrap();
    let mut manifest = json(&dir.join("manifest.json"));
    for file in manifest["files"].as_array_mut().unwrap() {
        let content = fs::read(dir.join(file["path"].as_str().unwrap())).unwrap();
        file["sha256"] = sha256(&content).into();
        file["size_bytes"] = content.len().into();
    }
    fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    dir
}

#[test]
fn edits_of_strangers_in_bundles_and_plans_change_nothing_until_they_are_trusted_by_name() {
    let mut site = Site::new(Host::boot("debian12"));
    site.host.exec("mkdir -p /home/someone && echo kept > /home/someone/file").ok();
    site.remember();
    let model = site.client.path("tiny.gguf");
    let hook = |line: &str| {
        let line = format!("[Service]\nExecStartPre=+/bin/sh -c \"{line}\"\n");
        move |unit: String| unit.replacen("[Service]\n", &line, 1)
    };

    // A command as root in the unit.
    let unit = edited(&site, "unit", UNIT, hook("id > /root/pwned"));
    let args = ["--bundle", text(&unit), "--model-file", text(&model)];
    site.refuses("root", &args, 1, &format!("it was edited: {UNIT} (changed)"), "--show-edits");
    let shown = site.apply("root", &[&args[..], &["--show-edits"]].concat());
    assert!(shown.stdout.contains("+ExecStartPre=+/bin/sh"), "{shown:?}");
    site.untouched();

    // A sum that is a path: it deleted /home.
    let plan = site.client.plan("sum.json", &model, &[], |plan| {
        plan["llama_server"]["runtime"] = serde_json::json!({
            "url": "https://example.org/x.tar.gz", "sha256": "../../../../home", "size_bytes": 1,
        });
    });
    let args = ["--plan", text(&plan), "--model-file", text(&model)];
    site.refuses("root", &args, 2, "\"../../../../home\" is not a SHA-256", "plan --out");
    assert_eq!(site.host.exec("cat /home/someone/file").ok().trim(), "kept");

    // The user has seen it and wants it.
    let trusted = edited(&site, "trusted", UNIT, hook("touch /run/trusted-hook-ran"));
    let args = ["--bundle", text(&trusted), "--model-file", text(&model), "--trust-edits"];
    let ran = site.apply("root", &args);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.contains("trusted") && ran.stderr.contains("ExecStartPre=+"), "{ran:?}");
    site.host.exec("test -e /run/trusted-hook-ran").ok();
    let receipt: Value =
        serde_json::from_str(&site.host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap();
    assert_eq!(receipt["trusted_edits"], serde_json::json!([UNIT]));
    let status = site.client.on(&site.host, "root", &["status"]);
    let shown = status.ok();
    assert!(shown.contains("applied with --trust-edits"), "{shown}");
    assert!(
        shown.contains("this host only") && shown.contains("127.0.0.1:8080 (agi-provision-llama"),
        "{shown}"
    );

    // The same plan without the edit takes it away again, and a refusal leaves what serves.
    let again = site.apply("root", &["--bundle", text(&unit), "--model-file", text(&model)]);
    refused(&again, 1, "it was edited", "--trust-edits");
    super::lab::journey::assert_serves(&site.host);
    site.host.exec("rm /run/trusted-hook-ran").ok();
    site.apply("root", &[]).ok();
    assert_ne!(site.host.exec("grep -r ExecStartPre=+/bin/sh /etc/systemd/system").status, 0);
    assert_ne!(site.host.exec("test -e /run/trusted-hook-ran").status, 0);
}
