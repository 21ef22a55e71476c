//! The hidden commands that run on a host.

use crate::agent::{job, serve, session};
use crate::error::{Exit, Result};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Serve one request on stdin and stdout
    Session,
    /// Carry out the job that a session left
    Run,
}

pub fn run(args: &Args) -> Result<Exit> {
    match args.command {
        Command::Session => session::session(std::io::stdin().lock(), std::io::stdout().lock()),
        Command::Run => job::run(),
    }
}

pub fn serve() -> Result<Exit> {
    serve::serve()
}
