//! `--verbose`: what is done, on stderr alone, and nothing without it.

use serde_json::Value;
use std::process::{Command, Stdio};

/// Nothing listens there.
const NOBODY: &str = "root@127.0.0.1:1";

/// Standard output and error output.
fn run(args: &[&str]) -> (String, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin").current_dir(home.path());
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_failed_connection_is_told_by_steps_and_details_and_otherwise_as_before() {
    let args = ["status", "--format", "json", "--host", NOBODY];
    let (document, quiet) = run(&args);
    assert_eq!(quiet, "");
    let (steps, details) =
        (run(&[&args[..], &["-v"]].concat()), run(&[&args[..], &["-v", "--verbose"]].concat()));
    assert_eq!((&steps.0, &details.0), (&document, &document), "stdout is the same");
    let lines = |text: &str| text.lines().filter(|line| line.starts_with('[')).count();
    assert_eq!((lines(&steps.1), steps.1.lines().count()), (1, 1), "{}", steps.1);
    assert!(steps.1.ends_with("] 127.0.0.1:1: connects as root\n"), "{}", steps.1);
    assert!(lines(&details.1) >= 3, "{}", details.1);
    assert!(details.1.contains("127.0.0.1:1 cannot be reached: Connection refused"), "{}", details.1);
    // In text too, the lines of others are what they were.
    let args = ["status", "--host", NOBODY];
    let (plain, verbose) = (run(&args).1, run(&[&args[..], &["-vv"]].concat()).1);
    let kept: String = verbose.split_inclusive('\n').filter(|line| !line.starts_with('[')).collect();
    assert_eq!(kept, plain);
}

#[test]
fn with_a_json_log_each_line_is_an_object() {
    let args = ["status", "--format", "json", "--log-format", "json", "-vv", "--host", NOBODY];
    let (_, stderr) = run(&args);
    let lines: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let traced: Vec<&Value> = lines.iter().filter(|line| line["event"] == "trace").collect();
    assert!(traced.len() >= 3, "{stderr}");
    for line in &traced {
        assert!(line["seconds"].as_f64().is_some() && line["text"].as_str().is_some(), "{line}");
    }
    let levels: Vec<&str> = traced.iter().filter_map(|line| line["level"].as_str()).collect();
    assert!(levels.contains(&"info") && levels.contains(&"debug"), "{levels:?}");
}

#[test]
fn a_plan_is_the_same_with_it() {
    let args = ["plan", "--model", "tinyllama-1.1b", "--format", "json"];
    assert_eq!(run(&args), run(&[&args[..], &["-vv"]].concat()));
}
