//! Models on Hugging Face, without the network: how people name them, and which files of a repository are meant.

mod label;
mod name;
mod pick;

pub use label::split_name;
pub use name::{HubName, Which, parse};
pub use pick::{Unpicked, pick};
