//! Settings that are not typed: a project's file, the user's configuration and the environment give flags.
//!
//! A value counts as if its flag had been typed: the same parser reads it, and it may need or exclude other flags. What
//! is typed comes before the environment, that before the project's file, and that before the user's configuration; a
//! typed flag also displaces what it cannot stand beside.

mod file;
mod find;
mod merge;
mod needed;
mod schema;
mod setting;
mod typed;

pub use find::NAME as FILE_NAME;
pub use merge::{Given, Origin};
pub use needed::Flag;
pub use schema::schema;
pub use setting::{SETTINGS, Setting};

use crate::error::{Context, Failure, Result};
use crate::fetch::api::variable;
use crate::home;
use clap::error::ErrorKind;
use file::{Line, Whose};
use setting::{Kind, of_flag};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use typed::Typed;

/// Commands that take settings. `remove` names its host itself.
const COMMANDS: [&str; 12] = [
    "doctor", "plan", "bundle", "apply", "verify", "probe", "status", "logs", "tunnel", "key", "rollback",
    "config",
];
/// Settings that a command leaves alone: a plan is made without a network unless a host is typed.
const LEFT: [(&str, &[&str]); 1] = [("plan", &["host", "inventory"])];

/// The settings of one command line.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Program and arguments, with what the settings add.
    pub arguments: Vec<OsString>,
    /// Each setting that has a value.
    pub given: Vec<Given>,
    /// The project's file, if there is one.
    pub project: Option<PathBuf>,
    /// The user's configuration, if there is one.
    pub user: Option<PathBuf>,
    /// Settings that the command would have with no flag typed.
    untyped: Vec<Given>,
    /// Project file that was named on the command line.
    named: Option<String>,
}

impl Settings {
    /// Returns flags for a command that is shown, and will be run in the same folder: those that it needs there.
    pub fn needed(&self, flags: &[Flag]) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let project = self.named.iter().map(|file| ("project", Some(file.clone())));
        needed::needed(&project.chain(flags.iter().cloned()).collect::<Vec<_>>(), &self.untyped, &here)
    }

    /// Returns the lines of files, and the variables, whose values `message` shows, for an error that names none of them.
    pub fn behind(&self, message: &str) -> Vec<String> {
        let shown = |given: &&Given| {
            given.origin != Origin::Flag
                && given.values.iter().any(|value| value.len() > 1 && message.contains(value))
        };
        let place = |given: &Given| match &given.origin {
            Origin::Flag => None,
            Origin::Environment(name) => Some(format!("{name} in the environment")),
            Origin::Project(path, line) | Origin::User(path, line) => {
                Some(format!("{} in {}:{line}", given.setting.key, path.display()))
            }
        };
        self.given.iter().filter(shown).filter_map(place).collect()
    }
}

/// Adds to a command line what the environment, the project's file and the user's configuration say.
///
/// # Errors
/// Exit 2 with the file and its line, or the variable.
pub fn settings(arguments: Vec<OsString>, top: &clap::Command) -> Result<Settings> {
    let concerned = |text: &OsString| COMMANDS.iter().any(|command| text == command);
    if !arguments.iter().skip(1).any(concerned) {
        return Ok(Settings { arguments, ..Settings::default() });
    }
    let typed = Typed::read(arguments.get(1..).unwrap_or_default(), top);
    let first = typed.command.first().map_or("", String::as_str);
    if typed.aside || !COMMANDS.contains(&first) {
        return Ok(Settings { arguments, ..Settings::default() });
    }
    let mut command = top;
    for name in &typed.command {
        command = command.find_subcommand(name).context("a command that was found")?;
    }
    let checked = top.find_subcommand("apply").context("the command apply")?;
    let project = project(&typed)?;
    let user = home::config().map(|folder| folder.join("config.toml"));
    let (project, of_project) = layer(project, Whose::Project, checked, Origin::Project)?;
    let (user, of_user) = layer(user, Whose::User, checked, Origin::User)?;
    let left = LEFT.iter().find(|(name, _)| *name == first).map_or(&[][..], |(_, flags)| flags);
    let taken = |given: &Given| !left.contains(&given.setting.flag);
    let mut layers = vec![typed_layer(&typed), environment(checked)?, of_project, of_user];
    layers.iter_mut().skip(1).for_each(|layer| layer.retain(taken));
    // Settings that exclude each other stand for none.
    let untyped = merge::merge(&[], layers[1..].to_vec(), |a, b| exclude(command, a, b)).unwrap_or_default();
    let others: Vec<String> = typed.flags.iter().map(|(flag, _)| flag.clone()).collect();
    let given = merge::merge(&others, layers, |a, b| exclude(command, a, b)).map_err(|both| {
        let (one, other) = *both;
        Failure::usage(format!("{} and {} exclude each other", said(&one), said(&other)))
            .hint("leave one of them out")
    })?;
    let mut all = arguments;
    let added = given.iter().filter(|given| given.origin != Origin::Flag && has(command, given.setting.flag));
    let added: Vec<OsString> = added.flat_map(as_typed).collect();
    all.splice(1 + typed.end..1 + typed.end, added);
    let named = typed.value("project").map(str::to_string);
    Ok(Settings { arguments: all, given, project, user, untyped, named })
}

/// Returns a setting's flag and values as they would be typed.
fn as_typed(given: &Given) -> Vec<OsString> {
    let flag = given.setting.flag;
    match (given.setting.kind, given.values.first().map(String::as_str)) {
        (Kind::Switch, Some("true")) => vec![format!("--{flag}").into()],
        (Kind::Switch, _) => Vec::new(),
        _ => given.values.iter().map(|value| format!("--{flag}={value}").into()).collect(),
    }
}

/// Returns a value with its place: `ctx (agi-provision.toml:4)`.
fn said(given: &Given) -> String {
    match &given.origin {
        Origin::Flag => format!("--{}", given.setting.flag),
        Origin::Environment(name) => name.clone(),
        Origin::Project(path, line) | Origin::User(path, line) => {
            format!("{} ({}:{line})", given.setting.key, path.display())
        }
    }
}

/// Returns the project's file: the one that is named, or the nearest above the working folder.
fn project(typed: &Typed) -> Result<Option<PathBuf>> {
    let named = typed.value("project").map(str::to_string).or_else(|| variable("AGI_PROVISION_PROJECT"));
    if let Some(named) = named {
        let path = PathBuf::from(named);
        return match path.exists() {
            true => Ok(Some(path)),
            false => Err(Failure::usage(format!("there is no project file {}", path.display()))
                .hint("`agi-provision init` writes one")
                .into()),
        };
    }
    let folder = std::env::current_dir().context("finding the working folder")?;
    find::find(&folder).map_err(|refused| {
        Failure::usage(format!("{}: {}", find::NAME, refused.why)).hint(refused.hint).into()
    })
}

/// Returns the hosts that the project's file, the user's configuration or the environment name.
pub fn hosts_here(top: &clap::Command) -> Vec<String> {
    let read = settings(["agi-provision", "status"].map(OsString::from).to_vec(), top);
    let given = read.map(|settings| settings.given).unwrap_or_default();
    given.into_iter().filter(|given| given.setting.flag == "host").flat_map(|given| given.values).collect()
}

/// Returns the project's file above the working folder, if it may be taken.
pub fn here() -> Option<PathBuf> {
    find::find(&std::env::current_dir().ok()?).ok().flatten()
}

/// Reads one file; the layer is empty where there is none.
fn layer(
    path: Option<PathBuf>,
    whose: Whose,
    command: &clap::Command,
    origin: fn(PathBuf, usize) -> Origin,
) -> Result<(Option<PathBuf>, Vec<Given>)> {
    let Some(path) = path else { return Ok((None, Vec::new())) };
    let Some(text) = find::read(&path).with_context(|| format!("reading {}", path.display()))? else {
        return Ok((None, Vec::new()));
    };
    let place = |line: usize| format!("{}:{line}", path.display());
    let folder = path.parent().unwrap_or(Path::new(""));
    let lines = file::parse(&text, folder, whose).map_err(|refused| {
        Failure::usage(format!("{}: {}", place(refused.line), refused.why)).hint(refused.hint)
    })?;
    let given = |line: Line| -> Result<Given> {
        let given =
            Given { setting: line.setting, values: line.values, origin: origin(path.clone(), line.number) };
        check(&given, command).map_err(|why| {
            Failure::usage(format!("{}: {}: {why}", place(line.number), line.setting.key)).hint(format!(
                "it takes what --{} takes; `agi-provision apply --help` says what",
                line.setting.flag
            ))
        })?;
        Ok(given)
    };
    let given = lines.into_iter().map(given).collect::<Result<Vec<_>>>()?;
    Ok((Some(path), given))
}

/// Reads the variables; a list is separated by commas.
fn environment(command: &clap::Command) -> Result<Vec<Given>> {
    let mut layer = Vec::new();
    for setting in SETTINGS {
        let name = setting.variable();
        let Some(text) = variable(&name) else { continue };
        let wrong = |why: String| {
            Failure::usage(format!("{name}: {why}")).hint(format!("it takes what --{} takes", setting.flag))
        };
        let parts: Vec<&str> = match setting.kind.is_list() {
            true => text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
            false => vec![&text],
        };
        let value = |text: &&str| match (setting.kind, text.to_ascii_lowercase().as_str()) {
            (Kind::Switch, "1" | "true" | "yes" | "on") => Ok("true".to_string()),
            (Kind::Switch, "0" | "false" | "no" | "off") => Ok("false".to_string()),
            (Kind::Switch, _) => Err("it is neither true nor false".to_string()),
            (kind, _) => file::typed(kind, text, Path::new("")),
        };
        let values = parts.iter().map(value).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let given = Given { setting, values, origin: Origin::Environment(name.clone()) };
        check(&given, command).map_err(wrong)?;
        layer.push(given);
    }
    Ok(layer)
}

/// Returns the typed flags that are settings.
fn typed_layer(typed: &Typed) -> Vec<Given> {
    let mut layer: Vec<Given> = Vec::new();
    for (flag, value) in &typed.flags {
        let Some(setting) = of_flag(flag) else { continue };
        let value = match setting.kind {
            Kind::Switch => "true".to_string(),
            _ => value.clone().unwrap_or_default(),
        };
        match layer.iter_mut().find(|given| given.setting == setting) {
            Some(given) => given.values.push(value),
            None => layer.push(Given { setting, values: vec![value], origin: Origin::Flag }),
        }
    }
    layer
}

/// Asks the flag's own parser. What a value needs beside it is asked later, of the whole command line.
fn check(given: &Given, command: &clap::Command) -> Result<(), String> {
    let line = std::iter::once("apply".into()).chain(as_typed(given));
    match command.clone().try_get_matches_from(line) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(first.trim_start_matches("error: ").to_string())
        }
        _ => Ok(()),
    }
}

fn argument<'a>(command: &'a clap::Command, flag: &str) -> Option<&'a clap::Arg> {
    command.get_arguments().find(|argument| argument.get_long() == Some(flag))
}

fn has(command: &clap::Command, flag: &str) -> bool {
    argument(command, flag).is_some()
}

/// Returns whether the command refuses the two flags together.
fn exclude(command: &clap::Command, a: &str, b: &str) -> bool {
    let (Some(one), Some(other)) = (argument(command, a), argument(command, b)) else { return false };
    let names = |one: &clap::Arg, flag: &str| {
        command.get_arg_conflicts_with(one).iter().any(|other| other.get_long() == Some(flag))
    };
    a != b && (names(one, b) || names(other, a))
}
