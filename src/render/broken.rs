//! How reading a bundle fails.

use crate::error::Failure;

/// The bundle is not one, or not one any more.
pub(super) fn broken(what: String) -> anyhow::Error {
    Failure::failed(format!("not a sound bundle: {what}"))
        .hint("make it anew with `agi-provision bundle --plan plan.json --out DIR`")
        .into()
}
