//! Waits for a server that was started.

use super::api::{Api, Health};
use super::progress::{self, Progress, Stalled};
use crate::agent::host::service::{self, State};
use crate::engine::server::{Role, ServerName};
use crate::error::{Failure, Result};
use std::time::{Duration, Instant};

/// How long a server that loads a model is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Loading {
    /// Without progress.
    silence: Duration,
    /// Bytes; what it reads beyond them is no progress.
    most_bytes: u64,
}

impl Loading {
    /// Returns the bounds for a model of this size, which is read once or twice, into memory and perhaps into another
    /// order.
    pub fn of(model_bytes: u64, silence: Duration) -> Loading {
        Loading { silence, most_bytes: model_bytes.saturating_mul(4).saturating_add(4 << 30) }
    }

    fn progress(self) -> Progress {
        // Less is what every process reads and holds.
        Progress::new(self.silence, 1 << 20, self.most_bytes)
    }
}

/// Waits for /health; ends early when the service ended or keeps ending, and when it loads nothing any more.
pub fn wait_until_ready(api: &Api, loading: Loading, mut tick: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let (start, unit) = (Instant::now(), api.server.unit());
    let mut progress = loading.progress();
    loop {
        let state = match service::state(&unit) {
            Ok(state) => state,
            // A host whose memory runs out answers nobody for a while, and then says that.
            Err(_) if start.elapsed() < loading.silence => {
                tick(start.elapsed().as_secs())?;
                continue;
            }
            Err(error) => return Err(error),
        };
        let health = api.health(state.pid);
        if health == Health::Ready {
            return Ok(());
        }
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
        if let Err(Stalled(quiet)) = progress.see(start.elapsed(), loaded(state.pid)) {
            return Err(Failure::failed(format!(
                "the server is not ready after {} s, and came no further for {} s: {}",
                start.elapsed().as_secs(),
                quiet.as_secs(),
                match health {
                    Health::Loading => "it is still loading the model".to_string(),
                    Health::Silent(why) | Health::Stranger(why) => why,
                    Health::Ready => String::new(),
                }
            ))
            .hint("the server's last lines above show how far it came; --start-timeout SECONDS waits longer")
            .into());
        }
        tick(start.elapsed().as_secs())?;
        std::thread::sleep(Duration::from_millis(if start.elapsed().as_secs() < 5 { 50 } else { 500 }));
    }
}

/// Returns the bytes that the processes that serve have loaded: the unit's main one may stand above another.
fn loaded(pid: u32) -> u64 {
    service::processes_around(pid).into_iter().map(progress::loaded).fold(0, u64::saturating_add)
}

/// For messages; beyond the first of a role with its unit.
fn service_of(server: ServerName) -> String {
    let service = match server.role() {
        Role::Chat => "the service",
        Role::Embedding => "the embedding service",
        Role::Worker => "the worker",
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
