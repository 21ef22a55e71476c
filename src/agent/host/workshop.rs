//! Runs a program of the system that works on files of a stranger, such as a compiler: as the service's user, behind the
//! service's walls, without a network, with one folder that it may write to and bounds on its memory and time. It ends
//! with the unit that started it.

use super::{sandbox, service};
use crate::error::{Failure, Result};
use crate::process::{self, ProgramOutput};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Transient unit of a build.
pub const UNIT: &str = "agi-provision-build.service";
/// Most processes of it.
const TASKS: u64 = 4096;
/// Most tries: each leaves out one more setting that an older systemd does not know.
const TRIES: usize = 8;

/// Place and bounds of such a program.
pub struct Workshop<'a> {
    /// Text of the service's unit, whose walls it gets.
    pub walls: &'a str,
    /// The one folder that it may write to.
    pub writes: &'a Path,
    /// File that its output is added to.
    pub log: &'a Path,
    /// Most memory of all its processes together, bytes.
    pub memory_bytes: u64,
    /// Most time that it may take.
    pub limit: Duration,
}

impl Workshop<'_> {
    /// Runs `argv` to its end; `look` is called about four times a second, and stops it with an error.
    pub fn run(&self, argv: &[String], mut look: impl FnMut() -> Result<()>) -> Result<ProgramOutput> {
        let mut properties = self.properties();
        for _ in 0..TRIES {
            // One that an agent left which was killed.
            _ = service::systemctl(&["stop", UNIT]);
            let mut command = Command::new("systemd-run");
            command.args(["--quiet", "--wait", "--collect", "--unit", UNIT]);
            command.args(properties.iter().flat_map(|property| ["--property", property]));
            command.arg("--").args(argv);
            let ended = process::run_watched(&mut command, "systemd-run", |_| look());
            if ended.is_err() {
                _ = service::systemctl(&["stop", UNIT]);
            }
            let outcome = ended?;
            let Some(unknown) = sandbox::unknown(&outcome) else { return Ok(outcome) };
            properties.retain(|property| !property.starts_with(&unknown));
        }
        Err(Failure::failed("systemd does not know the settings of a build's unit")
            .hint("a newer systemd does; or give a build of your own with --runtime-archive")
            .into())
    }

    fn properties(&self) -> Vec<String> {
        let log = format!("append:{}", self.log.display());
        let mut all = sandbox::confined(self.walls);
        all.extend([
            format!("StandardOutput={log}"),
            format!("StandardError={log}"),
            format!("ReadWritePaths={}", self.writes.display()),
            format!("WorkingDirectory={}", self.writes.display()),
            format!("Environment=HOME={} LC_ALL=C", self.writes.display()),
            "PrivateDevices=yes".to_string(),
            "PrivateNetwork=yes".to_string(),
            format!("MemoryMax={}", self.memory_bytes),
            format!("TasksMax={TASKS}"),
            format!("RuntimeMaxSec={}", self.limit.as_secs()),
            // A server that runs meanwhile comes first, and one compiler too many does not end the others.
            "Nice=19".to_string(),
            "CPUWeight=10".to_string(),
            "IOWeight=10".to_string(),
            "OOMScoreAdjust=1000".to_string(),
            "OOMPolicy=continue".to_string(),
        ]);
        if let Some(own) = own_unit() {
            all.push(format!("BindsTo={own}"));
            all.push(format!("After={own}"));
        }
        all
    }
}

/// Returns the unit that this process runs in.
fn own_unit() -> Option<String> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let name = groups.lines().find_map(|line| line.strip_prefix("0::"))?.rsplit('/').next()?;
    name.ends_with(".service").then(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;

    #[test]
    fn a_build_has_no_network_and_writes_to_one_folder_as_the_services_user() {
        let shop = Workshop {
            walls: engine::default().unit(),
            writes: Path::new("/var/lib/x/build"),
            log: Path::new("/var/lib/x/log"),
            memory_bytes: 7,
            limit: Duration::from_secs(60),
        };
        let properties = shop.properties();
        for wanted in [
            "User=agi-provision",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateNetwork=yes",
            "PrivateTmp=yes",
            "ReadWritePaths=/var/lib/x/build",
            "MemoryMax=7",
            "RuntimeMaxSec=60",
        ] {
            assert!(properties.iter().any(|property| property == wanted), "{wanted}: {properties:?}");
        }
        let writes = |property: &&String| property.starts_with("ReadWritePaths=");
        assert_eq!(properties.iter().filter(writes).count(), 1);
    }
}
