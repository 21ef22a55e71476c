//! `--host`, `--local` and how to connect: shared by every command that works on hosts.

use super::Format;
use crate::agent::protocol::{End, Event, Op};
use crate::apply::fleet::{self, Results, Style};
use crate::apply::show::printable;
use crate::apply::{AgentFile, Host, LocalFile, Work};
use crate::error::{Exit, Failure, Result, exit_code, hint};
use crate::ssh::{HostKeyPolicy, Options, Target};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Hosts")]
pub struct HostArgs {
    /// A host: [user@]name[:port]; may be repeated
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Work on this machine, without SSH (needs root)
    #[arg(
        long,
        conflicts_with_all = ["host", "identity", "accept_new_host_key", "host_key", "ssh_config", "known_hosts"]
    )]
    local: bool,
    /// Private key to log in with
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
    /// Accept and remember the key of a host never seen before
    #[arg(long, conflicts_with = "host_key")]
    accept_new_host_key: bool,
    /// Accept exactly this host key
    #[arg(long, value_name = "SHA256:…")]
    host_key: Option<String>,
    /// SSH configuration to read instead of ~/.ssh/config
    #[arg(long, value_name = "FILE")]
    ssh_config: Option<PathBuf>,
    /// known_hosts file to use instead of ~/.ssh/known_hosts
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
    /// Hosts worked on at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = side_by_side)]
    jobs: usize,
    /// The agi-provision executable to run on the host, where this one cannot
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
}

fn side_by_side(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=512).contains(number));
    number.ok_or_else(|| "expected a number from 1 to 512".to_string())
}

impl HostArgs {
    /// Exit 2 when no host is named, or a name is none.
    pub fn hosts(&self) -> Result<Vec<Host>> {
        if self.local {
            return Ok(vec![Host::Local]);
        }
        if self.host.is_empty() {
            return Err(Failure::usage("no host is named")
                .hint("give --host [user@]name[:port], or --local")
                .into());
        }
        let host_key = match (&self.host_key, self.accept_new_host_key) {
            (Some(fingerprint), _) => HostKeyPolicy::pinned(fingerprint)?,
            (None, true) => HostKeyPolicy::AcceptNew,
            (None, false) => HostKeyPolicy::Known,
        };
        let options = Options {
            identity: self.identity.clone(),
            host_key,
            known_hosts: self.known_hosts.clone(),
            config: self.ssh_config.clone(),
            ..Options::default()
        };
        let host = |text: &String| {
            Ok(Host::Ssh { target: Target::parse(text)?, options: Box::new(options.clone()) })
        };
        self.host.iter().map(host).collect()
    }

    pub fn agent(&self) -> Result<AgentFile> {
        AgentFile::find(self.agent.as_deref())
    }

    /// Does `op` on every host.
    pub fn run(&self, op: Op, files: Vec<LocalFile>, style: Style, interrupted: &str) -> Result<Results> {
        let hosts = self.hosts()?;
        let agent = self.agent()?;
        fleet::run(&hosts, &Work { op, agent, files }, self.jobs, style, interrupted)
    }
}

/// Bars for a person, lines for a log, silence for a script.
pub fn style(format: Format) -> Style {
    match format {
        Format::Json => Style::Silent,
        Format::Text if super::interactive() => Style::Bars,
        Format::Text => Style::Plain,
    }
}

/// Prints each host's end to stderr and gives the exit code of the worst.
pub fn conclude(results: &Results) -> Exit {
    for (host, result) in results {
        match result {
            Ok(outcome) => match outcome.end.failure() {
                Some(failure) => complain(&host.name(), &failure.message, failure.hint.as_deref()),
                None if outcome.end.message.is_empty() => {}
                None => eprintln!("{}: {}", host.name(), printable(&outcome.end.message)),
            },
            Err(error) => complain(&host.name(), &format!("{error:#}"), hint(error)),
        }
    }
    worst(results)
}

fn complain(host: &str, message: &str, hint: Option<&str>) {
    eprintln!("error: {host}: {}", printable(message));
    if let Some(hint) = hint {
        eprintln!("\nhint: {}", printable(hint));
    }
}

pub fn worst(results: &Results) -> Exit {
    Exit::worst(results.iter().map(|(_, result)| match result {
        Ok(outcome) => outcome.end.exit,
        Err(error) => exit_code(error),
    }))
}

/// One JSON object per host: how it ended, and with `document` what it answered.
pub fn to_json(results: &Results, document: impl Fn(&[Event]) -> Value) -> Value {
    let object = |(host, result): &(Host, Result<crate::apply::Outcome>)| match result {
        Ok(outcome) => {
            let mut value = end_json(&host.name(), &outcome.end);
            if let (Value::Object(object), Value::Object(more)) = (&mut value, document(&outcome.events)) {
                object.extend(more);
            }
            value
        }
        Err(error) => json!({
            "host": host.name(), "exit": exit_code(error).code(), "changed": false,
            "message": format!("{error:#}"), "hint": hint(error),
        }),
    };
    let all: Vec<Value> = results.iter().map(object).collect();
    match <[Value; 1]>::try_from(all) {
        Ok([one]) => one,
        Err(several) => Value::Array(several),
    }
}

fn end_json(host: &str, end: &End) -> Value {
    json!({
        "host": host, "exit": end.exit.code(), "changed": end.changed, "message": end.message,
        "hint": end.hint, "log": end.log, "receipt": end.receipt,
    })
}
