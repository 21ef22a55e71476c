//! The system user that the server runs as.

use super::{Run, Step};
use crate::agent::generation::Desired;
use crate::error::{Failure, Result};
use crate::paths;
use crate::process;
use std::time::Duration;

pub struct User;

impl Step for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn check(&self, _: &Desired) -> Result<Vec<String>> {
        Ok(if exists()? { Vec::new() } else { vec![format!("create the system user {}", paths::USER)] })
    }

    /// Taken back with everything else when a first apply fails; later it exists.
    fn apply(&self, _: &Desired, _: &mut Run) -> Result<()> {
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

pub fn exists() -> Result<bool> {
    let text = std::fs::read_to_string("/etc/passwd")?;
    Ok(text.lines().any(|line| line.split(':').next() == Some(paths::USER)))
}

/// Removes the user and its group.
pub fn remove() -> Result<()> {
    if exists()? {
        tool("userdel", &[paths::USER])?;
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
