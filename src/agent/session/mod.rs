//! Serves one connection: reads one request, answers with events, ends.

pub mod boot;
pub mod deep;
mod driver;
pub mod first_boot;
mod ground;
mod identity;
pub mod inspect;
mod judging;
mod ready;
pub mod rollback;
pub mod rotate;
pub mod shelf;
pub mod status;
pub mod under_way;

use crate::agent::converge::judged::own_use;
use crate::agent::converge::{differences, remove};
use crate::agent::expose;
use crate::agent::host::lock::{self, Holder};
use crate::agent::host::{clock, disk};
use crate::agent::job::before::Before;
use crate::agent::job::{self, Job};
use crate::agent::steps::past::Past;
use crate::agent::store::desired::Desired;
use crate::agent::store::look::Preflight;
use crate::agent::store::made;
use crate::agent::store::receive::Arrival;
use crate::agent::store::staged::InUse;
use crate::agent::store::thing::Thing;
use crate::agent::store::turn::Following;
use crate::agent::store::{generation, receive};
use crate::error::{Context, Exit, Failure, Result, hint};
use crate::fetch::{Source, Token, rate};
use crate::hardware::facts::{Egress, Facts};
use crate::hardware::probe::{probe, probe_and_measure};
use crate::paths;
use crate::plan::Plan;
use crate::wire::protocol::{
    Apply, Blob, End, Event, Events, LONGEST_REQUEST, Needed, Op, Request, VERSION, greeting, stage_marker,
};
use crate::wire::secrets::Secrets;
use ground::Coming;
use judging::Judging;
use ready::Ready;
use rollback::rollback;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// Serves one request on stdin and stdout.
pub fn session(input: impl Read, mut output: impl Write) -> Result<Exit> {
    // Small, so that the pieces of an upload are not buffered.
    let mut input = BufReader::with_capacity(8 << 10, input);
    let mut line = Zeroizing::new(String::new());
    input.by_ref().take(LONGEST_REQUEST).read_line(&mut line).context("reading the request")?;
    let request: Request = serde_json::from_str(&line).context("reading the request")?;
    if request.sudo_password {
        crate::hardware::probe::note_sudo_password();
    }
    let Some(using) = InUse::enter()? else {
        writeln!(output, "{}", stage_marker(&request.nonce))?;
        return Ok(Exit::Failed);
    };
    writeln!(output, "{}", greeting(&request.nonce))?;
    output.flush()?;
    let result = match request.version {
        VERSION => {
            let apart = request.time.and_then(|client| clock::apart(jiff::Timestamp::now(), client));
            if let Some(text) = apart.filter(|_| matches!(request.op, Op::Apply(_) | Op::Verify { .. })) {
                output.send(&Event::Warning { text })?;
            }
            let secrets = Secrets { token: request.token, certificate: request.certificate };
            serve(request.op, &secrets, &mut input, &mut output)
        }
        other => {
            Err(Failure::failed(format!("the client speaks version {other}, this agent {VERSION}")).into())
        }
    };
    let end = result.unwrap_or_else(|error| End::failed(&error));
    leave_if_unused(using);
    let exit = end.exit;
    output.send(&Event::End(end))?;
    Ok(exit)
}

fn serve(op: Op, secrets: &Secrets, input: &mut impl Read, output: &mut dyn Events) -> Result<End> {
    match op {
        Op::Probe { measure, urls } => {
            let facts = Box::new(if measure {
                measured(&urls, secrets.token.as_ref())
            } else {
                probe(Path::new(paths::MODELS))
            });
            output.send(&Event::Facts { facts })?;
            Ok(End::done(false, "probed"))
        }
        Op::Verify { plan, strict, allow, deep, measure, needs } => {
            let facts = match measure {
                true => measured(&addresses(&plan), secrets.token.as_ref()),
                false => probe(Path::new(paths::MODELS)),
            };
            let coming = Coming { needs: needs.as_ref(), ..Coming::default() };
            let ground = ground::look(&plan, &facts, coming);
            let judging = Judging { plan: &plan, ground: &ground, strict, allow: &allow, later: &[] };
            let mut report = judging.judge(&facts, own_use(0)?.0);
            output.send(&Event::Facts { facts: Box::new(facts.clone()) })?;
            let deep = if deep { deep::check(&plan, output)? } else { deep::Deep::default() };
            report.lines.extend(deep.lines.iter().cloned());
            let mut end = judging
                .verified(report, &facts, output)?
                .unwrap_or_else(|| End::done(false, "the host meets the plan"));
            end.hint = deep.hint().or(end.hint);
            Ok(end)
        }
        Op::Apply(apply) => self::apply(apply, secrets, Agent::Goes, input, output),
        Op::Status => inspect::status(output),
        Op::Logs { lines, follow } => inspect::logs(lines, follow, output),
        Op::KeyShow => inspect::key_show(output),
        Op::KeyRotate => exclusive("key rotate", || rotate::key_rotate(output)),
        Op::ConfirmExposure => expose::confirm(),
        Op::Receive { blob } => receive::join(&blob, input).map(|()| End::done(true, "")),
        Op::Identity { makes_key } => exclusive("apply", || identity::identity(makes_key, output)),
        Op::Rollback { to } => exclusive("rollback", || {
            Preflight::new(None)?.take_ours()?;
            rollback(to, output)
        }),
        Op::Remove { keep_models } => exclusive("remove", || inspect::remove(keep_models)),
    }
}

/// Returns one address for each site that files come from: of every server's model and of the runtime.
fn addresses(plan: &Plan) -> Vec<String> {
    let mut hosts = Vec::new();
    let runtime = plan.llama_server.archives().map(|file| &file.url);
    let urls = plan.files().filter_map(|file| file.url.as_ref()).chain(runtime).map(|url| url.to_string());
    urls.filter(|url| {
        let host = rate::host(url);
        let new = host.is_some() && !hosts.contains(&host);
        hosts.push(host);
        new
    })
    .collect()
}

/// Returns the facts with those that take a few seconds to measure, among them the network towards `urls`.
fn measured(urls: &[String], token: Option<&Token>) -> Facts {
    let mut facts = probe_and_measure(Path::new(paths::MODELS));
    let Some(measured) = &mut facts.measured else { return facts };
    if urls.is_empty() {
        facts.unsupported.insert("measured.egress".to_string(), "no address was given".to_string());
    }
    for (index, url) in urls.iter().enumerate() {
        let rate = rate::rate(url, token);
        if let Err(error) = &rate {
            facts.failed.insert(format!("measured.egress.{index}"), format!("{error:#}"));
        }
        let rate = rate.ok();
        measured.egress.push(Egress {
            host: rate::host(url).unwrap_or_default(),
            first_byte_seconds: rate.map(|rate| rate.first_byte_seconds),
            mbit_s: rate.map(|rate| rate.mbit_s),
        });
    }
    facts
}

fn exclusive(what: &str, work: impl FnOnce() -> Result<End>) -> Result<End> {
    let holder =
        Holder { client: format!("`{what}`"), pid: std::process::id(), since: now(), ..Holder::default() };
    match lock::take(&holder, Duration::ZERO)? {
        Ok(_lock) => work(),
        Err(other) => Err(job::held_by(&other).into()),
    }
}

/// Fate of the executable when a first apply fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// It was staged for this apply and goes with it.
    Goes,
    /// It was on the host before.
    Stays,
}

/// Verifies, checks, fetches, and starts or joins the job that changes the host.
pub fn apply(
    apply: Apply,
    secrets: &Secrets,
    agent: Agent,
    input: &mut impl Read,
    output: &mut dyn Events,
) -> Result<End> {
    let bundle = job::bundle(&apply)?;
    if apply.rejoins {
        return job::rejoin(bundle.id().as_str(), &mut Following { events: output, input });
    }
    let holder = Holder {
        pid: std::process::id(),
        client: apply.client.clone(),
        bundle: bundle.id().into(),
        since: now(),
        job: false,
    };
    let lock = match lock::take(&holder, Duration::ZERO)? {
        Ok(lock) => lock,
        Err(other) if other.job && other.bundle == holder.bundle && !apply.check => {
            output.send(&Event::Attached { since: other.since, by: other.client })?;
            return job::follow(&mut Following { events: output, input });
        }
        Err(other) => return Err(job::held_by(&other).into()),
    };
    // The needs of the plan are checked first; nothing is written before they are met.
    let plan = bundle.plan()?;
    let mut facts = probe(Path::new(paths::MODELS));
    let desired = Desired::new(&apply, bundle, &facts);
    let (held, seen) = own_use(desired.as_ref().map_or(0, Desired::held_bytes))?;
    let coming = Coming {
        needs: apply.runtime_needs.as_ref(),
        built: desired.as_ref().is_ok_and(|desired| desired.sourced.is_some()),
        installed: desired.as_ref().ok().and_then(|desired| desired.installed.as_deref()),
        blob: desired.as_ref().ok().map(|desired| &desired.record.runtime),
        image: desired.as_ref().ok().and_then(|desired| desired.image_archive.as_ref()),
    };
    let ground = ground::look(&plan, &facts, coming);
    let mut judging =
        Judging { plan: &plan, ground: &ground, strict: apply.strict, allow: &apply.allow, later: &[] };
    let mut report = judging.judge(&facts, held.clone());
    output.send(&Event::Facts { facts: Box::new(facts.clone()) })?;
    let driver = driver::wanted(&apply, &plan, &facts, &report)?;
    if driver.is_some() {
        judging.later = &driver::TOLD_BY_IT;
        report = report.later(judging.later);
    }
    if let Some(refused) = judging.verified(report.clone(), &facts, output)? {
        return Ok(refused);
    }
    let desired = Desired { seen: Some(seen), driver: driver.clone(), ..desired? };
    let unfinished = job::unfinished();
    let preflight = Preflight::new(Some(&desired.bundle))?;
    if let Some(refusal) = preflight.refusal().filter(|_| unfinished.is_none()) {
        return Err(refusal.into());
    }
    preflight.said().into_iter().try_for_each(|text| output.send(&Event::Warning { text }))?;
    let past = match &unfinished {
        Some(before) => Past { served: before.generation.clone(), cut_off: true },
        None => Past { served: generation::current(), cut_off: false },
    };
    let differences = differences(&desired, &past)?;
    if apply.check {
        for planned in &differences {
            let changes = planned.changes.iter().map(|change| change.to_string()).collect();
            output.send(&Event::Differs { step: planned.id.name().to_string(), changes })?;
        }
        return Ok(match differences.is_empty() {
            true => End::done(false, "nothing would change"),
            false => End { exit: Exit::ChangesFound, ..End::done(true, "the host differs from the bundle") },
        });
    }
    if differences.is_empty() {
        return Ok(End::done(false, format!("nothing to do: {} serves", plan.model.id)));
    }
    if let Some(starting) = job::starting()? {
        drop(lock);
        if starting.bundle != holder.bundle {
            return Err(job::held_by(&starting).into());
        }
        output.send(&Event::Attached { since: starting.since, by: starting.client })?;
        return job::follow(&mut Following { events: output, input });
    }
    let ready = Ready { judging: &judging, apply: &apply, in_cloud_init: agent == Agent::Stays };
    let registry = desired.registry();
    let reached: Vec<&Source> = downloads(&desired).into_iter().chain(&registry).collect();
    let route = match ready.wait_and_look(&mut facts, &mut report, held, &reached, output)? {
        Ok(route) => route,
        Err(refused) => return Ok(refused),
    };
    let arrived = claim(preflight).and_then(|()| fetch(&desired, input, output));
    let started = arrived.and_then(|()| {
        let job = Job {
            apply,
            facts,
            report,
            holder,
            keeps_agent: agent == Agent::Stays,
            carries_on: unfinished.is_some(),
            driver,
            before: unfinished.map_or_else(Before::now, Ok)?,
            route,
        };
        job::write(&job)?;
        drop(lock);
        job::start(secrets)
    });
    if let Err(error) = started {
        let error = disk::hinted(error);
        if generation::is_none() && error.downcast_ref::<receive::Interrupted>().is_none() {
            // Files that arrived before the one that failed stay, unless the disk has no room.
            receive::clear_parts()?;
            if !receive::holds_whole() || hint(&error) == Some(disk::FREE_SOME) {
                remove::data()?;
            }
        }
        return Err(error);
    }
    job::follow(&mut Following { events: output, input })
}

/// Records what the session itself makes: the data folder, and what arrives in it.
fn claim(preflight: Preflight) -> Result<()> {
    preflight.take()?;
    made::add([Thing::tree(paths::INCOMING)?, Thing::tree(paths::JOB)?])
}

/// Returns the blobs that the steps will need and that are not on this host.
fn lacking(desired: &Desired) -> Vec<&Blob> {
    let mut wanted: Vec<&Blob> = Vec::new();
    let files = desired.runtime_files();
    if !files.is_empty() && desired.runtime_in_place().is_err() {
        wanted.extend(files);
    }
    wanted.extend(desired.record.models.iter().filter(|blob| !generation::has_model(blob)));
    wanted.retain(|blob| !receive::arrived(blob).exists());
    wanted
}

fn is_offered(desired: &Desired, blob: &Blob) -> bool {
    desired.offered.iter().any(|offered| offered.sha256 == blob.sha256)
}

/// Returns what the job will download: files that the client does not have and the plan pins.
fn downloads(desired: &Desired) -> Vec<&Source> {
    let lacking = lacking(desired);
    let comes = |source: &&Source| {
        lacking.iter().any(|blob| source.sha256 == blob.sha256 && !is_offered(desired, blob))
    };
    desired.sources.iter().filter(comes).collect()
}

/// Asks the client for what is lacking and does not come by a download.
fn fetch(desired: &Desired, input: &mut impl Read, output: &mut dyn Events) -> Result<()> {
    let downloads = downloads(desired);
    let mut wanted = lacking(desired);
    wanted.retain(|blob| !downloads.iter().any(|source| source.sha256 == blob.sha256));
    let is_offered = |blob: &Blob| is_offered(desired, blob);
    if let Some(lacking) = wanted.iter().find(|blob| !is_offered(blob)) {
        return Err(Failure::failed(format!("{} is no longer on the host as it was recorded", lacking.name))
            .hint("give it again with --model-file, --runtime-archive or --runtime-path")
            .into());
    }
    if wanted.is_empty() {
        return Ok(());
    }
    // The space of all files is taken before the first is sent.
    let arrivals = wanted.iter().map(|blob| Arrival::begin(blob)).collect::<Result<Vec<Arrival>>>()?;
    for (blob, arrival) in wanted.iter().zip(arrivals) {
        let events = RefCell::new(&mut *output);
        let ask = |missing| {
            let blobs = vec![Needed { sha256: blob.sha256.clone(), missing }];
            Ok(events.borrow_mut().send(&Event::Need { blobs })?)
        };
        arrival.receive(input, ask, || Ok(events.borrow_mut().send(&Event::Alive)?))?;
        output.send(&Event::Received { sha256: blob.sha256.clone() })?;
    }
    Ok(())
}

/// Removes the staged executable again when nothing of ours needs it: after a refusal, a probe, a check.
fn leave_if_unused(using: InUse) {
    let installed = !generation::is_none() || Path::new(paths::JOB).exists();
    let interrupted = Path::new(paths::INCOMING).is_dir();
    if !installed && !interrupted {
        let _ = using.leave();
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
