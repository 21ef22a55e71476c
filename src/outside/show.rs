//! Text of unknown content for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Most of one line that is shown, characters.
const LINE: usize = 4000;
/// Most lines of one message.
const LINES: usize = 200;
/// Most of a name inside a message, characters.
const NAME: usize = 100;

/// Characters that a terminal obeys, that turn text around, or that nobody sees.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text with every character that steers a terminal written as `\u{1b}`; newlines and tabs stay. Cuts
/// nothing: for data.
pub fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| steers(c) && !matches!(c, '\n' | '\t');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The text as one line of a message: line breaks become blanks, and the middle of one that is longer than
/// 4000 characters is left out.
pub fn line(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    shortened(&visible(&text.replace("\r\n", " ").replace('\n', " ")), LINE)
}

/// A name inside a message: in quotation marks, at most 100 characters of it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", shortened(&visible(&name.escape_debug().to_string()), NAME))
}

/// JSON whose strings hold nothing that a terminal would obey: serde_json escapes no control characters but
/// those below a space.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) && c != '\n' {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(shown, "\\u{unit:04x}");
            }),
            false => shown.push(c),
        }
    }
    shown
}

/// The text, or its beginning and end around what is left out.
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_string();
    }
    let tail = most / 4;
    let head: String = text.chars().take(most - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{head} … {} characters left out … {end}", length - most)
}

/// A message of several lines, each as [`line`](fn@line) shows it. All but the first are indented, so that nothing in the
/// message can pass for another one.
pub fn message(text: &str) -> String {
    let start = text.len() - text.trim_start_matches('\n').len();
    let body = &text[start..];
    let mut shown: Vec<String> = body.lines().take(LINES).map(line).collect();
    let more = body.lines().count().saturating_sub(LINES);
    if more > 0 {
        shown.push(format!("… {more} lines left out"));
    }
    format!("{}{}\n", &text[..start], shown.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            ("a\x1b[2Jb\rc\u{9b}1md\x7f", "a\\u{1b}[2Jb\\rc\\u{9b}1md\\u{7f}"),
            ("x\x1b]0;title\x07", "x\\u{1b}]0;title\\u{7}"),
            ("one\u{202e}eerht\u{2066}\u{200f}", "one\\u{202e}eerht\\u{2066}\\u{200f}"),
            ("invisible\u{200b}\u{feff}\u{e0041}", "invisible\\u{200b}\\u{feff}\\u{e0041}"),
            ("модель 模型 e\u{301} 👩\u{200d}💻", "модель 模型 e\u{301} 👩\u{200d}💻"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(line(text), shown);
        }
        assert_eq!(visible("a\tb\nc"), "a\tb\nc");
        assert_eq!(line("one\r\ntwo\n"), "one two");
    }

    #[test]
    fn long_text_keeps_its_beginning_and_its_end() {
        let shown = line(&format!("begin{}end", "0".repeat(70_000)));
        assert!(shown.starts_with("begin000") && shown.ends_with("000end"), "{shown}");
        assert!(shown.contains("66008 characters left out") && shown.chars().count() < LINE + 50, "{shown}");
        assert_eq!(quoted("a\"b\n"), r#""a\"b\n""#);
        assert!(quoted(&"x".repeat(5000)).chars().count() < 150);
        let many = message(&"line\n".repeat(5000));
        assert!(many.ends_with("… 4800 lines left out\n") && many.lines().count() == LINES + 1);
        assert_eq!(message("\nwarning: a\nerror: b\r\nc"), "\nwarning: a\n  error: b\n  c\n");
    }

    #[test]
    fn json_stays_the_same_json() {
        let text = "a\x1b[2J\u{9b}2Jb\x7f\u{202e}\u{e0041}";
        let shown = json(&serde_json::to_string(text).unwrap());
        assert!(!shown.contains(steers), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    proptest! {
        #[test]
        fn no_text_steers(text in any::<String>()) {
            prop_assert!(!line(&text).contains(steers));
            prop_assert!(!quoted(&text).contains(steers));
            prop_assert!(!visible(&text).contains(|c| steers(c) && c != '\n' && c != '\t'));
        }
    }
}
