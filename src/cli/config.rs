//! `config show`: which value each setting has, and where it is from.

use super::hosts::HostArgs;
use super::output::{Format, print, print_json};
use super::plan::PlanArgs;
use super::project::{Origin, SETTINGS, Setting, Settings};
use crate::error::{Exit, Result};
use crate::report::table;
use serde_json::{Value, json};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Say which value each setting has, and where it is from
    Show(Box<ShowArgs>),
}

#[derive(clap::Args)]
struct ShowArgs {
    /// Only settings that have a value
    #[arg(long)]
    set: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    plan: PlanArgs,
}

/// One setting as it stands.
struct Row {
    setting: &'static Setting,
    values: Vec<String>,
    from: Option<Origin>,
}

pub fn run(args: &Args, settings: &Settings, apply: &clap::Command) -> Result<Exit> {
    let Command::Show(args) = &args.command;
    let rows = rows(settings, apply);
    let rows = rows.iter().filter(|row| !args.set || !row.values.is_empty());
    match args.format {
        Format::Json => print_json(&json!({
            "schema": "agi-provision/config/1",
            "project": settings.project,
            "user": settings.user,
            "settings": rows.map(to_json).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let none = || "none".to_string();
            let shown = |path: &Option<std::path::PathBuf>| {
                path.as_ref().map_or_else(none, |p| p.display().to_string())
            };
            say!("project file: {}", shown(&settings.project));
            say!("user's configuration: {}", shown(&settings.user));
            let rows = rows.map(|row| vec![row.setting.name(), row.values.join(", "), from(row)]);
            print(&table::render(&["setting", "value", "from"], rows))?;
        }
    }
    Ok(Exit::Done)
}

/// Returns every setting, with the default of its flag where nothing else gives a value.
fn rows(settings: &Settings, apply: &clap::Command) -> Vec<Row> {
    let row = |setting: &'static Setting| {
        if let Some(given) = settings.given.iter().find(|given| given.setting == setting) {
            return Row { setting, values: given.values.clone(), from: Some(given.origin.clone()) };
        }
        let argument = apply.get_arguments().find(|argument| argument.get_long() == Some(setting.flag));
        let defaults = argument.filter(|argument| argument.get_action().takes_values());
        let defaults = defaults.map(|argument| argument.get_default_values()).unwrap_or_default();
        let values = defaults.iter().map(|value| value.to_string_lossy().into_owned()).collect();
        Row { setting, values, from: None }
    };
    SETTINGS.iter().map(row).collect()
}

/// Returns the word for a place, and the place itself.
fn place(row: &Row) -> (&'static str, Option<String>, Option<usize>) {
    match &row.from {
        None if row.values.is_empty() => ("unset", None, None),
        None => ("default", None, None),
        Some(Origin::Flag) => ("flag", Some(format!("--{}", row.setting.flag)), None),
        Some(Origin::Environment(name)) => ("environment", Some(name.clone()), None),
        Some(Origin::Project(path, line)) => ("project", Some(path.display().to_string()), Some(*line)),
        Some(Origin::User(path, line)) => ("user", Some(path.display().to_string()), Some(*line)),
    }
}

fn from(row: &Row) -> String {
    match place(row) {
        ("unset", ..) => "-".to_string(),
        (word, Some(place), Some(line)) => format!("{word}: {place}:{line}"),
        (word, Some(place), None) => format!("{word}: {place}"),
        (word, ..) => word.to_string(),
    }
}

fn to_json(row: &Row) -> Value {
    let (word, place, line) = place(row);
    json!({
        "setting": row.setting.name(), "flag": format!("--{}", row.setting.flag),
        "variable": row.setting.variable(), "values": row.values, "from": word, "place": place, "line": line,
    })
}
