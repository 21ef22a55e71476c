//! Start of an embedding server: waits until it has loaded, compares its buffers with the ledger and asks for a
//! vector.

use super::run::Run;
use crate::agent::host::service;
use crate::agent::servers::ask::Patience;
use crate::agent::servers::beside::{self, EmbeddingProof};
use crate::agent::servers::closed;
use crate::agent::servers::proof::{Part, TOLERANCE};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::engine::reported::Reported;
use crate::error::Result;
use crate::plan::document::Rag;
use crate::plan::servers::Server;
use crate::wire::protocol::Unit;
use std::time::Instant;

/// Starts an embedding server by the generation that serves, and proves that it gives the planned vectors.
pub(super) fn start_embedding(server: &Server, rag: &Rag, desired: &Desired, run: &mut Run) -> Result<()> {
    let start = Instant::now();
    beside::start(server, desired.silence, |seconds| run.progress(seconds, None, Unit::Seconds))?;
    let start_seconds = start.elapsed().as_secs_f64();
    let pid = service::state(&server.name.unit())?.pid;
    let buffers = buffers(rag, &reported(server, pid));
    let more = buffers.reported.saturating_sub(buffers.planned);
    if more > TOLERANCE {
        run.warn(format!("the embedding server took {} MiB more than the ledger says", more >> 20))?;
    }
    let answer = beside::ask(server, rag, Patience { silence: desired.silence, tick: &mut || Ok(()) })?;
    closed::check(server, pid)?;
    let server = server.name.to_string();
    run.notes.embedding.push(EmbeddingProof {
        server,
        start_seconds,
        answer,
        buffers,
        memory: memory(&service::processes_around(pid)),
    });
    Ok(())
}

/// Returns the bytes that the ledger has for the server, and those that it reported at its start.
fn buffers(rag: &Rag, reported: &Reported) -> Part {
    let sum = |buffers: &std::collections::BTreeMap<String, u64>| buffers.values().sum::<u64>();
    // A mapped range covers the originals of what was repacked.
    let repacked = reported.mapped().min(reported.repacked());
    Part {
        planned: rag.memory.iter().map(|d| d.weights_bytes + d.kv_bytes + d.compute_bytes).sum(),
        reported: sum(&reported.model) - repacked + sum(&reported.kv) + sum(&reported.compute),
    }
}
