//! The servers beside the model's own: taken away before the model starts where the plan has them not,
//! stopped then where the old ones take more than the plan keeps for them, and started and asked after it.

use super::activate::show;
use super::resource::{Because, Change, Dependent, Id, Observed, Past, Resource};
use super::run::{Run, Undo};
use crate::agent::host::service;
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::ask::Patience;
use crate::agent::servers::beside::{self, EmbeddingProof};
use crate::agent::servers::closed;
use crate::agent::servers::proof::{Part, TOLERANCE};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::error::Result;
use crate::plan::document::Rag;
use crate::plan::server::ServerName;
use crate::plan::servers::Server;
use crate::wire::protocol::Unit;
use std::time::Instant;

pub struct Retire;
pub struct Embedding;

impl Resource for Retire {
    fn id(&self) -> Id {
        Id::Retire
    }

    fn observe(&self, desired: &Desired, past: &Past) -> Result<Observed> {
        let gone = beside::unplanned(&desired.plan);
        let remove = |server: ServerName| Change::Remove(format!("remove {}", server.unit()));
        // After an apply that was cut off nobody knows by which plan they were started.
        let old = past.served.as_deref().filter(|_| !past.cut_off).and_then(generation::plan);
        let mut stop = beside::in_the_way(old.as_ref(), &desired.plan)?;
        stop.retain(|server| !gone.contains(server));
        Ok(Observed {
            changes: gone.into_iter().map(remove).collect(),
            dependent: Some(Dependent::Stop(stop.into_iter().map(ServerName::unit).collect())),
        })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        let past = &run.past;
        let old = past.served.as_deref().filter(|_| !past.cut_off).and_then(generation::plan);
        beside::make_room(old.as_ref(), &desired.plan)
    }
}

/// What is to be done so that `server` serves.
fn change(server: &Server) -> Result<Option<Change>> {
    let unit = server.name.unit();
    let state = service::state(&unit)?;
    if !state.is_running() || state.enabled != "enabled" {
        return Ok(Some(Change::Start(format!("start {unit} (now {})", show(&state)))));
    }
    Ok(match Api::of(server.name)?.health(state.pid) {
        // Opened by hand, it starts again by the plan.
        Health::Ready => closed::check(&unit, server.name.port())
            .err()
            .map(|error| Change::Restart { unit, because: Because::Silent(format!("{error:#}")) }),
        Health::Loading => Some(Change::Wait("wait for the embedding model to load".to_string())),
        Health::Silent(why) | Health::Stranger(why) => {
            Some(Change::Restart { unit, because: Because::Silent(why) })
        }
    })
}

impl Resource for Embedding {
    fn id(&self) -> Id {
        Id::Embedding
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let (mut changes, mut well) = (Vec::new(), Vec::new());
        for server in desired.plan.beside() {
            match change(&server)? {
                Some(change) => changes.push(change),
                None => well.push(server.name.unit()),
            }
        }
        Ok(Observed { changes, dependent: Some(Dependent::Restart(well)) })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        for server in desired.plan.beside() {
            if run.restarts.contains(&server.name.unit()) || change(&server)?.is_some() {
                serve(&server, desired, run)?;
            }
        }
        Ok(())
    }
}

fn serve(server: &Server, desired: &Desired, run: &mut Run) -> Result<()> {
    let Some(rag) = server.embedding else { return Ok(()) };
    let start = Instant::now();
    beside::start(server, desired.silence, |seconds| run.progress(seconds, None, Unit::Seconds))?;
    let start_seconds = start.elapsed().as_secs_f64();
    let pid = service::state(&server.name.unit())?.pid;
    let buffers = buffers(rag, pid);
    let more = buffers.reported.saturating_sub(buffers.planned);
    if more > TOLERANCE {
        run.warn(format!("the embedding server took {} MiB more than the ledger says", more >> 20))?;
    }
    let answer = beside::ask(server.name, rag, Patience { silence: desired.silence, tick: &mut || Ok(()) })?;
    closed::check(&server.name.unit(), server.name.port())?;
    let server = server.name.to_string();
    run.notes.embedding.push(EmbeddingProof { server, start_seconds, answer, buffers, memory: memory(pid) });
    Ok(())
}

fn buffers(rag: &Rag, pid: u32) -> Part {
    let reported = reported(pid);
    let sum = |buffers: &std::collections::BTreeMap<String, u64>| buffers.values().sum::<u64>();
    // A mapped range covers the originals of what was repacked.
    let repacked = reported.model.get("CPU_REPACK").copied().unwrap_or(0);
    Part {
        planned: rag.memory.iter().map(|d| d.weights_bytes + d.kv_bytes + d.compute_bytes).sum(),
        reported: sum(&reported.model) - repacked + sum(&reported.kv) + sum(&reported.compute),
    }
}
