//! A restart of the host.

use super::service;
use crate::error::{Context, Failure, Result};
use crate::outside::{self, Kind};
use std::path::Path;

/// Returns the kernel's random id of this boot.
pub fn boot_id() -> Result<String> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = outside::text(path, outside::NOTE, Kind::Regular);
    Ok(text.with_context(|| format!("reading {}", path.display()))?.trim().to_string())
}

/// Asks systemd to restart the host; it goes down a moment later.
pub fn restart() -> Result<()> {
    let outcome = service::systemctl(&["reboot"])?;
    match outcome.success {
        true => Ok(()),
        false => Err(Failure::failed(format!("restarting the host: {}", outcome.stderr.trim()))
            .hint("restart it by hand; the apply goes on at the next boot")
            .into()),
    }
}
