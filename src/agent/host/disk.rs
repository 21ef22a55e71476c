//! A disk without room, wherever it shows.

use crate::error::{Exit, Failure, exit_code};
use crate::files;

/// A disk is full of bytes or of files.
pub const FREE_SOME: &str =
    "free some space on the host (`df -h /var/lib`, and `df -i` for inodes) or take a larger disk";

/// Gives the error of a step the hint for a full disk, where the disk is full: no other would help.
pub fn hinted(error: anyhow::Error) -> anyhow::Error {
    let full = error.chain().any(|cause| cause.downcast_ref().is_some_and(files::full));
    if !(full || has_no_room()) || exit_code(&error) != Exit::Failed {
        return error;
    }
    Failure::failed(format!("{error:#}")).hint(FREE_SOME).into()
}

/// Programs that a step runs do not always say that the disk is why they failed.
fn has_no_room() -> bool {
    ["/etc", "/var/lib"].iter().any(|folder| {
        rustix::fs::statvfs(*folder).is_ok_and(|disk| {
            disk.f_files > 0 && disk.f_favail < 8 || disk.f_bavail.saturating_mul(disk.f_frsize) < 1 << 20
        })
    })
}
