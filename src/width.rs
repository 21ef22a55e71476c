//! Columns that a text for people may take: those of the terminal that it is printed on, or as many as a line needs.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::os::fd::AsFd;
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

/// Returns how many columns a stream has now; `None` where it is no terminal, or one that does not say.
pub fn of(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    let size = stream.is_terminal().then(|| rustix::termios::tcgetwinsize(stream)).and_then(Result::ok)?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0).map(|columns| columns.max(LEAST))
}

/// Wraps a message for stderr by words, if that is a terminal.
pub fn on_stderr(message: &str) -> Cow<'_, str> {
    match of(&std::io::stderr()) {
        Some(columns) => message_in(message, columns).into(),
        None => message.into(),
    }
}

/// Wraps the lines of a message between words. What goes on is indented, and a command in backticks stays whole where it
/// fits in a line.
fn message_in(message: &str, columns: usize) -> String {
    let lines = message.split('\n').map(|line| {
        if display_width(line) <= columns {
            return line.to_string();
        }
        let (blanks, rest) = line.split_at(line.len() - line.trim_start_matches(' ').len());
        let indent = format!("{blanks}  ");
        wrapped_between(&held_together(rest, columns - indent.len().min(columns)), columns, blanks, &indent)
            .replace(HELD, " ")
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Stands for a blank at which nothing is wrapped; no visible text has this noncharacter.
const HELD: char = '\u{fdd0}';

/// Returns the text with the blanks held that stand in backticks, where what they stand in fits in a line.
fn held_together(text: &str, columns: usize) -> String {
    let held = |(at, part): (usize, &str)| match at % 2 == 1 && display_width(part) + 4 <= columns {
        true => part.replace(' ', &HELD.to_string()),
        false => part.to_string(),
    };
    text.split('`').enumerate().map(held).collect::<Vec<_>>().join("`")
}

/// Wraps the lines of `text` between words where they are longer than `columns`; what stands beside a label stays beside
/// it.
pub fn wrapped(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if display_width(line) <= columns {
            return line.to_string();
        }
        let (head, rest) = line.split_at(label(line));
        wrapped_between(rest, columns, head, &" ".repeat(display_width(head)))
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn wrapped_between(line: &str, columns: usize, first: &str, others: &str) -> String {
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(others)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    wrap(line, options).join("\n")
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

    const MESSAGES: [&str; 5] = [
        "root@203.0.113.7: warning: cpu-cores: needed 8 cores, found 2 cores; disk-speed: needed 600 MB/s, found 120 MB/s; \
         the first answer comes later",
        "root@203.0.113.7: предупреждение: cpu-cores: нужно 8 ядер, найдено 2 ядра; disk-speed: нужно 600\u{a0}МБ/с, найдено \
         120\u{a0}МБ/с; первый ответ придёт позже, чем обещает план",
        "\nподсказка: составьте план под этот сервер (--profile, --quant, --ctx) или возьмите больший; на сервере ничего не \
         изменено",
        "hint: the key is in `agi-provision key show --host root@203.0.113.7`, and `agi-provision tunnel` leads to the server",
        "hint: look at https://example.net/a/very/long/address/that/has/no/blank/at/all/and/is/longer/than/any/terminal/that/is/tried/here/of/any/kind",
    ];

    #[test]
    fn a_message_keeps_its_words_at_80_100_and_140_columns() {
        for message in MESSAGES {
            for columns in [80, 100, 140] {
                let text = message_in(message, columns);
                let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
                assert_eq!(words(&text), words(message), "{columns}:\n{text}");
                let wide = |line: &&str| display_width(line) > columns && !line.contains("https://");
                assert_eq!(text.lines().find(wide), None, "{columns}:\n{text}");
                // Nothing that goes on looks like a message of its own.
                let body = text.trim_start_matches('\n');
                assert!(body.lines().skip(1).all(|line| line.starts_with("  ")), "{columns}:\n{text}");
            }
        }
    }

    #[test]
    fn what_goes_on_is_indented_and_a_command_stays_whole_where_it_fits() {
        for (message, columns, wanted) in [
            ("host: one two three four", 16, "host: one two\n  three four"),
            ("  | one two three four", 16, "  | one two\n    three four"),
            ("short\nhost: one two three", 16, "short\nhost: one two\n  three"),
            ("run `agi-provision plan` now", 26, "run `agi-provision plan`\n  now"),
            ("first run `agi-provision plan` now", 26, "first run\n  `agi-provision plan` now"),
            ("`a command that is too long for it`", 20, "`a command that is\n  too long for it`"),
            ("a lone ` mark and one two three", 20, "a lone ` mark and\n  one two three"),
            ("fits", 4, "fits"),
        ] {
            assert_eq!(message_in(message, columns), wanted, "{message} in {columns}");
        }
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
