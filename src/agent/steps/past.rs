//! State that earlier applies left.

use std::path::PathBuf;

/// State that an apply begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The generation that served; `None` on a first apply.
    pub served: Option<PathBuf>,
    /// An apply was cut off: what runs may be started from what is no longer there.
    pub cut_off: bool,
}
