//! Servers: a unit runs `serve` at every start, [`api`] asks a server (whose [`owner`] is known), [`readiness`]
//! waits for one as long as there is [`progress`], [`said`] reads what a server has reported and
//! [`proof`] compares that with the plan. [`form`] is whether systemd or podman's Quadlet has its unit; [`front`] starts a server that another program starts; `beside` has the servers
//! beside the model's own; [`closed`] asks without the key. A pod has [`gate`] instead of `serve`.

pub mod api;
pub mod ask;
pub(crate) mod beside;
pub mod closed;
pub mod form;
pub mod front;
pub mod gate;
pub mod owner;
pub mod progress;
pub mod proof;
pub mod readiness;
pub mod said;
pub(crate) mod serve;

#[cfg(test)]
mod recorded_tests;
