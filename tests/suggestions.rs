//! `plan` without a model, as a user runs it.

use serde_json::Value;
use std::process::{Command, Output};

/// The program without prices that someone refreshed.
fn run(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env("XDG_DATA_HOME", folder.path()).args(args).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_list_is_what_its_schema_says_and_each_command_makes_the_plan_that_is_listed() {
    let schema = serde_json::from_str(include_str!("../docs/suggestions.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for flags in [
        &["--budget", "50/month"][..],
        &["--profile", "gpu-24gb", "--for", "code", "--slots", "1"],
        &["--profile", "laptop-cpu-16gb", "--for", "russian"],
        &["--budget", "1,5 EUR/hour", "--for", "embedding"],
    ] {
        let list = json(&[&["plan"], flags].concat());
        let errors: Vec<String> =
            schema.iter_errors(&list).map(|error| format!("{}: {error}", error.instance_path)).collect();
        assert!(errors.is_empty(), "{flags:?}: {errors:?}");
        let found = list["suggestions"].as_array().unwrap();
        assert!(found.len() >= 2, "{list:#}");
        for one in found {
            let command = one["command"].as_str().unwrap();
            let line = format!("set -- {command} --format json; shift; printf '%s\\n' \"$@\"");
            let words = Command::new("sh").args(["-c", &line]).output().unwrap();
            let words = String::from_utf8(words.stdout).unwrap();
            let plan = json(&words.lines().take_while(|word| *word != "--format").collect::<Vec<_>>());
            assert_eq!(plan["verdict"], one["verdict"], "{command}");
            assert_eq!(plan["speed"]["decode_tok_s"], one["decode_tok_s"], "{command}");
            let model = if one["beside"].is_null() { &one["model"] } else { &one["beside"] };
            assert_eq!(&plan["model"]["id"], model, "{command}");
        }
    }
}

#[test]
fn text_has_a_line_for_each_its_command_and_how_they_are_ranked() {
    let text = String::from_utf8(run(&["plan", "--profile", "gpu-24gb"]).stdout).unwrap();
    assert!(text.contains("\nRanked by people's votes"), "{text}");
    let says_by_what = |line: &&str| line.contains("people's votes: ") || line.ends_with("; no votes");
    assert!(text.lines().filter(says_by_what).count() >= 3, "{text}");
    let commands = text.lines().filter(|line| line.starts_with("agi-provision plan --model ")).count();
    assert!(commands >= 3, "{text}");
}

#[test]
fn commands_repeat_no_flag_that_the_folder_gives() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[constraints]\nprofile = \"gpu-24gb\"\nctx = 4096\nrag = true\n";
    std::fs::write(folder.path().join("agi-provision.toml"), file).unwrap();
    let elsewhere = folder.path().join("elsewhere.toml");
    std::fs::write(&elsewhere, file).unwrap();
    let at = |place: &str, flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command.env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        command.env("AGI_PROVISION_SLOTS", "1").current_dir(place).arg("plan").args(flags);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines();
        let line =
            lines.find(|line| line.starts_with("agi-provision plan")).unwrap_or_else(|| panic!("{text}"));
        let (_, model) = line.split_once("--model ").unwrap();
        model.split_once(' ').map_or(String::new(), |(_, flags)| flags.to_string())
    };
    let (here, named) = (folder.path().to_str().unwrap(), elsewhere.to_str().unwrap());
    assert_eq!(at(here, &[]), "");
    assert_eq!(at(here, &["--ctx", "4096", "--slots", "1"]), "");
    assert_eq!(at(here, &["--ctx", "8192", "--quant", "4-bit"]), "--quant 4-bit --ctx 8192");
    assert_eq!(at("/", &["--project", named]), format!("--project {named}"));
    let flags = ["--project", "/dev/null", "--profile", "gpu-24gb", "--slots", "1"];
    assert_eq!(at(here, &flags), "--project /dev/null --profile gpu-24gb");
}

#[test]
fn what_cannot_be_listed_says_so() {
    let error = |args: &[&str], code: i32| {
        let output = run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&["plan"], 2).contains("hint: give --model"));
    assert!(error(&["plan", "--for", "chat"], 2).contains("no model is named"));
    assert!(error(&["plan", "--budget", "50/month", "--explain"], 2).contains("name it with --model"));
    assert!(error(&["plan", "--budget", "50/month", "--resolve"], 2).contains("no model is named"));
    assert!(error(&["plan", "--budget", "0.001/month"], 3).contains("hint: "));
    assert!(error(&["plan", "--profile", "gpu-24gb", "--quant", "Q9_9"], 2).contains("no quantisation"));
    assert!(error(&["plan", "--model", "phi-2", "--for", "chat"], 2).contains("--for"));
}
