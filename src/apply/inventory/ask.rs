//! `ansible-inventory --list`: Ansible itself says which hosts an inventory has and which variables each of them.
//! It knows group_vars and host_vars beside it, vaults, priorities, scripts, folders and plugins.

use crate::process::{self, ProcessError};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// For scripts that ask a cloud.
const LIMIT: Duration = Duration::from_secs(120);
/// Memory of its own that it may take, and most of what it may print, bytes.
const MEMORY: u64 = 2 << 30;
const MOST: usize = 64 << 20;

/// Returns what ansible-inventory prints of the inventory `path`; `None` where this machine has no Ansible.
///
/// # Errors
/// Its own words where it does not understand the inventory.
pub fn ask(path: &Path) -> Result<Option<String>, String> {
    let mut command = Command::new("ansible-inventory");
    // With a folder before it, a name with a comma is no list of hosts and one with a `-` no option.
    let path = if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) };
    command.arg("--list").arg("-i").arg(&path);
    command.env("ANSIBLE_INVENTORY_UNPARSED_FAILED", "True");
    command.env("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "True");
    command.env("ANSIBLE_NOCOLOR", "1").env_remove("ANSIBLE_FORCE_COLOR");
    let bounds = process::Bounds { limit: LIMIT, memory: Some(MEMORY), keep: MOST };
    let outcome = match process::run_bounded(&mut command, "ansible-inventory", bounds) {
        Ok(outcome) => outcome,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error @ ProcessError::TimedOut { .. }) => return Err(error.to_string()),
        Err(error) => return Err(format!("{:#}", anyhow::Error::from(error))),
    };
    if outcome.stdout.len() >= MOST {
        return Err(format!("ansible-inventory prints more than {MOST} bytes"));
    }
    if !outcome.success {
        return Err(format!("ansible-inventory says: {}", why(&outcome.stderr)));
    }
    Ok(Some(outcome.stdout))
}

/// The lines of an error, its warnings before it, as one; Ansible breaks them at 80 columns.
fn why(stderr: &str) -> String {
    let text = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.char_indices().nth(800).map_or(text.len(), |(at, _)| at);
    if text.is_empty() { "nothing".into() } else { text[..end].to_string() }
}
