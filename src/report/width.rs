//! Columns that a text for people may take: those of the terminal that it is printed on, or as many as a line needs.

use std::sync::atomic::{AtomicUsize, Ordering};
use textwrap::{Options, WordSeparator, WordSplitter, core::display_width, wrap};

/// Fewest columns that anything is wrapped to.
const LEAST: usize = 40;
/// Columns in which a label ends at the latest, whose text is wrapped beside it.
const LABEL: usize = 24;

/// 0: as many as a line needs.
static COLUMNS: AtomicUsize = AtomicUsize::new(0);

/// From now on texts are wrapped to this many columns.
pub fn set(columns: usize) {
    COLUMNS.store(columns.max(LEAST), Ordering::Relaxed);
}

/// Columns that a line may take; `None` for any number.
pub fn columns() -> Option<usize> {
    Some(COLUMNS.load(Ordering::Relaxed)).filter(|columns| *columns > 0)
}

/// Wraps the lines of `text` between words where they are longer than `columns`; what stands beside a label stays beside
/// it.
pub fn wrapped(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if display_width(line) <= columns {
            return line.to_string();
        }
        let (head, rest) = line.split_at(label(line));
        let indent = " ".repeat(display_width(head));
        let options = Options::new(columns)
            .initial_indent(head)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        wrap(rest, options).join("\n")
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Returns a command as it is copied from a terminal: a long one goes on behind a backslash.
pub fn command(command: &str) -> String {
    match columns() {
        Some(columns) if display_width(command) > columns => continued(command, columns),
        _ => command.to_string(),
    }
}

/// Breaks a command between its flags.
fn continued(command: &str, columns: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (at, part) in command.split(" --").enumerate() {
        let part = if at == 0 { part.to_string() } else { format!("--{part}") };
        match lines.last_mut() {
            Some(line) if display_width(line) + 1 + display_width(&part) + 2 <= columns => {
                *line += " ";
                *line += &part;
            }
            Some(_) => lines.push(format!("  {part}")),
            None => lines.push(part),
        }
    }
    lines.join(" \\\n")
}

/// Bytes of a line's label with the blanks after it, or of the blanks that it begins with.
fn label(line: &str) -> usize {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    if blanks > 0 {
        return blanks;
    }
    let Some(at) = line.find("  ").filter(|at| display_width(&line[..*at]) < LABEL) else { return 0 };
    at + line[at..].len() - line[at..].trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_between_words_beside_their_label() {
        let text = "слоты      2 запроса одновременно, у каждого свои 4096 токенов; остальные ждут очереди";
        assert_eq!(
            wrapped(text, 50),
            "слоты      2 запроса одновременно, у каждого свои\n           4096 токенов; остальные ждут очереди"
        );
        assert_eq!(
            wrapped("    one two three four five six seven eight", 24),
            "    one two three four\n    five six seven eight"
        );
        assert_eq!(wrapped("one two three", 8), "one two\nthree");
        let short = "память  всего\n\nhost    2,1\u{a0}ГиБ\n";
        assert_eq!(wrapped(short, 40), short);
    }

    #[test]
    fn a_command_can_be_copied_and_a_word_without_blanks_stays_whole() {
        let command = "agi-provision plan --model saiga-13b --profile gpu-24gb";
        let copied = "agi-provision plan --model saiga-13b \\\n  --profile gpu-24gb";
        assert_eq!(continued(command, 40), copied);
        assert_eq!(wrapped(copied, 40), copied);
        let url = "https://example.net/a/very/long/address/that/has/no/blank/at/all";
        assert_eq!(wrapped(url, 40), url);
        // A figure stays with its unit.
        assert_eq!(wrapped("memory of 12,7\u{a0}ГиБ", 14), "memory of\n12,7\u{a0}ГиБ");
    }
}
