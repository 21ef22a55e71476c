//! The steps to a host's state, in order. Each can tell what is missing without changing anything,
//! and change it; what it changed is noted so that it can be taken back.

mod activate;
mod agent_link;
mod config;
mod directories;
mod embedding;
mod expose;
mod key;
mod model;
mod packages;
mod runtime;
mod told;
mod unit;
mod user;
mod user_locks;

use super::generation::Desired;
use super::protocol::{Event, Events, Unit};
use crate::error::Result;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use activate::{receipt_facts, start_limit, wait_until_ready};
pub use expose::hand_over as hand_over_certificate;
pub use key::{create as create_key, read as read_key};
pub use told::{Tell, Watcher, told};
pub use user::remove as remove_user;

pub trait Step {
    fn name(&self) -> &'static str;

    /// What this step would change; nothing when the host is as wanted.
    fn check(&self, desired: &Desired) -> Result<Vec<String>>;

    /// Makes the change, noting in `run` how to take it back.
    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()>;
}

/// Every step, in the order in which they are applied.
pub fn all() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(user::User),
        Box::new(directories::Directories),
        Box::new(runtime::Runtime),
        Box::new(packages::Packages),
        Box::new(model::Model),
        Box::new(key::Key),
        Box::new(agent_link::AgentLink),
        Box::new(unit::Unit),
        Box::new(config::Config),
        Box::new(embedding::Retire),
        Box::new(activate::Activate),
        Box::new(embedding::Embedding),
        Box::new(expose::Expose),
    ]
}

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
    /// The generation that served before; `None` on a first apply.
    pub served: Option<PathBuf>,
    /// An apply was cut off before: what runs may be started from what is no longer there.
    pub unproved: bool,
    last_progress: Option<Instant>,
}

/// What steps learnt, for the receipt.
#[derive(Default, serde::Serialize)]
pub struct Notes {
    pub packages: Vec<String>,
    pub warnings: Vec<String>,
    pub start_seconds: Option<f64>,
    pub answer: Option<super::api::Answer>,
    pub timing: Option<super::api::Timing>,
    pub memory: Option<activate::Memory>,
    pub proof: Option<super::proof::Proof>,
    pub embedding: Option<embedding::Proof>,
}

impl<'a> Run<'a> {
    pub fn new(events: &'a mut dyn Events) -> Run<'a> {
        Run {
            events,
            undo: Vec::new(),
            notes: Notes::default(),
            token: None,
            served: None,
            unproved: false,
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
