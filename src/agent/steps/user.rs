//! The system user that the server runs as.

use super::{Run, Step, user_locks};
use crate::agent::generation::Desired;
use crate::error::{Context, Failure, Result};
use crate::paths;
use crate::process;
use std::path::Path;
use std::time::Duration;

pub struct User;

impl Step for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn check(&self, _: &Desired) -> Result<Vec<String>> {
        Ok(match Found::read()? {
            Found { user: true, group: true } => Vec::new(),
            Found { user: false, group: false } => vec![format!("create the system user {}", paths::USER)],
            _ => vec![format!("create the system user {} anew, which is there in part", paths::USER)],
        })
    }

    /// Taken back with everything else when a first apply fails; later it exists.
    fn apply(&self, _: &Desired, _: &mut Run) -> Result<()> {
        remove()?;
        let args = [
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            paths::VAR,
            "--shell",
            "/usr/sbin/nologin",
            paths::USER,
        ];
        tool("useradd", &args)
    }
}

/// A useradd that was killed leaves one without the other.
struct Found {
    user: bool,
    group: bool,
}

impl Found {
    fn read() -> Result<Found> {
        let has = |path: &str| -> Result<bool> {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
            Ok(text.lines().any(|line| line.split(':').next() == Some(paths::USER)))
        };
        Ok(Found { user: has("/etc/passwd")?, group: has("/etc/group")? })
    }
}

/// Removes the user and its group, or what there is of them, and what killed tools left of such work.
pub fn remove() -> Result<()> {
    user_locks::sweep(Path::new("/etc"))?;
    if Found::read()?.user {
        tool("userdel", &[paths::USER])?;
    }
    // userdel takes a group of the same name with it.
    if Found::read()?.group {
        tool("groupdel", &[paths::USER])?;
    }
    Ok(())
}

fn tool(name: &str, args: &[&str]) -> Result<()> {
    let outcome = process::run(name, args, Duration::from_secs(30))?;
    if outcome.success {
        return Ok(());
    }
    Err(Failure::failed(format!("{name} {}: {}", paths::USER, outcome.stderr.trim())).into())
}
