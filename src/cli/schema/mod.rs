//! `schema`: the JSON schema of a document, derived from the type that writes or reads it.

mod closed;

use super::answer::{Answers, Applied, KeySaid, Nothing, Probed, StatusSaid, Verified};
use super::output::{page, print};
use super::plan_command::{PlanDocument, Suggestions};
use super::plan_hosts::HostsDocument;
use super::project;
use crate::agent::job::receipt::Receipt;
use crate::apply::inventory::Inventory;
use crate::error::{Exit, Result};
use crate::hardware::facts::Facts;
use crate::wire::protocol::Event;
use clap::ValueEnum;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

#[derive(clap::Args)]
pub struct Args {
    /// The document; without it, all are listed
    #[arg(value_enum)]
    name: Option<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// What `plan --format json` prints, and what `plan --out` writes
    Plan,
    /// What `plan --format json` prints without a model
    Suggestions,
    /// What `plan --hosts --format json` prints
    HostsPlan,
    /// What `apply --format json` prints
    Apply,
    /// What `verify --format json` prints
    Verify,
    /// What `probe --format json` prints
    Probe,
    /// What `status --format json` prints
    Status,
    /// What `key show` and `key rotate` print with `--format json`
    Key,
    /// What `rollback --format json` prints
    Rollback,
    /// What `remove --format json` prints
    Remove,
    /// The facts of a host: key `facts` of what `probe` and `apply` print
    Facts,
    /// The receipt of an apply: key `receipt` of what it prints, and /var/lib/agi-provision/receipt.json
    Receipt,
    /// A line of a host's journal, /var/lib/agi-provision/job/journal.jsonl
    Journal,
    /// A host list in TOML, as JSON
    Inventory,
    /// A project file, agi-provision.toml, as JSON
    Project,
}

pub fn run(args: &Args) -> Result<Exit> {
    match args.name {
        Some(name) => print(&serde_json::to_string_pretty(&of(name))?)?,
        None => page(list())?,
    }
    Ok(Exit::Done)
}

/// Every name and what it is the schema of.
fn list() -> String {
    let row = |name: &Name| {
        let value = name.to_possible_value().expect("no name is hidden");
        format!("{:12} {}", value.get_name(), help(*name))
    };
    Name::value_variants().iter().map(row).collect::<Vec<_>>().join("\n")
}

fn help(name: Name) -> String {
    let value = name.to_possible_value().expect("no name is hidden");
    value.get_help().map(ToString::to_string).unwrap_or_default()
}

fn of(name: Name) -> Value {
    let schema = match name {
        Name::Plan => written::<PlanDocument>(),
        Name::Suggestions => written::<Suggestions>(),
        Name::HostsPlan => written::<HostsDocument>(),
        Name::Apply => written::<Answers<Applied, Receipt>>(),
        Name::Verify => written::<Answers<Verified>>(),
        Name::Probe => written::<Answers<Probed>>(),
        Name::Status => written::<Answers<StatusSaid>>(),
        Name::Key => written::<Answers<KeySaid>>(),
        Name::Rollback | Name::Remove => written::<Answers<Nothing>>(),
        Name::Facts => written::<Facts>(),
        Name::Receipt => written::<Receipt>(),
        Name::Journal => written::<Event>(),
        Name::Inventory => {
            SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Inventory>()
        }
        Name::Project => project::schema(),
    };
    let mut schema = schema.to_value();
    let value = name.to_possible_value().expect("no name is hidden");
    // No $id: some validators take a relative one for the place of what it refers to, and look for that on a network.
    schema["title"] = json!(format!("agi-provision {}", value.get_name()));
    schema["description"] = json!(help(name));
    schema
}

/// The schema of a document that the program writes: it has exactly these keys.
fn written<Document: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>();
    closed::close(&mut schema);
    schema
}
