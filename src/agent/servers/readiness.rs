//! Waits for a server that was started.

use super::api::{Api, Health};
use crate::agent::host::service::{self, State};
use crate::error::{Failure, Result};
use crate::plan::Plan;
use crate::plan::server::{Role, ServerName};
use crate::plan::servers::Server;
use std::time::{Duration, Instant};

/// How long a server beside the model's own may take; a GPU may be waited for 120 s before.
pub fn start_limit_beside(server: &Server) -> Duration {
    Duration::from_secs(180 + server.size_bytes / 50_000_000)
}

/// How long the server may take to be ready. Loading reads the model from disk, at worst at 50 MB/s;
/// GPUs may be waited for 120 s before.
pub fn start_limit(plan: &Plan) -> Duration {
    let waits = if plan.profile.gpus.is_empty() { 120 } else { 180 };
    Duration::from_secs(waits + plan.model.size_bytes / 50_000_000)
}

/// Waits for /health; ends early when the service ended or keeps ending.
pub fn wait_until_ready(api: &Api, limit: Duration, mut tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let (start, unit) = (Instant::now(), api.server.unit());
    loop {
        let health = api.health();
        if health == Health::Ready {
            return Ok(());
        }
        let state = match service::state(&unit) {
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
            let state = service::as_it_ended(&unit, state);
            let hint = match state.result.as_str() {
                "oom-kill" => {
                    "plan for the memory that this host has: a smaller --ctx, --slots or --quant, or a larger host; \
                     `journalctl -k` there shows who had how much"
                }
                _ => "the server's last lines above say why",
            };
            return Err(Failure::failed(format!(
                "{} did not start: {}",
                service_of(api.server),
                ended(&state)
            ))
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

/// For messages; beyond the first of a role with its unit.
fn service_of(server: ServerName) -> String {
    let service = match server.role() {
        Role::Chat => "the service",
        Role::Embedding => "the embedding service",
    };
    if server.number() == 1 { service.to_string() } else { format!("{service} {}", server.unit()) }
}

fn ended(state: &State) -> String {
    match (state.result.as_str(), state.exit_status) {
        ("oom-kill", _) => "the kernel killed it for lack of memory".to_string(),
        (_, 4) => "this host does not meet the plan".to_string(),
        ("success", _) => "it ended by itself".to_string(),
        (result, status) => format!("{result}, exit status {status}"),
    }
}
