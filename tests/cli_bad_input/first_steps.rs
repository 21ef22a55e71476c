//! `init` and `doctor`: the first commands of somebody who is new.

use super::{Home, text};
use serde_json::Value;
use std::fs;

#[test]
fn init_writes_a_project_file_that_a_plan_takes_and_never_overwrites() {
    let home = Home::new();
    let asked =
        ["init", "--model", "tinyllama-1.1b", "--profile", "laptop-cpu-16gb", "--host", "root@192.0.2.1"];
    let ran = home.run(&asked);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.stderr.contains("wrote agi-provision.toml") && ran.stderr.contains("agi-provision doctor"),
        "{ran:?}"
    );
    let planned = home.run(&["plan", "--format", "json"]);
    assert_eq!(planned.exit, 0, "{planned:?}");
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!(
        (&plan["model"]["id"], &plan["profile"]["id"]),
        (&"tinyllama-1.1b".into(), &"laptop-cpu-16gb".into())
    );
    let before = fs::read_to_string(home.path("agi-provision.toml")).unwrap();
    home.run(&asked).refused(2, "agi-provision.toml is there already", "--out FILE");
    assert_eq!(fs::read_to_string(home.path("agi-provision.toml")).unwrap(), before);
    assert_eq!(home.run(&["init", "--model", "phi-2", "--budget", "50/month", "--out", "b.toml"]).exit, 0);
    assert_eq!(home.run(&["plan", "--project", "b.toml"]).exit, 0);
}

#[test]
fn init_refuses_what_is_wrong_and_writes_nothing() {
    let home = Home::new();
    home.run(&["init"]).refused(2, "no terminal to ask on", "--model");
    home.run(&["init", "--use", "code"]).refused(2, "no terminal to ask on", "models --use");
    home.run(&["init", "--model", "tinylama-1.1b"]).refused(2, "no model is called", "tinyllama-1.1b");
    home.run(&["init", "--model", "none.gguf"]).refused(2, "there is no file none.gguf", ".gguf");
    home.run(&["init", "--model", "phi-2", "--budget", "much"]).refused(
        2,
        "\"much\" is no budget",
        "300/month",
    );
    home.run(&["init", "--model", "phi-2", "--host=-x"]).refused(2, "-x", "user@");
    home.run(&["init", "--model", "phi-2", "--profile", "gpu-24g"]).refused(2, "\"gpu-24g\"", "gpu-24gb");
    assert!(!home.path("agi-provision.toml").exists());
}

#[test]
fn init_asks_on_a_terminal() {
    let home = Home::new();
    // A use is answered with a list, and an empty host leads to the question of money.
    let answers = "russian\\nno-such-model-at-all\\nsaiga-8b\\n\\nmuch\\n50/month\\n";
    let program = text(std::path::Path::new(env!("CARGO_BIN_EXE_agi-provision"))).to_owned();
    let mut shell = std::process::Command::new("sh");
    let line = format!("printf '{answers}' | script -qec '{program} init' /dev/null");
    shell.env_clear().env("HOME", home.path("")).env("PATH", "/usr/bin:/bin").current_dir(home.path(""));
    let output = shell.args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for word in [
        "Which model?",
        "  saiga-8b",
        "no model is called",
        "no budget",
        "wrote agi-provision.toml",
        "rent it",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let written = fs::read_to_string(home.path("agi-provision.toml")).unwrap();
    assert!(
        written.contains("model = \"saiga-8b\"\n") && written.contains("budget = \"50/month\"\n"),
        "{written}"
    );
}

#[test]
fn doctor_names_what_is_missing_and_ends_with_the_contracts_exit_codes() {
    let home = Home::new();
    let here = home.run(&["doctor"]);
    assert_eq!(here.exit, 0, "{here:?}");
    for word in ["this machine:", "program", "keys", "clock", "dns", "do: ", "ssh-keygen -t ed25519"] {
        assert!(here.stdout.contains(word), "{word}: {here:?}");
    }
    // Nobody listens there: the host's part fails, and every other check is still said.
    let ran = home.run(&["doctor", "--host", "root@127.0.0.1:1", "--format", "json"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&value["schema"], &value["exit"]), (&"agi-provision/doctor/1".into(), &1.into()));
    let check = |id: &str| {
        value["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap().clone()
    };
    assert_eq!(
        (check("connect")["outcome"].clone(), check("connect")["at"].clone()),
        ("failed".into(), "root@127.0.0.1:1".into())
    );
    assert!(check("known-hosts")["advice"].as_str().unwrap().contains("--accept-new-host-key"), "{value}");
    assert!(check("connect")["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{value}");
    home.run(&["doctor", "--host=-x"]).refused(2, "-x", "user@");
}
