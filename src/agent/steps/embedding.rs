//! The embedding server: taken away before the model starts where the plan has none, stopped then where
//! the old one takes more than the plan keeps for one, and started and asked for a vector after it.

use super::activate::show;
use super::run::{Run, Step, Undo};
use crate::agent::host::service;
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::closed;
use crate::agent::servers::embedding::{self, EmbeddingProof, is_installed};
use crate::agent::servers::proof::{Part, TOLERANCE};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::error::Result;
use crate::paths;
use crate::plan::document::Rag;
use crate::wire::protocol::Unit;
use std::time::Instant;

pub struct Retire;
pub struct Embedding;

impl Step for Retire {
    fn name(&self) -> &'static str {
        "retire"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let gone = desired.plan.rag.is_some() || !is_installed();
        Ok(if gone { Vec::new() } else { vec![format!("remove {}", paths::EMBED_UNIT)] })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        if desired.plan.rag.is_some() { service::stop(paths::EMBED_UNIT) } else { embedding::retire() }
    }
}

impl Step for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let Some(rag) = &desired.plan.rag else { return Ok(Vec::new()) };
        let state = service::state(paths::EMBED_UNIT)?;
        if !state.is_running() || state.enabled != "enabled" {
            return Ok(vec![format!("start {} (now {})", paths::EMBED_UNIT, show(&state))]);
        }
        Ok(match Api::of_embedding(rag)?.health() {
            Health::Ready => match closed::check(paths::EMBED_UNIT, rag.args.server().port()) {
                Ok(()) => Vec::new(),
                Err(error) => vec![format!("restart {}: {error:#}", paths::EMBED_UNIT)],
            },
            Health::Loading => vec!["wait for the embedding model to load".to_string()],
            Health::Silent(why) => vec![format!("restart {}: {why}", paths::EMBED_UNIT)],
        })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let Some(rag) = &desired.plan.rag else { return Ok(()) };
        run.undo.push(Undo::Embedding);
        let start = Instant::now();
        embedding::start(rag, |seconds| run.progress(seconds, None, Unit::Seconds))?;
        let start_seconds = start.elapsed().as_secs_f64();
        let pid = service::state(paths::EMBED_UNIT)?.pid;
        let buffers = buffers(rag, pid);
        let more = buffers.reported.saturating_sub(buffers.planned);
        if more > TOLERANCE {
            run.warn(format!("the embedding server took {} MiB more than the ledger says", more >> 20))?;
        }
        let answer = embedding::ask(rag)?;
        closed::check(paths::EMBED_UNIT, rag.args.server().port())?;
        run.notes.embedding = Some(EmbeddingProof { start_seconds, answer, buffers, memory: memory(pid) });
        Ok(())
    }
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
