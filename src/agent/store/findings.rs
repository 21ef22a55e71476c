//! Findings of a look at the host under our names, and the refusal that comes of them.

use super::thing::Thing;
use crate::error::{Exit, Failure};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It cannot be used. `todo`: what an administrator can do.
    Refused { what: String, todo: String },
    /// A folder of others that is used as it is, and stays.
    Used { path: PathBuf, what: String },
    /// An earlier version made it, as its content shows.
    Earlier(Thing),
    /// An image, cloud-init or `remove --keep-models` brought it, as its content shows.
    Brought(Thing),
}

/// Exit 4, naming everything that is refused; `None` when nothing is.
pub fn refusal(found: &[Finding]) -> Option<Failure> {
    let refused = found.iter().filter_map(|finding| match finding {
        Finding::Refused { what, todo } => Some((what.as_str(), todo.as_str())),
        _ => None,
    });
    let (what, mut todo): (Vec<&str>, Vec<&str>) = refused.unzip();
    if what.is_empty() {
        return None;
    }
    let mut seen = BTreeSet::new();
    todo.retain(|todo| seen.insert(*todo));
    let message = format!(
        "this host has, under names of agi-provision, what agi-provision did not make: {}",
        what.join("; ")
    );
    Some(
        Failure::new(Exit::HostDoesNotMeetPlan, message)
            .hint(format!("{}. Then apply again; nothing was changed", todo.join("; "))),
    )
}
