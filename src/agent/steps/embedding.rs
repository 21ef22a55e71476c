//! The embedding server: taken away before the model starts where the plan has none, stopped then where
//! the old one takes more than the plan keeps for one, and started and asked for a vector after it.

use super::activate::show;
use super::resource::{Because, Change, Dependent, Id, Observed, Past, Resource};
use super::run::{Run, Undo};
use crate::agent::host::service;
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::ask::Patience;
use crate::agent::servers::closed;
use crate::agent::servers::embedding::{self, EmbeddingProof, is_installed};
use crate::agent::servers::proof::{Part, TOLERANCE};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::error::Result;
use crate::paths;
use crate::plan::document::Rag;
use crate::wire::protocol::Unit;
use std::time::Instant;

pub struct Retire;
pub struct Embedding;

impl Resource for Retire {
    fn id(&self) -> Id {
        Id::Retire
    }

    fn observe(&self, desired: &Desired, past: &Past) -> Result<Observed> {
        if desired.plan.rag.is_none() {
            let remove = || vec![Change::Remove(format!("remove {}", paths::EMBED_UNIT))].into();
            return Ok(if is_installed() { remove() } else { Observed::default() });
        }
        // After an apply that was cut off nobody knows by which plan it was started.
        let old = past.served.as_deref().filter(|_| !past.cut_off).and_then(generation::plan);
        let stop = embedding::is_in_the_way(old.as_ref(), &desired.plan)?;
        Ok(Observed { dependent: stop.then_some(Dependent::Stop(paths::EMBED_UNIT)), ..Observed::default() })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Embedding);
        if desired.plan.rag.is_some() { service::stop(paths::EMBED_UNIT) } else { embedding::retire() }
    }
}

impl Resource for Embedding {
    fn id(&self) -> Id {
        Id::Embedding
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Some(rag) = &desired.plan.rag else { return Ok(Observed::default()) };
        let state = service::state(paths::EMBED_UNIT)?;
        if !state.is_running() || state.enabled != "enabled" {
            let text = format!("start {} (now {})", paths::EMBED_UNIT, show(&state));
            return Ok(vec![Change::Start(text)].into());
        }
        let changes = match Api::of_embedding(rag)?.health(state.pid) {
            // Opened by hand, it starts again by the plan.
            Health::Ready => match closed::check(paths::EMBED_UNIT, rag.args.server().port()) {
                Ok(()) => Vec::new(),
                Err(error) => {
                    let because = Because::Silent(format!("{error:#}"));
                    vec![Change::Restart { unit: paths::EMBED_UNIT, because }]
                }
            },
            Health::Loading => vec![Change::Wait("wait for the embedding model to load".to_string())],
            Health::Silent(why) | Health::Stranger(why) => {
                vec![Change::Restart { unit: paths::EMBED_UNIT, because: Because::Silent(why) }]
            }
        };
        Ok(Observed { changes, dependent: Some(Dependent::Restart(paths::EMBED_UNIT)) })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let Some(rag) = &desired.plan.rag else { return Ok(()) };
        run.undo.push(Undo::Embedding);
        let start = Instant::now();
        embedding::start(rag, desired.silence, |seconds| run.progress(seconds, None, Unit::Seconds))?;
        let start_seconds = start.elapsed().as_secs_f64();
        let pid = service::state(paths::EMBED_UNIT)?.pid;
        let buffers = buffers(rag, pid);
        let more = buffers.reported.saturating_sub(buffers.planned);
        if more > TOLERANCE {
            run.warn(format!("the embedding server took {} MiB more than the ledger says", more >> 20))?;
        }
        let answer = embedding::ask(rag, Patience { silence: desired.silence, tick: &mut || Ok(()) })?;
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
