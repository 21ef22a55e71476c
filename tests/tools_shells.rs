//! Completions in real zsh and fish; tests/cli_bad_input has bash, which is everywhere.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Runs a script in a shell that finds the program on its PATH.
fn in_shell(home: &Path, shell: &str, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_agi-provision"));
    let folder = program.parent().unwrap().to_str().unwrap();
    let mut command = Command::new(shell);
    command.env_clear().env("HOME", home).env("PATH", format!("{folder}:/usr/bin:/bin"));
    let output = match command.current_dir(home).args(["-c", script]).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("{shell} is missing: install the package {shell} (apt-get install {shell})")
        }
        Err(error) => panic!("{error}"),
    };
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn fish_and_zsh_complete_commands_and_models() {
    let home = tempfile::tempdir().unwrap();
    let fish = |line: &str| {
        in_shell(
            home.path(),
            "fish",
            &format!("agi-provision completions fish | source\ncomplete -C \"{line}\""),
        )
    };
    // Its completion system runs only at a terminal: the script's own function is called, with `_describe` replaced.
    let zsh = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let script = format!(
            "function compdef {{ :; }}\nfunction _describe {{ local name=${{@[-1]}}; print -l -- ${{(P)name}}; }}\n\
             source <(agi-provision completions zsh)\nwords=({}); CURRENT={}\n\
             _clap_dynamic_completer_agi_provision",
            words.join(" "),
            words.len(),
        );
        in_shell(home.path(), "zsh", &script)
    };
    let name = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().to_owned();
    for (shell, complete) in [("fish", &fish as &dyn Fn(&str) -> String), ("zsh", &zsh)] {
        for (line, wanted) in
            [("agi-provision ro", "rollback"), ("agi-provision plan --model tinylla", "tinyllama-1.1b")]
        {
            let found = complete(line);
            assert!(found.lines().any(|each| name(each) == wanted), "{shell}: {line}: {found}");
        }
    }
}

#[test]
fn zsh_completes_at_the_first_tab_from_a_folder_of_completions() {
    let home = tempfile::tempdir().unwrap();
    let script = in_shell(home.path(), "sh", "agi-provision completions zsh");
    assert!(script.starts_with("#compdef agi-provision\n"), "compinit would not find it: {script}");
    fs::write(home.path().join("_agi-provision"), script).unwrap();
    let found = in_shell(
        home.path(),
        "zsh",
        "fpath=($HOME $fpath); autoload -Uz _agi-provision\nfunction compdef { :; }\n\
         function _describe { local name=${@[-1]}; print -l -- ${(P)name}; }\n\
         words=(agi-provision ro); CURRENT=2\n_agi-provision",
    );
    assert!(found.lines().any(|line| line.starts_with("rollback")), "{found}");
}

#[test]
fn every_shell_reads_its_script() {
    let home = tempfile::tempdir().unwrap();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = in_shell(home.path(), "sh", &format!("agi-provision completions {shell}"));
        fs::write(home.path().join("script"), script).unwrap();
        in_shell(home.path(), shell, &format!("{shell} {check} script"));
    }
}
