//! A server of the plan: its unit runs, is enabled, and answers. One resource for each server, so that a server
//! whose inputs did not change goes on serving while another restarts.

use super::resource::{Because, Change, Dependent, Id, Observed, Past, Resource};
use super::run::{How, Run};
use super::start_chat::start_chat;
use super::start_embedding::start_embedding;
use crate::agent::host::service::{self, State};
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::{beside, closed, form};
use crate::agent::store::desired::Desired;
use crate::engine::server::{Role, ServerName};
use crate::error::{Context, Result};
use crate::plan::servers::Server;

pub struct Start(pub ServerName);

impl Resource for Start {
    fn id(&self) -> Id {
        Id::Start(self.0)
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let (server, unit) = (self.0, self.0.unit());
        // The session looked at the model's own server already.
        let seen = desired.seen.clone().filter(|_| server == ServerName::CHAT);
        let state = seen.map_or_else(|| service::state(&unit), Ok)?;
        if !state.is_running() || !state.starts_at_boot() {
            return Ok(
                vec![Change::Start(english!("change-start", unit = &unit, state = show(&state)))].into()
            );
        }
        let restart = |why| Change::Restart { server, because: Because::Silent(why) };
        let planned = self.planned(desired)?;
        if server.role() == Role::Worker {
            // systemd waits until it listens, and its program ends with it.
            return Ok(Observed { dependent: Some(Dependent::Restart), ..Observed::default() });
        }
        let change = match Api::of(&planned)?.health(state.pid) {
            // A server that was opened to other hosts by hand starts again by the plan.
            Health::Ready => {
                closed::check(&planned, state.pid).err().map(|error| restart(format!("{error:#}")))
            }
            Health::Loading => Some(Change::Wait(match server.role() {
                Role::Chat => english!("change-wait"),
                Role::Embedding | Role::Worker => english!("change-wait-embedding"),
            })),
            Health::Silent(why) | Health::Stranger(why) => Some(restart(why)),
        };
        Ok(match change {
            Some(change) => vec![change].into(),
            None => Observed { dependent: Some(Dependent::Restart), ..Observed::default() },
        })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.note(self.id(), How::Started { since: jiff::Timestamp::now() });
        let server = self.planned(desired)?;
        form::settle(&server, |path| run.note(self.id(), How::of(path)))?;
        match server.embedding {
            None if self.0.role() == Role::Worker => beside::start(&server, desired.silence, |_| Ok(())),
            None => start_chat(desired, run),
            Some(rag) => start_embedding(&server, rag, desired, run),
        }
    }
}

impl Start {
    fn planned<'a>(&self, desired: &'a Desired) -> Result<Server<'a>> {
        desired.plan.server(self.0).with_context(|| format!("the plan has no {}", self.0))
    }
}

/// Returns systemd's words for a unit's state: `active, enabled`.
fn show(state: &State) -> String {
    if state.enabled.is_empty() {
        "not installed".to_string()
    } else {
        format!("{}, {}", state.active, state.enabled)
    }
}
