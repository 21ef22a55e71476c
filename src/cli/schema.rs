//! `schema`: the JSON schema of a document.

use super::output::print;
use crate::error::{Exit, Result};

#[derive(clap::Args)]
pub struct Args {
    /// The document
    #[arg(value_enum)]
    name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// What `probe --format json` says of a host
    Facts,
    /// A line of a host's journal
    Journal,
    /// A host list in TOML, as JSON
    Inventory,
}

pub fn run(args: &Args) -> Result<Exit> {
    print(match args.name {
        Name::Facts => include_str!("../../docs/facts.schema.json"),
        Name::Journal => include_str!("../../docs/journal.schema.json"),
        Name::Inventory => include_str!("../../docs/inventory.schema.json"),
    })?;
    Ok(Exit::Done)
}
