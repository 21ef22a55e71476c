//! Why an ELF file cannot be read.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
/// Reason why a file cannot be read as an ELF program.
pub enum ElfError {
    #[error("reading {}", path.display())]
    /// Reading failed.
    Io {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    #[error("{} is not an ELF file for a 64-bit processor", path.display())]
    /// It is not ELF.
    NotElf {
        /// The file.
        path: PathBuf,
    },
    /// It says something of itself that cannot be, or more than any program does.
    #[error("{} is damaged: {why}", path.display())]
    /// Its tables contradict each other or its size.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which part is damaged.
        why: &'static str,
    },
}

pub(super) type Result<T> = std::result::Result<T, ElfError>;
