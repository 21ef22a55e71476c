//! Why an ELF file cannot be read.

use std::io;
use std::path::PathBuf;

/// Reason why a file cannot be read as an ELF program.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// Reading failed.
    #[error("reading {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// It is not ELF.
    #[error("{} is not an ELF file for a 64-bit processor", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
    },
    /// It says something of itself that cannot be, or more than any program does.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damaged part.
        why: &'static str,
    },
}

pub(super) type Result<T> = std::result::Result<T, ElfError>;
