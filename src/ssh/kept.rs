//! Connections to jump hosts that stay for the next host of a run.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Clones share everything.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    runs: usize,
    things: Vec<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// Keeps `thing` until the run ends; does nothing outside of one.
    pub fn keep(&self, thing: Arc<dyn Any + Send + Sync>) {
        let mut inner = self.inner();
        if inner.runs > 0 {
            inner.things.push(thing);
        }
    }

    pub fn begin(&self) -> Run {
        self.inner().runs += 1;
        Run(self.clone())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run over many hosts: until it is dropped, a connection to a jump host stays for the next host behind it.
#[derive(Debug)]
#[must_use = "the run ends when this is dropped"]
pub struct Run(Kept);

impl Drop for Run {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        inner.runs -= 1;
        let ended = if inner.runs == 0 { std::mem::take(&mut inner.things) } else { Vec::new() };
        drop(inner);
        drop(ended);
    }
}
