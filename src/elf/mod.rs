//! Reads of a program or library what the dynamic loader would: its processor, the libraries and versions
//! that it needs, where it looks for them. Nothing of it is run, and a file of any size and content takes
//! little memory.
//!
//! [`image`] reads one file, [`loader`] finds what it needs on this machine, [`cache`] reads ld.so.cache.

mod bytes;
mod cache;
mod image;
mod loader;

pub use image::{Image, Machine, VersionNeed};
pub use loader::{Lacking, Loaded, Search, resolve};

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    #[error("reading {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not an ELF file for a 64-bit processor", path.display())]
    NotElf { path: PathBuf },
    /// It says something of itself that cannot be, or more than any program does.
    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: &'static str },
}

pub type Result<T> = std::result::Result<T, ElfError>;
