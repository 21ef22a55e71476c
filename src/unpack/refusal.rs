//! Why an archive is not unpacked.

use super::shown::shown;
use std::io;

/// Reason why an archive was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The archive holds something that no archive of a runtime should.
    #[error("{0}")]
    Refused(String),
    /// The archive ends early.
    #[error("it ends too early: it is truncated or still downloading")]
    Truncated,
    /// The archive cannot be read.
    #[error("it is not a .tar or .tar.gz archive, or it is damaged: {0}")]
    Unreadable(String),
    /// The disk, not the archive.
    #[error("writing {name}")]
    Write {
        /// Entry that was being written.
        name: String,
        /// Cause.
        source: io::Error,
    },
}

pub(super) type Result<T> = std::result::Result<T, UnpackError>;

pub(super) fn refused<T>(why: impl Into<String>) -> Result<T> {
    Err(UnpackError::Refused(why.into()))
}

pub(super) fn unreadable(error: &io::Error) -> UnpackError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return UnpackError::Truncated;
    }
    // The library may repeat a name of the archive in its text.
    UnpackError::Unreadable(shown(&error.to_string()))
}
