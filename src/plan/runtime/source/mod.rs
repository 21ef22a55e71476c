//! A build from source on the host itself, for what no archive has: `recipe` says what is compiled, `amount` how much of
//! the host and of time that takes, `advice` when a plan names it. Pure.

mod advice;
pub mod amount;
pub mod recipe;

pub use advice::{SourceAdvice, advice};
