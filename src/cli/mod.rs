//! The command line: one file per command, with its arguments and what it prints.
//!
//! Data goes to stdout; progress, warnings and errors to stderr. `--format json` never mixes them.

mod agent;
mod apply;
mod bundle;
mod catalog;
mod exposed;
mod first_boot;
mod hosts;
mod inspect;
mod levels;
mod model_arg;
mod model_parts;
mod models;
mod offers;
mod output;
pub mod plan;
mod rag_arg;
mod reconcile;
mod resolve;
mod rollback;
mod shell;
mod source;
mod summary;
mod tunnel;

use crate::error::{self, Exit, Result};
use clap::{CommandFactory, Parser, Subcommand};

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
    /// List the models known by name, or show one
    Models(models::Args),
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
    /// Answer a client on a host
    #[command(hide = true)]
    Agent(agent::Args),
    /// Started by the service: verify this machine, then become llama-server
    #[command(hide = true)]
    Serve(agent::ServeArgs),
}

/// Runs one command line and gives the process's exit code.
pub fn main() -> u8 {
    crate::secret::keep_memory_private();
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
        Command::Models(args) => models::run(&args),
        Command::Profiles(args) => catalog::profiles(&args),
        Command::Levels(args) => levels::run(&args),
        Command::Offers(args) => offers::run(&args),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man => shell::man(Cli::command()),
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
