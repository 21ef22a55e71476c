//! Whether what is waited for still comes nearer. A slow host is not a broken one: the bound is on the time
//! without progress, not on the whole.

use std::time::Duration;

/// Watches an amount that grows: bytes loaded, tokens given.
#[derive(Debug)]
pub struct Progress {
    limit: Duration,
    /// Less than this is no progress.
    least: u64,
    /// More than this is none either: a server may read the same bytes for ever.
    most: u64,
    done: u64,
    since: Duration,
}

/// Nothing came for this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stalled(pub Duration);

impl Progress {
    pub fn new(limit: Duration, least: u64, most: u64) -> Progress {
        Progress { limit, least, most, done: 0, since: Duration::ZERO }
    }

    /// Notes that `done` was reached `at` this time since the beginning.
    ///
    /// # Errors
    /// It is no more than it was `limit` ago.
    pub fn see(&mut self, at: Duration, done: u64) -> Result<(), Stalled> {
        let done = done.min(self.most);
        if done >= self.done.saturating_add(self.least) {
            (self.done, self.since) = (done, at);
        }
        let quiet = at.saturating_sub(self.since);
        if quiet > self.limit { Err(Stalled(quiet)) } else { Ok(()) }
    }
}

/// Returns the bytes that a process has read so far plus those that it holds in memory: the sum grows while a model
/// is loaded, whether that is read, mapped, or already in the page cache. 0 for a process that is gone.
pub fn loaded(pid: u32) -> u64 {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    loaded_by(&read("io"), &read("status"))
}

fn loaded_by(io: &str, status: &str) -> u64 {
    let field = |text: &str, name: &str| -> u64 {
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    // rchar: what it asked for; read_bytes: what the disk gave, also for pages that it touched. The peak of
    // its memory never falls.
    field(io, "rchar:") + field(io, "read_bytes:") + field(status, "VmHWM:") * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// When it is given up, of (seconds, amount) seen.
    fn given_up(limit: u64, least: u64, most: u64, seen: &[(u64, u64)]) -> Option<u64> {
        let mut progress = Progress::new(Duration::from_secs(limit), least, most);
        seen.iter()
            .find(|(at, done)| progress.see(Duration::from_secs(*at), *done).is_err())
            .map(|(at, _)| *at)
    }

    #[test]
    fn a_token_now_and_then_is_progress_however_long_the_whole_takes() {
        // A token every 50 s, 32 of them: half an hour.
        let slow: Vec<(u64, u64)> = (0..=160).map(|n| (n * 10, n / 5)).collect();
        assert_eq!(given_up(60, 1, u64::MAX, &slow), None);
        assert_eq!(given_up(30, 1, u64::MAX, &slow), Some(40), "the user's bound is stricter");
        // It stops after the tenth.
        let stuck: Vec<(u64, u64)> = (0..100).map(|n| (n * 10, (n / 5).min(10))).collect();
        assert_eq!(given_up(60, 1, u64::MAX, &stuck), Some(570));
        // Nothing ever comes.
        let dead: Vec<(u64, u64)> = (0..100).map(|n| (n, 0)).collect();
        assert_eq!(given_up(20, 1, u64::MAX, &dead), Some(21));
        // Nobody looked for long, and it came further meanwhile.
        assert_eq!(given_up(20, 1, u64::MAX, &[(0, 0), (500, 1), (510, 1), (521, 1)]), Some(521));
    }

    #[test]
    fn loading_is_progress_while_bytes_come_and_not_for_ever() {
        // 10 MB/s for 20 minutes.
        let slow: Vec<(u64, u64)> = (0..1200).map(|s| (s, s * 10 * MIB)).collect();
        assert_eq!(given_up(30, MIB, 100_000 * MIB, &slow), None);
        // A few bytes are what every process reads.
        let idle: Vec<(u64, u64)> = (0..1200).map(|s| (s, 500 * MIB + s * 1000)).collect();
        assert_eq!(given_up(30, MIB, u64::MAX, &idle), Some(31));
        // The same pages come and go, as the memory is too small: 4 GiB are all that count.
        let thrashing: Vec<(u64, u64)> = (0..1200).map(|s| (s, s * 100 * MIB)).collect();
        assert_eq!(given_up(30, MIB, 4096 * MIB, &thrashing), Some(72));
        // Another process has begun from nothing; what the first had counts as reached.
        assert_eq!(given_up(30, MIB, u64::MAX, &[(0, 9 * MIB), (20, 2 * MIB), (31, 2 * MIB)]), Some(31));
    }

    #[test]
    fn what_a_process_has_loaded_is_read_from_what_the_kernel_says() {
        let io = "rchar: 1000\nwchar: 5\nread_bytes: 20\nwrite_bytes: 7\ncancelled_write_bytes: 0\n";
        let status = "Name:\tllama-server\nVmPeak:\t   9 kB\nVmHWM:\t   3 kB\nVmRSS:\t   2 kB\n";
        assert_eq!(loaded_by(io, status), 1000 + 20 + 3 * 1024);
        assert_eq!(loaded_by("", "garbage\nVmHWM: much\n"), 0);
        assert!(loaded(std::process::id()) > 1 << 20);
        assert_eq!(loaded(u32::MAX), 0);
    }
}
