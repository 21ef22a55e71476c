//! SSH: reaching a host, knowing that it is the right one, and running commands on it.
//!
//! ```no_run
//! use std::time::Duration;
//! use agi_provision::ssh::{Connection, Options, Target, sh};
//!
//! # fn main() -> anyhow::Result<()> {
//! let target = Target::parse("root@203.0.113.7")?;
//! let connection = Connection::connect(&target, &Options::default())?;
//! let outcome = connection.run(&sh("uname -m"), b"", Duration::from_secs(10))?;
//! println!("{}", String::from_utf8_lossy(&outcome.stdout));
//! # Ok(()) }
//! ```
//!
//! - [`Target`]: what a person types. `settings`, `resolve`: what that means, by the SSH configuration, which
//!   `authority` asks OpenSSH's client about. Without one `reader`, `line` and `included` read the files;
//!   `found` is what either says, `tokens` are the tokens in it, `account` the user here.
//! - `meeting`, `dial`, `proxy`, `handshake`, `algorithms`: a socket that leads to the host, and the key exchange on it.
//! - `known_hosts`, `known_command`, `revoked`, `host_key`: is it the right host? Decided before anything is authenticated; there
//!   is no way to switch it off.
//! - `auth`, `attempt`, `method`, `auth_keys`, `agent`, `key_file`, `certificate`, `conversation`: logging in. [`Secrets`]: what
//!   a person types or a script gives for that, once for all hosts; `ask`: how a person is asked.
//! - [`Connection`]: one TCP connection, one libssh2 session. [`Exec`]: a running command; `lines` cuts its
//!   output.
//! - `gate`, `passage`, `logins`: through other hosts, as ProxyJump says; the hosts behind one share a connection to it
//!   (`kept`: for a [`Run`]). [`Connection::forward`]: a port of this machine, there. Both by `channels`, `stream`, `pending`.
//! - `wire`: waiting on the socket. No step waits without a limit, none polls at an interval.
//!
//! A session is one lock, so a connection and its commands belong to one thread at a time; hosts that
//! are worked on side by side have a connection each.
//!
//! Errors are [`Failure`](crate::error::Failure)s where exit code or hint matter. [`Lost`],
//! [`TimedOut`] and [`EndedEarly`] are in the chain of an error to be told apart by `downcast_ref`.
//!
//! Not supported, and said so: ProxyUseFdpass, host certificates; without OpenSSH's client also `Match` with
//! exec, final and the like.
//! Not supported by libssh2 and not found out by us: keys on hardware (sk-…), a certificate file for a
//! key that only the agent has (ssh-add takes both), RSA certificates in an agent.

mod account;
mod agent;
mod algorithms;
mod ask;
mod attempt;
mod auth;
mod auth_keys;
mod authority;
mod certificate;
mod channels;
mod config;
mod connection;
mod conversation;
mod dial;
mod exec;
mod forward;
mod found;
mod gate;
mod handshake;
mod host_key;
#[doc(hidden)]
pub mod hostile;
mod included;
mod kept;
mod key_file;
mod known_command;
mod known_hosts;
mod line;
mod lines;
mod logins;
mod meeting;
mod method;
mod passage;
mod pending;
mod proxy;
mod quote;
mod reader;
mod resolve;
mod revoked;
mod secrets;
mod settings;
mod stream;
mod survey;
mod target;
mod tokens;
mod wire;

pub use ask::{Absent, Ask, Nobody, Person, VARIABLES, from_stdin, from_variable};
pub use config::{Memory, Options};
pub use connection::{Connection, RemoteOutput};
pub use exec::{Ended, EndedEarly, Exec, LONGEST_LINE};
pub use host_key::{HostKey, HostKeyPolicy};
pub use kept::Run;
pub use known_hosts::{KnownHosts, Lookup, Place};
pub use line::split as words;
pub use lines::Line;
pub use quote::{quote, sh};
pub use resolve::resolve;
pub use secrets::{Around, GivenSecrets, Lock, Secrets, Turn};
pub use settings::{PORT, address, names};
pub use survey::{FoundKey, Survey, known_names, survey};
pub use target::Target;
pub use wire::{Lost, TimedOut};
