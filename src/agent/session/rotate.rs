//! Replaces the API key of every server (`key rotate`). The old one is kept until the new one is proved, and comes
//! back if it is not.

use super::inspect::installed_plan;
use crate::agent::host::service;
use crate::agent::servers::api::Api;
use crate::agent::servers::ask::Patience;
use crate::agent::servers::beside;
use crate::agent::steps::told::{Tell, Watcher, told};
use crate::agent::store::key;
use crate::engine::server::Role;
use crate::error::{Exit, Failure, Result};
use crate::plan::Plan;
use crate::secret::Secret;
use crate::wire::protocol::{End, Event, Events, START_TIMEOUT};
use std::collections::BTreeSet;

/// Gives every server a new key, and proves that it is the only one that works. The front for other hosts
/// asks for no key itself: what it passes on, a server refuses.
pub fn key_rotate(output: &mut dyn Events) -> Result<End> {
    let plan = installed_plan()?;
    let (old, new) = (key::read_key()?, key::random()?);
    let began = jiff::Timestamp::now();
    let mut watcher = Watcher(output);
    // Servers that were started with the new key start again; the others go on with the old one.
    let mut started = BTreeSet::new();
    let what = "make a new API key and start the servers with it";
    let changed = told(&mut watcher, "key", what, |watcher| {
        key::write(&new)?;
        for server in plan.servers() {
            started.insert(server.name);
            beside::start(&server, START_TIMEOUT, |_| watcher.tell(&Event::Alive))?;
        }
        prove(&plan, &new, &old, watcher)
    });
    let Err(error) = changed else {
        output.send(&Event::Output { text: new.expose().to_string() })?;
        return Ok(End::done(true, english!("end-key")));
    };
    let log = service::last_lines(&beside::units(), 20, Some(began));
    let mut end = End { log, ..End::failed(&error) };
    let back = told(&mut watcher, "return", "start the servers with the old API key", |watcher| {
        key::write(&old)?;
        for server in plan.servers().filter(|server| started.contains(&server.name)) {
            beside::start(&server, START_TIMEOUT, |_| watcher.tell(&Event::Alive))?;
        }
        prove(&plan, &old, &new, watcher)
    });
    match back {
        Ok(()) => {
            end.exit = Exit::RolledBack;
            end.message = format!("{}; the old key works again", end.message);
        }
        Err(back) => {
            end.message = format!("{}; going back to the old key failed too: {back:#}", end.message);
        }
    }
    Ok(end)
}

fn prove(plan: &Plan, new: &Secret, old: &Secret, watcher: &mut Watcher) -> Result<()> {
    for server in plan.servers() {
        let name = match server.name.role() {
            Role::Chat => "the server",
            Role::Embedding => "the embedding server",
            // It has no key: nobody but the head reaches it.
            Role::Worker => continue,
        };
        let api = Api::of(&server)?;
        let mut ask = |key: Option<&Secret>| {
            let mut tick = || watcher.tell(&Event::Alive);
            api.status_with(key, Patience { silence: START_TIMEOUT, tick: &mut tick })
        };
        if let Some(why) = wrong(ask(Some(new))?, ask(None)?, ask(Some(old))?) {
            return Err(Failure::failed(format!("{name} {why}")).into());
        }
    }
    Ok(())
}

/// Returns why a rotation is refused, by the HTTP statuses that a server gives with the new key, with none and with
/// the old one; `None` if all are as they have to be.
fn wrong(new: u16, none: u16, old: u16) -> Option<String> {
    match (new, none, old) {
        (200, 401, 401) => None,
        (200, 401, old) => Some(format!("still takes the key that was to go (status {old})")),
        (200, none, _) => Some(format!("answers without a key (status {none})")),
        (new, ..) => Some(format!("does not take its key (status {new})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_proved_when_it_is_the_only_one_that_opens() {
        assert_eq!(wrong(200, 401, 401), None);
        for (new, none, old, says) in [
            (401, 401, 200, "does not take its key"),
            (500, 401, 401, "does not take its key"),
            (200, 200, 401, "answers without a key"),
            (200, 404, 401, "answers without a key"),
            (200, 401, 200, "still takes the key that was to go"),
        ] {
            let why = wrong(new, none, old).unwrap();
            assert!(why.contains(says), "{why}");
        }
    }
}
