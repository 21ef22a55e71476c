//! Addresses at which a head reaches its workers: forwards on its own 127.0.0.1.

use crate::engine::server::ADDRESS;
use crate::paths;

/// Most devices that llama-server spreads layers over (`llama_max_devices`).
pub const MOST_DEVICES: usize = 16;

/// Port of the head on which the forward to its worker with this number, from 0, listens.
pub fn forward(worker: usize) -> u16 {
    paths::WORKER_PORT + 1 + worker as u16
}

/// Addresses of the forwards to so many workers, as `--rpc` takes them.
pub fn endpoints(workers: usize) -> String {
    let all: Vec<String> = (0..workers).map(|worker| format!("{ADDRESS}:{}", forward(worker))).collect();
    all.join(",")
}

/// Returns whether `text` names the forwards to a plan's workers, and nothing else.
pub(super) fn are_forwards(text: &str) -> bool {
    (1..=MOST_DEVICES).any(|workers| endpoints(workers) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reaches_workers_by_the_forwards_of_its_own_host_alone() {
        assert_eq!(endpoints(2), "127.0.0.1:50053,127.0.0.1:50054");
        assert!(are_forwards("127.0.0.1:50053") && are_forwards(&endpoints(MOST_DEVICES)));
        for other in
            ["", "10.0.0.7:50052", "127.0.0.1:50054", "127.0.0.1:50053,", "127.0.0.1:50053,10.0.0.7:50054"]
        {
            assert!(!are_forwards(other), "{other}");
        }
    }
}
