//! What serves: [`serve`] is what a unit runs at every start, [`api`] asks a server, [`readiness`] waits for
//! one, [`said`] reads what it reports and [`proof`] compares that with the plan. [`embedding`] is the second
//! server of a plan with `rag`; [`closed`] asks without the key.

pub mod api;
pub mod closed;
pub mod embedding;
pub mod proof;
pub mod readiness;
pub mod said;
pub mod serve;
