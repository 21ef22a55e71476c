//! The servers beside the model's own: taken away before the model starts where the plan has them not,
//! stopped then where the old ones take more than the plan keeps for them, and started and asked after it.

use super::activate::show;
use super::run::{Run, Step, Undo};
use crate::agent::host::service;
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::embedding::{self, EmbeddingProof};
use crate::agent::servers::proof::{Part, TOLERANCE};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::error::Result;
use crate::plan::document::Rag;
use crate::plan::servers::Server;
use crate::wire::protocol::Unit;
use std::time::Instant;

pub struct Retire;
pub struct Embedding;

impl Step for Retire {
    fn name(&self) -> &'static str {
        "retire"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let gone = embedding::unplanned(&desired.plan);
        Ok(gone.into_iter().map(|server| format!("remove {}", server.unit())).collect())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        let old = run.served.as_deref().filter(|_| !run.unproved).and_then(generation::plan);
        embedding::make_room(old.as_ref(), &desired.plan)
    }
}

/// What is to be done so that `server` serves.
fn change(server: &Server) -> Result<Option<String>> {
    let unit = server.name.unit();
    let state = service::state(&unit)?;
    if !state.is_running() || state.enabled != "enabled" {
        return Ok(Some(format!("start {unit} (now {})", show(&state))));
    }
    Ok(match Api::of(server.name)?.health() {
        Health::Ready => None,
        Health::Loading => Some("wait for the embedding model to load".to_string()),
        Health::Silent(why) => Some(format!("restart {unit}: {why}")),
    })
}

impl Step for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let changes = desired.plan.beside().filter_map(|server| change(&server).transpose());
        changes.collect()
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        // What they were started from is another now, even when they run well.
        let all = run.renewed();
        for server in desired.plan.beside() {
            if all || change(&server)?.is_some() {
                serve(&server, run)?;
            }
        }
        Ok(())
    }
}

fn serve(server: &Server, run: &mut Run) -> Result<()> {
    let Some(rag) = server.embedding else { return Ok(()) };
    let start = Instant::now();
    embedding::start(server, |seconds| run.progress(seconds, None, Unit::Seconds))?;
    let start_seconds = start.elapsed().as_secs_f64();
    let pid = service::state(&server.name.unit())?.pid;
    let buffers = buffers(rag, pid);
    let more = buffers.reported.saturating_sub(buffers.planned);
    if more > TOLERANCE {
        run.warn(format!("the embedding server took {} MiB more than the ledger says", more >> 20))?;
    }
    let answer = embedding::ask(server.name, rag)?;
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
