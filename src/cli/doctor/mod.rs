//! `doctor`: looks at this machine, and at hosts where they are named, and says what to do before an apply.

mod check;
mod here;
mod host;

use super::hosts::HostArgs;
use super::output::{self, Format, print_json};
use super::plan::PlanArgs;
use crate::apply::fleet::Style;
use crate::apply::{AgentFile, Host};
use crate::engine::llama_cpp::build;
use crate::error::{Exit, Result, exit_code, hint};
use crate::hardware::probe;
use crate::lang::{Lang, told};
use crate::outside;
use crate::paint::{Meaning, Painted};
use crate::plan::Plan;
use crate::ssh::{self, Options, Target};
use crate::wire::protocol::{Event, Op};
use check::{Check, Outcome};
use here::Here;
use serde_json::json;

/// Where models and releases are downloaded from.
const SOURCES: [&str; 2] = ["https://huggingface.co/", "https://github.com/"];

#[derive(clap::Args)]
#[command(after_help = "Examples:
  agi-provision doctor
  agi-provision doctor --host root@203.0.113.7
  agi-provision doctor --host root@203.0.113.7 --model saiga-8b --profile cpu-vps-32gb --format json

Exit codes: 0 nothing fails, 1 something fails, 4 the host does not meet the plan, 6 its key is unknown")]
pub struct Args {
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit> {
    let plan = match args.plan.model {
        Some(_) => Some(args.plan.plan(None)?.plan),
        None => None,
    };
    let hosts = if args.hosts.is_given() { args.hosts.hosts()? } else { Vec::new() };
    let mut checks = here::judge(&look(&hosts, args)?);
    if !hosts.is_empty() {
        checks.extend(of_hosts(args, plan.as_ref())?);
    }
    let exit = Exit::worst(checks.iter().map(|check| check.exit));
    match args.format {
        Format::Json => print_json(&json!({
            "schema": "agi-provision/doctor/1", "exit": exit.code(), "checks": checks,
        }))?,
        Format::Text => output::page(text(&checks, Lang::current()))?,
    }
    Ok(exit)
}

/// Reads what there is on this machine.
fn look(hosts: &[Host], args: &Args) -> Result<Here> {
    let agent = match args.hosts.agent() {
        Ok(AgentFile { path, .. }) => Ok(path.display().to_string()),
        Err(error) => Err((format!("{error:#}"), hint(&error).unwrap_or_default().to_string())),
    };
    let mut surveys = Vec::new();
    for host in hosts {
        if let Host::Ssh { target, options, .. } = host {
            surveys.push((host.name(), ssh::survey(target, options)?));
        }
    }
    let mut names: Vec<String> = surveys.iter().map(|(_, survey)| survey.host.clone()).collect();
    if hosts.is_empty() {
        // The keys that any host would be shown, and no host.
        let nobody = ssh::survey(&Target::parse("user@host.invalid")?, &Options::default())?;
        surveys.push((String::new(), nobody));
    }
    names.extend(
        SOURCES.iter().map(|url| url.trim_start_matches("https://").trim_end_matches('/').to_string()),
    );
    names.retain(|name| name.parse::<std::net::IpAddr>().is_err());
    names.dedup();
    let resolved = |name: String| {
        let found = ssh::resolve(&name, 443);
        let found = found.map(|all| all.first().map_or_else(String::new, |address| address.ip().to_string()));
        (name, found.map_err(|error| format!("{error:#}")))
    };
    Ok(Here { agent, surveys, names: names.into_iter().map(resolved).collect(), clock: probe::clock() })
}

/// Asks every host.
fn of_hosts(args: &Args, plan: Option<&Plan>) -> Result<Vec<Check>> {
    let op = match plan {
        Some(plan) => Op::Verify {
            plan: Box::new(plan.clone()),
            strict: false,
            allow: Vec::new(),
            deep: false,
            measure: true,
            needs: None,
        },
        None => Op::Probe { measure: true, urls: SOURCES.map(str::to_string).to_vec() },
    };
    let build = plan.map_or(build::DEFAULT, |plan| plan.llama_server.build.as_str());
    let mut checks = Vec::new();
    for (host, result) in args.hosts.run(op, Vec::new(), Style::Silent, "nothing was changed")? {
        let name = host.name();
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                let advice = hint(&error).unwrap_or("`ssh -v` to the same host shows more").to_string();
                checks.push(Check::failed(&name, "connect", format!("{error:#}"), advice, exit_code(&error)));
                continue;
            }
        };
        let facts = outcome.events.iter().find_map(|event| match event {
            Event::Facts { facts } => Some(facts),
            _ => None,
        });
        let report = outcome.events.iter().find_map(|event| match event {
            Event::Verified { report } => Some(report),
            _ => None,
        });
        match facts {
            Some(facts) => {
                checks.push(Check::ok(&name, "connect", "logged in, and the agent runs"));
                checks.extend(host::judge(&name, facts, report, build));
            }
            None => {
                let (message, advice) = (outcome.end.message, outcome.end.hint.unwrap_or_default());
                checks.push(Check::failed(&name, "probe", message, advice, Exit::Failed));
            }
        }
    }
    Ok(checks)
}

/// Lays the checks out: a heading for each machine, a line for each check, its advice below it.
fn text(checks: &[Check], lang: Lang) -> Painted {
    let mut lines = Painted::default();
    let mut at = "";
    for check in checks {
        if check.at != at {
            at = &check.at;
            lines.line(format!("{}:", if at == "here" { tr!(lang, "this-machine") } else { at.to_string() }));
        }
        let (word, meaning) = match check.outcome {
            Outcome::Ok => (tr!(lang, "verify-ok"), Meaning::Good),
            Outcome::Warning => (tr!(lang, "doctor-warning"), Meaning::Care),
            Outcome::Failed => (tr!(lang, "doctor-failed"), Meaning::Bad),
        };
        lines.add("  ");
        lines.add(Painted::of(meaning, &word));
        let rest = format!("{:<12} {}", check.id, outside::line(&told(lang, &check.found)));
        lines.line(format!("{:1$}{rest}", "", 9 - word.chars().count()));
        if let Some(advice) = &check.advice {
            let advice = outside::line(&told(lang, advice));
            lines.line(format!("{:24}{}", "", tr!(lang, "doctor-do", advice = advice)));
        }
    }
    lines
}
