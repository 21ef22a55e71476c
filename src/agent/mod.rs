//! The agent, which runs on the host: one command that reads a request from stdin, looks, verifies, and brings the
//! host to the state of a bundle. It knows nothing of SSH.
//!
//! Layers, of which each imports only those below it:
//!
//! - `session` is the near end of a connection: it probes, verifies, checks every step and receives
//!   files, and answers `status`, `logs`, `key`, `rollback` and `remove`. It also applies a bundle that
//!   cloud-init brought.
//! - `job` changes the host, in a transient systemd unit of its own, so that a lost connection changes
//!   nothing; the session follows its journal.
//! - `converge` runs the steps, and takes back what they changed when one fails.
//! - `steps` are what a host gets, one file each.
//! - [`expose`] lets other hosts in.
//! - [`servers`] is what serves: the gate that a unit starts through, readiness, and the proof.
//! - [`rpc`] is the private path between hosts that serve one model together.
//! - [`store`] is what we keep on a host.
//! - `host` is what any Linux host is.

pub(crate) mod converge;
pub mod expose;
pub(crate) mod host;
pub(crate) mod job;
pub(crate) mod rpc;
pub mod servers;
pub(crate) mod session;
pub(crate) mod steps;
pub mod store;
