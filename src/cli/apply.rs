//! `apply`: brings hosts to the state of a plan or a bundle.

use super::answer::{Applied, print_answers};
use super::driver_arg::{self, From};
use super::hosts::{self, Ended, HostArgs, Task};
use super::output::{HostFormat, print};
use super::over_hosts::OverHostsArgs;
use super::project::Settings;
use super::source::{self, Source, SourceArgs};
use crate::apply::fleet::Results;
use crate::apply::inventory::Overrides;
use crate::apply::{Host, HostOutcome, LocalFile};
use crate::checked::{HostPath, ProxyUrl};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::vendor::driver::Origin;
use crate::lang::{Lang, told};
use crate::outside::{self, Kind};
use crate::plan::document::{Plan, Verdict};
use crate::render::CarriedKind;
use crate::units::gib;
use crate::wire::protocol::{Apply, Event, Expose, Op, START_TIMEOUTS};
use crate::wire::secrets::GivenCertificate;
use base64::Engine;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const EXAMPLES: &str = "Examples:
  agi-provision apply --model ./model-q4_K.gguf --profile cpu-vps-32gb \\
      --runtime-archive llama-b11434-bin-ubuntu-x64.tar.gz --host root@203.0.113.7
  agi-provision apply --plan plan.json --model-file model-q4_K.gguf --host admin@203.0.113.7 --check
  agi-provision apply --bundle saiga/ --host a --host b --yes --format json";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub(super) hosts: HostArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) over: OverHostsArgs,
    /// A model's file on this machine; repeat for a split model, and for the embedding model of --rag
    #[arg(help_heading = "Applying", long, value_name = "FILE")]
    pub(super) model_file: Vec<PathBuf>,
    /// llama.cpp for the host: a .tar.gz with llama-server and its libraries; repeat for one with more libraries,
    /// such as CUDA's (cudart-…). With --runtime-image: an OCI archive of that image
    #[arg(help_heading = "Applying", long, value_name = "FILE")]
    pub(super) runtime_archive: Vec<PathBuf>,
    /// llama.cpp's source as a .tar.gz, which the host compiles for its own cards and processor instead of an archive:
    /// minutes on a CPU, up to hours for cards. It goes on where it stopped
    #[arg(help_heading = "Applying", long, value_name = "FILE", conflicts_with = "runtime_archive")]
    pub(super) runtime_source: Option<PathBuf>,
    /// llama-server as the host has it already, such as /usr/bin/llama-server, instead of an archive
    #[arg(
        help_heading = "Applying", long, value_name = "PATH",
        conflicts_with_all = ["runtime_archive", "runtime_source"]
    )]
    runtime_path: Option<HostPath>,
    /// Download what begins with FROM from TO first; may be repeated
    #[arg(help_heading = "Applying", long, value_name = "FROM=TO", value_parser = mirror)]
    mirror: Vec<(String, String)>,
    /// With --expose: a certificate of your own (PEM, its chain after it) instead of one made on the host
    #[arg(help_heading = "Applying", long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The key of --tls-cert (PEM, no passphrase); it is sent on stdin and kept 0600
    #[arg(help_heading = "Applying", long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Seconds that a new connection has to confirm an opened port
    #[arg(
        long, hide = true, value_name = "N", default_value_t = crate::wire::protocol::CONFIRM_SECONDS,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    confirm_seconds: u64,
    /// Take the apply back when a server that starts makes no progress for this long: nothing loaded, no
    /// token read or given. How long it takes in all does not matter [default: 300]
    #[arg(
        help_heading = "Applying", long, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(START_TIMEOUTS)
    )]
    start_timeout: Option<u64>,
    /// Proxy through which hosts download, such as http://10.0.0.1:3128; without it the host's own, where it has one
    #[arg(help_heading = "Applying", long, value_name = "URL")]
    proxy: Option<ProxyUrl>,
    /// How long to wait, before anything is sent, for cloud-init and for upgrades that the host makes by itself
    /// [default: 600]
    #[arg(
        help_heading = "Applying", long, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(0..=86400)
    )]
    wait: Option<u64>,
    /// Where a card that has no driver gets one from, before all else; the host is restarted where that takes it.
    /// Without it, a person at a terminal is asked
    #[arg(help_heading = "Applying", long, value_enum, value_name = "FROM")]
    driver: Option<From>,
    /// Only show what would change; exit 5 when something would
    #[arg(help_heading = "Applying", long)]
    pub(super) check: bool,
    /// Refuse a host that is below what the profile promised, not only below the need
    #[arg(help_heading = "Applying", long)]
    strict: bool,
    /// Let this requirement refuse and go on, such as `cpu-flags`; may be repeated
    #[arg(long, value_name = "ID")]
    allow: Vec<String>,
    /// Do not ask
    #[arg(help_heading = "Applying", long, short)]
    pub(super) yes: bool,
    /// How to print the result
    #[arg(help_heading = "Applying", long, value_enum, default_value_t)]
    pub(super) format: HostFormat,
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

pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    // Everything that can be wrong on this side, before anything is connected.
    let hosts = args.hosts.hosts()?;
    let entries = args.hosts.entries()?;
    let (mut overrides, mut proxies): (Vec<Overrides>, Vec<Option<ProxyUrl>>) =
        entries.into_iter().map(|entry| (entry.plan, entry.proxy)).unzip();
    overrides.resize(hosts.len(), Overrides::default());
    proxies.resize(hosts.len(), None);
    // Each plan is made once, for all hosts that share it.
    let mut sources: BTreeMap<&Overrides, Source> = BTreeMap::new();
    for each in &overrides {
        if !sources.contains_key(each) {
            let source = args.source.load_for(each)?;
            // A plan for the host itself is judged once the host was looked at.
            let source = if args.source.is_for_the_host(each) {
                source
            } else {
                super::inspect::check_allowed(&source.plan, &args.allow)?;
                possible(source)?
            };
            sources.insert(each, source);
        }
    }
    let asks = !args.check && !args.yes;
    let looks_first = overrides.iter().any(|each| args.source.is_for_the_host(each));
    let names: Vec<String> = hosts.iter().map(|host| host.name()).collect();
    // Without a terminal that ends before anything is connected; with one, the plan is seen first.
    if asks && (!looks_first || !super::output::can_ask()) {
        confirm(&sources.values().map(|source| &source.plan).collect::<Vec<_>>(), &names)?;
    }
    let given = certificate(args)?;
    if given.is_some() && sources.values().all(|source| source.plan.expose.is_none()) {
        return Err(Failure::usage("--tls-cert is for an API that is open to others")
            .hint("add --expose CIDR")
            .into());
    }
    let sha256 = given.as_ref().map(GivenCertificate::sha256).transpose()?;
    let runtime = source::runtime(&args.runtime_archive)?;
    let several = hosts.len() > 1;
    let mut tasks: BTreeMap<&Overrides, Task> = BTreeMap::new();
    for (each, source) in &sources {
        tasks.insert(each, task(args, source, &args.model_file, &runtime, sha256.as_ref(), several)?);
    }
    let mut each: Vec<Task> = overrides.iter().map(|each| tasks[each].clone()).collect();
    let mut ended = Ended::new();
    if looks_first {
        let (own, failed) = for_hosts(args, &overrides, super::reconcile::probe_all(&args.hosts)?);
        // Nothing is left to be done.
        if failed.len() == hosts.len() {
            let results: Results = hosts.into_iter().zip(failed.into_values()).collect();
            return match args.format {
                HostFormat::Text => Ok(hosts::conclude(&results)),
                _ => print_answers(&results, args.format, Applied::of),
            };
        }
        if asks {
            failed.iter().for_each(|(at, result)| hosts::show_end(&names[*at], result));
            let plan = |(at, each): (usize, &Overrides)| {
                let source = own.get(&at).unwrap_or_else(|| &sources[each]);
                (!failed.contains_key(&at)).then(|| (source.plan.clone(), names[at].clone()))
            };
            let (plans, names): (Vec<Plan>, Vec<String>) =
                overrides.iter().enumerate().filter_map(plan).unzip();
            confirm(&plans.iter().collect::<Vec<_>>(), &names)?;
        }
        for (at, source) in &own {
            each[*at] = task(args, source, &args.model_file, &runtime, sha256.as_ref(), several)?;
        }
        ended = failed;
    }
    for (task_of, proxy) in each.iter_mut().zip(proxies) {
        through(task_of, proxy);
    }
    let interrupted = "what has begun on a host goes on there; the same command again shows its progress";
    let run = |tasks, ended| {
        args.hosts.run_each(tasks, ended, given.as_ref(), hosts::style(args.format), interrupted)
    };
    let mut results = run(each.clone(), ended)?;
    let chosen = sources.values().any(|source| source.bundle.manifest().driver.is_some());
    if let Some(origin) = asked_for_driver(args, chosen, &results)? {
        each.iter_mut().for_each(|(op, _)| {
            if let Op::Apply(apply) = op {
                apply.driver = Some(origin);
            }
        });
        results = run(each, Ended::new())?;
    }
    if args.format != HostFormat::Text {
        return print_answers(&results, args.format, Applied::of);
    }
    differences(&results)?;
    let worst = hosts::conclude(&results);
    let reach = |host: &Host| settings.needed(&args.hosts.only(host));
    super::exposed::show(&results, reach);
    if !args.check {
        let plan = |at: usize| &sources[&overrides[at]].plan;
        super::next::show(&results, reach, |at| plan(at).has_page());
    }
    Ok(worst)
}

/// Prints what `--check` found on each host.
pub(super) fn differences(results: &Results) -> Result<()> {
    for (host, outcome) in results.iter().filter_map(|(host, result)| Some((host, result.as_ref().ok()?))) {
        for event in &outcome.events {
            if let Event::Differs { step, changes } = event {
                changes.iter().try_for_each(|change| {
                    let change = told(Lang::current(), change);
                    print(&outside::line(&format!("{}: {step}: {change}", host.name())))
                })?;
            }
        }
    }
    Ok(())
}

/// Asks where a driver comes from, if the one host refused for want of it and a person is there who may be asked.
/// `chosen`: a bundle says it.
fn asked_for_driver(args: &Args, chosen: bool, results: &Results) -> Result<Option<Origin>> {
    let [(host, Ok(outcome))] = &results[..] else { return Ok(None) };
    if args.driver.is_some() || chosen || args.yes || args.check {
        return Ok(None);
    }
    match driver_arg::lacking(outcome) {
        Some(cards) => Ok(driver_arg::ask(&host.name(), &cards)?.origin()),
        None => Ok(None),
    }
}

/// The plans of the hosts that no machine was asked for, made for each host as it is, and shown; and how it ended on
/// those that could not be looked at or that no plan fits, which keeps no other host from its own.
fn for_hosts(args: &Args, overrides: &[Overrides], probed: Results) -> (BTreeMap<usize, Source>, Ended) {
    let (mut own, mut failed) = (BTreeMap::new(), Ended::new());
    for (at, (each, (host, result))) in overrides.iter().zip(probed).enumerate() {
        if hosts::exit(&result) != Exit::Done {
            failed.insert(at, result);
        } else if args.source.is_for_the_host(each) {
            match for_host(args, each, &host.name(), result) {
                Ok(source) => drop(own.insert(at, source)),
                Err(error) => drop(failed.insert(at, Err(error))),
            }
        }
    }
    (own, failed)
}

fn for_host(args: &Args, each: &Overrides, name: &str, probed: Result<HostOutcome>) -> Result<Source> {
    let mut facts = super::reconcile::facts_of(probed)?;
    // Files of an earlier apply take space and change no plan; whether there is enough is verified before a write.
    facts.disk.free_bytes = facts.disk.total_bytes;
    let source = args.source.load_for_host(each, &facts)?;
    super::inspect::check_allowed(&source.plan, &args.allow)?;
    if args.format == HostFormat::Text {
        say!("{name} was looked at and is planned for as it is; --profile or --budget make a promise of it:");
        crate::say::page(crate::report::plan::text(&source.plan, crate::lang::Lang::current()));
    }
    possible(source)
}

/// Exit 3 for a plan that fits nowhere.
fn possible(source: Source) -> Result<Source> {
    if source.plan.verdict != Verdict::Impossible {
        return Ok(source);
    }
    let message = format!("nothing to apply: {}", source.plan.reasons.join("; "));
    Err(Failure::new(Exit::NoPlanFits, message)
        .hint("`agi-provision plan` with the same flags for model and machine shows the ledger")
        .into())
}

/// The user's own certificate, read and checked.
fn certificate(args: &Args) -> Result<Option<GivenCertificate>> {
    let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else { return Ok(None) };
    let read = |path: &Path| {
        outside::read_bounded(path, outside::NOTE, Kind::Named)
            .with_context(|| format!("reading {}", path.display()))
    };
    GivenCertificate::new(&read(cert)?, &Zeroizing::new(read(key)?)).map(Some)
}

pub(super) fn task(
    args: &Args,
    source: &Source,
    models: &[PathBuf],
    runtime: &[LocalFile],
    certificate: Option<&String>,
    several: bool,
) -> Result<Task> {
    one_runtime(args, &source.plan)?;
    let mut files = source.files(runtime, models, true)?;
    let other = args.runtime_path.is_some() || args.runtime_source.is_some();
    files.retain(|each| each.what == CarriedKind::Model || !other);
    let from_source = args.runtime_source.as_deref().map(source::source_archive).transpose()?;
    let blobs = |what| files.iter().filter(move |each| each.what == what).map(|each| each.file.blob.clone());
    let archives: Vec<&LocalFile> =
        files.iter().filter(|each| each.what == CarriedKind::Runtime).map(|each| &each.file).collect();
    // An image has its libraries with it.
    let runtime_needs = if source.image().is_none() { source::needs(&archives) } else { None };
    tell_runtime(args, &source.plan, &archives);
    let apply = Apply {
        peers: None,
        bundle: base64::engine::general_purpose::STANDARD.encode(source.bundle.to_tar()?),
        trust_edits: !source.edited.is_empty(),
        check: args.check,
        strict: args.strict,
        start_timeout: args.start_timeout,
        driver: driver_arg::kept(args.driver, source.bundle.manifest().driver),
        rejoins: false,
        allow: args.allow.clone(),
        runtime: blobs(CarriedKind::Runtime).collect(),
        runtime_needs,
        wait: args.wait,
        proxy: args.proxy.clone(),
        runtime_source: from_source.as_ref().map(|file| file.blob.clone()),
        runtime_path: args.runtime_path.clone(),
        models: blobs(CarriedKind::Model).collect(),
        client: client(),
        mirrors: args.mirror.clone(),
        turns: several,
        expose: Expose {
            names: Vec::new(),
            certificate: certificate.cloned(),
            confirm_seconds: args.confirm_seconds,
        },
    };
    Ok((Op::Apply(apply), files.into_iter().map(|each| each.file).chain(from_source).collect()))
}

/// Exit 2 for a program or source beside the image or the packages that the plan names.
fn one_runtime(args: &Args, plan: &Plan) -> Result<()> {
    let given = match (&args.runtime_path, &args.runtime_source) {
        (Some(path), _) => format!("--runtime-path {path}"),
        (None, Some(path)) => format!("--runtime-source {}", path.display()),
        (None, None) => return Ok(()),
    };
    let (message, hint) = match (plan.image(), plan.llama_server.packages.first()) {
        (Some(image), _) => (
            format!("{given}: the plan pins the container image {image}"),
            "leave it out, or plan without --runtime-image",
        ),
        (None, Some(_)) => (source::packaged(&given), source::WITHOUT_PACKAGES),
        (None, None) => return Ok(()),
    };
    Err(Failure::usage(message).hint(hint).into())
}

/// Tells where llama.cpp comes from, and why it is this one.
fn tell_runtime(args: &Args, plan: &Plan, archives: &[&LocalFile]) {
    let server = &plan.llama_server;
    let build = &server.build;
    if let Some(image) = plan.image() {
        match archives.first() {
            Some(archive) => tracing::info!("{image}: {} of this machine", archive.path.display()),
            None => tracing::info!("{image}: the host pulls it"),
        }
        return;
    }
    if !server.packages.is_empty() {
        tracing::info!("llama.cpp {build}: the host's packages {}", server.packages.join(", "));
        return;
    }
    match (&args.runtime_path, archives, &server.runtime) {
        (Some(path), _, _) => tracing::info!("llama.cpp {build}: {path} of the host"),
        (None, [first, ..], _) => {
            tracing::info!("llama.cpp {build}: {} of this machine", first.path.display())
        }
        (None, [], Some(file)) => {
            tracing::info!("llama.cpp {build}: the host downloads {}", file.file_name())
        }
        (None, [], None) => tracing::info!("llama.cpp {build}: none is pinned, and none is given"),
    }
    if let Some(choice) = &server.runtime_choice {
        tracing::info!("runtime {}: {}", choice.kind.as_deref().unwrap_or("none"), choice.why);
        choice.others.iter().for_each(|other| tracing::debug!("not {other}"));
    }
}

/// Sets the proxy of one host, which counts before `--proxy`.
pub(super) fn through((op, _): &mut Task, proxy: Option<ProxyUrl>) {
    if let (Op::Apply(apply), Some(proxy)) = (op, proxy) {
        apply.proxy = Some(proxy);
    }
}

/// Without a terminal and without `--yes`: exit 2.
pub(super) fn confirm(plans: &[&Plan], hosts: &[String]) -> Result<()> {
    let show =
        |plan: &&Plan| format!("{} {} ({})", plan.model.id, plan.model.quant, gib(plan.model.size_bytes));
    let plans: Vec<String> = plans.iter().map(show).collect();
    super::output::confirm(
        &format!("Apply {} to {}?", plans.join(" or "), hosts.join(", ")),
        "apply asks before it changes a host",
        "add --yes, or --check to see what would change",
    )
}

/// `user@machine`, for the lock and the receipt.
fn client() -> String {
    let user =
        std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "someone".to_string());
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{machine}")
}
