//! Prints a command's results, and asks the user.

use crate::error::{Context, Failure, Result};
use crate::lang::{Lang, told};
use crate::outside;
use crate::paint::{self, Painted};
use crate::report::bar;
use crate::width;
use clap::ValueEnum;
use std::io::{IsTerminal, Write};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// How answers of hosts are printed: as JSON, one object, or an array of such objects for several hosts; as JSON lines,
/// one such object a line, however many hosts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HostFormat {
    #[default]
    Text,
    Json,
    Jsonl,
}

/// How progress is written to stderr: as JSON, one object a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Writes data to stdout, with nothing in it that a terminal would obey. A reader that went away has what it wanted (`| head`): the outcome stays what it
/// was, without a word.
///
/// # Errors
/// The text could not be written: a full disk.
pub fn print(text: &str) -> Result<()> {
    unless_gone(write(text))
}

fn unless_gone(written: std::io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to stdout"),
    }
}

/// Prints a text for people as [`print`](fn@print) does, wrapped by words and coloured where stdout is a terminal.
///
/// # Errors
/// The text could not be written: a full disk.
pub fn page(text: impl Into<Painted>) -> Result<()> {
    let mut text = text.into();
    if let Some(columns) = width::columns() {
        text = Painted::laid_out(vec![text], |texts| width::wrapped(&texts.concat(), columns));
    }
    let coloured = paint::is_wanted(std::io::stdout().is_terminal(), variable);
    let text = if coloured { text.coloured() } else { text.to_string() };
    unless_gone(write_visible(&text))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Has texts for people drawn with the characters of the locale, and wrapped to the terminal that stdout is, if it is one
/// that says how wide it is.
pub fn fit_terminal() {
    bar::suit(variable);
    if let Some(columns) = width::of(&std::io::stdout()) {
        width::set(columns);
    }
}

/// Prints as [`print`](fn@print) does, but fails if the reader has gone away, for a command that would go on for
/// ever.
pub fn write(text: &str) -> std::io::Result<()> {
    write_visible(&outside::visible(text))
}

/// Writes text in which nothing from outside is left to be made visible.
fn write_visible(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush())
}

pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&outside::json(&serde_json::to_string_pretty(value)?))
}

/// Whether there is a person to ask.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks before something is changed. Without a terminal, or with another answer than yes, it is an
/// error: `unasked` says what could not be asked, with its hint.
pub fn confirm(question: &str, unasked: &str, hint: &str) -> Result<()> {
    if !can_ask() {
        let message = format!("{unasked}, and there is no terminal to ask on");
        return Err(Failure::usage(message).hint(hint).into());
    }
    match ask(&format!("{} [y/N]", told(Lang::current(), question)))?.to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("not confirmed; nothing was done").into()),
    }
}

/// Asks on the terminal, and returns the answer without blanks around it.
///
/// # Errors
/// The terminal is gone, or what is typed has ended (Ctrl-D).
pub fn ask(question: &str) -> Result<String> {
    std::io::stderr()
        .write_all(format!("{} ", outside::visible(question)).as_bytes())
        .context("asking on stderr")?;
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer).context("reading the answer")? {
        0 => Err(Failure::failed("there was no answer; nothing was done").into()),
        _ => Ok(answer.trim().to_string()),
    }
}

/// Colour and bars only where a person looks.
pub fn interactive() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none()
        && std::env::var_os("CI").is_none()
}
