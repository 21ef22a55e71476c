//! Estimates the way from a fresh host to the first token, while it is paid for.

use super::document::{Arrival, Cost, DeviceLedger, Interval, Plan, Speed};
use super::requirements;
use crate::hardware::profiles::Profile;

/// Bytes of a frame on an Ethernet line, with preamble and gap, and those of them that are a
/// download's (IEEE 802.3 with 1500 bytes; TCP over IPv4 with timestamps).
pub(super) const FRAME: f64 = 1538.0;
pub(super) const PAYLOAD: f64 = 1448.0;

/// Tokens of the first question: one physical batch.
pub(super) const PROMPT_TOKENS: u64 = 512;

/// Seconds of a server with next to nothing to load, from its start to the first 200 of /health: 0.08 to
/// 2.2 measured with b11434 and a 600 KB model, on two cores at a load of 18 (docs/benchmarks.md).
pub(super) const PROCESS_START: Interval = Interval { low: 0.1, expected: 1.0, high: 2.5 };
/// And of CUDA: an allowance, not measured here. llama.cpp #27923 reports 3 s until a driver is ready
/// after a boot.
pub(super) const CUDA_START: Interval = Interval { low: 0.2, expected: 1.0, high: 3.0 };

/// Quantities that an arrival follows from.
pub(super) struct Journey<'a> {
    pub model_bytes: u64,
    /// The models of other servers come before the first token, and load after it.
    pub embedding_bytes: u64,
    /// llama.cpp's archives, where they are pinned.
    pub runtime_bytes: Option<u64>,
    pub profile: &'a Profile,
    pub memory: &'a [DeviceLedger],
    pub speed: &'a Speed,
    pub cost: Option<&'a Cost>,
}

impl<'a> Journey<'a> {
    /// Returns the journey of a plan whose other parts are made.
    pub fn of(plan: &'a Plan, profile: &'a Profile) -> Journey<'a> {
        Journey {
            model_bytes: plan.model.size_bytes,
            embedding_bytes: plan.beside().map(|server| server.size_bytes).sum(),
            runtime_bytes: requirements::pinned_bytes(plan.llama_server.archives()),
            profile,
            memory: &plan.memory,
            speed: &plan.speed,
            cost: plan.cost.as_ref(),
        }
    }

    pub fn arrival(&self) -> Arrival {
        let download_bytes = self.model_bytes + self.embedding_bytes + self.runtime_bytes.unwrap_or(0);
        let bits = self.profile.network_mbit_s as f64 * 1e6;
        let download_seconds = hundredths(download_bytes as f64 * 8.0 * FRAME / PAYLOAD / bits);
        let [load, start, prompt] = [self.load(), self.start(), self.prompt()];
        let all = |of: fn(&Interval) -> f64| download_seconds + of(&load) + of(&start) + of(&prompt);
        let first_token =
            Interval { low: all(|i| i.low), expected: all(|i| i.expected), high: all(|i| i.high) };
        let first_token = each(first_token, hundredths);
        Arrival {
            model_bytes: self.model_bytes,
            embedding_bytes: self.embedding_bytes,
            runtime_bytes: self.runtime_bytes,
            download_bytes,
            disk_bytes: requirements::disk_need(self.model_bytes + self.embedding_bytes, self.runtime_bytes),
            network_mbit_s: self.profile.network_mbit_s,
            disk_read_mb_s: self.profile.disk_read_mb_s,
            download_seconds,
            load_seconds: load,
            start_seconds: start,
            prompt_tokens: PROMPT_TOKENS,
            prompt_seconds: prompt,
            first_token_seconds: first_token,
            cost: self.cost.map(|cost| each(first_token, |seconds| round4(cost.per_hour * seconds / 3600.0))),
        }
    }

    /// Tells whether a download is still in the page cache: where the host has room for it.
    pub fn stays_cached(&self) -> bool {
        self.memory.first().is_some_and(|host| host.headroom_bytes >= self.model_bytes as i64)
    }

    fn load(&self) -> Interval {
        let [cached, disk] =
            [self.profile.memory_bandwidth_gb_s * 1e9, self.profile.disk_read_mb_s as f64 * 1e6]
                .map(|speed| hundredths(self.model_bytes as f64 / speed));
        Interval { low: cached, expected: if self.stays_cached() { cached } else { disk }, high: disk }
    }

    fn start(&self) -> Interval {
        let (process, cuda) = (PROCESS_START, CUDA_START);
        if self.profile.gpus.is_empty() {
            return process;
        }
        let sum = Interval {
            low: process.low + cuda.low,
            expected: process.expected + cuda.expected,
            high: process.high + cuda.high,
        };
        each(sum, hundredths)
    }

    /// The slowest speed is the longest time.
    fn prompt(&self) -> Interval {
        let (prefill, decode) = (self.speed.prefill_tok_s, self.speed.decode_tok_s);
        let seconds = |prefill: f64, decode: f64| {
            hundredths(PROMPT_TOKENS as f64 / prefill.max(0.01) + 1.0 / decode.max(0.01))
        };
        Interval {
            low: seconds(prefill.high, decode.high),
            expected: seconds(prefill.expected, decode.expected),
            high: seconds(prefill.low, decode.low),
        }
    }
}

fn each(interval: Interval, f: impl Fn(f64) -> f64) -> Interval {
    Interval { low: f(interval.low), expected: f(interval.expected), high: f(interval.high) }
}

fn hundredths(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

fn round4(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    fn host(headroom_bytes: i64) -> DeviceLedger {
        DeviceLedger { device: "host".to_string(), headroom_bytes, ..DeviceLedger::default() }
    }

    fn speed(decode: f64, prefill: f64) -> Speed {
        let interval = |x: f64| Interval { low: x / 2.0, expected: x, high: 2.0 * x };
        Speed { decode_tok_s: interval(decode), prefill_tok_s: interval(prefill) }
    }

    #[test]
    fn a_download_takes_what_the_line_takes_and_the_rest_comes_on_top() {
        let profile = profiles::find("cpu-vps-32gb").unwrap();
        let (memory, speed) = ([host(0)], speed(10.0, 100.0));
        let journey = Journey {
            model_bytes: 12_500_000_000,
            embedding_bytes: 0,
            runtime_bytes: Some(25_000_000),
            profile: &profile,
            memory: &memory,
            speed: &speed,
            cost: None,
        };
        let arrival = journey.arrival();
        assert_eq!((arrival.download_bytes, arrival.network_mbit_s), (12_525_000_000, 100));
        // 1002 s of bits, and 6.2 % for the frames around them.
        assert!((arrival.download_seconds - 1002.0 * 1538.0 / 1448.0).abs() < 0.01, "{arrival:?}");
        // 12.5 GB at 500 MB/s: nothing is free for the page cache.
        assert_eq!((arrival.load_seconds.expected, arrival.load_seconds.high), (25.0, 25.0));
        assert!(arrival.load_seconds.low < 0.3);
        assert_eq!(arrival.prompt_seconds, Interval { low: 2.61, expected: 5.22, high: 10.44 });
        let sum = |load: f64, start: f64, prompt: f64| arrival.download_seconds + load + start + prompt;
        assert!((arrival.first_token_seconds.high - sum(25.0, 2.5, 10.44)).abs() < 0.011, "{arrival:?}");
        assert_eq!(arrival.cost, None);
        // A second model is downloaded too, and loaded later.
        let beside = Journey { embedding_bytes: 500_000_000, ..journey }.arrival();
        assert_eq!(beside.download_bytes - arrival.download_bytes, 500_000_000);
        assert_eq!(beside.disk_bytes - arrival.disk_bytes, 500_000_000);
        assert_eq!(beside.load_seconds, arrival.load_seconds);
    }

    #[test]
    fn a_host_with_room_still_has_the_file_in_its_page_cache() {
        let profile = profiles::find("cpu-vps-32gb").unwrap();
        let (memory, speed) = ([host(5_120_000_000)], speed(10.0, 100.0));
        let mut journey = Journey {
            model_bytes: 5_120_000_000,
            embedding_bytes: 0,
            runtime_bytes: None,
            profile: &profile,
            memory: &memory,
            speed: &speed,
            cost: None,
        };
        assert_eq!(journey.arrival().load_seconds, Interval { low: 0.1, expected: 0.1, high: 10.24 });
        journey.model_bytes += 1;
        assert_eq!(journey.arrival().load_seconds.expected, 10.24);
    }
}
