//! Documents as text for people.

pub mod plan;
pub mod table;
pub mod verify;

/// `7.3 GiB` or `512 MiB`, 1024-based.
pub use crate::plan::verdict::gib;
