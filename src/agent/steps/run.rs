//! One run of the steps: where its events go, and what was changed so far.

use super::past::Past;
use crate::agent::servers::api::{Answer, Timing};
use crate::agent::servers::beside::EmbeddingProof;
use crate::agent::servers::proof::Proof;
use crate::agent::servers::said::Memory;
use crate::error::Result;
use crate::plan::Plan;
use crate::wire::protocol::{Event, Events, Unit};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How one change is taken back.
#[derive(Debug)]
pub enum Undo {
    /// It was not there before.
    Remove(PathBuf),
    /// A file had this content and mode.
    File { path: PathBuf, content: Vec<u8>, mode: u32 },
    /// A link pointed there.
    Link { path: PathBuf, target: PathBuf },
    /// systemd read unit files.
    Reload,
    /// The service was started from another generation.
    Restart { since: jiff::Timestamp },
    /// The embedding server was started or taken away.
    Embedding,
}

/// One run of the steps: where events go, and what was changed so far.
pub struct Run<'a> {
    events: &'a mut dyn Events,
    pub undo: Vec<Undo>,
    pub notes: Notes,
    /// For downloads.
    pub token: Option<crate::fetch::Token>,
    pub past: Past,
    /// Units that the resource being applied starts anew, though they run well.
    pub restarts: Vec<String>,
    /// The step that runs, or has failed.
    pub failing: Option<&'static str>,
    last_progress: Option<Instant>,
}

/// What steps learnt, for the receipt.
#[derive(Default, serde::Serialize)]
pub struct Notes {
    pub packages: Vec<String>,
    pub warnings: Vec<String>,
    pub start_seconds: Option<f64>,
    pub answer: Option<Answer>,
    pub timing: Option<Timing>,
    pub memory: Option<Memory>,
    pub proof: Option<Proof>,
    /// Of each embedding server, in the plan's order.
    pub embedding: Vec<EmbeddingProof>,
}

impl<'a> Run<'a> {
    pub fn new(events: &'a mut dyn Events) -> Run<'a> {
        Run {
            events,
            undo: Vec::new(),
            notes: Notes::default(),
            token: None,
            past: Past::default(),
            restarts: Vec::new(),
            failing: None,
            last_progress: None,
        }
    }

    pub fn event(&mut self, event: &Event) -> Result<()> {
        Ok(self.events.send(event)?)
    }

    pub fn warn(&mut self, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        self.notes.warnings.push(text.clone());
        self.event(&Event::Warning { text })
    }

    /// At most ten a second.
    pub fn progress(&mut self, done: u64, total: Option<u64>, unit: Unit) -> Result<()> {
        if self.last_progress.is_some_and(|last| last.elapsed() < Duration::from_millis(100))
            && total != Some(done)
        {
            return Ok(());
        }
        self.last_progress = Some(Instant::now());
        self.event(&Event::Progress { done, total, unit })
    }
}

/// What the receipt says of the measured next to the planned.
pub fn receipt_facts(plan: &Plan, notes: &Notes) -> serde_json::Value {
    let measured = |timed: fn(&Timing) -> f64, first: fn(&Answer) -> f64| {
        notes.timing.as_ref().map(timed).or(notes.answer.as_ref().map(first))
    };
    serde_json::json!({
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
        "embedding": notes.embedding.first(),
        "servers": notes.embedding,
        "memory": {
            "planned_host_bytes": plan.memory.first().map(|host| host.total_bytes),
            "measured": notes.memory,
        },
    })
}
