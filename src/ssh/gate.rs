//! Jump hosts: the hosts behind one share a connection to it. Another one is made where the jump host keeps the first
//! waiting for a host that does not answer, or takes no further channel on it.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::kept::Kept;
use super::passage::{No, Passage};
use super::settings::Settings;
use super::target::Target;
use super::wire::{Way, Wire};
use crate::error::{Failure, Result, exit_code, hint};

/// A jump host that could not be reached is not tried again for the next host within this time.
const FAILED_FOR: Duration = Duration::from_secs(30);
/// Connections that one host tries, where each takes no more channels just now.
const TRIES: usize = 8;

/// How a jump host is logged in to, through the one before it.
pub(super) type LogIn = fn(&Gate) -> Result<Wire>;

/// A jump host, as the settings of those behind it say.
pub(super) struct Gate {
    /// Name by which it was asked for first.
    pub name: Target,
    pub settings: Settings,
    /// The jump host before this one.
    pub via: Option<Arc<Gate>>,
    kept: Kept,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    passages: Vec<Weak<Passage>>,
    /// Somebody logs in.
    opening: bool,
    failed: Option<(Instant, Failure)>,
}

/// Every jump host that something goes through.
static GATES: Mutex<Vec<Weak<Gate>>> = Mutex::new(Vec::new());

/// Returns the jump host with these settings, the same one for all who ask, and keeps it as `kept` says.
pub(super) fn find(name: &Target, settings: Settings, via: Option<Arc<Gate>>, kept: &Kept) -> Arc<Gate> {
    let mut gates = locked(&GATES);
    gates.retain(|gate| gate.strong_count() > 0);
    let same = |gate: &Arc<Gate>| {
        gate.settings == settings && gate.via.as_ref().map(Arc::as_ptr) == via.as_ref().map(Arc::as_ptr)
    };
    if let Some(gate) = gates.iter().filter_map(Weak::upgrade).find(same) {
        return gate;
    }
    let (state, changed, kept) = (Mutex::default(), Condvar::new(), kept.clone());
    let gate = Arc::new(Gate { name: name.clone(), settings, via, kept, state, changed });
    gates.push(Arc::downgrade(&gate));
    gate.kept.keep(gate.clone());
    gate
}

/// A way through a jump host; its connection lives as long.
pub(super) struct Through {
    passage: Arc<Passage>,
    _gate: Arc<Gate>,
}

impl Way for Through {
    fn why_ended(&self) -> Option<&str> {
        self.passage.why_ended()
    }
}

impl Gate {
    /// Has the jump host connect to `host`, which it resolves, and gives the socket. A connection that was lost is made
    /// anew once.
    ///
    /// # Errors
    /// Exit 1 where the jump host cannot be reached, or cannot or may not connect there within `limit`; those of logging
    /// in to it.
    pub fn lead(self: &Arc<Gate>, to: &Target, host: &Settings, log_in: LogIn) -> Result<(OwnedFd, Through)> {
        let mut lost = false;
        let mut last = None;
        for _ in 0..TRIES {
            let passage = self.passage(log_in).map_err(|failure| Failure {
                message: format!("the way to {to} is through {}: {failure}", self.name),
                ..failure
            })?;
            match passage.lead(&host.host, host.port, host.connect_timeout) {
                Ok(socket) => return Ok((socket, Through { passage, _gate: self.clone() })),
                Err(No::Held) => {}
                Err(No::Crowded(error)) => last = Some(error),
                Err(No::Lost(_)) if !std::mem::replace(&mut lost, true) => {}
                Err(No::Lost(why)) => {
                    let hint =
                        format!("run the same command again once `ssh` to {} stays connected", self.name);
                    return Err(Failure::failed(why).hint(hint).into());
                }
                Err(No::Refused(error)) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            Failure::failed(format!(
                "the jump host {} does not answer: it is asked for other hosts too",
                self.name
            ))
            .hint("try again with a lower --jobs")
            .into()
        }))
    }

    /// A connection that takes another channel: one that is there, or a new one. Only one is made at a time, and those
    /// who wait for it have its failure too.
    fn passage(self: &Arc<Gate>, log_in: LogIn) -> Result<Arc<Passage>, Failure> {
        let mut state = locked(&self.state);
        loop {
            state.passages.retain(|passage| passage.strong_count() > 0);
            let mut open = state.passages.iter().filter_map(Weak::upgrade);
            if let Some(passage) = open.find(|passage| passage.takes_more()) {
                return Ok(passage);
            }
            match &state.failed {
                Some((at, failure)) if at.elapsed() < FAILED_FOR => return Err(failure.clone()),
                _ if !state.opening => break,
                _ => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
        (state.opening, state.failed) = (true, None);
        drop(state);
        // Until what came of it is there for those who wait.
        let _opens = Opens(self);
        let opened = log_in(self).and_then(Passage::start);
        let mut state = locked(&self.state);
        match opened {
            Ok(passage) => {
                state.passages.push(Arc::downgrade(&passage));
                self.kept.keep(passage.clone());
                Ok(passage)
            }
            Err(error) => {
                let failure = Failure {
                    exit: exit_code(&error),
                    message: format!("{error:#}"),
                    hint: hint(&error).map(str::to_string),
                };
                state.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }
}

/// Somebody logs in until this is dropped.
struct Opens<'a>(&'a Arc<Gate>);

impl Drop for Opens<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).opening = false;
        self.0.changed.notify_all();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
