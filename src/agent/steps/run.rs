//! One run of the steps: where its events go, and what was changed so far.

use super::past::Past;
use crate::agent::servers::api::{Answer, Timing};
use crate::agent::servers::beside::EmbeddingProof;
use crate::agent::servers::proof::Proof;
use crate::agent::servers::said::Memory;
use crate::agent::store::id::Id;
use crate::agent::store::turn;
use crate::engine::server::ServerName;
use crate::error::Result;
use crate::fetch::route::Route;
use crate::plan::Plan;
use crate::wire::protocol::{Event, Events, Unit};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A change that a run made, and the resource that made it.
#[derive(Debug)]
pub struct Undo {
    pub by: Id,
    pub how: How,
}

/// How a change is taken back.
#[derive(Debug)]
pub enum How {
    /// Removes what was not there before.
    Remove(PathBuf),
    /// Restores a file's content and mode.
    File { path: PathBuf, content: Vec<u8>, mode: u32 },
    /// Restores a link's target.
    Link { path: PathBuf, target: PathBuf },
    /// Lets systemd read unit files again.
    Reload,
    /// Starts the resource's server again by the old plan: it was started, at this time.
    Started { since: jiff::Timestamp },
    /// Starts the resource's server again by the old plan: it was stopped or removed.
    Stopped,
}

impl How {
    /// Brings back what is at `path` now.
    pub fn of(path: &Path) -> How {
        let path = path.to_path_buf();
        if let Ok(target) = fs::read_link(&path) {
            return How::Link { path, target };
        }
        match (fs::read(&path), fs::metadata(&path)) {
            (Ok(content), Ok(metadata)) => {
                How::File { path, content, mode: metadata.permissions().mode() & 0o7777 }
            }
            _ => How::Remove(path),
        }
    }
}

/// One run of the steps: where events go, and what was changed so far.
pub struct Run<'a> {
    events: &'a mut dyn Events,
    /// Changes so far, in the order in which they were made.
    pub undo: Vec<Undo>,
    pub notes: Notes,
    /// Token for downloads.
    pub token: Option<crate::fetch::Token>,
    /// The way to the internet.
    pub route: Route,
    pub past: Past,
    /// Resource that is being applied, or has failed.
    pub current: Option<Id>,
    /// Why the host has to be restarted before the run goes on, once a step has found that.
    pub restart: Option<String>,
    turns: Turns,
    last_progress: Option<(Instant, (u64, Option<u64>))>,
}

/// Whether a run waits for its turn, as its host may share a machine with others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turns {
    No,
    Waits,
    Has,
}

/// Measurements and warnings of the steps, for the receipt.
#[derive(Default, serde::Serialize)]
pub struct Notes {
    pub packages: Vec<String>,
    pub warnings: Vec<String>,
    pub start_seconds: Option<f64>,
    pub answer: Option<Answer>,
    pub timing: Option<Timing>,
    pub memory: Option<Memory>,
    pub proof: Option<Proof>,
    /// The judgement of the host with its new driver.
    pub verification: Option<crate::verify::Report>,
    /// Proof of each embedding server that was started, in the plan's order.
    pub embedding: Vec<EmbeddingProof>,
}

impl<'a> Run<'a> {
    pub fn new(events: &'a mut dyn Events) -> Run<'a> {
        Run {
            events,
            undo: Vec::new(),
            notes: Notes::default(),
            token: None,
            route: Route::Usual,
            past: Past::default(),
            current: None,
            restart: None,
            turns: Turns::No,
            last_progress: None,
        }
    }

    /// Has it wait for its turn.
    pub fn takes_turns(&mut self) {
        self.turns = Turns::Waits;
    }

    /// Waits until servers may stop, start and be timed here. Returns whether it had to ask.
    pub fn begin_turn(&mut self) -> Result<bool> {
        if self.turns != Turns::Waits {
            return Ok(false);
        }
        turn::wait(self.events)?;
        self.turns = Turns::Has;
        Ok(true)
    }

    /// Gives the turn to the next host.
    pub fn end_turn(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.turns, Turns::No) {
            Turns::Has => self.event(&Event::TurnOver),
            Turns::No | Turns::Waits => Ok(()),
        }
    }

    /// Notes how a change by the resource `by` is taken back.
    pub fn note(&mut self, by: Id, how: How) {
        self.undo.push(Undo { by, how });
    }

    pub fn event(&mut self, event: &Event) -> Result<()> {
        Ok(self.events.send(event)?)
    }

    pub fn warn(&mut self, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        self.notes.warnings.push(text.clone());
        self.event(&Event::Warning { text })
    }

    /// At most ten a second, and one that says nothing new every five seconds: the journal keeps them all.
    pub fn progress(&mut self, done: u64, total: Option<u64>, unit: Unit) -> Result<()> {
        let now = (done, total);
        if !self.last_progress.is_none_or(|(at, said)| is_news(at.elapsed(), said, now)) {
            return Ok(());
        }
        self.last_progress = Some((Instant::now(), now));
        self.event(&Event::Progress { done, total, unit })
    }
}

/// Returns whether progress is worth an event: `said` is what the last one told, `since` ago.
fn is_news(since: Duration, said: (u64, Option<u64>), now: (u64, Option<u64>)) -> bool {
    let is_end = now.1 == Some(now.0);
    match said == now {
        true => since >= Duration::from_secs(5),
        false => is_end || since >= Duration::from_millis(100),
    }
}

/// Facts about the chat server in a receipt; of those with `planned` beside it, only `measured` is of the server.
const CHAT_FACTS: [(&str, bool); 6] = [
    ("start_seconds", false),
    ("answer", false),
    ("decode_tok_s", true),
    ("prefill_tok_s", true),
    ("proof", false),
    ("memory", true),
];

/// Returns the part of a receipt that sets the measured beside the planned. `earlier` is the same part of the receipt
/// of the generation that served until now: servers that this run did not start keep what it says of them.
pub fn receipt_facts(plan: &Plan, notes: &Notes, earlier: Option<&Value>) -> Value {
    let measured = |timed: fn(&Timing) -> f64, first: fn(&Answer) -> f64| {
        notes.timing.as_ref().map(timed).or(notes.answer.as_ref().map(first))
    };
    let servers: Vec<Value> = plan.beside().filter_map(|server| proof(server.name, notes, earlier)).collect();
    let mut facts = json!({
        "start_seconds": notes.start_seconds,
        "answer": notes.answer,
        "decode_tok_s": {
            "planned": plan.speed.decode_tok_s,
            "measured": measured(|timing| timing.decode_tok_s, |answer| answer.decode_tok_s),
        },
        "prefill_tok_s": {
            "planned": plan.speed.prefill_tok_s,
            "measured": measured(|timing| timing.prefill_tok_s, |answer| answer.prefill_tok_s),
        },
        "proof": notes.proof,
        "embedding": servers.first(),
        "servers": servers,
        "memory": {
            "planned_host_bytes": plan.memory.first().map(|host| host.total_bytes),
            "measured": notes.memory,
        },
    });
    if let Some(earlier) = earlier.filter(|_| notes.start_seconds.is_none()) {
        for (name, planned) in CHAT_FACTS {
            match planned {
                true => facts[name]["measured"] = earlier[name]["measured"].clone(),
                false => facts[name] = earlier[name].clone(),
            }
        }
    }
    facts
}

/// Returns the proof of an embedding server: of this run, or of the earlier receipt.
fn proof(server: ServerName, notes: &Notes, earlier: Option<&Value>) -> Option<Value> {
    let name = server.to_string();
    if let Some(own) = notes.embedding.iter().find(|proof| proof.server == name) {
        return Some(json!(own));
    }
    let proofs = earlier.and_then(|earlier| earlier["servers"].as_array());
    proofs?.iter().find(|proof| proof["server"] == name.as_str()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_that_says_nothing_new_is_rare() {
        let all = Some(9);
        for (ms, said, now, want) in [
            (99, (1, all), (2, all), false),
            (100, (1, all), (2, all), true),
            (1, (8, all), (9, all), true),
            (4999, (8, all), (8, all), false),
            (5000, (8, all), (8, all), true),
            (4999, (9, all), (9, all), false),
            (100, (0, None), (1, None), true),
        ] {
            assert_eq!(is_news(Duration::from_millis(ms), said, now), want, "{ms} ms, {said:?}, {now:?}");
        }
    }

    #[test]
    fn a_server_that_was_not_started_keeps_what_the_earlier_receipt_says_of_it() {
        let plan = Plan::from_json(include_str!("../../../tests/golden/plans/three-servers.json")).unwrap();
        let earlier = json!({
            "start_seconds": 61.0,
            "answer": {"generated_tokens": 5},
            "decode_tok_s": {"planned": 1.0, "measured": 9.5},
            "prefill_tok_s": {"planned": 1.0, "measured": 80.0},
            "proof": null,
            "memory": {"planned_host_bytes": 1, "measured": {"rss_bytes": 7}},
            "servers": [{"server": "embed", "start_seconds": 2.0}, {"server": "embed-3", "start_seconds": 4.0}],
        });
        let facts = receipt_facts(&plan, &Notes::default(), Some(&earlier));
        assert_eq!(
            (&facts["start_seconds"], &facts["answer"]["generated_tokens"]),
            (&json!(61.0), &json!(5))
        );
        assert_eq!(facts["decode_tok_s"]["measured"], 9.5);
        assert_eq!(facts["decode_tok_s"]["planned"], json!(plan.speed.decode_tok_s));
        assert_eq!(facts["memory"]["planned_host_bytes"], json!(plan.memory[0].total_bytes));
        // A server that the plan does not have is left out.
        assert_eq!(facts["servers"], json!([{"server": "embed", "start_seconds": 2.0}]));
        assert_eq!(facts["embedding"], facts["servers"][0]);

        let started = Notes { start_seconds: Some(3.0), ..Notes::default() };
        let facts = receipt_facts(&plan, &started, Some(&earlier));
        assert_eq!((&facts["start_seconds"], &facts["answer"]), (&json!(3.0), &Value::Null));
        assert_eq!(facts["decode_tok_s"]["measured"], Value::Null);
        assert_eq!(receipt_facts(&plan, &Notes::default(), None)["start_seconds"], Value::Null);
    }
}
