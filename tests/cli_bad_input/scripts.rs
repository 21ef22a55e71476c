//! Runs what scripts and shells get: completions in bash (tools_shells.rs has the other shells), manual pages, schemas, examples for CI.

use super::{Home, text};
use clap::Parser;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a script in a shell that finds the program on its PATH.
fn in_shell(home: &Home, shell: &str, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_agi-provision"));
    let folder = text(program.parent().unwrap()).to_owned();
    let mut command = Command::new(shell);
    command.env_clear().env("HOME", home.path("")).env("PATH", format!("{folder}:/usr/bin:/bin"));
    let output = command.current_dir(home.path("")).args(["-c", script]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_models_profiles_and_hosts() {
    let home = Home::new();
    fs::create_dir(home.path(".ssh")).unwrap();
    fs::write(home.path("agi-provision.toml"), "hosts = [\"root@192.0.2.44\"]\n").unwrap();
    let complete = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let script = format!(
            "source <(agi-provision completions bash)\nCOMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9\n\
             _clap_complete_agi_provision agi-provision \"{}\" x\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
            quoted.join(" "),
            words.len() - 1,
            words.last().unwrap(),
        );
        // The program separates candidates by a vertical tab.
        in_shell(&home, "bash", &script).replace('\u{b}', "\n")
    };
    let has = |line: &str, wanted: &str| {
        let found = complete(line);
        assert!(found.lines().any(|each| each.trim() == wanted), "{line}: {found}");
    };
    has("agi-provision ro", "rollback");
    has("agi-provision plan --model tinylla", "tinyllama-1.1b");
    has("agi-provision apply --profile gpu-24", "gpu-24gb");
    has("agi-provision status --host root@192.0", "root@192.0.2.44");
    has("agi-provision key rot", "rotate");
    assert!(!complete("agi-provision plan --model tinylla").contains("mistral"));
}

#[test]
fn every_shell_gets_a_script() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = home.run(&["completions", shell]);
        assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stdout.contains("agi-provision"), "{shell}");
    }
}

#[test]
fn man_writes_a_page_for_each_command() {
    let home = Home::new();
    let ran = home.run(&["man", "--dir", "man"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:?}");
    let page =
        |name: &str| fs::read_to_string(home.path("man").join(name)).unwrap_or_else(|_| panic!("{name}"));
    for (name, word) in [
        ("agi-provision.1", "Puts a language model"),
        ("agi-provision-plan.1", "Choose hardware"),
        ("agi-provision-key-show.1", "Print the API key"),
        ("agi-provision-doctor.1", "known"),
    ] {
        assert!(page(name).contains(word), "{name}");
    }
    assert!(!home.path("man/agi-provision-agent.1").exists());
}

#[test]
fn schemas_are_published_as_they_lie_in_docs() {
    let home = Home::new();
    for name in ["facts", "journal", "inventory"] {
        let ran = home.run(&["schema", name]);
        let page = format!("{}/docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let wanted: Value = serde_json::from_str(&fs::read_to_string(page).unwrap()).unwrap();
        let schema: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.exit, &schema), (0, &wanted), "{ran:?}");
        assert!(schema["$schema"].is_string(), "{name}");
    }
    home.run(&["schema", "planet"]).refused(2, "planet", "--help");
}

#[test]
fn the_examples_for_ci_are_commands_that_the_program_takes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    let mut seen = 0;
    for name in ["github-actions.yml", "gitlab-ci.yml"] {
        let file = fs::read_to_string(folder.join(name)).unwrap();
        for line in file.lines().map(|line| line.trim().trim_start_matches("- ")) {
            if line.starts_with("agi-provision ") {
                let command = line.split(" || ").next().unwrap().replace('"', "");
                agi_provision::cli::Cli::try_parse_from(command.split(' '))
                    .unwrap_or_else(|error| panic!("{name}: {line}: {error}"));
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 6);
}
