//! Lines on stderr. Whoever reads them may be gone and the disk behind them full: neither may end the work
//! that they are about, so a line that cannot be written is dropped. `print!` and `eprint!` panic instead,
//! and lib.rs denies them.

use std::fmt::Arguments;
use std::io::Write;

/// Writes a line to stderr, formatted as by `format!`.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(::std::format_args!($($part)*)) };
}

/// As [`say!`], in one write, so that lines of several threads stay whole.
pub fn line(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
