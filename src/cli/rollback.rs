//! `rollback`: back to the generation that served before.

use super::hosts::{self, HostArgs};
use super::{Format, print_json};
use crate::agent::protocol::Op;
use crate::error::{Exit, Failure, Result};
use serde_json::json;
use std::io::{IsTerminal, Write};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    hosts: HostArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit> {
    let names: Vec<String> = args.hosts.hosts()?.iter().map(|host| host.name()).collect();
    if !args.yes {
        confirm(&names)?;
    }
    let interrupted = "what has begun on a host goes on there; `status` shows what serves";
    let results = args.hosts.run(Op::Rollback, Vec::new(), hosts::style(args.format), interrupted)?;
    if args.format == Format::Json {
        print_json(&hosts::to_json(&results, |_| json!({})))?;
        return Ok(hosts::worst(&results));
    }
    Ok(hosts::conclude(&results))
}

fn confirm(hosts: &[String]) -> Result<()> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::usage(
            "rollback asks before it restarts a server, and there is no terminal to ask on",
        )
        .hint("add --yes")
        .into());
    }
    eprint!("Go back to the previous generation on {}? [y/N] ", hosts.join(", "));
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("not confirmed; nothing was done").into()),
    }
}
