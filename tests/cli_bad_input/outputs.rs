//! Where the output goes: nobody may be there to read it, and the disk behind it may be full. The exit code
//! is the command's own all the same, and never a panic's.

use super::{Home, Ran};
use std::fs::File;
use std::process::Stdio;

/// A pipe whose reader is gone.
fn broken() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// Commands that say something on stderr, on stdout or on both, with their exit codes.
const COMMANDS: [(&[&str], i32); 9] = [
    (&["models"], 0),
    (&["offers"], 0),
    (&["plan", "--model", "tinyllama-1.1b", "--profile", "laptop-cpu-16gb"], 0),
    (&["plan", "--model", "llama-65b", "--profile", "laptop-cpu-16gb"], 3),
    (&["plan", "--model", "no-such-model"], 2),
    (&["no-such-command"], 2),
    (&["bundle", "--model", "tinyllama-1.1b", "--profile", "laptop-cpu-16gb", "--out", "bundle"], 0),
    (&["status", "--host", "127.0.0.1:1"], 1),
    (&["levels", "--out", "levels.md"], 0),
];

#[test]
fn a_dead_stderr_changes_no_outcome() {
    for (args, exit) in COMMANDS {
        for (name, stderr) in [("a closed pipe", broken()), ("a full disk", full())] {
            let home = Home::new();
            let mut command = home.command(args);
            let status = command.stdout(Stdio::null()).stderr(stderr).status().unwrap();
            assert_eq!(status.code(), Some(exit), "{args:?}, stderr is {name}: {status:?}");
        }
    }
}

#[test]
fn descriptors_that_are_closed_change_no_outcome() {
    for (args, exit) in COMMANDS {
        let home = Home::new();
        let line = "exec \"$@\" <&- >&- 2>&-";
        let mut command = std::process::Command::new("sh");
        let plain = home.command(args);
        command.args(["-c", line, "sh"]).arg(plain.get_program()).args(plain.get_args());
        command.env_clear().env("HOME", home.path("")).current_dir(home.path(""));
        let status = command.status().unwrap();
        assert_eq!(status.code(), Some(exit), "{args:?}: {status:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error_and_a_full_disk_is_one() {
    for (args, exit) in COMMANDS {
        let home = Home::new();
        let Ran { stdout, stderr, .. } = home.run(args);
        let says = !stdout.is_empty();
        let run = |stdout: Stdio| {
            let home = Home::new();
            let output = home.command(args).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (code, said) = run(broken());
        assert_eq!(code, Some(exit), "{args:?}: {said}");
        assert_eq!(said.lines().count(), stderr.lines().count(), "{args:?}: {said}");
        let (code, said) = run(full());
        assert_eq!(code, Some(if says { 1 } else { exit }), "{args:?}: {said}");
        assert!(!says || said.contains("error: writing to stdout"), "{args:?}: {said}");
    }
}
