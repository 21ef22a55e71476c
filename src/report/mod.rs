//! Documents as text for people.

pub mod explain;
pub mod facts;
pub mod html;
pub mod levels;
pub mod plan;
pub mod status;
pub mod table;
pub mod verify;

/// `7.3 GiB` or `512 MiB`, 1024-based.
pub use crate::plan::verdict::gib;
