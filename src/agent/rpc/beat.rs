//! Tells a worker that stands still from a busy one.
//!
//! An answer of the program cannot tell them apart: ggml-rpc-server serves one client at a time, so that a second
//! connection waits while the head has the first, and a long prompt may take any time on the first. Neither can the
//! connection: the kernel acknowledges what is sent to a stopped process. So two things are looked at that a busy worker
//! has whatever it computes:
//!
//! - whether the program is *stopped* (SIGSTOP, a terminal). The kernel tells that to the process that started it, and of
//!   no process that runs, sleeps or waits for a card or a disk;
//! - whether the process above it speaks: it says each [`EVERY`] how the program is, and computes nothing itself. After
//!   [`SILENCE`] it is stopped, frozen with its whole unit or machine, or the connection passes nothing on.
//!
//! A program that runs and makes no progress, such as one in a deadlock, looks like a busy one and is not noticed.

use crate::error::Result;
use crate::paths;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Between two words of a worker, and between two looks at a process.
pub const EVERY: Duration = Duration::from_secs(2);
/// Without a word for this long, a worker or a link stands still: three are missing.
pub const SILENCE: Duration = Duration::from_secs(7);

/// Looks at one process.
#[derive(Default)]
pub struct Looks {
    stopped: u32,
}

impl Looks {
    /// Notes a look; returns whether the process stands still. One that was stopped for a moment, as for a copy of its memory,
    /// does not: it was seen running at one of two looks.
    pub fn stands_still(&mut self, is_stopped: bool) -> bool {
        self.stopped = if is_stopped { self.stopped + 1 } else { 0 };
        self.stopped > 1
    }
}

/// Returns whether a child of this process is stopped. A look takes nothing away from the next.
pub fn is_stopped(child: Pid) -> bool {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(child), options).ok().flatten().is_some_and(|status| status.stopped())
}

/// Seconds since the machine's start; setting the clock does not change them.
fn now() -> i64 {
    clock_gettime(ClockId::Monotonic).tv_sec
}

/// Notes that the link is at work.
pub(super) fn write() -> Result<()> {
    Ok(fs::write(paths::LINK_BEAT, now().to_string())?)
}

/// Whether the link that wrote how the workers are stands still. One that never said that it is at work is not judged.
pub(super) fn link_stands_still() -> bool {
    let said = fs::read_to_string(Path::new(paths::LINK_BEAT)).ok();
    said.and_then(|text| text.trim().parse().ok()).is_some_and(|said| is_old(said, now()))
}

fn is_old(said: i64, now: i64) -> bool {
    now.saturating_sub(said) > SILENCE.as_secs() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, kill_process};
    use std::process::{Command, Stdio};
    use std::time::Instant;

    fn becomes(child: Pid, stopped: bool) {
        let start = Instant::now();
        while is_stopped(child) != stopped {
            assert!(start.elapsed() < Duration::from_secs(20), "it never was stopped = {stopped}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_stopped_process_is_told_from_one_that_sleeps_or_computes() {
        let sleeps = ["sleep", "60"];
        let computes = ["sh", "-c", "while :; do :; done"];
        for line in [&sleeps[..], &computes] {
            let mut child = Command::new(line[0]).args(&line[1..]).stdin(Stdio::null()).spawn().unwrap();
            let pid = Pid::from_child(&child);
            becomes(pid, false);
            kill_process(pid, Signal::STOP).unwrap();
            becomes(pid, true);
            assert!(is_stopped(pid), "a look takes nothing away from the next");
            kill_process(pid, Signal::CONT).unwrap();
            becomes(pid, false);
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(!is_stopped(pid), "one that has ended is not stopped");
        }
    }

    #[test]
    fn a_process_stands_still_when_two_looks_in_a_row_say_so() {
        let mut looks = Looks::default();
        let seen = [true, false, true, true, true, false, true];
        assert_eq!(
            seen.map(|is_stopped| looks.stands_still(is_stopped)),
            [false, false, false, true, true, false, false]
        );
    }

    #[test]
    fn a_link_is_old_after_three_words_that_did_not_come() {
        for (said, now, old) in [(100, 100, false), (100, 107, false), (100, 108, true), (100, 99, false)] {
            assert_eq!(is_old(said, now), old, "{said} {now}");
        }
    }
}
