//! Distribution, kernel, init.

use crate::hardware::facts::Os;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

pub fn probe(failed: &mut BTreeMap<String, String>) -> Os {
    let release = std::fs::read_to_string("/etc/os-release")
        .or_else(|_| std::fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_else(|error| {
            failed.insert("os.id".into(), format!("/etc/os-release: {error}"));
            String::new()
        });
    let uname = rustix::system::uname();
    Os {
        id: os_release(&release, "ID").unwrap_or_else(|| "unknown".into()),
        version: os_release(&release, "VERSION_ID").unwrap_or_default(),
        kernel: uname.release().to_string_lossy().into_owned(),
        arch: uname.machine().to_string_lossy().into_owned(),
        systemd: Path::new("/run/systemd/system").is_dir(),
        virtualization: virtualization(),
        boot_id: super::read("/proc/sys/kernel/random/boot_id", "os.boot_id", failed)
            .map(|text| text.trim().to_string()),
    }
}

/// The value of `key` in an os-release file, unquoted.
fn os_release(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix('=')?.trim();
        let value = value
            .strip_prefix(['"', '\''])
            .and_then(|inner| inner.strip_suffix(['"', '\'']))
            .unwrap_or(value);
        Some(value.to_string())
    })
}

/// What systemd says it runs in; `None` without systemd's tool.
fn virtualization() -> Option<String> {
    let output =
        Command::new("systemd-detect-virt").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::os_release;

    #[test]
    fn os_release_values_lose_their_quotes_and_do_not_match_longer_keys() {
        let text = "ID_LIKE=rhel\nID=debian\nVERSION_ID=\"12\"\nNAME='x y'\n";
        assert_eq!(os_release(text, "ID").as_deref(), Some("debian"));
        assert_eq!(os_release(text, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(os_release(text, "NAME").as_deref(), Some("x y"));
        assert_eq!(os_release(text, "MISSING"), None);
    }
}
