//! Questions that a way of bringing an engine's program onto a host answers.

use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::error::Result;
use std::path::Path;

/// A way of bringing an engine's program onto a host.
pub trait Kind: Sync {
    /// Returns whether the desired runtime comes this way.
    fn is_meant(&self, desired: &Desired) -> bool;

    /// Returns the change that it makes, in one sentence.
    fn change(&self, desired: &Desired) -> String;

    /// Gets ready outside the runtime's folder; what may fail for want of a file or of the network fails here.
    fn prepare(&self, desired: &Desired, run: &mut Run) -> Result<()>;

    /// Puts the runtime into `folder`, which does not exist yet, and returns its note.
    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime>;

    /// Removes what was needed only to put it there.
    fn clear(&self, desired: &Desired) -> Result<()>;
}
