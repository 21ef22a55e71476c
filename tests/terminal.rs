//! Texts at a terminal: as wide as it is, without a word lost or broken.

use std::path::Path;
use std::process::Command;
use textwrap::core::display_width;

/// Returns the output of a command in a terminal of so many columns.
fn at(home: &Path, columns: usize, line: &str) -> String {
    let inside = format!("stty cols {columns}; exec {} {line}", env!("CARGO_BIN_EXE_agi-provision"));
    let mut command = Command::new("script");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm-256color").env("HOME", home);
    let output = command.args(["-qec", &inside, "/dev/null"]).output().expect("script, of bsdutils");
    String::from_utf8(output.stdout).expect("text").replace('\r', "")
}

fn words(text: &str) -> Vec<&str> {
    text.split([' ', '\n']).filter(|word| !word.is_empty() && *word != "\\").collect()
}

#[test]
fn plans_and_models_are_wrapped_by_words_at_80_100_and_140_columns() {
    let home = tempfile::tempdir().expect("a folder");
    for line in
        ["plan --model saiga-13b", "plan --model saiga-13b --lang ru", "models show qwen3-8b", "levels"]
    {
        let whole = at(home.path(), 1000, line);
        for columns in [80, 100, 140] {
            let text = at(home.path(), columns, line);
            // An address has no place to break.
            let long = |text: &&str| display_width(text) > columns && !text.contains("https://");
            let wide: Vec<&str> = text.lines().filter(long).collect();
            assert!(wide.is_empty(), "{line} at {columns}: {wide:#?}");
            // Cells of one row stand side by side: their words come in another order.
            let sorted = |text| {
                let mut words = words(text);
                words.sort_unstable();
                words
            };
            assert!(sorted(&text) == sorted(&whole), "{line} at {columns}:\n{text}");
        }
    }
}

#[test]
fn what_another_program_reads_is_not_wrapped() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home.path()).env("COLUMNS", "60").args(["plan", "--model", "saiga-13b"]);
    let piped = String::from_utf8(command.output().expect("the program").stdout).expect("text");
    assert!(piped.lines().any(|line| line.len() > 300), "{piped}");
    let json = at(home.path(), 60, "plan --model saiga-13b --format json");
    serde_json::from_str::<serde_json::Value>(&json).expect("a plan");
}
