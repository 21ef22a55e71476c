//! While a job is pending, a unit waits for the next boot to carry it on. It is two small files that
//! systemd reads at boot; nothing has to be reloaded for them.

use super::{made, staged};
use crate::error::Result;
use crate::files;
use crate::paths;
use std::path::Path;

/// From now on a restart of the host does not end the job.
pub fn enable() -> Result<()> {
    let executable = staged::executable()?;
    // It came a moment ago, and may be in memory alone.
    files::sync(&executable)?;
    files::write(Path::new(paths::RESUME_FILE), unit(&executable).as_bytes(), 0o644)?;
    let link = Path::new(paths::RESUME_LINK);
    if let Some(folder) = link.parent() {
        made::folder(folder, 0o755)?;
    }
    files::link(link, Path::new(paths::RESUME_FILE))
}

/// The job is done.
pub fn disable() -> Result<()> {
    files::remove(Path::new(paths::RESUME_LINK))?;
    files::remove(Path::new(paths::RESUME_FILE))
}

/// Not a oneshot: the boot is complete while a model is still on its way.
fn unit(executable: &Path) -> String {
    format!(
        "[Unit]\n\
         Description=agi-provision apply, resumed after a restart\n\
         ConditionPathExists={job}/job.json\n\
         Wants=network-online.target\n\
         After=network-online.target local-fs.target\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart={executable} agent run\n",
        job = paths::JOB,
        executable = executable.display(),
    )
}
