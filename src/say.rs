//! Lines on stderr. Whoever reads them may be gone and the disk behind them full: neither may end the work
//! that they are about, so a line that cannot be written is dropped. `print!` and `eprint!` panic instead,
//! and lib.rs denies them. What others wrote steers no terminal: see [`outside`].

use crate::lang::{self, Lang};
use crate::outside;
use crate::paint::{self, Meaning, Painted};
use crate::width;
use serde_json::{Value, json};
use std::fmt::Arguments;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Every line on stderr is a JSON object, for a program that reads them.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on every line is a JSON object, and its text English.
pub fn as_json() {
    Lang::English.set();
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Writes a message to stderr, formatted as by `format!`. Lines after its first are indented.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(::std::format_args!($($part)*)) };
}

/// Writes a line as `say!` does, in one write, so that lines of several threads stay whole; a terminal gets it wrapped by
/// words.
pub fn line(text: Arguments<'_>) {
    let (text, lang) = (text.to_string(), Lang::current());
    // A text with a Russian word was told already.
    match lang == Lang::English || text.contains(|c: char| ('а'..='я').contains(&c)) {
        true => written(text),
        false => written(lang::told(lang, &text)),
    }
}

fn written(text: String) {
    if AS_JSON.load(Ordering::Relaxed) {
        return message(&text);
    }
    let text = outside::message(&text);
    let _ = std::io::stderr().lock().write_all(headed(&width::on_stderr(&text)).as_bytes());
}

/// Writes a line of `--verbose`, `seconds` after the program began.
pub fn traced(seconds: f64, level: &str, text: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        let level = level.to_ascii_lowercase();
        return object(&json!({"event": "trace", "level": level, "seconds": seconds, "text": text}));
    }
    written(format!("[{seconds:7.3}] {text}"));
}

/// Warnings of this process, for documents.
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes `warning: …` as `say!` does, and keeps the sentence for the `warnings` of a document.
macro_rules! warn {
    ($($part:tt)*) => { $crate::say::warning(::std::format!($($part)*)) };
}

/// Writes a warning to stderr, and keeps it; `warn!` is its short form.
pub fn warning(text: String) {
    let lang = Lang::current();
    written(tr!(lang, "show-warning", text = lang::told(lang, &text)));
    let mut warnings = WARNINGS.lock().unwrap_or_else(PoisonError::into_inner);
    if !warnings.contains(&text) {
        warnings.push(text);
    }
}

/// Returns the warnings so far, without `warning: ` before them.
pub fn warnings() -> Vec<String> {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Writes lines as they are laid out, to be copied: each is ours, or was shown by [`outside::line`].
pub fn lines(text: &str) {
    laid_out(&Painted::from(text));
}

/// Writes a text whose parts have meanings; a terminal gets it wrapped by words.
pub fn page(text: Painted) {
    match width::of(&std::io::stderr()) {
        Some(columns) => {
            laid_out(&Painted::laid_out(vec![text], |texts| width::wrapped(&texts.concat(), columns)));
        }
        None => laid_out(&text),
    }
}

fn laid_out(text: &Painted) {
    if AS_JSON.load(Ordering::Relaxed) {
        return message(&text.to_string());
    }
    let text = if is_coloured() { text.coloured() } else { text.to_string() };
    let text = headed(text.trim_end_matches('\n'));
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

fn is_coloured() -> bool {
    paint::is_wanted(std::io::stderr().is_terminal(), |name| std::env::var(name).ok())
}

/// Returns visible text for stderr, with the colour of its first word or of the one after a host's name: `error: …`,
/// `root@b: warning: …`.
pub fn headed(text: &str) -> String {
    if !is_coloured() {
        return text.to_string();
    }
    with_head(text, |meaning, word| Painted::of(meaning, word).coloured())
}

fn with_head(text: &str, paint: impl Fn(Meaning, &str) -> String) -> String {
    let heads = Lang::ALL.map(|lang| {
        [
            (tr!(lang, "outcome-error"), Meaning::Bad),
            (tr!(lang, "outcome-warning"), Meaning::Care),
            (tr!(lang, "outcome-hint"), Meaning::Next),
        ]
    });
    let start = text.len() - text.trim_start_matches('\n').len();
    let second = text.find(": ").map(|at| at + 2);
    for at in [Some(start), second].into_iter().flatten() {
        let of = |(word, _): &&(String, Meaning)| {
            text[at..].strip_prefix(word.as_str()).is_some_and(|after| after.starts_with(':'))
        };
        if let Some((word, meaning)) = heads.iter().flatten().find(of) {
            return format!("{}{}{}", &text[..at], paint(*meaning, word), &text[at + word.len()..]);
        }
    }
    text.to_string()
}

/// Writes an object on a line of its own.
pub fn object(value: &Value) {
    let _ = std::io::stderr().lock().write_all(format!("{}\n", outside::json(&value.to_string())).as_bytes());
}

fn message(text: &str) {
    object(&json!({"event": "message", "text": text.trim_matches('\n')}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_message_has_its_meaning_and_no_other_word_of_it() {
        for (text, wanted) in [
            ("error: it failed: error: no", "<Bad error>: it failed: error: no"),
            ("\nhint: try it", "\n<Next hint>: try it"),
            ("ошибка: нет", "<Bad ошибка>: нет"),
            ("root@b: warning: slow", "root@b: <Care warning>: slow"),
            ("errors: none", "errors: none"),
            ("a: b: error: c", "a: b: error: c"),
            ("connecting", "connecting"),
        ] {
            assert_eq!(with_head(text, |meaning, word| format!("<{meaning:?} {word}>")), wanted);
        }
    }
}
