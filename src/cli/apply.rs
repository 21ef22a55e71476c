//! `apply`: brings hosts to the state of a plan or a bundle.

use super::hosts::{self, HostArgs, Task};
use super::model_arg::open_header;
use super::plan::PlanArgs;
use super::{Format, print, print_json};
use crate::agent::expose::certificate::Given;
use crate::agent::protocol::{Apply, Event, Expose, Op};
use crate::apply::LocalFile;
use crate::apply::inventory::Overrides;
use crate::apply::show::printable;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::offers::HostKind;
use crate::plan::document::{ModelFile, Plan, Verdict};
use crate::render::{Bundle, render};
use crate::report::gib;
use base64::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  agi-provision apply --model ./model-q4_K.gguf --profile cpu-vps-32gb \\
      --runtime-archive llama-b11434-bin-ubuntu-x64.tar.gz --host root@203.0.113.7
  agi-provision apply --plan plan.json --model-file model-q4_K.gguf --host admin@203.0.113.7 --check
  agi-provision apply --bundle saiga/ --host a --host b --yes --format json";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    source: SourceArgs,
    /// A model's file on this machine; repeat for a split model, and for the embedding model of --rag
    #[arg(help_heading = "Applying", long, value_name = "FILE")]
    model_file: Vec<PathBuf>,
    /// llama.cpp for the host: a .tar.gz with llama-server and its libraries
    #[arg(help_heading = "Applying", long, value_name = "FILE")]
    runtime_archive: Option<PathBuf>,
    /// llama-server as the host has it already, such as /usr/bin/llama-server, instead of an archive
    #[arg(help_heading = "Applying", long, value_name = "PATH", conflicts_with = "runtime_archive")]
    runtime_path: Option<PathBuf>,
    /// Download what begins with FROM from TO first; may be repeated
    #[arg(help_heading = "Applying", long, value_name = "FROM=TO", value_parser = mirror)]
    mirror: Vec<(String, String)>,
    /// With --expose: a certificate of your own (PEM, its chain after it) instead of one made on the host
    #[arg(help_heading = "Applying", long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of --tls-cert (PEM, no passphrase); it is sent on stdin and kept 0600
    #[arg(help_heading = "Applying", long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Seconds that a new connection has to confirm an opened port
    #[arg(long, hide = true, value_name = "N", default_value_t = crate::agent::expose::BOUND)]
    confirm_seconds: u64,
    /// Only show what would change; exit 5 when something would
    #[arg(help_heading = "Applying", long)]
    check: bool,
    /// Refuse a host that is below what the profile promised, not only below the need
    #[arg(help_heading = "Applying", long)]
    strict: bool,
    /// Let this requirement refuse and go on, such as `cpu-flags`; may be repeated
    #[arg(long, value_name = "ID")]
    allow: Vec<String>,
    /// Do not ask
    #[arg(help_heading = "Applying", long, short)]
    yes: bool,
    /// How to print the result
    #[arg(help_heading = "Applying", long, value_enum, default_value_t)]
    format: Format,
}

fn mirror(text: &str) -> Result<(String, String), String> {
    let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    match text.split_once('=') {
        Some((from, to)) if is_url(from) && is_url(to) => Ok((from.to_string(), to.to_string())),
        _ => {
            Err("expected two addresses, such as https://huggingface.co/=https://mirror.example/".to_string())
        }
    }
}

/// What to apply: a plan made now, or one made earlier.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SourceArgs {
    #[command(flatten)]
    plan_args: PlanArgs,
    /// A plan made earlier (`plan --out FILE`)
    #[arg(long, value_name = "FILE", conflicts_with_all = PlanArgs::IDS, conflicts_with = "bundle")]
    plan: Option<PathBuf>,
    /// A bundle made earlier (`bundle --out DIR`)
    #[arg(long, value_name = "DIR", conflicts_with_all = PlanArgs::IDS)]
    bundle: Option<PathBuf>,
}

/// A bundle, and the model's files where the plan found them on this machine.
pub struct Source {
    pub plan: Plan,
    pub bundle: Bundle,
    pub model_files: Vec<PathBuf>,
}

impl SourceArgs {
    /// As [`SourceArgs::load`], with what an inventory says of one host.
    fn load_for(&self, overrides: &Overrides) -> Result<Source> {
        if overrides.is_empty() {
            return self.load();
        }
        if let Some(path) = &overrides.file {
            let mut plan = read_plan(path)?;
            self.plan_args.expose(&mut plan)?;
            return Ok(Source { bundle: render(&plan)?, plan, model_files: Vec::new() });
        }
        if self.plan.is_some() || self.bundle.is_some() {
            return Err(Failure::usage(
                "the inventory changes a part of the plan, but the plan is made already",
            )
            .hint("give --model and flags instead of --plan or --bundle, or name plan files in the inventory")
            .into());
        }
        SourceArgs { plan_args: self.plan_args.with(overrides), ..self.clone() }.load()
    }

    pub fn load(&self) -> Result<Source> {
        if let Some(dir) = &self.bundle {
            let bundle = Bundle::read(dir)?;
            let mut plan = bundle.plan()?;
            let before = plan.expose.clone();
            self.plan_args.expose(&mut plan)?;
            let bundle = if plan.expose == before { bundle } else { render(&plan)? };
            return Ok(Source { plan, bundle, model_files: Vec::new() });
        }
        let (plan, model_files) = match &self.plan {
            Some(path) => {
                let mut plan = read_plan(path)?;
                self.plan_args.expose(&mut plan)?;
                let offer = plan.cost.as_ref().map(|cost| &cost.offer);
                if offer.is_some_and(|offer| offer.host == Some(HostKind::Container)) {
                    eprintln!(
                        "note: this plan's price is a container's; only a host with systemd can be applied to"
                    );
                }
                (plan, Vec::new())
            }
            None => {
                let planned = self.plan_args.plan()?;
                (planned.plan, planned.model_files)
            }
        };
        Ok(Source { bundle: render(&plan)?, plan, model_files })
    }
}

/// Reads a plan; what is none ends with exit 2.
pub fn read_plan(path: &Path) -> Result<Plan> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let plan = String::from_utf8(bytes).context("reading it as text").and_then(|text| Plan::from_json(&text));
    plan.map_err(|error| {
        Failure::usage(format!("{} is not a plan: {error:#}", path.display()))
            .hint("`agi-provision plan --out FILE` writes one")
            .into()
    })
}

pub fn run(args: &Args) -> Result<Exit> {
    // Everything that can be wrong on this side, before anything is connected.
    let hosts = args.hosts.hosts()?;
    let entries = args.hosts.entries()?;
    let mut overrides: Vec<Overrides> = entries.into_iter().map(|entry| entry.plan).collect();
    overrides.resize(hosts.len(), Overrides::default());
    // Each plan is made once, for all hosts that share it.
    let mut sources: BTreeMap<&Overrides, Source> = BTreeMap::new();
    for each in &overrides {
        if !sources.contains_key(each) {
            let source = possible(args.source.load_for(each)?)?;
            super::inspect::check_allowed(&source.plan, &args.allow)?;
            sources.insert(each, source);
        }
    }
    if !args.check && !args.yes {
        let plans: Vec<&Plan> = sources.values().map(|source| &source.plan).collect();
        confirm(&plans, &hosts.iter().map(|host| host.name()).collect::<Vec<_>>())?;
    }
    let given = certificate(args)?;
    if given.is_some() && sources.values().all(|source| source.plan.expose.is_none()) {
        return Err(Failure::usage("--tls-cert is for an API that is open to others")
            .hint("add --expose CIDR")
            .into());
    }
    let sha256 = given.as_ref().map(Given::sha256).transpose()?;
    let runtime = args.runtime_archive.as_deref().map(|path| hashed(path, file_name(path))).transpose()?;
    let mut tasks: BTreeMap<&Overrides, Task> = BTreeMap::new();
    for (each, source) in &sources {
        tasks.insert(each, task(args, source, runtime.as_ref(), sha256.as_ref())?);
    }
    let each = overrides.iter().map(|each| tasks[each].clone()).collect();
    let interrupted = "what has begun on a host goes on there; the same command again shows its progress";
    let results = args.hosts.run_each(each, given.as_ref(), hosts::style(args.format), interrupted)?;
    if args.format == Format::Json {
        print_json(&hosts::to_json(&results, document))?;
        return Ok(hosts::worst(&results));
    }
    for (host, outcome) in results.iter().filter_map(|(host, result)| Some((host, result.as_ref().ok()?))) {
        for event in &outcome.events {
            if let Event::Differs { step, changes } = event {
                changes.iter().try_for_each(|change| {
                    print(&printable(&format!("{}: {step}: {change}", host.name())))
                })?;
            }
        }
    }
    let worst = hosts::conclude(&results);
    super::exposed::show(&results, &args.hosts.flags());
    Ok(worst)
}

/// Exit 3 for a plan that fits nowhere.
fn possible(source: Source) -> Result<Source> {
    if source.plan.verdict != Verdict::Impossible {
        return Ok(source);
    }
    let message = format!("nothing to apply: {}", source.plan.reasons.join("; "));
    Err(Failure::new(Exit::NoPlanFits, message)
        .hint("`agi-provision plan` with the same flags shows the ledger")
        .into())
}

/// The user's own certificate, read and checked.
fn certificate(args: &Args) -> Result<Option<Given>> {
    let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else { return Ok(None) };
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
    Given::new(&read(cert)?, &read(key)?).map(Some)
}

fn task(
    args: &Args,
    source: &Source,
    runtime: Option<&LocalFile>,
    certificate: Option<&String>,
) -> Result<Task> {
    let models = model_files(&source.plan, &args.model_file, &source.model_files)?;
    let apply = Apply {
        bundle: base64::engine::general_purpose::STANDARD.encode(source.bundle.to_tar()?),
        check: args.check,
        strict: args.strict,
        allow: args.allow.clone(),
        runtime: runtime.map(|file| file.blob.clone()),
        runtime_path: args.runtime_path.clone(),
        models: models.iter().map(|file| file.blob.clone()).collect(),
        client: client(),
        mirrors: args.mirror.clone(),
        expose: Expose {
            names: Vec::new(),
            certificate: certificate.cloned(),
            confirm_seconds: args.confirm_seconds,
        },
    };
    Ok((Op::Apply(apply), models.into_iter().chain(runtime.cloned()).collect()))
}

fn document(events: &[Event]) -> Value {
    let (mut differences, mut warnings) = (Vec::new(), Vec::new());
    let mut value = json!({});
    for event in events {
        match event {
            Event::Differs { step, changes } => differences.push(json!({"step": step, "changes": changes})),
            Event::Verified { report } => value["verification"] = json!(report.lines),
            Event::Facts { facts } => value["facts"] = json!(facts),
            Event::Warning { text } => warnings.push(json!(text)),
            Event::Exposed { ranges, port, certificate, .. } => {
                value["exposed"] = json!({"ranges": ranges, "port": port, "certificate": certificate});
            }
            _ => {}
        }
    }
    value["differences"] = Value::Array(differences);
    value["warnings"] = Value::Array(warnings);
    value
}

/// Without a terminal and without `--yes`: exit 2.
fn confirm(plans: &[&Plan], hosts: &[String]) -> Result<()> {
    let show =
        |plan: &&Plan| format!("{} {} ({})", plan.model.id, plan.model.quant, gib(plan.model.size_bytes));
    let plans: Vec<String> = plans.iter().map(show).collect();
    super::confirm(
        &format!("Apply {} to {}?", plans.join(" or "), hosts.join(", ")),
        "apply asks before it changes a host",
        "add --yes, or --check to see what would change",
    )
}

/// The plan's model files, hashed: those given, and of those the plan was made from the others. A model
/// of a single file may have another name here than in the plan, if its header is that of the planned one.
fn model_files(plan: &Plan, given: &[PathBuf], known: &[PathBuf]) -> Result<Vec<LocalFile>> {
    let mut files: Vec<LocalFile> = Vec::new();
    for path in given {
        let planned = planned_file(plan, path)?;
        files.push(pinned(path, planned)?);
    }
    for path in known {
        let Some(planned) = plan.files().find(|file| file.name == file_name(path)) else { continue };
        if !files.iter().any(|file| file.blob.name == planned.name) {
            files.push(pinned(path, planned)?);
        }
    }
    Ok(files)
}

/// Which of the plan's files `path` is.
fn planned_file<'a>(plan: &'a Plan, path: &Path) -> Result<&'a ModelFile> {
    let header = open_header(path)?;
    let name = file_name(path);
    let embedding = plan.rag.as_ref().map(|rag| (&rag.model.files, rag.model.parameters));
    let models = || [(&plan.model.files, plan.model.parameters)].into_iter().chain(embedding);
    // By its name; a model of one file must be that model as well.
    for (files, parameters) in models() {
        if let Some(file) = files.iter().find(|file| file.name == name) {
            if files.len() == 1 && header.parameters() != parameters {
                return Err(not_that_model(plan, path, header.parameters(), parameters).into());
            }
            return Ok(file);
        }
    }
    let mut alike =
        models().filter(|(files, parameters)| files.len() == 1 && header.parameters() == *parameters);
    if let Some((files, _)) = alike.next() {
        return Ok(&files[0]);
    }
    if plan.rag.is_none() && plan.model.files.len() == 1 {
        return Err(not_that_model(plan, path, header.parameters(), plan.model.parameters).into());
    }
    let names: Vec<&str> = plan.files().map(|file| file.name.as_str()).collect();
    Err(Failure::usage(format!("{name} is not a file of {}", plan.model.id))
        .hint(format!("its files: {}", names.join(", ")))
        .into())
}

fn not_that_model(plan: &Plan, path: &Path, found: u64, wanted: u64) -> Failure {
    Failure::usage(format!(
        "{} has {found} parameters, but the plan is for {} with {wanted}",
        path.display(),
        plan.model.id,
    ))
    .hint(format!("plan for this file itself: --model {}", path.display()))
}

/// The file under its name in the plan, hashed, and with the hash that the plan pins.
fn pinned(path: &Path, planned: &ModelFile) -> Result<LocalFile> {
    let file = hashed(path, planned.name.clone())?;
    if let Some(pin) = planned.sha256.as_ref().filter(|pin| !pin.eq_ignore_ascii_case(&file.blob.sha256)) {
        return Err(Failure::usage(format!(
            "{} has SHA-256 {}, but the plan pins {pin}",
            path.display(),
            file.blob.sha256
        ))
        .hint("this is another file than the one planned for; download it again")
        .into());
    }
    Ok(file)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Hashing takes a second per gigabyte or two, so it is shown.
fn hashed(path: &Path, name: String) -> Result<LocalFile> {
    let total = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bar = if super::interactive() && total > 256 << 20 {
        indicatif::ProgressBar::new(total)
    } else {
        indicatif::ProgressBar::hidden()
    };
    bar.set_message(format!("hashing {name}"));
    let file = LocalFile::open(path, name, |done| bar.set_position(done));
    bar.finish_and_clear();
    file
}

/// `user@machine`, for the lock and the receipt.
fn client() -> String {
    let user =
        std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "someone".to_string());
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{machine}")
}
