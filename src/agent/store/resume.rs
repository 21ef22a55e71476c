//! While a job is pending, a unit waits for the next boot to carry it on. It is two small files that
//! systemd reads at boot; nothing has to be reloaded for them.

use super::{made, staged};
use crate::error::Result;
use crate::files;
use crate::paths;
use std::path::Path;

/// Limits of a job's unit. A job unpacks, hashes and downloads in less than 100 MB, and the package manager runs in
/// it too; the page cache of its files is given back under the limit, so that only a job gone wrong meets it. No core
/// file: it has had a token in its memory.
pub const BOUNDS: [&str; 3] = ["MemoryMax=2G", "TasksMax=1024", "LimitCORE=0"];

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
         ExecStart={executable} agent run\n\
         {bounds}\n",
        job = paths::JOB,
        executable = executable.display(),
        bounds = BOUNDS.join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_job_has_the_bounds_of_any_job() {
        let unit = unit(Path::new("/usr/local/lib/agi-provision/agent-1"));
        for bound in BOUNDS {
            assert!(unit.lines().any(|line| line == bound), "{bound} is not in {unit}");
        }
        assert!(unit.contains("ExecStart=/usr/local/lib/agi-provision/agent-1 agent run\n"));
    }
}
