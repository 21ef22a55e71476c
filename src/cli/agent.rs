//! The hidden commands that run on a host.

use crate::agent::protocol::{Event, Events};
use crate::agent::{boot, job, serve, session};
use crate::apply::show::{Plain, Show};
use crate::error::{Exit, Result};
use std::path::{Path, PathBuf};

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
    /// Apply a bundle that is on this machine, as cloud-init does at first boot
    Boot {
        /// The bundle as a tar
        #[arg(long, value_name = "FILE")]
        bundle: PathBuf,
    },
}

pub fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        Command::Session => session::session(std::io::stdin().lock(), std::io::stdout().lock()),
        Command::Run => job::run(),
        Command::Boot { bundle } => boot(bundle),
    }
}

/// Says what happens for the boot's log.
fn boot(bundle: &Path) -> Result<Exit> {
    struct Log(Plain);
    impl Events for Log {
        fn send(&mut self, event: &Event) -> std::io::Result<()> {
            self.0.event(event);
            Ok(())
        }
    }
    let end = boot::boot(bundle, &mut Log(Plain::new("agi-provision")))?;
    // The last lines of the server's log, where it failed.
    Log(Plain::new("agi-provision")).send(&Event::End(end.clone()))?;
    match end.failure() {
        Some(failure) => Err(failure.into()),
        None => {
            eprintln!("agi-provision: {}", end.message);
            Ok(Exit::Done)
        }
    }
}

pub fn serve() -> Result<Exit> {
    serve::serve()
}
