//! Every command's help as it is printed: the reference of the command line cannot drift.
//! `AGI_PROVISION_GOLDEN=update` writes tests/golden/help anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::Home;
use clap::Parser;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help")
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let mut lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let name = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let listed = lines.by_ref().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "));
    listed.filter(|line| !line.starts_with("   ")).map(name).filter(|name| name != "help").collect()
}

/// Every command with its help, found by walking down from the top.
fn walk(home: &Home, command: Vec<String>, found: &mut Vec<(String, String)>) {
    let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let ran = home.run(&args);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{command:?}: {ran:?}");
    for below in listed(&ran.stdout) {
        walk(home, command.iter().cloned().chain([below]).collect(), found);
    }
    let name = if command.is_empty() { "agi-provision".to_owned() } else { command.join("-") };
    let short =
        home.run(&args.iter().map(|arg| if *arg == "--help" { "-h" } else { arg }).collect::<Vec<_>>());
    assert!(ran.stdout.contains("\nExamples:\n  "), "{command:?} has no example: {ran:?}");
    assert!(short.stdout.len() <= ran.stdout.len(), "{command:?}: -h is longer than --help");
    found.push((format!("{name}.short.txt"), short.stdout));
    found.push((format!("{name}.txt"), ran.stdout));
}

#[test]
fn every_help_is_the_reference() {
    let mut found = Vec::new();
    walk(&Home::new(), Vec::new(), &mut found);
    assert!(found.len() > 15, "{found:?}");
    if std::env::var_os("AGI_PROVISION_GOLDEN").is_some_and(|value| value == "update") {
        let _ = fs::remove_dir_all(golden());
        fs::create_dir_all(golden()).unwrap();
        found.iter().for_each(|(name, help)| fs::write(golden().join(name), help).unwrap());
    }
    for (name, help) in &found {
        let wanted = fs::read_to_string(golden().join(name)).unwrap_or_default();
        assert_eq!(*help, wanted, "{name}; AGI_PROVISION_GOLDEN=update accepts it");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
            assert_eq!(line.trim_end(), line, "{name}: a blank at the end");
        }
    }
    let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(golden()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&&name), "no command has {name}");
    }
}

#[test]
fn every_example_is_a_command_that_the_program_takes() {
    let mut found = Vec::new();
    walk(&Home::new(), Vec::new(), &mut found);
    let mut seen = 0;
    for (name, help) in found.iter().filter(|(name, _)| !name.ends_with(".short.txt")) {
        let examples = help.split_once("\nExamples:\n").unwrap().1.replace("\\\n", " ");
        assert!(!examples.contains("Examples:"), "{name}: examples twice");
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            let command = line.trim().trim_start_matches("source <(").split([')', '|']).next().unwrap();
            agi_provision::cli::Cli::try_parse_from(command.split_whitespace())
                .unwrap_or_else(|error| panic!("{name}: {line}: {error}"));
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn hidden_commands_stay_hidden_and_asked_for_help_is_no_mistake() {
    let home = Home::new();
    let help = home.run(&["--help"]).stdout;
    assert!(!listed(&help).iter().any(|name| name == "agent" || name == "serve"), "{help}");
    for args in [&["help"][..], &["help", "apply"], &["-h"], &["--version"], &["plan", "--version"]] {
        let ran = home.run(args);
        assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{args:?}");
        assert!(!ran.stdout.is_empty());
    }
    // Nothing asked for: what to do first, but as a mistake.
    let ran = home.run(&[]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("Usage: agi-provision <COMMAND>"), "{ran:?}");
    assert!(ran.stderr.contains("\n  agi-provision plan --model "), "{ran:?}");
    fs::write(home.path("agi-provision.toml"), "").unwrap();
    let ran = home.run(&[]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("need no flags:\n  agi-provision plan  "), "{ran:?}");
}
