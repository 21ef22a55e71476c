//! Lines on stderr. Whoever reads them may be gone and the disk behind them full: neither may end the work
//! that they are about, so a line that cannot be written is dropped. `print!` and `eprint!` panic instead,
//! and lib.rs denies them. What others wrote steers no terminal: see [`outside`].

use crate::outside;
use std::fmt::Arguments;
use std::io::Write;

/// Writes a message to stderr, formatted as by `format!`. Lines after its first are indented.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(::std::format_args!($($part)*)) };
}

/// Writes a line as `say!` does, in one write, so that lines of several threads stay whole.
pub fn line(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_all(outside::message(&text.to_string()).as_bytes());
}

/// Writes lines as they are laid out: each is ours, or was shown by [`outside::line`].
pub fn lines(text: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{}\n", outside::visible(text)).as_bytes());
}
