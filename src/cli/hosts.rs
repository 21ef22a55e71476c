//! `--host`, `--local` and how to connect: shared by every command that works on hosts.

use super::output::{HostFormat, LogFormat};
use super::summary::{self, Group};
use crate::apply::fleet::{self, Results, Style};
use crate::apply::inventory::{self, Entry};
use crate::apply::{AgentFile, Host, LocalFile, Work, retry};
use crate::error::{self, Exit, Failure, Result, exit_code, hint};
use crate::fetch::Token;
use crate::fetch::api::variable;
use crate::lang::{Lang, told};
use crate::outside;
use crate::ssh::{self, HostKeyPolicy, Options, Secrets, Target};
use crate::wire::protocol::Op;
use crate::wire::secrets::GivenCertificate;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Hosts")]
pub struct HostArgs {
    /// A host: [user@]name[:port]; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(super) host: Vec<String>,
    /// Hosts from a file (- is stdin): TOML, list, JSON, Ansible's inventory
    #[arg(long, value_name = "FILE", conflicts_with = "host")]
    pub(super) inventory: Option<PathBuf>,
    /// Only hosts that match: names and groups with * and ?, separated by commas; ! excludes
    #[arg(long, value_name = "PATTERN", requires = "inventory")]
    pub(super) limit: Option<String>,
    /// Only hosts of the inventory that failed last time
    #[arg(long, requires = "inventory")]
    retry_failed: bool,
    /// Work on this machine, without SSH (needs root)
    #[arg(
        long,
        conflicts_with_all = ["host", "inventory", "identity", "accept_new_host_key", "host_key", "ssh_config", "known_hosts", "passphrase_stdin", "password_stdin", "sudo_password_stdin"]
    )]
    pub(super) local: bool,
    /// Private key to log in with
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Vec<PathBuf>,
    /// The first line on stdin is the passphrase of the private key
    #[arg(long)]
    passphrase_stdin: bool,
    /// The next line on stdin is the password to log in with
    #[arg(long)]
    password_stdin: bool,
    /// The next line on stdin is the user's password for sudo or doas
    #[arg(long)]
    sudo_password_stdin: bool,
    /// Accept and remember the key of a host never seen before
    #[arg(long, conflicts_with = "host_key")]
    accept_new_host_key: bool,
    /// Accept exactly this host key
    #[arg(long, value_name = "SHA256:…")]
    pub(super) host_key: Option<String>,
    /// SSH configuration to read instead of ~/.ssh/config
    #[arg(long, value_name = "FILE")]
    pub(super) ssh_config: Option<PathBuf>,
    /// known_hosts file to use instead of ~/.ssh/known_hosts
    #[arg(long, value_name = "FILE")]
    pub(super) known_hosts: Option<PathBuf>,
    /// Hosts worked on at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = side_by_side)]
    jobs: usize,
    /// How to write progress to stderr
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// The agi-provision executable to run on the host, where this one cannot; without it agi-provision-aarch64, or
    /// whatever the host's processor is, beside this one
    #[arg(long, value_name = "FILE")]
    pub(super) agent: Option<PathBuf>,
    /// Asked for once, for all hosts.
    #[arg(skip)]
    secrets: OnceLock<Secrets>,
    /// Read once: it may be a script, or come on stdin.
    #[arg(skip)]
    listed: OnceLock<Vec<Entry>>,
}

fn side_by_side(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=512).contains(number));
    number.ok_or_else(|| "expected a number from 1 to 512".to_string())
}

impl HostArgs {
    /// A host is named, or this machine.
    pub fn is_given(&self) -> bool {
        self.local || !self.host.is_empty() || self.inventory.is_some()
    }

    /// The same way to connect, to one host.
    pub fn of(&self, host: &str) -> HostArgs {
        HostArgs { host: vec![host.to_string()], ..self.clone() }
    }

    /// The same way to connect, to these hosts; to those of the inventory with these names where they come from one.
    pub fn these(&self, hosts: &[String]) -> HostArgs {
        if let Some(listed) = self.listed.get().filter(|_| self.inventory.is_some()) {
            let named = |name: &String| listed.iter().find(|entry| entry.name == *name).cloned();
            return self.listing(hosts.iter().filter_map(named).collect());
        }
        HostArgs { host: hosts.to_vec(), ..self.clone() }
    }

    /// The same way to connect, to these hosts of the inventory, in this order.
    pub fn listing(&self, entries: Vec<Entry>) -> HostArgs {
        HostArgs { listed: OnceLock::from(entries), limit: None, retry_failed: false, ..self.clone() }
    }

    /// Exit 2 when no host is named, or a name is none.
    pub fn hosts(&self) -> Result<Vec<Host>> {
        if self.log_format == LogFormat::Json {
            crate::say::as_json();
        }
        if self.local {
            return Ok(vec![Host::Local { called: None }]);
        }
        if self.host.is_empty() && self.inventory.is_none() {
            return Err(Failure::usage("no host is named")
                .hint("give --host [user@]name[:port], --inventory FILE, or --local")
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
            secrets: self.secrets()?,
            ..Options::default()
        };
        if self.inventory.is_some() {
            let host = |entry: &Entry| {
                let called = Some(entry.name.clone());
                if entry.local {
                    return Ok(Host::Local { called });
                }
                let identity = entry.identity.clone().map_or(options.identity.clone(), |file| vec![file]);
                let ssh_args = entry.ssh_args.clone();
                let options = Box::new(Options { identity, ssh_args, ..options.clone() });
                Ok(Host::Ssh { target: entry.target()?, options, called, doas: entry.doas })
            };
            return self.entries()?.iter().map(host).collect();
        }
        let host = |text: &String| {
            let options = Box::new(options.clone());
            Ok(Host::Ssh { target: Target::parse(text)?, options, called: None, doas: false })
        };
        self.host.iter().map(host).collect()
    }

    /// Secrets that a script gives on stdin or in the environment, or else the person at the terminal.
    fn secrets(&self) -> Result<Secrets> {
        if let Some(secrets) = self.secrets.get() {
            return Ok(secrets.clone());
        }
        let read = |wanted: bool, flag: &str, variable: &str| match wanted {
            true => match ssh::from_stdin(STDIN_LIMIT) {
                Ok(secret) if !secret.is_empty() => Ok(Some(secret)),
                Ok(_) => Err(not_on_stdin(flag, "the line is empty")),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    Err(not_on_stdin(flag, "there is no line"))
                }
                Err(error) => Err(not_on_stdin(flag, &error.to_string())),
            },
            false => Ok(ssh::from_variable(variable)),
        };
        let [passphrase, password, sudo] = ssh::VARIABLES;
        let given = ssh::GivenSecrets {
            passphrase: read(self.passphrase_stdin, "--passphrase-stdin", passphrase)?,
            password: read(self.password_stdin, "--password-stdin", password)?,
            sudo: read(self.sudo_password_stdin, "--sudo-password-stdin", sudo)?,
        };
        Ok(self.secrets.get_or_init(|| Secrets::new(given, ssh::Person::find())).clone())
    }

    /// The inventory's hosts that are meant; none without an inventory.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let Some(path) = &self.inventory else { return Ok(Vec::new()) };
        let mut entries = match self.listed.get() {
            Some(entries) => entries.clone(),
            None => {
                let entries = inventory::read_inventory(path)?;
                self.listed.get_or_init(|| entries).clone()
            }
        };
        if let Some(pattern) = &self.limit {
            entries = inventory::select(entries, pattern);
        }
        if self.retry_failed {
            let failed = retry::failed(path)?;
            entries.retain(|entry| failed.contains(&entry.name));
        }
        if entries.is_empty() {
            let why = if self.retry_failed { "nothing failed last time" } else { "no host is left" };
            return Err(Failure::usage(format!("{why} of {}", path.display()))
                .hint("look at --limit and --retry-failed")
                .into());
        }
        Ok(entries)
    }

    pub fn agent(&self) -> Result<AgentFile> {
        AgentFile::find(self.agent.as_deref())
    }

    /// Does `op` on every host.
    pub fn run(&self, op: Op, files: Vec<LocalFile>, style: Style, interrupted: &str) -> Result<Results> {
        let hosts = self.hosts()?;
        let work = Arc::new(Work { op, agent: self.agent()?, files, token: None, certificate: None });
        let each = hosts.into_iter().map(|host| (host, work.clone())).collect();
        fleet::run(each, self.jobs, self.log(style), interrupted)
    }

    fn log(&self, style: Style) -> Style {
        if self.log_format == LogFormat::Json { Style::Json } else { style }
    }

    /// Does to every host what is meant for it, in the order of [`HostArgs::hosts`], except to those that have ended
    /// already, and notes for `--retry-failed` where that failed.
    pub fn run_each(
        &self,
        work: Vec<Task>,
        mut ended: Ended,
        certificate: Option<&GivenCertificate>,
        style: Style,
        interrupted: &str,
    ) -> Result<Results> {
        let (hosts, agent, token) = (self.hosts()?, self.agent()?, token());
        let work = work.into_iter().map(|(op, files)| {
            let (agent, token, certificate) = (agent.clone(), token.clone(), certificate.cloned());
            Arc::new(Work { op, files, agent, token, certificate })
        });
        let (mut left, mut results) = (Vec::new(), Vec::new());
        for (at, each) in hosts.into_iter().zip(work).enumerate() {
            match ended.remove(&at) {
                Some(result) => results.push((at, (each.0, result))),
                None => left.push((at, each)),
            }
        }
        let (places, left): (Vec<usize>, Vec<_>) = left.into_iter().unzip();
        results.extend(places.into_iter().zip(fleet::run(left, self.jobs, self.log(style), interrupted)?));
        results.sort_by_key(|(at, _)| *at);
        let results: Results = results.into_iter().map(|(_, result)| result).collect();
        if let Some(inventory) = self.inventory.as_ref().filter(|path| *path != Path::new("-")) {
            let names: Vec<String> = self.entries()?.into_iter().map(|entry| entry.name).collect();
            let failed: Vec<String> = (names.iter().zip(&results))
                .filter(|(_, (_, result))| !matches!(exit(result), Exit::Done | Exit::ChangesFound))
                .map(|(name, _)| name.clone())
                .collect();
            if let Err(error) = retry::note(inventory, &names, &failed) {
                warn!("what failed was not noted for --retry-failed: {error:#}");
            }
        }
        Ok(results)
    }
}

/// For secrets on stdin.
const STDIN_LIMIT: Duration = Duration::from_secs(60);

fn not_on_stdin(flag: &str, why: &str) -> anyhow::Error {
    Failure::usage(format!("{flag} reads a line on stdin: {why}"))
        .hint("one line each, in this order: key passphrase, login password, sudo password")
        .into()
}

/// Request to one host, and the files it may ask for.
pub type Task = (Op, Vec<LocalFile>);

/// How it ended on hosts that nothing more is done to, by their place among all.
pub type Ended = BTreeMap<usize, Result<crate::apply::HostOutcome>>;

/// `HF_TOKEN`, for the site that `HF_ENDPOINT` names or else Hugging Face; nowhere else.
fn token() -> Option<Token> {
    let origin = variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_string());
    Some(Token { origin, secret: variable("HF_TOKEN")?.into() })
}

/// Bars for a person, lines for a log, silence for a script.
pub fn style(format: HostFormat) -> Style {
    match format {
        HostFormat::Json | HostFormat::Jsonl => Style::Silent,
        // Lines of --verbose would run into bars.
        HostFormat::Text if super::output::interactive() && !crate::trace::is_on() => Style::Bars,
        HostFormat::Text => Style::Plain,
    }
}

/// Prints each host's end to stderr and gives the exit code of the worst.
pub fn conclude(results: &Results) -> Exit {
    results.iter().for_each(|(host, result)| show_end(&host.shown(Lang::current()), result));
    if results.len() > 1 {
        say!("{}", summary(results));
    }
    worst(results)
}

/// Prints how it ended on a host to stderr.
pub fn show_end(host: &str, result: &Result<crate::apply::HostOutcome>) {
    match result {
        Ok(outcome) => match outcome.end.failure() {
            Some(failure) => complain(host, &failure.message, failure.hint.as_deref()),
            None if outcome.end.message.is_empty() => {}
            None => say!("{host}: {}", outside::line(&told(Lang::current(), &outcome.end.message))),
        },
        Err(error) => complain(host, &error::told(error, Lang::current()), hint(error)),
    }
}

/// The worst first.
fn summary(results: &Results) -> String {
    let lang = Lang::current();
    let words = [
        (Exit::Failed, tr!(lang, "outcome-failed")),
        (Exit::RolledBack, tr!(lang, "outcome-rolled-back")),
        (Exit::HostDoesNotMeetPlan, tr!(lang, "outcome-below")),
        (Exit::HostKey, tr!(lang, "outcome-key")),
        (Exit::Held, tr!(lang, "outcome-held")),
        (Exit::ChangesFound, tr!(lang, "outcome-changes")),
        (Exit::Usage, tr!(lang, "outcome-usage")),
        (Exit::Done, tr!(lang, "outcome-done")),
    ];
    let group = |(wanted, word): (Exit, String)| {
        let with = |(_, result): &&(Host, Result<crate::apply::HostOutcome>)| exit(result) == wanted;
        let names: Vec<String> = results.iter().filter(with).map(|(host, _)| host.name()).collect();
        Group { word, count: names.len(), names: if wanted == Exit::Done { Vec::new() } else { names } }
    };
    summary::text(&words.map(group), lang)
}

pub fn exit(result: &Result<crate::apply::HostOutcome>) -> Exit {
    match result {
        Ok(outcome) => outcome.end.exit,
        Err(error) => exit_code(error),
    }
}

fn complain(host: &str, message: &str, hint: Option<&str>) {
    let lang = Lang::current();
    let error = tr!(lang, "outcome-error");
    say!("{error}: {host}: {}", outside::line(&told(lang, message)));
    if let Some(hint) = hint {
        say!("\n{}: {}", tr!(lang, "outcome-hint"), outside::line(&told(lang, hint)));
    }
}

pub fn worst(results: &Results) -> Exit {
    Exit::worst(results.iter().map(|(_, result)| exit(result)))
}
