//! Start, health and smoke test: the service runs this generation and the model answers.

use super::{Run, Step, Undo, key};
use crate::agent::api::{Api, Health};
use crate::agent::generation::Desired;
use crate::agent::protocol::Unit;
use crate::agent::service::{self, State};
use crate::error::{Failure, Result};
use crate::paths;
use crate::plan::Plan;
use serde::Serialize;
use std::time::{Duration, Instant};

pub struct Activate;

/// Loading reads the model from disk, at worst at 50 MB/s; GPUs may be waited for 120 s before.
fn start_limit(plan: &Plan) -> Duration {
    Duration::from_secs(180 + plan.model.size_bytes / 50_000_000)
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
        let state = service::state()?;
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
        service::start()?;
        let api = Api::of(&desired.plan)?;
        wait_until_ready(&api, start_limit(&desired.plan), |seconds| {
            run.progress(seconds, None, Unit::Seconds)
        })?;
        run.notes.start_seconds = Some(start.elapsed().as_secs_f64());
        let answer = api.smoke(&key::read()?, answer_limit(&desired.plan))?;
        let planned = desired.plan.speed.decode_tok_s;
        if answer.decode_tok_s < planned.low {
            run.warn(format!(
                "decode reached {:.1} tokens/s; the plan expected {:.1} to {:.1}",
                answer.decode_tok_s, planned.low, planned.high
            ))?;
        }
        run.notes.answer = Some(answer);
        run.notes.memory = memory(service::state()?.pid);
        Ok(())
    }
}

/// Waits for /health; ends early when the service ended or keeps ending.
pub fn wait_until_ready(api: &Api, limit: Duration, mut tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    loop {
        let health = api.health();
        if health == Health::Ready {
            return Ok(());
        }
        let state = service::state()?;
        // Without a failure it ends as `inactive`, which it also is for a moment before it starts.
        let ended_well = state.active == "inactive" && start.elapsed() > Duration::from_secs(5);
        if state.is_lost() || ended_well {
            return Err(Failure::failed(format!("the service did not start: {}", ended(&state)))
                .hint("the server's last lines above say why")
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

fn ended(state: &State) -> String {
    match (state.result.as_str(), state.exit_status) {
        ("oom-kill", _) => "the kernel killed it for lack of memory".to_string(),
        (_, 4) => "this host does not meet the plan".to_string(),
        (result, status) => format!("{result}, exit status {status}"),
    }
}

fn show(state: &State) -> String {
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

fn memory(pid: u32) -> Option<Memory> {
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
            "measured": notes.answer.as_ref().map(|answer| answer.decode_tok_s),
        },
        "memory": {
            "planned_host_bytes": plan.memory.first().map(|host| host.total_bytes),
            "measured": notes.memory,
        },
    })
}
