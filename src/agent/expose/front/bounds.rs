//! How much a client may take of the front, and for how long.

use std::time::Duration;

/// Bounds of the front. Only a client that asks nothing, or sends or reads too slowly, meets them: an answer
/// may take as long as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at a time; the server itself works on few.
    pub most: usize,
    /// Most of these from one address (IPv6: from one /64).
    pub most_of_one: usize,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time for a request's head, from the end of the handshake or of the last answer: an idle connection, too.
    pub head: Duration,
    /// Time between two pieces of a request's body, or of an answer that the client is slow to read.
    pub stall: Duration,
    /// Time for a body, whatever its size; each [`Bounds::upload_rate`] bytes of it add a second.
    pub upload: Duration,
    /// Bytes/s that a long body must reach.
    pub upload_rate: u64,
    /// Time for the next piece of an answer. A prompt may be worked on in silence for long, and so may a whole
    /// answer that is not streamed.
    pub silence: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            most: 512,
            most_of_one: 64,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(20),
            stall: Duration::from_secs(60),
            upload: Duration::from_secs(60),
            upload_rate: 4096,
            silence: Duration::from_secs(6 * 3600),
        }
    }
}

impl Bounds {
    /// Returns how long the next piece of a body may take, of which `received` bytes came within `elapsed`.
    pub fn next_piece(&self, received: u64, elapsed: Duration) -> Duration {
        let in_all = self.upload + Duration::from_secs(received / self.upload_rate.max(1));
        self.stall.min(in_all.saturating_sub(elapsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_must_move_and_reach_its_rate() {
        let bounds = Bounds::default();
        let seconds = Duration::from_secs;
        for (received, elapsed, left) in [
            (0, 0, 60),
            (0, 59, 1),
            (0, 60, 0),
            // One byte a minute is too slow, whatever the pauses.
            (2, 61, 0),
            // 4 KiB/s for ten minutes is not.
            (4096 * 600, 600, 60),
            (4096 * 600, 650, 10),
            (100 << 20, 3600, 60),
        ] {
            assert_eq!(
                bounds.next_piece(received, seconds(elapsed)),
                seconds(left),
                "{received} in {elapsed} s"
            );
        }
    }
}
