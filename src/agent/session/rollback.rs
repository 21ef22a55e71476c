//! Goes back to the generation that served before, on request.

use crate::agent::host::service;
use crate::agent::servers::api::Api;
use crate::agent::servers::ask::Patience;
use crate::agent::servers::beside;
use crate::agent::servers::closed;
use crate::agent::servers::readiness::{Loading, wait_until_ready};
use crate::agent::steps::told::{Tell, Watcher, told};
use crate::agent::store::generation::{self, Record, has_model};
use crate::agent::store::key;
use crate::agent::store::runtime;
use crate::error::{Context, Exit, Failure, Result};
use crate::outside::{self, Kind};
use crate::plan::Plan;
use crate::wire::protocol::{End, Event, Events, START_TIMEOUT};
use crate::{files, paths};
use std::path::{Path, PathBuf};

/// Switches to the previous generation, restarts and asks the model. When that fails, the generation
/// that served so far serves again, and the exit is 8.
pub fn rollback(output: &mut dyn Events) -> Result<End> {
    let (from, to) = target()?;
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

/// Returns the generation that serves and the one to go to, which is complete.
fn target() -> Result<(PathBuf, PathBuf)> {
    let from = generation::current().ok_or_else(|| {
        Failure::failed("nothing of agi-provision is installed on this host")
            .hint("`agi-provision apply` installs it")
    })?;
    let to = generation::previous(&from).ok_or_else(|| {
        Failure::failed(format!("there is no generation before {}, which serves", number(&from)))
            .hint("apply the plan you want instead; only the generation before the one that serves is kept")
    })?;
    let complete =
        |record: &Record| runtime::noted(&record.runtime).is_some() && record.models.iter().all(has_model);
    if !generation::record(&to).as_ref().is_some_and(complete) {
        return Err(Failure::failed(format!(
            "generation {} is no longer whole: its model or runtime was removed or changed",
            number(&to)
        ))
        .hint("apply its plan again")
        .into());
    }
    Ok((from, to))
}

fn switch(to: &Path, watcher: &mut Watcher) -> Result<String> {
    let path = to.join(paths::generation::PLAN);
    let text = outside::text(&path, outside::DOCUMENT, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))?;
    let plan = Plan::from_json(&text)?;
    let old = generation::current_plan();
    files::link(Path::new(paths::GENERATION), to).context("switching the generation")?;
    // The limits are files of the generation.
    service::reload()?;
    // Makes room for the model first; the servers beside it start last.
    beside::make_room(old.as_ref(), &plan)?;
    service::start(paths::UNIT)?;
    let api = Api::of(&plan.chat())?;
    let loading = Loading::of(plan.model.size_bytes, START_TIMEOUT);
    wait_until_ready(&api, loading, |_| watcher.tell(&Event::Alive))?;
    let mut tick = || watcher.tell(&Event::Alive);
    let answer = api.smoke(&key::read_key()?, Patience { silence: START_TIMEOUT, tick: &mut tick })?;
    closed::check(&plan.chat())?;
    beside::follow(&plan, |_| watcher.tell(&Event::Alive))?;
    for server in plan.beside() {
        if let Some(rag) = server.embedding {
            let mut tick = || watcher.tell(&Event::Alive);
            beside::ask(&server, rag, Patience { silence: START_TIMEOUT, tick: &mut tick })?;
        }
        closed::check(&server)?;
    }
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

fn number(generation: &Path) -> String {
    generation.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
