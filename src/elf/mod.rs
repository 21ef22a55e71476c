//! Reads of a program or library what the dynamic loader would: its processor, the libraries and versions
//! that it needs, where it looks for them. Nothing of it is run, and a file of any size and content takes
//! little memory.
//!
//! `image` reads one file, `loader` finds what it needs on this machine, `cache` reads ld.so.cache, `needs` says what
//! it would need of another machine.

mod bytes;
mod cache;
mod failure;
mod image;
mod loader;
mod needs;

pub use failure::ElfError;
pub use image::{Image, Machine, VersionNeed};
pub use loader::{Lacking, Loaded, Search, resolve};
pub use needs::Needs;
