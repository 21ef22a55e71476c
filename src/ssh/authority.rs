//! `ssh -G`: OpenSSH's own client says what its configuration means for a host. It is asked without a shell,
//! with a bound on time, memory and output, and reads what it always reads: Match and what that runs, Include,
//! /etc/ssh/ssh_config.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::found::Found;
use super::target::Target;
use crate::error::{Context, Failure, Result};
use crate::process::{self, Bounds, ProcessError};

/// Time for `Match exec` and names that are made canonical by DNS.
const BOUNDS: Bounds =
    Bounds { limit: Duration::from_secs(30), memory: Some(512 << 20), keep: process::KEEP };

/// Asks OpenSSH's client for its settings for `target`, by its configuration or by `config` instead, with more `args`.
/// `None` if there is no such client here, or one that cannot tell.
///
/// # Errors
/// Exit 2 with its own words where it does not understand the configuration.
pub(super) fn ask(
    target: &Target,
    config: Option<&Path>,
    identity: &[String],
    args: &[String],
) -> Result<Option<Found>> {
    let mut command = Command::new("ssh");
    command.args(["-G", "-T"]);
    if let Some(file) = config {
        // `none` would mean no file.
        command.arg("-F").arg(if file.parent() == Some(Path::new("")) {
            Path::new(".").join(file)
        } else {
            file.into()
        });
    }
    for file in identity {
        command.arg("-i").arg(file);
    }
    if let Some(user) = &target.user {
        command.args(["-l", user]);
    }
    if let Some(port) = target.port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(args).args(["--", &target.name]);
    let outcome = match process::run_bounded(&mut command, "ssh", BOUNDS) {
        Ok(outcome) => outcome,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error @ ProcessError::TimedOut { .. }) => {
            return Err(Failure::usage(format!("reading the SSH configuration of {target}: {error}"))
                .hint(format!(
                    "find out what it waits for with `ssh -vG {}`; a Match exec must end",
                    target.name
                ))
                .into());
        }
        Err(error) => return Err(error).context("reading the SSH configuration"),
    };
    if outcome.success && outcome.stdout.len() < process::KEEP {
        return Ok(Some(Found::printed(&outcome.stdout)));
    }
    if outcome.success {
        return Err(Failure::usage(format!(
            "what the SSH configuration says of {target} has more than {} bytes",
            process::KEEP
        ))
        .hint("name a smaller one with --ssh-config")
        .into());
    }
    if cannot_tell(&outcome.stderr) {
        return Ok(None);
    }
    Err(refused(target, &outcome.stderr).into())
}

/// A client of another make, an old one, or one that refuses to work for a user that it cannot name.
fn cannot_tell(stderr: &str) -> bool {
    let text = stderr.to_ascii_lowercase();
    ["illegal option", "unknown option", "unknown argument", "invalid option", "no user exists for uid"]
        .iter()
        .any(|sign| text.contains(sign))
}

fn refused(target: &Target, stderr: &str) -> Failure {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    let why = if lines.is_empty() { "ssh gives no reason".to_string() } else { lines.join("; ") };
    Failure::usage(format!("the SSH configuration cannot be used for {target}: {why}"))
        .hint("correct it until `ssh -G` takes it, or name another with --ssh-config (/dev/null for none)")
}
