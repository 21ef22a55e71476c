//! Start, health and smoke test: the service runs this generation and the model answers.

use super::resource::{Because, Change, Dependent, Id, Observed, Past, Resource};
use super::run::{Run, Undo};
use crate::agent::host::service::{self, State};
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::proof;
use crate::agent::servers::readiness::{start_limit, wait_until_ready};
use crate::agent::servers::said::{memory, reported};
use crate::agent::store::desired::Desired;
use crate::agent::store::key;
use crate::error::{Failure, Result};
use crate::hardware::probe::probe_for_start;
use crate::paths;
use crate::plan::Plan;
use crate::plan::server::ServerName;
use crate::plan::split::SplitMode;
use crate::wire::protocol::Unit;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

pub struct Activate;

fn answer_limit(plan: &Plan) -> Duration {
    let slowest = plan.speed.decode_tok_s.low.max(0.05);
    Duration::from_secs_f64((60.0 + 3.0 * 32.0 / slowest).min(1800.0))
}

impl Resource for Activate {
    fn id(&self) -> Id {
        Id::Start
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let state = desired.seen.clone().map_or_else(|| service::state(paths::UNIT), Ok)?;
        if !state.is_running() || state.enabled != "enabled" {
            return Ok(vec![Change::Start(format!("start {} (now {})", paths::UNIT, show(&state)))].into());
        }
        let changes = match Api::of(ServerName::CHAT)?.health() {
            Health::Ready => Vec::new(),
            Health::Loading => vec![Change::Wait("wait for the model to load".to_string())],
            Health::Silent(why) => {
                vec![Change::Restart { unit: paths::UNIT.to_string(), because: Because::Silent(why) }]
            }
        };
        let well = changes.is_empty().then(|| Dependent::Restart(vec![paths::UNIT.to_string()]));
        Ok(Observed { changes, dependent: well })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Restart { since: jiff::Timestamp::now() });
        let start = Instant::now();
        service::start(paths::UNIT)?;
        let api = Api::of(ServerName::CHAT)?;
        wait_until_ready(&api, start_limit(&desired.plan), |seconds| {
            run.progress(seconds, None, Unit::Seconds)
        })
        .or_else(|error| shared_start(&desired.plan, run, error))?;
        run.notes.start_seconds = Some(start.elapsed().as_secs_f64());
        let pid = service::state(paths::UNIT)?.pid;
        prove(&desired.plan, pid, run)?;
        let key = key::read()?;
        run.notes.answer = Some(api.smoke(&key, answer_limit(&desired.plan))?);
        // The model answers: a measurement that fails takes nothing back.
        if let Err(error) = time(&desired.plan, &api, &key, run) {
            run.warn(format!("the speed was not measured: {error:#}"))?;
        }
        run.notes.memory = memory(pid);
        Ok(())
    }
}

/// The server's own report against the ledger. A server that fell back to the CPU is an error.
fn prove(plan: &Plan, pid: u32, run: &mut Run) -> Result<()> {
    let reported = reported(pid);
    if !reported.is_complete() && plan.profile.gpus.is_empty() {
        return run.warn("the server did not report its buffers: memory is not proved");
    }
    let mut held = BTreeMap::new();
    if !plan.profile.gpus.is_empty() {
        for gpu in probe_for_start(Path::new(paths::MODELS), true).gpus {
            let own = gpu.processes.iter().flatten().filter(|process| process.pid == pid);
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

/// Seconds that timing prefill and decode may each take by the plan's slow end.
const TIMED_SECONDS: f64 = 15.0;

/// A longer prompt and answer than the smoke test's, and a warning where they are not as planned.
fn time(plan: &Plan, api: &Api, key: &str, run: &mut Run) -> Result<()> {
    let speed = &plan.speed;
    let slot = plan.workload.n_ctx / plan.workload.slots.max(1);
    let tokens = |per_second: f64, least: u64, most: u64| {
        ((per_second * TIMED_SECONDS) as u64).clamp(least, most).min(slot / 4)
    };
    let prompt = tokens(speed.prefill_tok_s.low, 16, 256);
    let generate = tokens(speed.decode_tok_s.low, 8, 32);
    let timing = api.timed(key, prompt, generate, answer_limit(plan) * 4)?;
    let pairs = [
        ("decode", timing.decode_tok_s, speed.decode_tok_s),
        ("prefill", timing.prefill_tok_s, speed.prefill_tok_s),
    ];
    for (what, measured, planned) in pairs {
        if measured < planned.low || measured > planned.high {
            run.warn(format!(
                "{what} reached {measured:.1} tokens/s; the plan expected {:.1} to {:.1}",
                planned.low, planned.high
            ))?;
        }
    }
    run.notes.timing = Some(timing);
    Ok(())
}

/// A server that did not come up, and whose cards were to share every matrix, has a likely reason.
fn shared_start(plan: &Plan, run: &mut Run, error: anyhow::Error) -> Result<()> {
    if plan.llama_server.args.split_mode() == Some(SplitMode::Tensor) {
        run.warn(
            "the plan has --split-mode tensor, which not every build of llama.cpp can: plan again with \
             --split-mode layer",
        )?;
    }
    Err(error)
}

pub(super) fn show(state: &State) -> String {
    if state.enabled.is_empty() {
        "not installed".to_string()
    } else {
        format!("{}, {}", state.active, state.enabled)
    }
}
