//! `apply --hosts`: one model over several hosts, of which all are brought to the plan, or none.

use super::answer::{Applied, print_answers};
use super::apply::{Args, confirm, task, through};
use super::hosts::{self, Ended, HostArgs, Task};
use super::output::HostFormat;
use super::project::Settings;
use super::source::{self, Source};
use crate::apply::fleet::{Results, Style};
use crate::apply::{Host, HostOutcome};
use crate::error::{Context, Exit, Failure, Result};
use crate::lang::Lang;
use crate::plan::document::Plan;
use crate::wire::peers::{HostName, Identity, Peers, WorkerAddress};
use crate::wire::protocol::{Event, Op};
use serde_json::Value;
use std::path::Path;

const INTERRUPTED: &str =
    "what has begun on a host goes on there; the same command again brings all of them together";

/// Brings the workers to the plan first and the head last. A failure on any host takes the others back.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let (over, all) = args.over.connecting(&args.hosts)?;
    if args.tls_cert.is_some() {
        return Err(Failure::usage(
            "--tls-cert is for an API that is open to others, which one over several hosts is not",
        )
        .hint("leave --tls-cert and --tls-key out")
        .into());
    }
    let runtime = source::runtime(&args.runtime_archive)?;
    let asks = !args.check && !args.yes;
    if asks && !super::output::can_ask() {
        confirm(&[], &over.hosts)?;
    }
    let machines = over.found(over.look(&all)?);
    let (request, model_files) = args.source.request()?;
    let (whole, plans) = over.plans(&request, &machines)?;
    if args.format == HostFormat::Text {
        crate::say::page(crate::report::hosts::text(&whole, Lang::current()).into());
    }
    if asks {
        confirm(&plans.iter().take(1).collect::<Vec<&Plan>>(), &over.hosts)?;
    }
    let mut tasks = Vec::new();
    let mut proxies: Vec<_> = all.entries()?.into_iter().map(|entry| entry.proxy).collect();
    proxies.resize(plans.len(), None);
    for ((place, plan), proxy) in plans.into_iter().enumerate().zip(proxies) {
        let source = Source::new(plan, if place == 0 { model_files.clone() } else { Vec::new() })?;
        let models = if place == 0 { &args.model_file[..] } else { &[] };
        let mut task = task(args, &source, models, &runtime, None, true)?;
        through(&mut task, proxy);
        tasks.push(task);
    }
    let before = generations(&all)?;
    let identities = identities(&all, !args.check)?;
    tell(&mut tasks, &all, &identities)?;
    let results = bring(args, &all, &over.hosts, tasks, &before)?;
    if args.format != HostFormat::Text {
        return print_answers(&results, args.format, Applied::of);
    }
    super::apply::differences(&results)?;
    let worst = hosts::conclude(&results);
    if !args.check {
        let reach = |host: &Host| settings.needed(&all.only(host));
        super::next::show(&results, reach, |_| request.fixed.page);
    }
    Ok(worst)
}

/// The generation of each host, in words; `None` where nothing of ours serves.
fn generations(all: &HostArgs) -> Result<Vec<Option<String>>> {
    let results = all.run(Op::Status, Vec::new(), Style::Silent, INTERRUPTED)?;
    let of = |(_, result): &(Host, Result<HostOutcome>)| {
        let outcome = result.as_ref().ok()?;
        let document = documents(outcome).next()?;
        document["generation"].as_str().map(str::to_string)
    };
    Ok(results.iter().map(of).collect())
}

pub(super) fn documents(outcome: &HostOutcome) -> impl Iterator<Item = &Value> {
    outcome.events.iter().filter_map(|event| match event {
        Event::Document { value } => Some(value),
        _ => None,
    })
}

/// Asks each host for what it tells of itself. The head makes its key, where it has none.
fn identities(all: &HostArgs, makes_key: bool) -> Result<Vec<Identity>> {
    let count = all.hosts()?.len();
    let ops = (0..count).map(|place| (Op::Identity { makes_key: makes_key && place == 0 }, Vec::new()));
    let results = all.run_each(ops.collect(), Ended::new(), None, Style::Silent, INTERRUPTED)?;
    let of = |(host, result): (Host, Result<HostOutcome>)| {
        let outcome = result?;
        if let Some(failure) = outcome.end.failure() {
            return Err(anyhow::Error::from(failure).context(host.name()));
        }
        let value = documents(&outcome).next().cloned().context("the host tells nothing of itself")?;
        Ok(serde_json::from_value(value)?)
    };
    results.into_iter().map(of).collect()
}

/// Puts into each request what its host has to know of the others.
fn tell(tasks: &mut [Task], all: &HostArgs, identities: &[Identity]) -> Result<()> {
    let hosts = all.hosts()?;
    let workers = hosts.iter().zip(identities).skip(1).map(|(host, identity)| {
        let (name, port) = host.address();
        let host = HostName::try_from(name).map_err(|why| {
            Failure::usage(why)
                .hint("name the worker by an address that the head reaches it by: `--hosts head,10.0.0.2`")
        })?;
        Ok(WorkerAddress { host, port, keys: identity.host_keys.clone() })
    });
    let workers = workers.collect::<Result<Vec<WorkerAddress>>>()?;
    for (place, (op, _)) in tasks.iter_mut().enumerate() {
        let Op::Apply(apply) = op else { continue };
        apply.peers = match place {
            0 => Some(Peers::Head { workers: workers.clone() }),
            // Before a first apply, which `--check` does not begin, the head has no key.
            _ => identities[0].key.clone().map(|head| Peers::Worker { head }),
        };
    }
    Ok(())
}

/// The workers side by side, then the head; what was changed is taken back where one fails.
fn bring(
    args: &Args,
    all: &HostArgs,
    names: &[String],
    mut tasks: Vec<Task>,
    before: &[Option<String>],
) -> Result<Results> {
    let style = hosts::style(args.format);
    let (first, others) = names.split_at(1);
    let workers = tasks.split_off(1);
    let mut results = all.these(others).run_each(workers, Ended::new(), None, style, INTERRUPTED)?;
    let is_good =
        |result: &Result<HostOutcome>| matches!(hosts::exit(result), Exit::Done | Exit::ChangesFound);
    let mut head_was_tried = false;
    if results.iter().all(|(_, result)| is_good(result)) {
        head_was_tried = true;
        let head = all.these(first).run_each(tasks, Ended::new(), None, style, INTERRUPTED)?;
        results.splice(0..0, head);
    } else {
        let host = all.these(first).hosts()?.remove(0);
        let why = "not begun, as a worker failed; the host is as it was";
        results.insert(0, (host, Ok(said(&names[0], Exit::Done, why))));
    }
    if args.check || results.iter().all(|(_, result)| is_good(result)) {
        return Ok(results);
    }
    for (place, (host, result)) in results.iter_mut().enumerate() {
        let Ok(outcome) = result else { continue };
        // One that failed took itself back; the head's key is what it may have without an apply.
        let changed = outcome.end.exit == Exit::Done && outcome.end.changed;
        let has_key = place == 0 && !head_was_tried && before[0].is_none();
        if !changed && !has_key {
            continue;
        }
        let name = host.name();
        say!("{name}: taken back, as another host failed");
        *result = take_back(&all.these(&names[place..=place]), before[place].as_deref());
    }
    Ok(results)
}

/// Number of a generation by its folder.
fn number(generation: &str) -> Result<u64> {
    let number = Path::new(generation).file_name().and_then(|name| name.to_str()?.parse().ok());
    number.with_context(|| format!("{generation} is no generation"))
}

/// Brings a host back to the generation that served before, or takes all away where none did.
fn take_back(host: &HostArgs, before: Option<&str>) -> Result<HostOutcome> {
    let now = generations(host)?.into_iter().next().flatten();
    let op = match before {
        Some(before) if now.as_deref() == Some(before) => {
            return Ok(said("", Exit::Done, "the same generation serves as before"));
        }
        Some(before) => Op::Rollback { to: Some(number(before)?) },
        None => Op::Remove { keep_models: true },
    };
    let mut outcome = host.run(op, Vec::new(), Style::Silent, INTERRUPTED)?.remove(0).1?;
    if outcome.end.exit == Exit::Done {
        let (exit, said) = match before {
            Some(_) => {
                (Exit::RolledBack, "rolled back, as another host failed; the old generation serves again")
            }
            None => (Exit::Done, "taken away again, as another host failed; nothing served here before"),
        };
        (outcome.end.exit, outcome.end.changed, outcome.end.message) = (exit, false, said.to_string());
    }
    Ok(outcome)
}

/// An outcome of a host that nothing was asked of.
pub(super) fn said(host: &str, exit: Exit, message: &str) -> HostOutcome {
    let end = crate::wire::protocol::End { exit, ..crate::wire::protocol::End::done(false, message) };
    HostOutcome { host: host.to_string(), end, events: Vec::new() }
}
