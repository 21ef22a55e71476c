//! What serves: [`serve`] is what a unit runs at every start, [`api`] asks a server (whose [`owner`] is known), [`readiness`] waits for
//! one, for as long as there is [`progress`], [`streamed`] is an answer on its way, [`said`] reads what it [`reported`] and [`proof`] compares that with the plan. [`embedding`] is the second
//! server of a plan with `rag`; [`closed`] asks without the key.

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
