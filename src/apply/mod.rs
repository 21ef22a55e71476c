//! Drives the agent on one host or many: stages it, sends the request and the files it asks for, and
//! turns its events into progress.

pub mod blobs;
pub mod carry;
mod confirm;
pub mod fleet;
pub mod inventory;
pub mod link;
mod local;
mod remote;
pub mod retry;
mod root;
pub mod session;
pub mod show;
mod upload;

pub use blobs::{AgentFile, LocalFile};
pub use link::{Host, Link};
pub use session::{Outcome, Work};
