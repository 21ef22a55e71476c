//! The user's own folders on the machine where the program runs, as the XDG base directories say.

use std::path::PathBuf;

/// What was fetched or made, and is to be kept.
pub fn data() -> Option<PathBuf> {
    folder("XDG_DATA_HOME", ".local/share")
}

/// What happened, for the next run.
pub fn state() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state")
}

/// What can be had again.
pub fn cache() -> Option<PathBuf> {
    folder("XDG_CACHE_HOME", ".cache")
}

/// `None` without a home. A relative path in the variable does not count, as the specification has it.
fn folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(usual)))?;
    Some(base.join("agi-provision"))
}
