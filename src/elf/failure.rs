//! Why an ELF file cannot be read.

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

pub(super) type Result<T> = std::result::Result<T, ElfError>;
