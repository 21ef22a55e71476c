//! How the workers are, as the link tells everyone on the head.

use super::beat;
use crate::outside::{self, Kind};
use crate::paths;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// How one worker is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Worker {
    /// Name that the user gave.
    pub name: String,
    /// Whether it answers.
    pub up: bool,
    /// Why it does not; empty where it does.
    pub why: String,
    /// Since when it is so, RFC 3339.
    pub since: String,
}

impl Worker {
    /// A worker that was not asked yet.
    pub fn new(name: &str) -> Worker {
        Worker { name: name.to_string(), up: false, why: "not asked yet".to_string(), since: now() }
    }

    /// Notes how it is now. Returns whether that is news.
    pub fn is_now(&mut self, up: bool, why: &str) -> bool {
        if self.up == up && self.why == why {
            return false;
        }
        if self.up != up {
            self.since = now();
        }
        (self.up, self.why) = (up, why.to_string());
        true
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns how the workers are; none where the link does not run.
pub fn read() -> Vec<Worker> {
    let text = outside::text(Path::new(paths::LINK_STATE), outside::NOTE, Kind::Regular);
    let said = text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    if beat::link_stands_still() { by_nobody(said) } else { said }
}

/// The workers, of whom the link that stands still says nothing any more.
fn by_nobody(mut workers: Vec<Worker>) -> Vec<Worker> {
    for worker in workers.iter_mut().filter(|worker| worker.up) {
        worker.is_now(false, "the unit that keeps the connections to the workers stands still");
    }
    workers
}

/// Writes it, so that a reader has the old or the new one.
pub(super) fn write(workers: &[Worker]) -> io::Result<()> {
    let place = Path::new(paths::LINK_STATE);
    let new = place.with_extension("new");
    fs::write(&new, serde_json::to_vec(workers)?)?;
    fs::rename(new, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_news_when_it_comes_goes_or_fails_otherwise() {
        let mut worker = Worker::new("b");
        let steps =
            [(true, ""), (true, ""), (false, "gone"), (false, "gone"), (false, "refused"), (true, "")];
        let news: Vec<bool> = steps.iter().map(|(up, why)| worker.is_now(*up, why)).collect();
        assert_eq!(news, [true, false, true, false, true, true]);
        assert!(worker.up && worker.why.is_empty());
    }

    #[test]
    fn workers_of_a_link_that_stands_still_are_down_and_keep_their_reasons() {
        let mut workers = [Worker::new("b"), Worker::new("c")];
        workers[0].is_now(true, "");
        workers[1].is_now(false, "no route to host");
        let [b, c] = by_nobody(workers.to_vec()).try_into().unwrap();
        assert!(!b.up && b.why.contains("stands still"), "{b:?}");
        assert_eq!(c.why, "no route to host");
    }
}
