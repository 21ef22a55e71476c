//! Start of the model's own server: waits until it has loaded, compares its buffers with the ledger, asks for an
//! answer and times a longer one.

use super::run::Run;
use crate::agent::host::service;
use crate::agent::servers::api::Api;
use crate::agent::servers::ask::Patience;
use crate::agent::servers::readiness::{Loading, wait_until_ready};
use crate::agent::servers::said::{memory, reported};
use crate::agent::servers::{closed, proof};
use crate::agent::store::desired::Desired;
use crate::agent::store::key;
use crate::engine::split::SplitMode;
use crate::error::{Failure, Result};
use crate::hardware::probe::probe_for_start;
use crate::paths;
use crate::plan::Plan;
use crate::wire::protocol::Unit;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Starts the model's own server by the generation that serves, and proves that it runs as planned.
pub(super) fn start_chat(desired: &Desired, run: &mut Run) -> Result<()> {
    let start = Instant::now();
    service::start(paths::UNIT)?;
    let api = Api::of(&desired.plan.chat())?;
    let loading = Loading::of(desired.plan.model.size_bytes, desired.silence);
    wait_until_ready(&api, loading, |seconds| run.progress(seconds, None, Unit::Seconds))
        .or_else(|error| shared_start(&desired.plan, run, error))?;
    run.notes.start_seconds = Some(start.elapsed().as_secs_f64());
    let pid = service::state(paths::UNIT)?.pid;
    prove(&desired.plan, pid, run)?;
    let key = key::read_key()?;
    let mut tick = || run.progress(start.elapsed().as_secs(), None, Unit::Seconds);
    let answer = api.smoke(&key, Patience { silence: desired.silence, tick: &mut tick })?;
    let (prompt, generate) = lengths(&desired.plan, answer.prefill_tok_s, answer.decode_tok_s);
    closed::check(&desired.plan.chat(), pid)?;
    // The model answers: a measurement that fails takes nothing back.
    let timing = api.timed(&key, prompt, generate, Patience { silence: desired.silence, tick: &mut tick });
    let speeds = match &timing {
        Ok(timing) => (timing.prefill_tok_s, timing.decode_tok_s),
        Err(error) => {
            run.warn(format!("the speed was measured by one short answer alone: {error:#}"))?;
            (answer.prefill_tok_s, answer.decode_tok_s)
        }
    };
    surprises(&desired.plan, speeds).into_iter().try_for_each(|text| run.warn(text))?;
    run.notes.timing = timing.ok();
    run.notes.answer = Some(answer);
    run.notes.memory = memory(&service::processes_around(pid));
    Ok(())
}

/// The server's own report against the ledger. A server that fell back to the CPU is an error.
fn prove(plan: &Plan, pid: u32, run: &mut Run) -> Result<()> {
    let engine = plan.engine();
    let reported = reported(&plan.chat(), pid);
    let may_be_silent =
        plan.profile.gpus.is_empty() || engine.container().is_some_and(|container| container.only);
    if !engine.has_told(&reported) && may_be_silent {
        return run.warn("the server did not report its buffers: memory is not proved");
    }
    let mut held = BTreeMap::new();
    if !plan.profile.gpus.is_empty() {
        let pids = service::processes_around(pid);
        for gpu in probe_for_start(Path::new(paths::MODELS), true).gpus {
            let own = gpu.processes.iter().flatten().filter(|process| pids.contains(&process.pid));
            let bytes: Vec<u64> = own.filter_map(|process| process.memory_bytes).collect();
            if !bytes.is_empty() {
                held.insert(gpu.index, bytes.iter().sum());
            }
        }
    }
    let proof = proof::compare(plan, &reported, &held);
    if let Some(why) = proof.fallback() {
        return Err(Failure::failed(format!("the model does not run on the GPU as planned: {why}"))
            .hint("is the runtime built for this GPU, and the driver loaded before the service?")
            .into());
    }
    proof.warnings().into_iter().try_for_each(|text| run.warn(text))?;
    run.notes.proof = Some(proof);
    Ok(())
}

/// Seconds that timing prefill and decode may each take.
const TIMED_SECONDS: f64 = 15.0;

/// Tokens of the prompt and of the answer that are timed, longer than the first: as many as `TIMED_SECONDS`
/// allow by the plan's slow end or, where that was slower, by the first answer's speeds (tokens/s).
fn lengths(plan: &Plan, prefill: f64, decode: f64) -> (u64, u64) {
    let slot = plan.workload.n_ctx / plan.workload.slots.max(1);
    let tokens = |planned: f64, seen: f64, least: u64, most: u64| {
        let per_second = if seen > 0.0 { planned.min(seen) } else { planned };
        ((per_second * TIMED_SECONDS) as u64).clamp(least, most).min(slot / 4)
    };
    let speed = &plan.speed;
    (tokens(speed.prefill_tok_s.low, prefill, 16, 256), tokens(speed.decode_tok_s.low, decode, 8, 32))
}

/// Returns a warning for each measured speed (prefill, decode; tokens/s) outside the planned range. A slow server is
/// no failure.
fn surprises(plan: &Plan, (prefill, decode): (f64, f64)) -> Vec<String> {
    let pairs = [("decode", decode, plan.speed.decode_tok_s), ("prefill", prefill, plan.speed.prefill_tok_s)];
    let odd = pairs
        .into_iter()
        .filter(|(_, measured, planned)| *measured < planned.low || *measured > planned.high);
    odd.map(|(what, measured, planned)| {
        // A tenth of a token a second is a speed as well.
        let digits = if measured < 1.0 { 2 } else { 1 };
        format!(
            "{what} reached {measured:.digits$} tokens/s; the plan expected {:.1} to {:.1}",
            planned.low, planned.high
        )
    })
    .collect()
}

/// A server that did not come up, and whose cards were to share every matrix, has a likely reason.
fn shared_start(plan: &Plan, run: &mut Run, error: anyhow::Error) -> Result<()> {
    let engine = plan.engine();
    if engine.split_mode(&plan.llama_server.args) == Some(SplitMode::Tensor) {
        run.warn(format!(
            "the plan has --split-mode tensor, which not every build of {} can: plan again with --split-mode layer",
            engine.name()
        ))?;
    }
    Err(error)
}
