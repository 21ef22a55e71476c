//! Reads what a running server reports of itself in the journal, and what the kernel reports of its process.

use crate::agent::host::service;
use crate::engine::reported::Reported;
use crate::plan::servers::Server;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Returns the buffers that the server reported at its start, whose main process is `pid`; the journal may be a moment behind
/// it. In a container it is another process of the unit that reports.
pub fn reported(server: &Server, pid: u32) -> Reported {
    let (engine, unit) = (server.engine(), server.name.unit());
    let start = Instant::now();
    loop {
        let lines = match server.container() {
            Some(_) => service::lines_of_start(&unit),
            None => service::lines_of(pid),
        };
        let reported = engine.reported(&lines);
        if engine.has_told(&reported) || start.elapsed() > Duration::from_secs(3) {
            return reported;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Memory of the server's process, bytes. Mapped model pages count as shared.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Memory {
    /// Bytes in memory, with mapped pages of files.
    pub resident_bytes: u64,
    /// Bytes in memory that are not pages of a file.
    pub anonymous_bytes: u64,
}

/// Reads the memory of processes from `/proc`; `None` if they are gone.
pub fn memory(pids: &[u32]) -> Option<Memory> {
    let add = |sum: Memory, more: Memory| Memory {
        resident_bytes: sum.resident_bytes.saturating_add(more.resident_bytes),
        anonymous_bytes: sum.anonymous_bytes.saturating_add(more.anonymous_bytes),
    };
    pids.iter().filter_map(|pid| memory_of(*pid)).reduce(add)
}

fn memory_of(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { resident_bytes: field("VmRSS:")?, anonymous_bytes: field("RssAnon:")? })
}
