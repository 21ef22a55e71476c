//! Goes back to the generation that served before, on request.

use crate::agent::host::service;
use crate::agent::servers::api::{Answer, Api, Health};
use crate::agent::servers::ask::Patience;
use crate::agent::servers::beside;
use crate::agent::servers::closed;
use crate::agent::servers::form;
use crate::agent::servers::readiness::{Loading, wait_until_ready};
use crate::agent::steps::inputs;
use crate::agent::steps::resource::Reach;
use crate::agent::steps::told::{Tell, Watcher, told};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, has_model};
use crate::agent::store::key;
use crate::agent::store::runtime;
use crate::engine::server::{Role, ServerName};
use crate::error::{Context, Exit, Failure, Result};
use crate::outside::{self, Kind};
use crate::plan::Plan;
use crate::plan::hosts;
use crate::plan::servers::Server;
use crate::ssh::quote;
use crate::wire::peers::{PartOfWhole, Step};
use crate::wire::protocol::{End, Event, Events, START_TIMEOUT};
use crate::{files, paths};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Switches to the previous generation, restarts the servers that get other inputs by it, and asks all of them. When that fails, the generation
/// that served so far serves again, and the exit is 8. A host of a plan over several goes where it is told, `wanted`: all of
/// them or none.
pub fn rollback(wanted: Option<u64>, output: &mut dyn Events) -> Result<End> {
    let from = serving()?;
    if let Some(part) = part(&from).filter(|_| wanted.is_none()) {
        let message = format!("this host is one of {} that serve one model together", part.hosts.len());
        output.send(&Event::Document { value: json!(part) })?;
        let names = part.hosts.iter().map(|name| format!(" --host {}", quote(name))).collect::<String>();
        return Err(Failure::failed(message)
            .hint(format!("`agi-provision rollback{names}` takes all of them back together"))
            .into());
    }
    let to = match wanted {
        Some(number) => Path::new(paths::GENERATIONS).join(number.to_string()),
        None => before(&from)?,
    };
    if to == from {
        return Ok(End::done(false, format!("generation {} serves already", self::number(&to))));
    }
    check_whole(&to)?;
    let began = jiff::Timestamp::now();
    // The switch goes on although the client may disconnect.
    let mut watcher = Watcher(output);
    let way = |from: &Path, to: &Path| format!("from generation {} to {}", number(from), number(to));
    let error = match told(&mut watcher, "rollback", way(&from, &to), |watcher| switch(&to, watcher)) {
        Ok(message) => return Ok(End::done(true, message)),
        Err(error) => error,
    };
    let log = service::last_lines(&beside::units(), 20, Some(began));
    let mut end = End::failed(&error);
    end.log = log;
    match told(&mut watcher, "return", way(&to, &from), |watcher| switch(&from, watcher)) {
        Ok(_) => {
            end.exit = Exit::RolledBack;
            end.message = format!("{}; generation {} serves again", end.message, number(&from));
        }
        Err(back) => {
            end.message =
                format!("{}; going back to generation {} failed too: {back:#}", end.message, number(&from));
        }
    }
    Ok(end)
}

/// Returns the generation that serves.
fn serving() -> Result<PathBuf> {
    let nothing =
        || Failure::failed(english!("error-nothing-installed")).hint(english!("hint-nothing-installed"));
    Ok(generation::current().ok_or_else(nothing)?)
}

/// Returns the generation before the one that serves.
fn before(from: &Path) -> Result<PathBuf> {
    let to = generation::previous(from).ok_or_else(|| {
        Failure::failed(format!("there is no generation before {}, which serves", number(from)))
            .hint("apply the plan you want instead; only the generation before the one that serves is kept")
    })?;
    Ok(to)
}

/// Returns the part of this host in the plan over several that serves.
fn part(from: &Path) -> Option<PartOfWhole> {
    let over = generation::plan(from)?.over_hosts?;
    let step = |generation: &Path| {
        let whole = generation::plan(generation).and_then(|plan| hosts::whole(&plan));
        Some(Step { number: number(generation).parse().ok()?, whole })
    };
    let before = generation::previous(from);
    Some(PartOfWhole {
        hosts: over.hosts,
        place: over.place,
        now: step(from)?,
        before: before.and_then(|before| step(&before)),
    })
}

/// Refuses a generation of which something is gone or changed, as an upgrade changes a program that packages brought.
fn check_whole(to: &Path) -> Result<()> {
    let Some(why) = broken(to) else { return Ok(()) };
    Err(Failure::failed(format!("generation {} is no longer whole: {why}", number(to)))
        .hint("apply its plan again")
        .into())
}

/// Returns what is gone or changed of a generation; `None` if it is whole.
fn broken(generation: &Path) -> Option<String> {
    let Some(record) = generation::record(generation) else { return Some("its record is gone".to_string()) };
    if let Err(altered) = runtime::find(&record.runtime) {
        return Some(altered.unwrap_or_else(|| format!("its runtime, {}, is gone", record.runtime.name)));
    }
    let model = record.models.iter().find(|model| !has_model(model))?;
    Some(format!("its model file {} was removed or changed", model.name))
}

fn switch(to: &Path, watcher: &mut Watcher) -> Result<String> {
    let path = to.join(paths::generation::PLAN);
    let text = outside::text(&path, outside::DOCUMENT, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))?;
    let plan = Plan::from_json(&text)?;
    let old = generation::current_plan();
    // Compared before the switch: by then the files of the one that served are no longer the generation's.
    let desired = Desired::of(to);
    let reach = desired.as_ref().map_or(Reach::Every, inputs::reach_of_new);
    // Another engine's unit may have another form.
    for server in plan.servers() {
        if let (Some(desired), false) = (&desired, form::others(&server)?.is_empty()) {
            form::put(&desired.bundle, &server)?;
            form::settle(&server, |_| ())?;
        }
    }
    files::link(Path::new(paths::GENERATION), to).context("switching the generation")?;
    // The limits are files of the generation.
    service::reload()?;
    // Makes room for the model first; the servers beside it start last.
    beside::make_room(old.as_ref(), &plan)?;
    let starts = starting(plan.servers().map(|server| (server.name, serves(&server))), &reach);
    let answer = if plan.is_worker() { None } else { Some(answered(&plan, &starts, watcher)?) };
    beside::follow_some(&plan, |server| starts.contains(&server), |_| watcher.tell(&Event::Alive))?;
    for server in plan.beside() {
        if let Some(rag) = server.embedding {
            let mut tick = || watcher.tell(&Event::Alive);
            beside::ask(&server, rag, Patience { silence: START_TIMEOUT, tick: &mut tick })?;
        }
        if server.name.role() != Role::Worker {
            closed::check(&server, service::state(&server.name.unit())?.pid)?;
        }
    }
    let Some(answer) = answer else {
        return Ok(format!("generation {} computes for the head of {}", number(to), plan.model.id));
    };
    let beside = beside::given(&plan);
    Ok(format!(
        "generation {} serves: {} {}, {} tokens at {:.1} tokens/s{beside}",
        number(to),
        plan.model.id,
        plan.model.quant,
        answer.generated_tokens,
        answer.decode_tok_s
    ))
}

/// Starts the model's own server, where it is one of those that start, and asks it.
fn answered(plan: &Plan, starts: &BTreeSet<ServerName>, watcher: &mut Watcher) -> Result<Answer> {
    let api = Api::of(&plan.chat())?;
    if starts.contains(&ServerName::CHAT) {
        service::start(paths::UNIT)?;
        let loading = Loading::of(plan.model.size_bytes, START_TIMEOUT);
        wait_until_ready(&api, loading, |_| watcher.tell(&Event::Alive))?;
    }
    let mut tick = || watcher.tell(&Event::Alive);
    let answer = api.smoke(&key::read_key()?, Patience { silence: START_TIMEOUT, tick: &mut tick })?;
    closed::check(&plan.chat(), service::state(paths::UNIT)?.pid)?;
    Ok(answer)
}

/// Returns the servers to start: those that get other inputs, and those that do not serve now.
fn starting(servers: impl Iterator<Item = (ServerName, bool)>, reach: &Reach) -> BTreeSet<ServerName> {
    servers.filter(|(name, serves)| reach.includes(*name) || !serves).map(|(name, _)| name).collect()
}

/// Returns whether the server runs, starts at boot and is ready.
fn serves(server: &Server) -> bool {
    let state = service::state(&server.name.unit()).ok();
    let state = state.filter(|state| state.is_running() && state.starts_at_boot());
    if server.name.role() == Role::Worker {
        return state.is_some();
    }
    let health = state.and_then(|state| Some(Api::of(server).ok()?.health(state.pid)));
    health == Some(Health::Ready)
}

fn number(generation: &Path) -> String {
    generation.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_starts_the_servers_with_other_inputs_and_those_that_do_not_serve() {
        let [chat, embed, third] = ["llama", "embed", "embed-2"].map(|name| name.parse().unwrap());
        let only = |servers: &[ServerName]| Reach::Only(servers.iter().copied().collect());
        for (serving, reach, started) in [
            (&[chat, embed, third][..], Reach::none(), &[][..]),
            (&[chat, embed, third], only(&[embed]), &[embed]),
            (&[chat, embed], Reach::none(), &[third]),
            (&[embed, third], only(&[third]), &[chat, third]),
            (&[chat, embed, third], Reach::Every, &[chat, embed, third]),
            (&[], Reach::none(), &[chat, embed, third]),
        ] {
            let servers = [chat, embed, third].map(|name| (name, serving.contains(&name)));
            let found: Vec<ServerName> = starting(servers.into_iter(), &reach).into_iter().collect();
            assert_eq!(found, started, "{serving:?} {reach:?}");
        }
    }
}
