//! The command line: one file per command, with its arguments and what it prints.
//!
//! Data goes to stdout; progress, warnings and errors to stderr. `--format json` never mixes them.

mod agent;
mod apply;
mod bundle;
mod catalog;
mod exposed;
mod hosts;
mod inspect;
mod levels;
mod model_arg;
mod offers;
pub mod plan;
mod rag_arg;
mod reconcile;
mod resolve;
mod rollback;
mod shell;
mod source;
mod tunnel;

use crate::error::{self, Context, Exit, Failure, Result};
use crate::outside;
use clap::{Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal, Write};

/// Puts a language model on a machine you rent or own, and proves that it runs there.
///
/// plan says what fits where, to the megabyte, without a network. bundle renders the plan to plain
/// files. apply brings a host to that state over SSH, verifies the hardware first, and ends with a
/// timed answer from the model.
#[derive(Parser)]
#[command(name = "agi-provision", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 no plan fits, 4 host does not meet the plan,\n\
    5 --check found changes, 6 SSH host key unknown or changed, 7 another apply holds the host, 8 rolled back"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Choose hardware, quantisation and server settings for a model
    Plan(Box<plan::Args>),
    /// Render a plan to a directory of plain files
    Bundle(Box<bundle::Args>),
    /// Bring hosts to a plan's state, verify them, and prove that the model answers
    Apply(Box<apply::Args>),
    /// Check hosts against a plan's requirements
    Verify(inspect::VerifyArgs),
    /// Show what a host has
    Probe(inspect::ProbeArgs),
    /// Show what is installed on a host and whether it serves
    Status(inspect::HostOnly),
    /// Show the server's log
    Logs(inspect::LogsArgs),
    /// Bring a host's API to this machine, through SSH
    Tunnel(tunnel::Args),
    /// Show or change the API key
    Key(inspect::KeyArgs),
    /// Go back to the generation that served before
    Rollback(rollback::Args),
    /// Take everything of agi-provision off a host
    Remove(inspect::RemoveArgs),
    /// List the models known by name
    Models(catalog::Args),
    /// List the hardware profiles
    Profiles(catalog::Args),
    /// Say what each level of hardware runs, from laptop to cluster
    Levels(levels::Args),
    /// List the prices known, with their source and date, or refresh them
    Offers(offers::Args),
    /// Print a completion script for a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page
    Man,
    /// What a client starts on a host
    #[command(hide = true)]
    Agent(agent::Args),
    /// What the service starts: verify this machine, then become llama-server
    #[command(hide = true)]
    Serve(agent::ServeArgs),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// Runs one command line and gives the process's exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match dispatch(cli.command) {
        Ok(exit) => exit.code(),
        Err(error) => {
            report(&error);
            error::exit_code(&error).code()
        }
    }
}

fn dispatch(command: Command) -> Result<Exit> {
    match command {
        Command::Plan(args) => plan::run(&args),
        Command::Bundle(args) => bundle::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Verify(args) => inspect::verify(&args),
        Command::Probe(args) => inspect::probe(&args),
        Command::Status(args) => inspect::status(&args),
        Command::Logs(args) => inspect::logs(&args),
        Command::Tunnel(args) => tunnel::run(&args),
        Command::Key(args) => inspect::key(&args),
        Command::Rollback(args) => rollback::run(&args),
        Command::Remove(args) => inspect::remove(&args),
        Command::Models(args) => catalog::models(&args),
        Command::Profiles(args) => catalog::profiles(&args),
        Command::Levels(args) => levels::run(&args),
        Command::Offers(args) => offers::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man => shell::man(),
        Command::Agent(args) => agent::run(&args),
        Command::Serve(args) => agent::serve(&args),
    }
}

/// Help and the version go to stdout; a mistake to stderr, with its hint where every hint is.
fn usage(error: &clap::Error) -> u8 {
    use clap::error::ErrorKind;
    let help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if help || !error.use_stderr() {
        // Help that cannot be printed is a failure; a reader that went away is none.
        return match error.print() {
            Err(broken) if broken.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed.code(),
            _ => error.exit_code() as u8,
        };
    }
    let text = error.render().to_string();
    let text = text.replace("For more information, try '--help'.", "hint: --help shows every option");
    crate::say::lines(text.trim_end());
    Exit::Usage.code()
}

/// `error: …` with its causes, then the hint after a blank line.
fn report(error: &anyhow::Error) {
    say!("error: {error:#}");
    if let Some(hint) = error::hint(error) {
        say!("\nhint: {hint}");
    }
}

/// Writes data to stdout, with nothing in it that a terminal would obey. A reader that went away has what it wanted (`| head`): the outcome stays what it
/// was, without a word.
///
/// # Errors
/// What was to be written is lost: a full disk.
pub fn print(text: &str) -> Result<()> {
    match write(text) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to stdout"),
    }
}

/// As [`print`], where a reader that went away is an error, for what goes on for ever.
pub fn write(text: &str) -> std::io::Result<()> {
    let text = outside::visible(text);
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush())
}

pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&outside::json(&serde_json::to_string_pretty(value)?))
}

/// Asks before something is changed. Without a terminal, or with another answer than yes, it is an
/// error: `unasked` says what could not be asked, with its hint.
pub fn confirm(question: &str, unasked: &str, hint: &str) -> Result<()> {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !terminal {
        let message = format!("{unasked}, and there is no terminal to ask on");
        return Err(Failure::usage(message).hint(hint).into());
    }
    std::io::stderr()
        .write_all(format!("{} [y/N] ", outside::visible(question)).as_bytes())
        .context("asking on stderr")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("not confirmed; nothing was done").into()),
    }
}

/// Colour and bars only where a person looks.
pub fn interactive() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none()
        && std::env::var_os("CI").is_none()
}
