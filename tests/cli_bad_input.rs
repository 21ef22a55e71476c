//! Input that is wrong on the user's side: exit code, message and hint, before any host is touched.
//! Needs no host and no root.

#[path = "cli_bad_input/files.rs"]
mod files;
#[path = "cli_bad_input/first_boot.rs"]
mod first_boot;
#[path = "cli_bad_input/first_steps.rs"]
mod first_steps;
#[path = "cli_bad_input/help.rs"]
mod help;
#[path = "cli_bad_input/hostile.rs"]
mod hostile;
#[path = "cli_bad_input/outputs.rs"]
mod outputs;
#[path = "cli_bad_input/project.rs"]
mod project;
#[path = "cli_bad_input/reach.rs"]
mod reach;
#[path = "cli_bad_input/scripts.rs"]
mod scripts;
#[path = "cli_bad_input/targets.rs"]
mod targets;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder that is home and working directory of the program.
pub struct Home(TempDir);

/// How the program ended.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program without a terminal and with nothing of this process's environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command.env_clear().env("HOME", self.0.path()).env("USER", "tester").env("PATH", "/usr/bin:/bin");
        command.current_dir(self.0.path()).args(args).stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    /// Runs the program with more variables in its environment.
    pub fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let began = Instant::now();
        let output = self.command(args).envs(variables.iter().copied()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            exit: output.status.code().expect("no signal"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: began.elapsed(),
        }
    }

    /// A model that can be planned for and served.
    pub fn tiny(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        agi_provision::model::tiny::write_tiny(&mut File::create(&path).unwrap(), 1, None).unwrap();
        path
    }
}

impl Ran {
    /// It failed with `exit`, said `message` and hinted at `hint`, each once, and wrote no data.
    #[track_caller]
    pub fn refused(&self, exit: i32, message: &str, hint: &str) {
        self.failed(exit, message, hint);
        assert_eq!(self.stdout, "", "{self:?}");
    }

    /// The same, but there may be data. Without a `hint` there must be none.
    #[track_caller]
    pub fn failed(&self, exit: i32, message: &str, hint: &str) {
        assert_eq!(self.exit, exit, "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let errors = lines.iter().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{self:?}");
        assert!(self.stderr.contains(message), "{message:?} in {self:?}");
        let hints: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("hint: ")).collect();
        match hint {
            "" => assert_eq!(hints.len(), 0, "{self:?}"),
            _ => {
                assert_eq!(hints.len(), 1, "{self:?}");
                assert!(lines[hints[0]].contains(hint), "{hint:?} in {self:?}");
                assert_eq!(lines[hints[0] - 1], "", "a blank line before the hint: {self:?}");
            }
        }
        assert!(!self.stderr.contains('\x1b') && !self.stdout.contains('\x1b'), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

/// A path of a test, which is always UTF-8.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn names_that_are_none_exit_2_and_name_the_nearest() {
    let home = Home::new();
    let plan = |args: &[&str]| home.run(&[&["plan", "--model"], args].concat());
    plan(&["tinylama-1.1b"]).refused(2, "no model is called \"tinylama-1.1b\"", "tinyllama-1.1b");
    plan(&["mistal-7b"]).refused(2, "\"mistal-7b\"", "mistral-7b");
    plan(&["zzz"]).refused(2, "\"zzz\"", "`agi-provision models`");
    plan(&[""]).refused(2, "no model is called", "`agi-provision models`");
    plan(&["phi-2", "--profile", "gpu-24g"]).refused(2, "\"gpu-24g\"", "gpu-24gb");
    plan(&["phi-2", "--quant", "Q4_K_X"]).refused(2, "\"Q4_K_X\"", "Q4_K_M");
    plan(&["phi-2", "--llama-build", "b1"]).refused(2, "\"b1\"", "b11434");
    plan(&["phi-2", "--kv-type", "q9"]).refused(2, "\"q9\"", "q8_0");
    home.run(&["plan"]).refused(2, "no model is named", "--model");
    home.run(&["plam"]).refused(2, "plam", "--help");
    home.run(&["plan", "--modell", "phi-2"]).refused(2, "--modell", "--help");
}

#[test]
fn numbers_that_make_no_sense_exit_2() {
    let home = Home::new();
    for (flag, value, message) in [
        ("--budget", "cheap", "300/month"),
        ("--budget", "-5/month", "above zero"),
        ("--budget", "5/year", "\"year\""),
        ("--budget", "1e400/hour", "1e400"),
        ("--ctx", "0", "context 0"),
        ("--ctx", "many", "many"),
        ("--ctx", "18446744073709551615", "16777216"),
        ("--ctx", "99999999999999999999", "too large"),
        ("--slots", "0", "slots 0"),
        ("--batch", "0", "batch 0"),
        ("--ubatch", "1000000", "ubatch 1000000"),
        ("--min-speed", "nan", "tokens/s"),
        ("--min-speed", "-1", "tokens/s"),
        ("--flash-attn", "maybe", "on or off"),
        ("--format", "xml", "xml"),
    ] {
        let ran = home.run(&["plan", "--model", "phi-2", &format!("{flag}={value}")]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{flag} {value}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(message), "{ran:?}");
    }
}

#[test]
fn ranges_that_are_none_or_hold_everyone_exit_2() {
    let home = Home::new();
    let expose = |range: &str| home.run(&["plan", "--model", "phi-2", "--expose", range]);
    expose("10.0.0.5/24").refused(2, "10.0.0.0/24", "--help");
    expose("office").refused(2, "203.0.113.0/24", "--help");
    expose("127.0.0.1").refused(2, "always reaches", "--help");
    expose("0.0.0.0/0").refused(2, "everyone", "--expose-everyone");
    expose("::/0").refused(2, "everyone", "--expose-everyone");
    let meant =
        ["plan", "--model", "phi-2", "--expose", "0.0.0.0/0", "--expose-everyone", "--format", "json"];
    let plan: serde_json::Value = serde_json::from_str(&home.run(&meant).stdout).unwrap();
    assert_eq!(plan["expose"]["ranges"], serde_json::json!(["0.0.0.0/0"]));
    let cert = ["apply", "--model", "phi-2", "--host", "h", "--yes", "--tls-cert", "c.pem"];
    home.run(&cert).refused(2, "--tls-key", "--help");
}

#[test]
fn a_plan_that_fits_nowhere_exits_3_and_is_still_printed() {
    let home = Home::new();
    let args = ["plan", "--model", "llama-65b", "--profile", "gpu-8gb", "--quant", "F16"];
    let ran = home.run(&args);
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""), "{ran:?}");
    for part in
        ["llama-65b F16 on gpu-8gb: impossible", "short of", "memory ", "\nhost ", "\ngpu0 ", "nearest"]
    {
        assert!(ran.stdout.contains(part), "{part:?} in {}", ran.stdout);
    }

    let out = home.path("plan.json");
    let ran = home.run(&[&args[..], &["--format", "json", "--out", text(&out)]].concat());
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""), "{ran:?}");
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["verdict"], "impossible");
    assert!(!plan["reasons"].as_array().unwrap().is_empty());
    let ledger = plan["memory"].as_array().unwrap();
    assert!(ledger.iter().any(|device| device["headroom_bytes"].as_i64().unwrap() < 0), "{ledger:?}");
    assert_eq!(serde_json::from_slice::<Value>(&std::fs::read(&out).unwrap()).unwrap(), plan);

    // Nothing downstream takes such a plan.
    let bundle = home.path("bundle");
    home.run(&["bundle", "--plan", text(&out), "--out", text(&bundle)]).refused(
        3,
        "nothing to bundle",
        "plan",
    );
    assert!(!bundle.exists());
    home.run(&["apply", "--plan", text(&out), "--host", "192.0.2.1", "--yes"]).refused(
        3,
        "nothing to apply",
        "plan",
    );
}

#[test]
fn flags_that_contradict_each_other_exit_2() {
    let home = Home::new();
    for args in [
        &["--local", "--host", "x", "--model", "phi-2"][..],
        &["--local", "--identity", "key", "--model", "phi-2"],
        &["--local", "--accept-new-host-key", "--model", "phi-2"],
        &["--host", "x", "--plan", "p", "--model", "phi-2"],
        &["--host", "x", "--plan", "p", "--quant", "Q8_0"],
        &["--host", "x", "--plan", "p", "--llama-build", "b11434"],
        &["--host", "x", "--bundle", "b", "--ctx", "4096"],
        &["--host", "x", "--bundle", "b", "--plan", "p"],
        &["--host", "x", "--model", "phi-2", "--accept-new-host-key", "--host-key", "SHA256:x"],
    ] {
        let ran = home.run(&[&["apply", "--yes"], args].concat());
        ran.refused(2, "cannot be used with", "--help");
        // Only what was given is named.
        assert!(!ran.stderr.contains("--min-speed"), "{ran:?}");
    }
    home.run(&["apply", "--yes", "--model", "phi-2"]).refused(2, "no host is named", "--host");
    home.run(&["apply", "--yes", "--host", "x"]).refused(2, "no model is named", "--model");
    home.run(&["apply", "--yes", "--model", "phi-2", "--host", "x", "--jobs", "0"])
        .refused(2, "1 to 512", "--help");
    home.run(&["logs", "--follow", "--host", "x", "--host", "y"]).refused(
        2,
        "one host",
        "leave --follow out",
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    for args in
        ["plan --model phi-2", "models", "completions bash", "man", "plan --model phi-2 --format json"]
    {
        // The pipe is closed before anything is written.
        let mut command = home.command(&args.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{args}");
    }
}

#[test]
fn there_are_no_escape_codes_without_a_terminal_or_with_no_color() {
    let home = Home::new();
    for args in
        [&["plan", "--model", "phi-2"][..], &["models"], &["apply", "--help"], &["plan", "--nonsense"]]
    {
        let ran = home.run(args);
        assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{ran:?}");
        // A terminal of its own, for both streams.
        let line = format!("NO_COLOR=1 {} {}", env!("CARGO_BIN_EXE_agi-provision"), args.join(" "));
        let output = Command::new("script").args(["-qec", &line, "/dev/null"]).output();
        let output = output.expect("script, of util-linux's bsdutils");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.lines().count() > 2 && !shown.contains('\x1b'), "{shown:?}");
    }
}
