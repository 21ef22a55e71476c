//! `verify`, `probe`, `status`, `logs`, `key`, `remove`: questions and small orders to hosts.

use super::answer::{KeySaid, Nothing, Probed, StatusSaid, Verified, print_answers};
use super::hosts::{self, HostArgs};
use super::output::{self, HostFormat, print};
use super::source::SourceArgs;
use crate::apply::fleet::{Results, Style};
use crate::apply::{Host, HostOutcome};
use crate::error::{Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::lang::Lang;
use crate::paint::Painted;
use crate::plan::requirements::ids::GPU_LINK;
use crate::report;
use crate::wire::protocol::{Event, Op};
use serde_json::Value;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct HostOnly {
    #[command(flatten)]
    hosts: HostArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

#[derive(clap::Args)]
pub struct StatusArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// How to print; prometheus is for a textfile collector
    #[arg(long, value_enum, default_value_t)]
    format: StatusFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum StatusFormat {
    #[default]
    Text,
    Json,
    Jsonl,
    Prometheus,
}

#[derive(clap::Args)]
pub struct ProbeArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// Also measure how fast memory and disk are read; takes a few seconds
    #[arg(long)]
    measure: bool,
    /// With --measure, also how fast this address is downloaded from, for at most 3 s; may be repeated
    #[arg(long, value_name = "URL", requires = "measure")]
    url: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

#[derive(clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// The plan whose requirements are checked: one made earlier, or flags
    #[command(flatten)]
    source: SourceArgs,
    /// A broken promise refuses too, not only an unmet need
    #[arg(long)]
    strict: bool,
    /// Let this requirement refuse and go on, such as `cpu-flags`; may be repeated
    #[arg(long, value_name = "ID")]
    allow: Vec<String>,
    /// Also read every byte of every model and of llama.cpp on the host again, and compare the hashes
    #[arg(long)]
    deep: bool,
    /// Also measure what was promised: memory, disks, and the network towards the plan's files; takes
    /// some seconds
    #[arg(long)]
    measure: bool,
    /// The llama.cpp that would be applied: whether the host has the C library and the others that it needs
    #[arg(long, value_name = "FILE")]
    runtime_archive: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

#[derive(clap::Args)]
pub struct LogsArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// Lines to begin with
    #[arg(long, short = 'n', default_value_t = 100)]
    lines: u32,
    /// Go on with what the server says from now on
    #[arg(long, short)]
    follow: bool,
}

#[derive(clap::Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(clap::Subcommand)]
enum KeyCommand {
    /// Print the API key
    Show(HostOnly),
    /// Make a new key and restart the servers with it; the old one comes back where that fails
    Rotate(RotateArgs),
}

#[derive(clap::Args)]
struct RotateArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

#[derive(clap::Args)]
pub struct RemoveArgs {
    #[command(flatten)]
    hosts: HostArgs,
    /// Leave the models for a next apply
    #[arg(long)]
    keep_models: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: HostFormat,
}

const STOPPED: &str = "nothing was changed";

pub fn verify(args: &VerifyArgs) -> Result<Exit> {
    let plan = args.source.load()?.plan;
    check_allowed(&plan, &args.allow)?;
    let runtime = super::source::runtime(&args.runtime_archive)?;
    let op = Op::Verify {
        plan: Box::new(plan.clone()),
        strict: args.strict,
        allow: args.allow.clone(),
        deep: args.deep,
        measure: args.measure,
        needs: super::source::needs(&runtime.iter().collect::<Vec<_>>()),
    };
    // Reading every byte takes minutes, so it shows its progress.
    let style = if args.deep { super::hosts::style(args.format) } else { Style::Silent };
    let results = args.hosts.run(op, Vec::new(), style, STOPPED)?;
    answer(&results, args.format, |events| {
        let report = events.iter().find_map(|event| match event {
            Event::Verified { report } => Some(report),
            _ => None,
        })?;
        let fits = super::reconcile::instead(&plan, report, events);
        let lang = Lang::current();
        let mut text = report::verify::text(report, lang);
        text.line("");
        if let Some(facts) = events.iter().find_map(facts_in) {
            text.line("");
            text.add(report::verify::memory(&plan.memory, facts, lang));
        }
        if let Some(fits) = &fits {
            text.line(format!("\n{}", fits.told(lang)));
        }
        Some((
            Verified { verification: Some(report.lines.clone()), instead: fits.map(|fits| fits.to_string()) },
            text,
        ))
    })
}

/// Exit 2 for a name that nothing is required by.
pub fn check_allowed(plan: &crate::plan::Plan, allow: &[String]) -> Result<()> {
    let mut ids: Vec<&str> = plan.requirements.iter().map(|requirement| requirement.id.as_str()).collect();
    // Compared with what a host was, not with what a plan needs.
    ids.extend((!plan.profile.gpus.is_empty()).then_some(GPU_LINK));
    ids.extend(crate::verify::host::IDS);
    match allow.iter().find(|id| !ids.contains(&id.as_str())) {
        Some(id) => Err(Failure::usage(format!("the plan has no requirement {id:?}"))
            .hint(format!("its requirements: {}", ids.join(", ")))
            .into()),
        None => Ok(()),
    }
}

pub fn probe(args: &ProbeArgs) -> Result<Exit> {
    let op = Op::Probe { measure: args.measure, urls: args.url.clone() };
    let results = args.hosts.run(op, Vec::new(), Style::Silent, STOPPED)?;
    answer(&results, args.format, |events| {
        let facts = events.iter().find_map(facts_in);
        facts.map(|facts| (Probed { facts: Some(facts.clone()) }, report::facts::text(facts).into()))
    })
}

fn facts_in(event: &Event) -> Option<&Facts> {
    match event {
        Event::Facts { facts } => Some(facts),
        _ => None,
    }
}

pub fn status(args: &StatusArgs) -> Result<Exit> {
    let results = args.hosts.run(Op::Status, Vec::new(), Style::Silent, STOPPED)?;
    let format = match args.format {
        StatusFormat::Text => HostFormat::Text,
        StatusFormat::Json => HostFormat::Json,
        StatusFormat::Jsonl => HostFormat::Jsonl,
        StatusFormat::Prometheus => {
            let of = |(host, result): &(Host, Result<HostOutcome>)| {
                (host.name(), result.as_ref().ok().and_then(|outcome| document(&outcome.events)).cloned())
            };
            let hosts: Vec<(String, Option<Value>)> = results.iter().map(of).collect();
            let hosts: Vec<_> = hosts.iter().map(|(name, status)| (name.clone(), status.as_ref())).collect();
            print(&report::prometheus::text(&hosts))?;
            return Ok(hosts::conclude(&results));
        }
    };
    answer(&results, format, |events| {
        let said = |value: &Value| StatusSaid { status: Some(value.clone()) };
        document(events).map(|value| (said(value), report::status::text(value, Lang::current())))
    })
}

fn document(events: &[Event]) -> Option<&Value> {
    events.iter().find_map(|event| match event {
        Event::Document { value } => Some(value),
        _ => None,
    })
}

/// Prints what each host answered, then how it ended.
fn answer<Said: Default + serde::Serialize>(
    results: &Results,
    format: HostFormat,
    of: impl Fn(&[Event]) -> Option<(Said, Painted)>,
) -> Result<Exit> {
    if format != HostFormat::Text {
        return print_answers(results, format, |events| of(events).map(|(said, _)| said).unwrap_or_default());
    }
    for (host, result) in results {
        if let Some((_, text)) = result.as_ref().ok().and_then(|outcome| of(&outcome.events)) {
            if results.len() > 1 {
                print(&format!("{}:", host.name()))?;
            }
            output::page(text)?;
        }
    }
    Ok(hosts::conclude(results))
}

pub fn logs(args: &LogsArgs) -> Result<Exit> {
    let hosts = args.hosts.hosts()?;
    let op = Op::Logs { lines: args.lines, follow: args.follow };
    if args.follow {
        if hosts.len() != 1 {
            return Err(Failure::usage("--follow follows one host")
                .hint("name one with --host, or leave --follow out")
                .into());
        }
        return follow(args, op, &hosts[0]);
    }
    let results = args.hosts.run(op, Vec::new(), Style::Silent, STOPPED)?;
    print_output(&results)?;
    Ok(hosts::conclude(&results))
}

/// Lines as they come, until Ctrl-C.
fn follow(args: &LogsArgs, op: Op, host: &crate::apply::Host) -> Result<Exit> {
    struct Lines;
    impl crate::apply::show::Show for Lines {
        fn connecting(&mut self) {}
        fn event(&mut self, event: &Event) {
            if let Event::Output { text } = event
                && let Err(error) = super::output::write(&one_line(text))
            {
                // Nobody reads on: the connection would bring lines for ever.
                std::process::exit(match error.kind() {
                    std::io::ErrorKind::BrokenPipe => Exit::Done.code().into(),
                    _ => {
                        say!("error: writing to stdout: {error}");
                        Exit::Failed.code().into()
                    }
                });
            }
        }
        fn upload(&mut self, _: &str, _: u64, _: u64) {}
        fn finish(&mut self) {}
    }
    let agent = args.hosts.agent()?;
    let work = crate::apply::Work { op, agent, files: Vec::new(), token: None, certificate: None };
    let outcome = crate::apply::session::run(host, &work, &mut Lines)?;
    match outcome.end.failure() {
        Some(failure) => Err(failure.into()),
        None => Ok(Exit::Done),
    }
}

/// A line of a log, whole: it is data.
fn one_line(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).replace('\n', " ")
}

fn print_output(results: &Results) -> Result<()> {
    for (_, outcome) in results.iter().filter_map(|(host, result)| Some((host, result.as_ref().ok()?))) {
        for event in &outcome.events {
            if let Event::Output { text } = event {
                print(&one_line(text))?;
            }
        }
    }
    Ok(())
}

pub fn key(args: &KeyArgs) -> Result<Exit> {
    let (results, format) = match &args.command {
        KeyCommand::Show(args) => {
            (args.hosts.run(Op::KeyShow, Vec::new(), Style::Silent, STOPPED)?, args.format)
        }
        KeyCommand::Rotate(args) => (rotate(args)?, args.format),
    };
    if format != HostFormat::Text {
        let key = |events: &[Event]| {
            let text = events.iter().find_map(|event| match event {
                Event::Output { text } => Some(text.clone()),
                _ => None,
            });
            KeySaid { key: text }
        };
        return print_answers(&results, format, key);
    }
    print_output(&results)?;
    Ok(hosts::conclude(&results))
}

fn rotate(args: &RotateArgs) -> Result<Results> {
    let names: Vec<String> = args.hosts.hosts()?.iter().map(|host| host.name()).collect();
    if !args.yes {
        super::output::confirm(
            &format!(
                "Make a new API key on {}? The servers restart, and clients with the old key are cut off.",
                names.join(", ")
            ),
            "key rotate asks before it cuts clients off",
            "add --yes",
        )?;
    }
    let interrupted = "what has begun on a host goes on there; `key show` tells the key";
    args.hosts.run(Op::KeyRotate, Vec::new(), hosts::style(args.format), interrupted)
}

pub fn remove(args: &RemoveArgs) -> Result<Exit> {
    let names: Vec<String> = args.hosts.hosts()?.iter().map(|host| host.name()).collect();
    if !args.yes {
        super::output::confirm(
            &format!("Remove the server, its models and its key from {}?", names.join(", ")),
            "remove asks before it deletes",
            "add --yes",
        )?;
    }
    let op = Op::Remove { keep_models: args.keep_models };
    let interrupted = "a host may be half removed; the same command again finishes";
    let results = args.hosts.run(op, Vec::new(), Style::Silent, interrupted)?;
    if args.format != HostFormat::Text {
        return print_answers(&results, args.format, |_| Nothing {});
    }
    Ok(hosts::conclude(&results))
}
