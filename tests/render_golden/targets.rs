//! Files of the targets that a bundle has because they were asked for.

use super::{bundle, golden, plan, text, tree};
use agi_provision::checked::{DownloadUrl, ImageRef};
use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::hash::sha256;
use agi_provision::plan::Plan;
use agi_provision::render::choices::{Balance, Balanced, Kubernetes, SkyPilot, Targets};
use agi_provision::render::{Bundle, Choices, FirstBoot, PinnedProgram, render_for};
use std::fs;

/// Not the digest of any image.
const IMAGE: &str = "ghcr.io/ggml-org/llama.cpp:server@sha256:\
                     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Every target; `replicas` of them, and a program where `pinned`.
fn choices(replicas: &str, pinned: bool, bind: &str, servers: &[&str]) -> Choices {
    let replicas = replicas.parse().unwrap();
    let urls = ["https://example.org/agi-provision?x=1&y='2'", "http://10.1.2.3:8000/agi-provision"];
    let program = PinnedProgram {
        urls: urls.into_iter().map(|url| DownloadUrl::new(url).unwrap()).collect(),
        sha256: sha256(b"the program"),
        size_bytes: 11,
    };
    let servers = servers.iter().map(|server| Balanced::parse(server).unwrap()).collect();
    Choices {
        first_boot: FirstBoot { program: pinned.then_some(program), cloud: None },
        targets: Targets {
            kubernetes: Some(Kubernetes { image: ImageRef::new(IMAGE).unwrap(), replicas }),
            skypilot: Some(SkyPilot { replicas }),
            balance: Some(Balance { bind: bind.parse().unwrap(), servers }),
        },
        driver: None,
    }
}

fn cases() -> [(&'static str, Plan, Choices); 3] {
    let local = ["a=127.0.0.1:8081", "b=127.0.0.1:8082"];
    let far = ["10.0.0.7", "gpu2.example.org:9000", "six=[2001:db8::7]"];
    [
        ("cpu", plan("cpu"), choices("2", false, "127.0.0.1:8000", &local)),
        ("gpu", plan("gpu"), choices("2-4", true, "0.0.0.0:443", &far)),
        ("multi-gpu", plan("multi-gpu"), choices("1", true, "[::1]:8000", &local)),
    ]
}

fn of_targets(bundle: &Bundle) -> impl Iterator<Item = &str> {
    let paths = bundle.files().iter().map(|file| file.path.as_str());
    paths
        .filter(|path| ["kubernetes/", "skypilot/", "haproxy/"].iter().any(|folder| path.starts_with(folder)))
}

#[test]
fn every_file_of_every_target_is_as_recorded() {
    let update = std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update");
    let version = format!("agi-provision {}", env!("CARGO_PKG_VERSION"));
    for (name, plan, choices) in cases() {
        let bundle = render_for(&plan, &choices).unwrap();
        let dir = golden().join("targets").join(name);
        let lasting = |path: &str| text(&bundle, path).replace(&version, "agi-provision VERSION");
        if update {
            let _ = fs::remove_dir_all(&dir);
            for path in of_targets(&bundle) {
                fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
                fs::write(dir.join(path), lasting(path)).unwrap();
            }
        }
        let recorded = tree(&dir);
        for path in of_targets(&bundle) {
            let expected = recorded.get(path).unwrap_or_else(|| panic!("{name}: {path} is new"));
            assert!(lasting(path).as_bytes() == expected, "{name}: {path} changed:\n{}", lasting(path));
        }
        assert_eq!(recorded.len(), of_targets(&bundle).count(), "{name}: a file is no longer rendered");
    }
}

#[test]
fn a_bundle_has_only_the_targets_that_were_asked_for_and_a_host_gets_none_of_them() {
    assert_eq!(of_targets(&bundle("gpu")).count(), 0);
    let (_, plan, choices) = cases().into_iter().nth(1).unwrap();
    let made = render_for(&plan, &choices).unwrap();
    assert_eq!(made.id(), bundle("gpu").id());
    let arrived = Bundle::from_tar(&made.to_tar().unwrap()).unwrap();
    assert_eq!(of_targets(&arrived).count(), 0);
    assert_eq!(arrived.manifest().choices(), Choices::default());
}

#[test]
fn a_bundle_with_targets_is_made_again_from_its_manifest_and_an_edit_is_named() {
    for (_, plan, choices) in cases() {
        let dir = tempfile::tempdir().unwrap();
        render_for(&plan, &choices).unwrap().write(dir.path()).unwrap();
        let read = Bundle::read(dir.path()).unwrap();
        assert_eq!(read.manifest().choices(), choices);
        assert!(read.edits_in(dir.path()).unwrap().is_empty());
        // Without them, their files go.
        let without = Choices::default();
        render_for(&plan, &without).unwrap().write(dir.path()).unwrap();
        assert!(!dir.path().join("kubernetes").exists() && !dir.path().join("haproxy").exists());
        let extra = dir.path().join("skypilot/service.yaml");
        fs::create_dir_all(extra.parent().unwrap()).unwrap();
        fs::write(extra, "run: evil").unwrap();
        let edits = Bundle::read(dir.path()).unwrap().edits_in(dir.path()).unwrap();
        assert_eq!(edits.paths(), ["skypilot/service.yaml"]);
    }
}

#[test]
fn a_plan_of_several_servers_or_of_an_unknown_card_is_refused_with_what_to_do() {
    let (_, _, choices) = cases().into_iter().next().unwrap();
    let error = render_for(&plan("rag"), &choices).unwrap_err();
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(format!("{error:#}").contains("it has a second server, embed"), "{error:#}");
    assert!(hint(&error).unwrap().contains("without --rag"));
    let mut odd = plan("gpu");
    odd.profile.gpus[0].name = "Unheard 9000".to_string();
    let error = render_for(&odd, &choices).unwrap_err();
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(format!("{error:#}").contains("\"Unheard 9000\""), "{error:#}");
}

#[test]
fn a_manifest_with_a_hostile_choice_is_refused() {
    let (_, plan, choices) = cases().into_iter().next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    render_for(&plan, &choices).unwrap().write(dir.path()).unwrap();
    let file = dir.path().join("manifest.json");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for (pointer, value) in [
        ("/targets/kubernetes/image", "llama:latest".into()),
        ("/targets/kubernetes/image", "x\"\ncommand: [evil]@sha256:00".into()),
        ("/targets/kubernetes/replicas", "9999".into()),
        ("/targets/balance/bind", "unix@/run/evil".into()),
        ("/targets/balance/servers/0/name", "a 10.0.0.1 weight".into()),
        ("/targets/balance/servers/0/endpoint", "10.0.0.1:80\nserver evil 1.2.3.4".into()),
        ("/targets/balance/servers/1/name", "a".into()),
        ("/targets/balance/servers", serde_json::json!([])),
    ] {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        fs::write(&file, changed.to_string()).unwrap();
        assert!(Bundle::read(dir.path()).is_err(), "{pointer}: {changed}");
    }
}
