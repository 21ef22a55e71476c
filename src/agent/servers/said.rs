//! Reads what a running server reports of itself in the journal, and what the kernel reports of its process.

use super::reported::{self, Reported};
use crate::agent::host::service;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The buffers that the process `pid` reported at its start; the journal may be a moment behind it.
pub fn reported(pid: u32) -> Reported {
    let start = Instant::now();
    loop {
        let lines = service::lines_of(pid);
        let reported = reported::parse_log(lines.iter().map(String::as_str));
        if reported.is_complete() || start.elapsed() > Duration::from_secs(3) {
            return reported;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Memory of the server's process, bytes. Mapped model pages count as shared.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    pub resident_bytes: u64,
    pub anonymous_bytes: u64,
}

pub fn memory(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { resident_bytes: field("VmRSS:")?, anonymous_bytes: field("RssAnon:")? })
}
