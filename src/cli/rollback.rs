//! `rollback`: back to the generation that served before.

use super::answer::{Nothing, print_answers};
use super::hosts::{self, HostArgs};
use super::output::HostFormat;
use crate::error::{Exit, Result};
use crate::wire::protocol::Op;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    hosts: HostArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

pub fn run(args: &Args) -> Result<Exit> {
    let names: Vec<String> = args.hosts.hosts()?.iter().map(|host| host.name()).collect();
    if !args.yes {
        super::output::confirm(
            &format!("Go back to the previous generation on {}?", names.join(", ")),
            "rollback asks before it restarts a server",
            "add --yes",
        )?;
    }
    let interrupted = "what has begun on a host goes on there; `status` shows what serves";
    let results = args.hosts.run(Op::Rollback, Vec::new(), hosts::style(args.format), interrupted)?;
    if args.format != HostFormat::Text {
        return print_answers(&results, args.format, |_| Nothing {});
    }
    Ok(hosts::conclude(&results))
}
