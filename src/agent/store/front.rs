//! Where a runtime has the program that stands in front of its server.

use crate::engine::front::Front;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder of a front's files: the nearest one above the server's program that has its script and what runs
/// it.
pub fn home(front: &Front, program: &Path) -> Option<PathBuf> {
    let program = fs::canonicalize(program).ok()?;
    let is_home = |folder: &&Path| folder.join(front.script).is_file() && folder.join(front.runs).exists();
    program.ancestors().skip(1).find(is_home).map(Path::to_path_buf)
}
