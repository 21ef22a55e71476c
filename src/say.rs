//! Lines on stderr. Whoever reads them may be gone and the disk behind them full: neither may end the work
//! that they are about, so a line that cannot be written is dropped. `print!` and `eprint!` panic instead,
//! and lib.rs denies them. What others wrote steers no terminal: see [`outside`].

use crate::lang::Lang;
use crate::outside;
use serde_json::{Value, json};
use std::fmt::Arguments;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Writes a line as `say!` does, in one write, so that lines of several threads stay whole.
pub fn line(text: Arguments<'_>) {
    let text = text.to_string();
    if AS_JSON.load(Ordering::Relaxed) {
        return message(&text);
    }
    let _ = std::io::stderr().lock().write_all(outside::message(&text).as_bytes());
}

/// Writes lines as they are laid out: each is ours, or was shown by [`outside::line`].
pub fn lines(text: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        return message(text);
    }
    let _ = std::io::stderr().lock().write_all(format!("{}\n", outside::visible(text)).as_bytes());
}

/// Writes an object on a line of its own.
pub fn object(value: &Value) {
    let _ = std::io::stderr().lock().write_all(format!("{}\n", outside::json(&value.to_string())).as_bytes());
}

fn message(text: &str) {
    object(&json!({"event": "message", "text": text.trim_matches('\n')}));
}
