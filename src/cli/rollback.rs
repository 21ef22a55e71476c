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
    let style = hosts::style(args.format);
    let mut results = args.hosts.run(Op::Rollback { to: None }, Vec::new(), style, interrupted)?;
    if let Some(together) = super::rollback_hosts::run(&args.hosts, &results, style)? {
        results = together;
    }
    if args.format != HostFormat::Text {
        return print_answers(&results, args.format, |_| Nothing {});
    }
    Ok(hosts::conclude(&results))
}
