//! The private path between the hosts of a plan over several: no port is open to anybody but the two ends.
//!
//! ```text
//! head                                                    worker
//! llama-server → 127.0.0.1, its user alone → link → ssh → sshd → door → socket → relay → program, own network
//! ```
//!
//! - [`link`]: on the head, a unit: a connection to each worker by the system's SSH client ([`client`]), and how each worker
//!   is ([`state`]); it takes connections of the server's user alone ([`peer`]);
//! - [`door`]: on a worker, the one command that the head's key may run;
//! - [`relay`]: on a worker, what its unit runs: starts the program and lets the door's user alone reach it;
//! - [`beat`]: how one that stands still is told from one that is busy;
//! - [`head`]: on the head, what its server's unit runs: starts the server while all workers are there.

mod beat;
pub mod client;
pub mod door;
pub mod head;
pub mod link;
mod passing;
mod peer;
pub mod relay;
pub mod state;
