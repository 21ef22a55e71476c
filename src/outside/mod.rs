//! Text that somebody else wrote: bounded when it is read, visible when it is shown.
//!
//! - [`read_bounded`] and [`text`] read a file of at most so many bytes. A device, a socket or a pipe is refused
//!   before a byte of it is read, with two stated exceptions: `/dev/null` is empty, and a file that the user
//!   names ([`Kind::Named`]) may be a pipe, as a shell's `<(command)` is one.
//! - [`yaml`] reads YAML without recursion and with a bound on depth, values and what aliases repeat. JSON
//!   and TOML need no care of their own: serde_json stops at 128 levels, toml at 80
//!   (`deep_json_and_toml_are_refused_by_their_parsers` holds them to it).
//! - [`visible`], [`line`](fn@line), [`message`] and [`quoted`] show text, and [`say`](crate::say) writes it to
//!   stderr. Nothing in it can steer a terminal, turn text around or fill the screen.
//!
//! Every bound is in the error that it causes.

mod file;
mod show;
pub mod yaml;

pub use file::{Kind, read_bounded, text};
pub use show::{json, line, message, quoted, steers, visible};

/// Most of a document that people or programs write by hand or by generator: a plan, facts, an inventory, a
/// certificate, bytes.
pub const DOCUMENT: u64 = 8 << 20;
/// Most of a small file of ours or of the system's: a lock, a note, a receipt, /etc/os-release, bytes.
pub const NOTE: u64 = 1 << 20;
/// Most of a table of prices, bytes; the largest known, of a cloud with every region, has some 30 MB.
pub const TABLE: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    #[test]
    fn deep_json_and_toml_are_refused_by_their_parsers() {
        let deep = 200_000;
        for text in ["[".repeat(deep), "{\"a\":".repeat(deep)] {
            let error = serde_json::from_str::<serde_json::Value>(&text).unwrap_err().to_string();
            assert!(error.contains("recursion limit"), "{error}");
            let error = serde_json::from_str::<serde::de::IgnoredAny>(&text).unwrap_err().to_string();
            assert!(error.contains("recursion limit") || error.contains("EOF"), "{error}");
        }
        for text in [
            format!("a = {}", "[".repeat(deep)),
            format!("a = {}", "{b=".repeat(deep)),
            format!("{}a = 1", "a.".repeat(deep)),
            format!("[{}a]", "a.".repeat(deep)),
        ] {
            let error = toml::from_str::<toml::Table>(&text).unwrap_err().to_string();
            assert!(error.contains("recur"), "{}", &error[error.len().saturating_sub(200)..]);
        }
    }
}
