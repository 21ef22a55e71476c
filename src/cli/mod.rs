//! The command line: one file per command, with its arguments and what it prints.
//!
//! Data goes to stdout; progress, warnings and errors to stderr. `--format json` never mixes them.

mod agent;
mod answer;
mod apply;
mod apply_hosts;
mod bundle;
mod bundle_hosts;
mod catalog;
mod config;
mod doctor;
mod driver_arg;
mod exposed;
mod first;
mod first_boot;
mod hosts;
mod init;
mod inspect;
mod levels;
mod model_arg;
mod model_parts;
mod models;
mod next;
mod offers;
mod output;
mod over_hosts;
pub mod plan;
mod plan_command;
mod plan_hosts;
mod project;
mod rag_arg;
mod reach;
mod reconcile;
mod resolve;
mod rollback;
mod rollback_hosts;
mod safetensors_arg;
mod schema;
mod self_update;
mod shell;
mod source;
mod summary;
mod targets;
mod teach;
mod tunnel;

use crate::error::{self, Exit, Result};
use crate::lang::{Lang, told};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use project::Settings;
use std::io::IsTerminal;

/// Puts a language model on a machine you rent or own, and proves that it runs there.
///
/// plan says what fits where, to the megabyte, without a network. bundle renders the plan to plain
/// files. apply brings a host to that state over SSH, verifies the hardware first, and ends with a
/// timed answer from the model.
#[derive(Parser)]
#[command(name = "agi-provision", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 no plan fits, 4 host does not meet the plan,\n\
    5 --check found changes, 6 SSH host key unknown or changed, 7 another apply holds the host, 8 rolled back"
)]
pub struct Cli {
    /// Project file, instead of the nearest agi-provision.toml above the working folder; /dev/null for none
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    project: Option<std::path::PathBuf>,
    /// Language of messages, instead of the one of LC_ALL, LC_MESSAGES or LANG; JSON and help are always English
    #[arg(long, global = true, value_enum, value_name = "LANG", help_heading = "Settings")]
    lang: Option<Lang>,
    /// Say on stderr what is done: connections, logins, files, commands on hosts; twice for details
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Settings")]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a project file, so that commands need no flags
    Init(init::Args),
    /// Look at this machine and at hosts, and say what to do before an apply
    Doctor(Box<doctor::Args>),
    /// Choose hardware, quantisation and server settings for a model
    Plan(Box<plan_command::Args>),
    /// Render a plan to a directory of plain files
    Bundle(Box<bundle::Args>),
    /// Bring hosts to a plan's state, verify them, and prove that the model answers
    Apply(Box<apply::Args>),
    /// Check hosts against a plan's requirements
    Verify(Box<inspect::VerifyArgs>),
    /// Show what a host has
    Probe(inspect::ProbeArgs),
    /// Show what is installed on a host and whether it serves
    Status(inspect::StatusArgs),
    /// Show the server's log
    Logs(inspect::LogsArgs),
    /// Bring a host's API to this machine, through SSH
    Tunnel(tunnel::Args),
    /// Show or change the API key
    Key(inspect::KeyArgs),
    /// Go back to the generation that served before
    Rollback(rollback::Args),
    /// Take everything of agi-provision off a host
    Remove(inspect::RemoveArgs),
    /// List the models known by name, or show one
    Models(models::Args),
    /// List the hardware profiles
    Profiles(catalog::Args),
    /// Say what each level of hardware runs, from laptop to cluster
    Levels(levels::Args),
    /// List the prices known, with their source and date, or refresh them
    Offers(offers::Args),
    /// Show which settings hold here, and where each is from
    Config(config::Args),
    /// Print a completion script for a shell
    Completions(shell::CompletionsArgs),
    /// Print the JSON schema of a document
    Schema(schema::Args),
    /// Print the manual page, or write one for each command
    Man(shell::ManArgs),
    /// Say how this program is updated; changes nothing
    SelfUpdate(self_update::Args),
    /// Answer a client on a host
    #[command(hide = true)]
    Agent(agent::Args),
    /// Started by the service: verify this machine, then become llama-server
    #[command(hide = true)]
    Serve(agent::ServeArgs),
}

/// Runs one command line and gives the process's exit code.
pub fn main() -> u8 {
    crate::secret::keep_memory_private();
    if std::env::var_os(shell::VARIABLE).is_some() {
        clap_complete::CompleteEnv::with_factory(taught).complete();
    }
    if std::env::args_os().len() <= 1 {
        return first::run().code();
    }
    let arguments: Vec<String> =
        std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    // A mistake in the flags is told in this language too.
    asked(&arguments).set();
    let mut command = taught();
    let settings = match project::settings(std::env::args_os().collect(), &command) {
        Ok(settings) => settings,
        Err(error) => {
            report(&error);
            return error::exit_code(&error).code();
        }
    };
    let cli = match parse(&mut command, &settings.arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &settings),
    };
    speak(&cli);
    crate::trace::listen(cli.verbose);
    match dispatch(cli.command, &settings) {
        Ok(exit) => exit.code(),
        Err(error) => {
            let exit = error::exit_code(&error);
            if exit == Exit::Usage {
                note(&settings, &format!("{error:#}"));
            }
            report(&error);
            exit.code()
        }
    }
}

/// Returns every command with its examples and completions.
fn taught() -> clap::Command {
    teach::taught(Cli::command(), || project::hosts_here(&Cli::command()))
}

fn parse(command: &mut clap::Command, arguments: &[std::ffi::OsString]) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command.try_get_matches_from_mut(arguments)?)
}

/// Returns the language that the words of a command line ask for, before they are understood.
fn asked(arguments: &[String]) -> Lang {
    let after = arguments.iter().skip_while(|word| *word != "--lang").nth(1).map(String::as_str);
    let joined = arguments.iter().find_map(|word| word.strip_prefix("--lang="));
    let named = |code: &str| Lang::ALL.into_iter().find(|lang| lang.code() == code);
    let of_environment = || Lang::of_environment(|name| std::env::var(name).ok());
    match arguments.get(1).map(String::as_str) {
        Some("agent" | "serve") => Lang::English,
        _ => after.or(joined).and_then(named).unwrap_or_else(of_environment),
    }
}

/// Chooses the language and the width of messages. What an agent and a server say is English, and so are their journals.
fn speak(cli: &Cli) {
    let on_a_host = matches!(cli.command, Command::Agent(_) | Command::Serve(_));
    let asked = cli.lang.unwrap_or_else(|| Lang::of_environment(|name| std::env::var(name).ok()));
    if on_a_host { Lang::English } else { asked }.set();
    output::fit_terminal();
}

/// Says which settings of a file or of the environment a mistake speaks of: nobody typed them.
fn note(settings: &Settings, message: &str) {
    for place in settings.behind(message) {
        say!("note: {place}");
    }
}

fn dispatch(command: Command, settings: &Settings) -> Result<Exit> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Plan(args) => plan_command::run(&args, settings),
        Command::Bundle(args) if args.over.are_given() => bundle_hosts::run(&args),
        Command::Bundle(args) => bundle::run(&args),
        Command::Apply(args) if args.over.are_given() => apply_hosts::run(&args, settings),
        Command::Apply(args) => apply::run(&args, settings),
        Command::Verify(args) => inspect::verify(&args),
        Command::Probe(args) => inspect::probe(&args),
        Command::Status(args) => inspect::status(&args),
        Command::Logs(args) => inspect::logs(&args),
        Command::Tunnel(args) => tunnel::run(&args, settings),
        Command::Key(args) => inspect::key(&args),
        Command::Rollback(args) => rollback::run(&args),
        Command::Remove(args) => inspect::remove(&args),
        Command::Models(args) => models::run(&args),
        Command::Profiles(args) => catalog::profiles(&args),
        Command::Levels(args) => levels::run(&args),
        Command::Offers(args) => offers::run(&args),
        Command::Config(args) => config::run(&args, settings, &apply_command()),
        Command::Completions(args) => shell::completions(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Man(args) => shell::man(&args, taught()),
        Command::SelfUpdate(args) => self_update::run(&args),
        Command::Agent(args) => agent::run(&args),
        Command::Serve(args) => agent::serve(&args),
    }
}

/// Returns `apply` with its arguments, whose defaults are every command's.
fn apply_command() -> clap::Command {
    let command = Cli::command();
    command.find_subcommand("apply").cloned().unwrap_or(command)
}

/// Help and the version go to stdout; a mistake to stderr, with its hint where every hint is.
fn usage(error: &clap::Error, settings: &Settings) -> u8 {
    use clap::error::ErrorKind;
    let help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if help || !error.use_stderr() {
        // At a terminal clap colours it; elsewhere no line ends in the blanks that clap leaves in a long help.
        let printed = match error.use_stderr() || std::io::stdout().is_terminal() {
            true => error.print(),
            false => {
                let text = error.render().to_string();
                output::write(&text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>())
            }
        };
        // Help that cannot be printed is a failure; a reader that went away is none.
        return match printed {
            Err(broken) if broken.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed.code(),
            _ => error.exit_code() as u8,
        };
    }
    let text = error.render().to_string();
    let text = text.replace("For more information, try '--help'.", "hint: --help shows every option");
    note(settings, &text);
    crate::say::lines(&mistake(text.trim_end(), Lang::current()));
    Exit::Usage.code()
}

/// Returns clap's sentences on a mistake in a language, line by line; flags and commands in them stay as they are.
fn mistake(english: &str, lang: Lang) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let told = match text.strip_prefix("Usage: ") {
            Some(how) => tr!(lang, "clap-usage", how = how),
            None => told(lang, text),
        };
        format!("{}{told}", &line[..line.len() - text.len()])
    };
    english.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// `error: …` with its causes, then the hint after a blank line.
fn report(error: &anyhow::Error) {
    let lang = Lang::current();
    say!("{}: {}", tr!(lang, "outcome-error"), error::told(error, lang));
    if let Some(hint) = error::hint(error) {
        say!("\n{}: {}", tr!(lang, "outcome-hint"), told(lang, hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use project::SETTINGS;

    /// Flags of `apply` that no file gives: what they do holds for one run, or is a decision of the moment.
    const TYPED_ONLY: [&str; 25] = [
        "hosts",
        "link",
        "project",
        "lang",
        "help",
        "version",
        "limit",
        "retry-failed",
        "local",
        "passphrase-stdin",
        "password-stdin",
        "sudo-password-stdin",
        "accept-new-host-key",
        "host-key",
        "plan",
        "bundle",
        "trust-edits",
        "show-edits",
        "confirm-seconds",
        "check",
        "allow",
        "yes",
        "format",
        "log-format",
        "verbose",
    ];

    #[test]
    fn the_language_is_known_before_the_flags_are() {
        for (line, lang) in [
            ("plan --lang ru --no-such-flag", Lang::Russian),
            ("plan --lang=ru", Lang::Russian),
            ("--lang en plan", Lang::English),
            ("agent session --lang ru", Lang::English),
        ] {
            let words: Vec<String> = ["it"].into_iter().chain(line.split(' ')).map(str::to_string).collect();
            assert_eq!(asked(&words), lang, "{line}");
        }
    }

    #[test]
    fn every_flag_of_apply_is_a_setting_or_is_typed_only() {
        let apply = apply_command();
        let flags: Vec<&str> = apply.get_arguments().filter_map(|argument| argument.get_long()).collect();
        for flag in &flags {
            let known = TYPED_ONLY.contains(flag) || SETTINGS.iter().any(|setting| setting.flag == *flag);
            assert!(known, "--{flag}: a line in SETTINGS (cli/project/setting.rs), or in TYPED_ONLY here");
        }
        for setting in SETTINGS {
            assert!(flags.contains(&setting.flag), "apply has no --{}", setting.flag);
        }
    }
}
