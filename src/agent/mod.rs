//! What runs on the host: one command that reads a request from stdin, looks, verifies, and brings
//! the host to the state of a bundle. It knows nothing of SSH.
//!
//! [`session`] is the near end of a connection: it probes, verifies, checks every step and receives
//! files. When something has to change, it starts [`job`] in a transient systemd unit of its own, so
//! that a lost connection changes nothing, and follows its journal. [`serve`] is what the service
//! runs at every start. [`download`] fetches what the plan pins, [`resume`] carries a job over a restart of
//! the host, [`rollback`] goes back a generation, [`prune`] removes what no longer serves. [`expose`] lets
//! other hosts in. [`boot`] applies a bundle that cloud-init brought, with the files on its [`shelf`].
//! [`altered`] says whether a runtime is as it was put there, [`sandbox`] runs a program as the service would.
//! [`embedding`] is the second server of a plan with `rag`. [`staged`] says who uses the executable,
//! [`clock`] whether the time can be trusted. [`inspect`] answers `status`, `logs`, `key` and `remove`.

pub mod altered;
pub mod api;
pub mod before;
pub mod boot;
pub mod clock;
pub mod converge;
pub mod deep;
pub mod download;
pub mod embedding;
pub mod expose;
pub mod generation;
pub mod inspect;
pub mod installed;
pub mod job;
pub mod journal;
pub mod lock;
pub mod proof;
pub mod protocol;
pub mod prune;
pub mod receive;
pub mod remove;
pub mod resume;
pub mod rollback;
pub mod sandbox;
pub mod serve;
pub mod service;
pub mod session;
pub mod shelf;
pub mod staged;
pub mod steps;

// As `super::files` all over this folder.
use crate::files;
