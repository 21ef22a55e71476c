//! The unit of an engine that comes as a container, through the generator of podman's own Quadlet (5.4.2, as Debian 13
//! ships it): every key is known to it, and the command that systemd would run is the one that is meant. Nothing is run:
//! that needs a card and the image.

use agi_provision::plan::Plan;
use agi_provision::render::render;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = "rootfs/etc/containers/systemd/agi-provision-llama.container";

fn generator() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-quadlet");
    let out = Command::new(script).output().expect("the lab's script runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    PathBuf::from(String::from_utf8(out.stdout).unwrap().trim()).join("quadlet")
}

/// Returns what the generator makes of a unit, and what it says beside.
fn generated(unit: &[u8]) -> (bool, String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("agi-provision-llama.container"), unit).unwrap();
    let out =
        Command::new(generator()).arg("-dryrun").env("QUADLET_UNIT_DIRS", folder.path()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

fn plan() -> serde_json::Value {
    serde_json::from_str(include_str!("golden/plans/vllm.json")).unwrap()
}

fn unit(plan: &serde_json::Value) -> Vec<u8> {
    let plan = Plan::from_json(&plan.to_string()).unwrap();
    render(&plan).unwrap().file(FILE).unwrap().to_vec()
}

#[test]
fn quadlet_makes_the_command_that_is_meant_of_the_unit() {
    let (fine, service, said) = generated(&unit(&plan()));
    assert!(fine, "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains("Loading source unit file")).collect();
    assert!(lines.is_empty(), "{said}");
    assert!(service.starts_with("---agi-provision-llama.service---"), "{service}");
    let start = service.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
    for part in [
        "podman run --name agi-provision-llama ",
        " --security-opt=no-new-privileges ",
        " --device nvidia.com/gpu=0 --device nvidia.com/gpu=1 ",
        " --cap-drop all ",
        " --read-only ",
        " --user 2000:0 ",
        " --publish 127.0.0.1:8080:8080 ",
        " --env-file /run/agi-provision-llama/key.env ",
        " --env HF_HUB_OFFLINE=1 ",
        " --pull=never ",
        " -v /etc/agi-provision/generation/model:/model:ro ",
        "@sha256:",
        " --model /model --served-model-name ",
        " --tensor-parallel-size 2 ",
    ] {
        assert!(start.contains(part), "{part}: {start}");
    }
    // The image, and after it the server's arguments, as they stand in the plan.
    let args = plan()["llama_server"]["args"].as_array().unwrap().clone();
    let args: Vec<&str> = args.iter().filter_map(|arg| arg.as_str()).collect();
    assert!(start.ends_with(&args.join(" ")), "{start}");
    assert!(
        service.contains("\nExecCondition=/usr/local/lib/agi-provision/agi-provision verify --plan "),
        "{service}"
    );
    assert!(service.contains("\nWantedBy=multi-user.target"), "{service}");
}

#[test]
fn llama_cpps_own_image_is_run_as_the_services_user_in_the_hosts_network() {
    let mut pinned: serde_json::Value = serde_json::from_str(include_str!("golden/plans/gpu.json")).unwrap();
    pinned["llama_server"]["image"] =
        format!("ghcr.io/ggml-org/llama.cpp:server-cuda12-b11434@sha256:{}", "ab".repeat(32)).into();
    for (vendor, devices) in [
        ("nvidia", " --device nvidia.com/gpu=all "),
        ("intel", " --device /dev/dri "),
        // A machine of the test has no /dev/kfd, which may be missing.
        ("amd", " --device /dev/dri "),
    ] {
        pinned["profile"]["gpus"][0]["vendor"] = vendor.into();
        let (fine, service, said) = generated(&unit(&pinned));
        assert!(fine, "{said}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.contains("Loading source unit")).collect();
        assert!(lines.is_empty(), "{said}");
        let start = service.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        for part in [
            " --read-only ",
            " --cap-drop all ",
            " --security-opt=no-new-privileges ",
            " --network host ",
            " --pull=never ",
            " --no-healthcheck ",
            " $WHO ",
            " --env LLAMA_ARG_LOG_VERBOSITY=4 ",
            " --env-file /run/agi-provision-llama/key.env ",
            " -v /run/agi-provision-llama/api-key:/run/credentials/agi-provision-llama.service/api-key:ro ",
            devices,
        ] {
            assert!(start.contains(part), "{part}: {start}");
        }
        // The arguments of an archive's server, every one.
        let args = pinned["llama_server"]["args"].as_array().unwrap();
        let args: Vec<&str> = args.iter().filter_map(|arg| arg.as_str()).collect();
        assert!(start.ends_with(&args.join(" ")), "{start}");
        assert!(service.contains("\nEnvironmentFile=-/run/agi-provision-llama/who.env"), "{service}");
    }
}

#[test]
fn a_models_name_stays_one_word_and_a_key_that_quadlet_does_not_know_is_seen() {
    let mut odd = plan();
    let name = "a \"b\" $HOME 100% ; c";
    let args = odd["llama_server"]["args"].as_array_mut().unwrap();
    let at = args.iter().position(|arg| arg == "--served-model-name").unwrap();
    args[at + 1] = name.into();
    let (fine, service, said) = generated(&unit(&odd));
    assert!(fine, "{said}");
    let start = service.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
    assert!(start.contains(r#" --served-model-name "a \"b\" $$HOME 100%% ; c" --host "#), "{start}");
    // The test would see a mistake.
    let wrong = String::from_utf8(unit(&plan())).unwrap().replace("ReadOnly=true", "ReadOnyl=true");
    let (fine, _, said) = generated(wrong.as_bytes());
    assert!(!fine && said.contains("ReadOnyl"), "{said}");
}
