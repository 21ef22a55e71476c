//! Findings of a requirement on a host, and how they compare with a bound.

use crate::engine::server::ServerName;
use crate::plan::document::Bound;
use std::collections::{BTreeMap, BTreeSet};

/// Resources that are ours already on the host, and so count as there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Bytes of the plan's model and runtime that are on the disk.
    pub disk_bytes: u64,
    /// Our own servers that run, and their processes, whose GPU memory counts as free.
    pub serving: BTreeMap<ServerName, u32>,
    /// Those that hold their ports themselves.
    pub listening: BTreeSet<ServerName>,
    /// Bytes that they use on each GPU, where nvidia-smi does not tell.
    pub gpu_bytes: u64,
}

pub(super) type Meets<'a> = Box<dyn Fn(&Bound) -> bool + 'a>;

/// Finding of a requirement: a text for people and how it compares with a bound.
pub(super) struct Finding<'a> {
    pub text: String,
    pub meets: Meets<'a>,
    /// Where the promise is about another number than the need.
    pub keeps_promise: Option<Meets<'a>>,
}

impl<'a> Finding<'a> {
    pub fn new(text: String, meets: impl Fn(&Bound) -> bool + 'a) -> Finding<'a> {
        Finding { text, meets: Box::new(meets), keeps_promise: None }
    }
}

pub(super) fn number<'a>(value: u64, text: String) -> Finding<'a> {
    Finding::new(text, move |bound| matches!(bound, Bound::AtLeast(n) if *n <= value))
}

pub(super) fn name(value: &str) -> Finding<'_> {
    Finding::new(value.to_string(), move |bound| matches!(bound, Bound::Name(n) if n == value))
}

pub(super) fn holds<'a>(value: bool, text: &str) -> Finding<'a> {
    Finding::new(text.to_string(), move |bound| *bound == Bound::Holds(value))
}
