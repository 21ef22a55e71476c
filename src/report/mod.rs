//! Documents as text for people.

pub mod bar;
pub mod explain;
pub mod facts;
pub mod hosts;
pub mod html;
pub mod levels;
mod measured;
pub mod plan;
pub mod prometheus;
pub mod status;
pub mod suggest;
pub mod table;
pub mod verify;
mod words;
