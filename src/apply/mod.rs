//! Drives the agent on one host or many: stages it, sends the request and the files it asks for, and
//! turns its events into progress.

mod attempt;
pub mod blobs;
pub mod carry;
mod confirm;
pub mod executable;
pub mod fleet;
pub mod host;
pub mod inventory;
pub mod link;
mod local;
mod needs;
mod remote;
pub mod retry;
mod root;
pub mod session;
pub mod show;
mod show_json;
mod turns;
mod upload;

pub use attempt::{HostOutcome, Work};
pub use blobs::LocalFile;
pub use executable::AgentFile;
pub use host::Host;
pub use link::Link;
