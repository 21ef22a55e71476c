//! Bundles from others: what reaches beyond its places, or is not what its manifest says, is refused.

use super::{LINK, bundle, sha256};
use agi_provision::render::Bundle;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub type Files = BTreeMap<String, Vec<u8>>;

/// A tar of a bundle's files after `change`, its manifest made to agree with nothing but itself.
pub fn forged(change: impl Fn(&mut Value, &mut Files)) -> Vec<u8> {
    let good = Bundle::from_tar(&bundle("cpu").to_tar().unwrap()).unwrap();
    let mut manifest = serde_json::to_value(good.manifest()).unwrap();
    let mut files: Files = good.files().iter().map(|f| (f.path.to_string(), f.content.clone())).collect();
    change(&mut manifest, &mut files);
    files.insert("manifest.json".to_string(), manifest.to_string().into_bytes());
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, &content[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn listed(path: &str, content: &[u8]) -> Value {
    json!({
        "path": path, "mode": "0644", "owner": "root:root", "sha256": sha256(content),
        "size_bytes": content.len(),
    })
}

fn list(manifest: &mut Value, path: &str, content: &[u8]) {
    manifest["files"].as_array_mut().unwrap().push(listed(path, content));
}

/// The manifest says what the file is now.
pub fn relist(manifest: &mut Value, path: &str, content: &[u8]) {
    let mut entries = manifest["files"].as_array_mut().unwrap().iter_mut();
    *entries.find(|file| file["path"] == path).unwrap() = listed(path, content);
}

#[test]
fn a_bundle_that_reaches_beyond_its_places_is_refused() {
    assert!(Bundle::from_tar(&forged(|_, _| {})).is_ok());
    for path in ["../evil", "/etc/cron.d/evil", "rootfs/etc/cron.d/evil", "rootfs/../evil"] {
        let tar = forged(|manifest, files| {
            list(manifest, path, b"x");
            files.insert(path.to_string(), b"x".to_vec());
        });
        assert!(Bundle::from_tar(&tar).is_err(), "{path}");
        // The manifest alone suffices.
        let tar = forged(|manifest, _| list(manifest, path, b"x"));
        assert!(Bundle::from_tar(&tar).is_err(), "{path}");
    }
    for (path, target) in [
        (LINK, "/etc/shadow"),
        (LINK, "/etc/agi-provision/../shadow"),
        (LINK, "/etc/agi-provision-other/a"),
        ("rootfs/etc/systemd/system/ssh.service.d/a", "/etc/agi-provision/generation/a"),
        ("../a", "/etc/agi-provision/generation/a"),
    ] {
        let tar = forged(|manifest, _| manifest["links"][0] = json!({"path": path, "target": target}));
        assert!(Bundle::from_tar(&tar).is_err(), "{path} {target}");
    }
    for (mode, owner) in [
        ("4755", "root:root"),
        ("0666", "root:root"),
        ("0644", "mallory:root"),
        ("rwx", "root:root"),
        ("+644", "root:root"),
    ] {
        let tar = forged(|manifest, _| {
            (manifest["files"][0]["mode"], manifest["files"][0]["owner"]) = (json!(mode), json!(owner));
        });
        assert!(Bundle::from_tar(&tar).is_err(), "{mode} {owner}");
    }
    for sum in ["../../../../home", "", "/"] {
        let tar = forged(|manifest, _| manifest["files"][0]["sha256"] = json!(sum));
        assert!(format!("{:#}", Bundle::from_tar(&tar).unwrap_err()).contains("not a SHA-256"), "{sum}");
        let carried = json!([{"what": "model", "name": "m.gguf", "sha256": sum, "size_bytes": 1}]);
        let tar = forged(|manifest, _| manifest["carried"] = carried.clone());
        assert!(format!("{:#}", Bundle::from_tar(&tar).unwrap_err()).contains("not a SHA-256"), "{sum}");
    }
}

#[test]
fn a_tar_that_is_not_its_manifest_is_refused() {
    let extra = forged(|_, files| drop(files.insert("extra".to_string(), b"x".to_vec())));
    let missing = forged(|_, files| drop(files.remove("README.md")));
    let changed = forged(|_, files| files.get_mut("README.md").unwrap().push(b'x'));
    let two_plans = forged(|manifest, files| {
        relist(manifest, "plan.json", b"{}");
        files.insert("plan.json".to_string(), b"{}".to_vec());
    });
    let cases = [
        (extra, "not in its manifest"),
        (missing, "README.md is missing"),
        (changed, "README.md is not what the manifest says"),
        (two_plans, "differ"),
    ];
    for (tar, why) in cases {
        let error = format!("{:#}", Bundle::from_tar(&tar).unwrap_err());
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_bundle_whose_plan_opens_the_server_is_refused_by_the_arguments_name() {
    /// Some arguments, and others instead.
    type Edit = (&'static [&'static str], &'static [&'static str]);
    let edits: [(Edit, &str); 6] = [
        ((&["--host", "127.0.0.1"], &["--host", "0.0.0.0"]), "--host"),
        (
            (&["--api-key-file", "/run/credentials/agi-provision-llama.service/api-key"], &[]),
            "--api-key-file",
        ),
        ((&["--no-slots"], &["--slots"]), "--slots"),
        ((&["--offline"], &["--offline", "--props"]), "--props"),
        ((&["--offline"], &["--offline", "--sleep-idle-seconds", "1"]), "--sleep-idle-seconds"),
        ((&["--parallel", "2"], &["--parallel", "2", "--parallel", "2"]), "--parallel"),
    ];
    for ((old, new), name) in edits {
        let tar = forged(|manifest, files| {
            let mut plan: serde_json::Value = serde_json::from_slice(&files["plan.json"]).unwrap();
            let args = plan["llama_server"]["args"].as_array_mut().unwrap();
            let at = args.windows(old.len()).position(|texts| texts == old).unwrap();
            args.splice(at..at + old.len(), new.iter().map(|text| (*text).into()));
            let json = plan.to_string().into_bytes();
            for path in ["plan.json", "rootfs/etc/agi-provision/generation/plan.json"] {
                relist(manifest, path, &json);
                files.insert(path.to_string(), json.clone());
            }
        });
        let error = format!("{:#}", Bundle::from_tar(&tar).unwrap_err());
        assert!(error.contains("llama-server's arguments") && error.contains(name), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(Bundle::from_tar(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_damaged_tar_is_refused_or_still_sound(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut tar = bundle("cpu").to_tar().unwrap();
        for (at, value) in edits {
            let at = at.index(tar.len());
            tar[at] = value;
        }
        if cut {
            tar.truncate(end.index(tar.len()));
        }
        if let Ok(bundle) = Bundle::from_tar(&tar) {
            prop_assert!(Bundle::from_tar(&bundle.to_tar().unwrap()).is_ok());
        }
    }
}
