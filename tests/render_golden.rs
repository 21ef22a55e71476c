//! Bundles of four plans, file by file.
//! `AGI_PROVISION_GOLDEN=update` writes tests/golden anew.

#[path = "render_golden/container.rs"]
mod container;
#[path = "render_golden/edited.rs"]
mod edited;
#[path = "render_golden/first_boot.rs"]
mod first_boot;
#[path = "render_golden/forged.rs"]
mod forged;
#[path = "render_golden/hosts.rs"]
mod hosts;
#[path = "render_golden/pages.rs"]
mod pages;
#[path = "render_golden/targets.rs"]
mod targets;

use agi_provision::checked::Checksum;
use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::paths;
use agi_provision::plan::Plan;
use agi_provision::process;
use agi_provision::render::clouds::CLOUDS;
use agi_provision::render::{Bundle, render};
use base64::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PLANS: [&str; 5] = ["cpu", "gpu", "multi-gpu", "rag", "three-servers"];
const UNIT_FILE: &str = "rootfs/etc/systemd/system/agi-provision-llama.service";
const LINK: &str = "rootfs/etc/systemd/system/agi-provision-llama.service.d/10-generation.conf";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn plan(name: &str) -> Plan {
    let path = golden().join(format!("plans/{name}.json"));
    Plan::from_json(&fs::read_to_string(path).unwrap()).unwrap()
}

fn bundle(name: &str) -> Bundle {
    render(&plan(name)).unwrap()
}

fn text<'a>(bundle: &'a Bundle, path: &str) -> &'a str {
    std::str::from_utf8(bundle.file(path).unwrap_or_else(|| panic!("no {path}"))).unwrap()
}

/// Every file and link below `dir`, by path: a link's content is its target.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, base: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_string();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                walk(&path, base, found);
            } else if kind.is_symlink() {
                found.insert(name, fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes());
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

/// Returns the part of a file that does not depend on this program's version or the compressor's.
fn lasting(path: &str, bundle: &Bundle) -> String {
    let text = text(bundle, path);
    match path {
        "cloud-init/user-data" => {
            let lines = text.lines().map(|line| {
                let line = line.replace(
                    &format!("agi-provision {}", env!("CARGO_PKG_VERSION")),
                    "agi-provision VERSION",
                );
                match line.split_once("content: ") {
                    Some((before, _)) => format!("{before}content: PAYLOAD\n"),
                    None if line.starts_with("# Size:") => {
                        let (_, rest) = line.split_once(" bytes. ").unwrap();
                        format!("# Size: SIZE bytes. {rest}\n")
                    }
                    None => line + "\n",
                }
            });
            lines.collect()
        }
        "manifest.json" => {
            let mut manifest = bundle.manifest().clone();
            manifest.tool_version = "VERSION".parse().unwrap();
            let user_data = manifest.files.iter().find(|file| file.path == "cloud-init/user-data").unwrap();
            let (sum, size) = (user_data.sha256.to_string(), user_data.size_bytes);
            let (listed, lasting) =
                (format!("{sum}\",\n      \"size_bytes\": {size}\n"), "SHA256\",\n      \"size_bytes\": 0\n");
            manifest.to_json().replace(&listed, lasting)
        }
        _ => text.to_string(),
    }
}

#[test]
fn every_rendered_file_is_as_recorded() {
    let update = std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update");
    for name in PLANS {
        let (bundle, dir) = (bundle(name), golden().join(name));
        let mut paths: Vec<&str> = bundle.files().iter().map(|file| file.path.as_str()).collect();
        paths.push("manifest.json");
        if update {
            let _ = fs::remove_dir_all(&dir);
            for path in &paths {
                fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
                fs::write(dir.join(path), lasting(path, &bundle)).unwrap();
            }
        }
        let recorded = tree(&dir);
        for path in &paths {
            let expected = recorded.get(*path).map(|bytes| String::from_utf8(bytes.clone()).unwrap());
            let expected = expected.unwrap_or_else(|| panic!("{name}: {path} is new"));
            assert!(
                lasting(path, &bundle) == expected,
                "{name}: {path} changed:\n{}",
                lasting(path, &bundle)
            );
        }
        let gone: Vec<_> = recorded.keys().filter(|path| !paths.contains(&path.as_str())).collect();
        assert!(gone.is_empty(), "{name}: no longer rendered: {gone:?}");
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    for name in PLANS {
        let (one, other) = (bundle(name), bundle(name));
        assert_eq!(one, other);
        assert_eq!(one.to_tar().unwrap(), other.to_tar().unwrap());
    }
}

#[test]
fn the_manifest_lists_every_other_file_and_what_is_to_be_fetched() {
    for name in PLANS {
        let dir = tempfile::tempdir().unwrap();
        let bundle = bundle(name);
        bundle.write(dir.path()).unwrap();
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path().join("manifest.json")).unwrap()).unwrap();
        assert_eq!(json["schema"], "agi-provision/bundle/1");
        let listed = |key: &str| -> BTreeSet<String> {
            json[key].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap().to_string()).collect()
        };
        let mut on_disk: BTreeSet<String> = tree(dir.path()).into_keys().collect();
        on_disk.remove("manifest.json");
        assert_eq!(listed("files").union(&listed("links")).cloned().collect::<BTreeSet<_>>(), on_disk);
        assert_eq!(json["downloads"][0]["what"], "runtime");
        assert_eq!(json["downloads"][1]["name"], plan(name).model.files[0].name.as_str());
        assert_eq!(json["downloads"][1]["size_bytes"], plan(name).model.files[0].size_bytes);
        assert_eq!(bundle.plan().unwrap(), plan(name));
    }
}

#[test]
fn a_second_write_changes_nothing() {
    for name in PLANS {
        let dir = tempfile::tempdir().unwrap();
        let bundle = bundle(name);
        let first = bundle.write(dir.path()).unwrap();
        assert_eq!(first.changed.len(), bundle.files().len() + bundle.links().len() + 1);
        let before = tree(dir.path());
        assert!(bundle.write(dir.path()).unwrap().changed.is_empty());
        assert_eq!(tree(dir.path()), before);
        assert_eq!(Bundle::read(dir.path()).unwrap(), bundle);
    }
}

#[test]
fn another_plan_replaces_the_files_and_leaves_none_behind() {
    let dir = tempfile::tempdir().unwrap();
    bundle("cpu").write(dir.path()).unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let changed = bundle("multi-gpu").write(dir.path()).unwrap().changed;
    // The CPU plan has a chat template, the other has none.
    assert!(changed.iter().any(|path| path.ends_with("chat-template.jinja")), "{changed:?}");
    assert!(!changed.contains(&UNIT_FILE.to_string()), "{changed:?}");
    let fresh = tempfile::tempdir().unwrap();
    bundle("multi-gpu").write(fresh.path()).unwrap();
    let mut after = tree(dir.path());
    assert_eq!(after.remove("notes.txt").unwrap(), b"mine");
    assert_eq!(after, tree(fresh.path()));
}

#[test]
fn a_directory_with_something_else_in_it_is_refused_untouched() {
    for (file, content) in [("thesis.tex", "x"), ("manifest.json", "{}"), ("manifest.json", "no json")] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(file), content).unwrap();
        let error = bundle("cpu").write(dir.path()).unwrap_err();
        assert_eq!(exit_code(&error), Exit::Failed);
        assert!(hint(&error).unwrap().contains("empty directory"), "{error:#}");
        assert_eq!(tree(dir.path()).len(), 1);
        assert!(Bundle::read(dir.path()).is_err());
    }
}

#[test]
fn a_link_inside_the_directory_is_not_followed() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bundle = bundle("cpu");
    bundle.write(dir.path()).unwrap();
    fs::remove_dir_all(dir.path().join("rootfs")).unwrap();
    symlink(elsewhere.path(), dir.path().join("rootfs")).unwrap();
    let error = bundle.write(dir.path()).unwrap_err();
    assert!(format!("{error:#}").contains("rootfs is not a folder"), "{error:#}");
    assert!(tree(elsewhere.path()).is_empty());
}

#[test]
fn a_changed_or_missing_file_is_refused_by_name() {
    let bundle = bundle("gpu");
    for path in bundle.files().iter().map(|file| file.path.as_str()) {
        let dir = tempfile::tempdir().unwrap();
        bundle.write(dir.path()).unwrap();
        let file = dir.path().join(path);
        let mut content = fs::read(&file).unwrap();
        content[0] ^= 1;
        fs::write(&file, content).unwrap();
        let error = format!("{:#}", Bundle::read(dir.path()).unwrap_err());
        assert!(error.contains(path) && error.contains("changed"), "{error}");
        fs::remove_file(&file).unwrap();
        let error = format!("{:#}", Bundle::read(dir.path()).unwrap_err());
        assert!(error.contains(path) && error.contains("missing"), "{error}");
    }
    let dir = tempfile::tempdir().unwrap();
    bundle.write(dir.path()).unwrap();
    fs::remove_file(dir.path().join(LINK)).unwrap();
    assert!(format!("{:#}", Bundle::read(dir.path()).unwrap_err()).contains(LINK));
    // A folder's other files are its owner's business.
    bundle.write(dir.path()).unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    assert_eq!(Bundle::read(dir.path()).unwrap(), bundle);
}

#[test]
fn a_bundle_travels_as_a_tar_under_the_same_name() {
    for name in PLANS {
        let bundle = bundle(name);
        let tar = bundle.to_tar().unwrap();
        let arrived = Bundle::from_tar(&tar).unwrap();
        assert_eq!(arrived.id(), bundle.id());
        assert_eq!(arrived.plan().unwrap(), plan(name));
        assert_eq!(arrived.links(), bundle.links());
        assert!(arrived.files().iter().all(|file| !file.path.starts_with("cloud-init/")));
        assert_eq!(arrived.to_tar().unwrap(), tar);
    }
    let ids: BTreeSet<Checksum> = PLANS.iter().map(|name| bundle(name).id()).collect();
    assert_eq!(ids.len(), PLANS.len());
}

/// The same plan from a tool of another version is the same generation: nothing to do, no restart.
#[test]
fn a_bundles_name_depends_on_what_a_host_becomes_and_not_on_the_tools_version() {
    let bundle = bundle("cpu");
    let of = |change: &dyn Fn(&mut serde_json::Value, &mut forged::Files)| {
        Bundle::from_tar(&forged::forged(change)).unwrap().id()
    };
    let version = of(&|manifest, _| manifest["tool_version"] = "9.9.9".into());
    assert_eq!(version, bundle.id());
    let put = |path: &'static str| {
        move |manifest: &mut serde_json::Value, files: &mut forged::Files| {
            let content = files.get_mut(path).unwrap();
            content.push(b'\n');
            forged::relist(manifest, path, content);
        }
    };
    assert_eq!(of(&put("README.md")), bundle.id());
    assert_ne!(of(&put("rootfs/etc/agi-provision/generation/limits.conf")), bundle.id());
    assert_ne!(of(&put("rootfs/etc/systemd/system/agi-provision-llama.service")), bundle.id());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn user_data_carries_the_bundle_and_tells_its_size() {
    for name in PLANS {
        let bundle = bundle(name);
        let user_data = text(&bundle, "cloud-init/user-data");
        println!("{name}: user-data {} bytes", user_data.len());
        assert!(user_data.starts_with("#cloud-config\n"));
        let size = user_data.lines().find_map(|line| line.strip_prefix("# Size:")).unwrap();
        assert_eq!(size.split_whitespace().next().unwrap().parse(), Ok(user_data.len()));
        for cloud in CLOUDS {
            let verdict = match (cloud.limit.bytes(), cloud.name) {
                (None, "nocloud") => "fits",
                (None, _) => "unknown",
                (Some(_), _) if cloud.limit.accepts(user_data.len()) => "fits",
                (Some(_), _) => "too big",
            };
            let line = user_data.lines().find(|line| line.contains(cloud.title)).unwrap();
            assert!(line.starts_with(&format!("#   {verdict}")), "{line}");
        }
        // The smallest limit known.
        assert!(user_data.len() <= 16 * 1024, "{name}: {} bytes", user_data.len());

        let payload = user_data.lines().find_map(|line| line.trim().strip_prefix("content: ")).unwrap();
        let gz = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&gz[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(Bundle::from_tar(&tar).unwrap().id(), bundle.id());
        let meta_data = text(&bundle, "cloud-init/meta-data");
        assert!(meta_data.contains(&sha256(bundle.file("plan.json").unwrap())[..12]), "{meta_data}");
    }
}

/// The script under `runcmd`, for an agent at another path.
fn first_boot(bundle: &Bundle, agent: &Path) -> process::ProgramOutput {
    let (_, script) = text(bundle, "cloud-init/user-data").split_once("runcmd:\n  - |\n").unwrap();
    let script: Vec<&str> = script.lines().map(|line| line.strip_prefix("    ").unwrap()).collect();
    let script = script
        .join("\n")
        .replace(paths::AGENT_LINK, agent.to_str().unwrap())
        .replace("/dev/console", "/dev/null");
    process::run("sh", &["-c", &script], Duration::from_secs(30)).unwrap()
}

#[test]
fn the_first_boot_starts_the_agent_or_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let agent = dir.path().join("agi-provision");
    let missing = first_boot(&bundle("cpu"), &agent);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stdout.contains("is missing") && missing.stdout.contains("bundle.tar"), "{missing:?}");

    fs::write(&agent, "#!/bin/sh\necho \"$@\"\nexit 4\n").unwrap();
    fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ran = first_boot(&bundle("cpu"), &agent);
    assert_eq!(ran.stdout, "agent boot --bundle /var/lib/agi-provision/incoming/bundle.tar\n");
    assert_eq!(ran.code, Some(4));
}

#[test]
fn the_commands_of_the_readme_are_shell() {
    for name in PLANS {
        let bundle = bundle(name);
        let mut blocks =
            text(&bundle, "README.md").split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        assert!(blocks.clone().count() >= 6);
        let script: String = blocks.by_ref().collect();
        let said = process::run("sh", &["-n", "-c", &script], Duration::from_secs(30)).unwrap();
        assert!(said.success && said.stderr.is_empty(), "{name}: {said:?}\n{script}");
        assert!(script.contains(plan(name).model.files[0].name.as_str()));
    }
}
