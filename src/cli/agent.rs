//! The hidden commands that run on a host.

use crate::agent::servers::{gate, serve};
use crate::agent::session::boot;
use crate::agent::{expose, job, rpc, session};
use crate::apply::show::{Plain, Show};
use crate::engine::server::ServerName;
use crate::error::{Exit, Result};
use crate::wire::protocol::{Event, Events};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, Read};
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
    /// Whether the rules for other hosts may be loaded
    ExposeAllowed,
    /// End TLS for other hosts
    ExposeServe,
    /// Load the rules that hold for other hosts
    ExposeLoad,
    /// Renew the certificate that was made here, if it ends soon
    ExposeRenew,
    /// Go back to the rules that held before, unless a new connection has confirmed the new ones
    ExposeRevert,
    /// Keep the connections to the workers of this host's plan
    RpcLink,
    /// Pass a head's connection on to the worker that runs here
    RpcDoor,
    /// Compare this container with a plan before its server starts
    Gate {
        /// The plan
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
    },
    /// Apply a bundle that is on this machine, as cloud-init does at first boot
    Boot {
        /// The bundle: a tar, or a directory with the files that it carries
        #[arg(long, value_name = "PATH")]
        bundle: PathBuf,
        /// Apply it although files in it are not as its plan makes them
        #[arg(long)]
        trust_edits: bool,
    },
}

pub fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        Command::Session => session::session(Input::new(), std::io::stdout().lock()),
        Command::Run => job::run(),
        Command::ExposeAllowed => Ok(expose::allowed()),
        Command::ExposeLoad => expose::load(),
        Command::ExposeServe => expose::front::serve(),
        Command::ExposeRenew => expose::certificate::renew(),
        Command::ExposeRevert => expose::revert(),
        Command::RpcLink => rpc::link::run(),
        Command::RpcDoor => rpc::door::pass(&std::env::var("SSH_ORIGINAL_COMMAND").unwrap_or_default()),
        Command::Gate { plan } => gate::gate(plan),
        Command::Boot { bundle, trust_edits } => boot(bundle, *trust_edits),
    }
}

/// A client that sends nothing for this long when it should is lost. sshd notices a dead link only
/// after hours, and the host would be held until then.
const SILENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// Room in the pipe that sshd fills, bytes: it and this process wake each other less often.
const PIPE: usize = 1 << 20;

/// Stdin with a bound on the wait for it.
struct Input;

impl Input {
    fn new() -> Input {
        // It may be no pipe.
        let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), PIPE);
        Input
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stdin = io::stdin();
        loop {
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&SILENCE)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(rustix::io::read(&stdin, buffer)?),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Says what happens for the boot's log.
fn boot(bundle: &Path, trust_edits: bool) -> Result<Exit> {
    struct Log(Plain);
    impl Events for Log {
        fn send(&mut self, event: &Event) -> std::io::Result<()> {
            self.0.event(event);
            Ok(())
        }
    }
    let end = boot::boot(bundle, trust_edits, &mut Log(Plain::new("agi-provision")))?;
    // The last lines of the server's log, where it failed.
    Log(Plain::new("agi-provision")).send(&Event::End(end.clone()))?;
    match end.failure() {
        Some(failure) => Err(failure.into()),
        None => {
            say!("agi-provision: {}", end.message);
            Ok(Exit::Done)
        }
    }
}

#[derive(clap::Args)]
pub struct ServeArgs {
    /// The embedding server of a plan with --rag instead of the model's
    #[arg(long)]
    embedding: bool,
    /// A server of the plan by its name, such as embed-2
    #[arg(long, value_name = "NAME", conflicts_with = "embedding")]
    server: Option<ServerName>,
}

pub fn serve(args: &ServeArgs) -> Result<Exit> {
    let usual = if args.embedding { ServerName::EMBEDDING } else { ServerName::CHAT };
    serve::serve(args.server.unwrap_or(usual))
}
