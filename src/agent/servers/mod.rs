//! Servers: a unit runs [`serve`] at every start, [`api`] asks a server (whose [`owner`] is known), [`readiness`]
//! waits for one as long as there is [`progress`], [`streamed`] is an answer on its way, [`said`] reads what a server
//! has [`reported`] and [`proof`] compares that with the plan. [`beside`] has the servers beside the model's own;
//! [`closed`] asks without the key.

pub mod api;
pub mod ask;
pub mod beside;
pub mod closed;
pub mod owner;
pub mod progress;
pub mod proof;
pub mod readiness;
pub mod reported;
pub mod said;
pub mod serve;
pub mod streamed;

#[cfg(test)]
mod recorded_tests;
