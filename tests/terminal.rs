//! Texts at a terminal: as wide as it is, without a word lost or broken.

use std::path::Path;
use std::process::Command;
use textwrap::core::display_width;

/// Returns the output of a command in a terminal of so many columns.
fn at(home: &Path, columns: usize, line: &str) -> String {
    with(&[], home, columns, line)
}

/// Returns it with more variables set.
fn with(variables: &[(&str, &str)], home: &Path, columns: usize, line: &str) -> String {
    let inside = format!("stty cols {columns}; exec {} {line}", env!("CARGO_BIN_EXE_agi-provision"));
    let mut command = Command::new("script");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm-256color").env("HOME", home);
    command.envs(variables.iter().copied());
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
fn messages_are_wrapped_by_words_at_80_100_and_140_columns() {
    let home = tempfile::tempdir().expect("a folder");
    for line in [
        "plan",
        "plan --model no-such",
        "plan --model no-such --lang ru",
        "plan --budget 0.001/month --lang ru",
    ] {
        let whole = uncoloured(&at(home.path(), 1000, line));
        assert!(whole.lines().any(|line| display_width(line) > 80), "{line} needs no second line: {whole}");
        for columns in [80, 100, 140] {
            let text = uncoloured(&at(home.path(), columns, line));
            let wide = text.lines().find(|line| display_width(line) > columns);
            assert_eq!(wide, None, "{line} at {columns}");
            assert_eq!(words(&text), words(&whole), "{line} at {columns}:\n{text}");
        }
    }
}

/// Returns a text without its colours, which are all that a terminal obeys in it.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_string();
    let rest = parts.map(|part| part.split_once('m').expect("a colour").1);
    std::iter::once(first.as_str()).chain(rest).collect()
}

#[test]
fn nothing_but_colour_is_lost_where_none_is_wanted() {
    let home = tempfile::tempdir().expect("a folder");
    let [good, care, bad] = ["\u{1b}[32m", "\u{1b}[33m", "\u{1b}[1m\u{1b}[31m"];
    for (line, painted) in [
        ("plan --model saiga-13b", vec![format!("{good}comfort\u{1b}[0m")]),
        ("plan --model saiga-13b --lang ru", vec![format!("{good}комфорт\u{1b}[0m")]),
        ("plan --model llama-65b --profile gpu-24gb", vec![format!("{care}compromise\u{1b}[0m")]),
        ("plan --model llama-65b --profile gpu-8gb --quant F16", vec![format!("{bad}impossible\u{1b}[0m")]),
        ("plan --budget 50/month", vec![format!("{good}comfort\u{1b}[0m")]),
        (
            "plan --model no-such",
            vec![format!("{bad}error\u{1b}[0m: "), "\u{1b}[36mhint\u{1b}[0m: ".to_string()],
        ),
    ] {
        for columns in [80, 140] {
            let coloured = at(home.path(), columns, line);
            for painted in &painted {
                assert!(coloured.contains(painted), "{line}: {coloured:?}");
            }
            for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")], [("CI", "true")]] {
                let plain = with(&variables, home.path(), columns, line);
                assert!(!plain.contains('\u{1b}'), "{line} with {variables:?}: {plain:?}");
                assert_eq!(plain, uncoloured(&coloured), "{line} with {variables:?}");
            }
        }
    }
}

#[test]
fn bars_of_memory_are_blocks_in_utf_8_and_ascii_elsewhere_as_wide_in_both() {
    let home = tempfile::tempdir().expect("a folder");
    for lang in ["en", "ru"] {
        let line = format!("plan --model saiga-13b --profile gpu-24gb --lang {lang}");
        let blocks = uncoloured(&with(&[("LC_ALL", "C.UTF-8")], home.path(), 100, &line));
        let ascii = uncoloured(&with(&[("LC_ALL", "C"), ("LANG", "ru_RU.UTF-8")], home.path(), 100, &line));
        let bar = |text: &str, sign: char| -> Vec<usize> {
            let has = |line: &&str| line.contains(&sign.to_string().repeat(10));
            text.lines().filter(has).map(display_width).collect()
        };
        assert_eq!(bar(&blocks, '█'), bar(&ascii, '#'));
        assert_eq!(bar(&blocks, '█').len(), 1, "the card is more than half full of weights: {blocks}");
        assert!(!ascii.contains(['█', '▓', '▒', '░', '·']), "{ascii}");
    }
}

#[test]
fn what_another_program_reads_is_not_wrapped() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home.path()).env("COLUMNS", "60").args(["plan", "--model", "saiga-13b"]);
    let piped = String::from_utf8(command.output().expect("the program").stdout).expect("text");
    assert!(piped.lines().any(|line| line.len() > 300) && !piped.contains('\u{1b}'), "{piped}");
    let json = at(home.path(), 60, "plan --model saiga-13b --format json");
    serde_json::from_str::<serde_json::Value>(&json).expect("a plan");
}

/// Returns a plan's text without the age of its price, which is another one every day.
fn ageless(text: &str) -> String {
    let line = |line: &str| match line.contains("days old") || line.contains("этой цене") {
        true => String::new(),
        false => format!("{}\n", line.trim_end()),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_recorded_plans_are_what_the_program_prints() {
    let home = tempfile::tempdir().expect("a folder");
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    for lang in ["en", "ru"] {
        for columns in [80, 140] {
            let file = images.join(format!("plan-{lang}-{columns}.txt"));
            let recorded = std::fs::read_to_string(&file).expect("scripts/recordings wrote it");
            let line = format!("plan --model saiga-13b --lang {lang}");
            let shown = uncoloured(&with(&[("LC_ALL", "C.UTF-8")], home.path(), columns, &line));
            assert_eq!(
                ageless(&recorded).trim_end(),
                ageless(&shown).trim_end(),
                "{file:?}: run scripts/recordings"
            );
        }
    }
}
