//! Start, health and smoke test: the service runs this generation and the model answers.

use super::{Run, Step, Undo, key};
use crate::agent::api::{Api, Health};
use crate::agent::generation::Desired;
use crate::agent::proof;
use crate::agent::protocol::Unit;
use crate::agent::service::{self, State};
use crate::error::{Failure, Result};
use crate::hardware::probe::probe_for_start;
use crate::paths;
use crate::plan::Plan;
use crate::plan::placement::SplitMode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

pub struct Activate;

/// How long the server may take to be ready. Loading reads the model from disk, at worst at 50 MB/s;
/// GPUs may be waited for 120 s before.
pub fn start_limit(plan: &Plan) -> Duration {
    let waits = if plan.profile.gpus.is_empty() { 120 } else { 180 };
    Duration::from_secs(waits + plan.model.size_bytes / 50_000_000)
}

fn answer_limit(plan: &Plan) -> Duration {
    let slowest = plan.speed.decode_tok_s.low.max(0.05);
    Duration::from_secs_f64((60.0 + 3.0 * 32.0 / slowest).min(1800.0))
}

impl Step for Activate {
    fn name(&self) -> &'static str {
        "start"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        let state = desired.seen.clone().map_or_else(|| service::state(paths::UNIT), Ok)?;
        if !state.is_running() || state.enabled != "enabled" {
            return Ok(vec![format!("start {} (now {})", paths::UNIT, show(&state))]);
        }
        Ok(match Api::of(&desired.plan)?.health() {
            Health::Ready => Vec::new(),
            Health::Loading => vec!["wait for the model to load".to_string()],
            Health::Silent(why) => vec![format!("restart {}: {why}", paths::UNIT)],
        })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Restart { since: jiff::Timestamp::now() });
        let start = Instant::now();
        service::start(paths::UNIT)?;
        let api = Api::of(&desired.plan)?;
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

/// The journal may be a moment behind the server.
pub(super) fn reported(pid: u32) -> proof::Reported {
    let start = Instant::now();
    loop {
        let lines = service::lines_of(pid);
        let reported = proof::read(lines.iter().map(String::as_str));
        if reported.is_complete() || start.elapsed() > Duration::from_secs(3) {
            return reported;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
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

/// Waits for /health; ends early when the service ended or keeps ending.
pub fn wait_until_ready(api: &Api, limit: Duration, mut tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    loop {
        let health = api.health();
        if health == Health::Ready {
            return Ok(());
        }
        let state = match service::state(api.unit) {
            Ok(state) => state,
            // A host whose memory runs out answers nobody for a while, and then says that.
            Err(_) if start.elapsed() < limit => {
                tick(start.elapsed().as_secs())?;
                continue;
            }
            Err(error) => return Err(error),
        };
        // Without a failure it ends as `inactive`, which it also is for a moment before it starts.
        let ended_well = state.active == "inactive" && start.elapsed() > Duration::from_secs(5);
        if state.is_lost() || ended_well {
            let state = service::as_it_ended(api.unit, state);
            let hint = match state.result.as_str() {
                "oom-kill" => {
                    "plan for the memory that this host has: a smaller --ctx, --slots or --quant, or a larger host; \
                     `journalctl -k` there shows who had how much"
                }
                _ => "the server's last lines above say why",
            };
            return Err(Failure::failed(format!("{} did not start: {}", service_of(api), ended(&state)))
                .hint(hint)
                .into());
        }
        if start.elapsed() > limit {
            return Err(Failure::failed(format!(
                "the server was not ready within {} s: {}",
                limit.as_secs(),
                match health {
                    Health::Loading => "it is still loading the model".to_string(),
                    Health::Silent(why) => why,
                    Health::Ready => String::new(),
                }
            ))
            .hint("the server's last lines above show how far it came")
            .into());
        }
        tick(start.elapsed().as_secs())?;
        std::thread::sleep(Duration::from_millis(if start.elapsed().as_secs() < 5 { 50 } else { 500 }));
    }
}

fn service_of(api: &Api) -> &'static str {
    if api.unit == paths::EMBED_UNIT { "the embedding service" } else { "the service" }
}

fn ended(state: &State) -> String {
    match (state.result.as_str(), state.exit_status) {
        ("oom-kill", _) => "the kernel killed it for lack of memory".to_string(),
        (_, 4) => "this host does not meet the plan".to_string(),
        ("success", _) => "it ended by itself".to_string(),
        (result, status) => format!("{result}, exit status {status}"),
    }
}

pub(super) fn show(state: &State) -> String {
    if state.enabled.is_empty() {
        "not installed".to_string()
    } else {
        format!("{}, {}", state.active, state.enabled)
    }
}

/// Memory of the server's process, bytes. Mapped model pages count as shared.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    pub resident_bytes: u64,
    pub anonymous_bytes: u64,
}

pub(super) fn memory(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { resident_bytes: field("VmRSS:")?, anonymous_bytes: field("RssAnon:")? })
}

/// What the receipt says of the measured next to the planned.
pub fn receipt_facts(plan: &Plan, notes: &super::Notes) -> serde_json::Value {
    serde_json::json!({
        "start_seconds": notes.start_seconds,
        "answer": notes.answer,
        "decode_tok_s": {
            "planned": plan.speed.decode_tok_s,
            "measured": notes.timing.as_ref().map(|timing| timing.decode_tok_s),
        },
        "prefill_tok_s": {
            "planned": plan.speed.prefill_tok_s,
            "measured": notes.timing.as_ref().map(|timing| timing.prefill_tok_s),
        },
        "proof": notes.proof,
        "embedding": notes.embedding,
        "memory": {
            "planned_host_bytes": plan.memory.first().map(|host| host.total_bytes),
            "measured": notes.memory,
        },
    })
}
