//! Reads the system's own work: cloud-init, upgrades, a restart that it asks for.

use super::os::{holder, package_lock};
use crate::hardware::facts::{Gaps, Upkeep, Work, Worker};
use crate::outside::{self, Kind};
use std::path::Path;

/// Held by unattended-upgrade from its beginning to its end; dpkg's locks only at times.
const UPGRADES: &str = "/run/unattended-upgrades.lock";

/// Programs that install packages by themselves, as /proc shows their names, in 15 characters.
const BY_THEMSELVES: [&str; 4] = ["unattended-upgr", "apt.systemd.dai", "packagekitd", "dnf-automatic"];

/// Reads files and locks; runs no program.
pub fn probe(gaps: &mut Gaps) -> Upkeep {
    let text = |path: &str| outside::text(Path::new(path), outside::NOTE, Kind::Regular).ok();
    let result = Path::new("/run/cloud-init/result.json").exists();
    let cloud_init = text("/run/cloud-init/status.json").filter(|_| !result).map(|status| stage(&status));
    let by_itself = |who: &String| BY_THEMSELVES.iter().any(|name| who.starts_with(name));
    let upgrades = holder(UPGRADES, gaps).or_else(|| package_lock(gaps).filter(by_itself));
    let cloud_init = cloud_init.map(|at| Work { by: Worker::CloudInit, at });
    let upgrades = upgrades.map(|at| Work { by: Worker::Upgrades, at });
    let reboot = Path::new("/run/reboot-required").exists();
    Upkeep {
        at_work: cloud_init.into_iter().chain(upgrades).collect(),
        reboot_for: reboot.then(|| packages(&text("/run/reboot-required.pkgs").unwrap_or_default())),
    }
}

/// The stage that cloud-init's status names, such as `modules-final`.
fn stage(status: &str) -> String {
    let status: serde_json::Value = serde_json::from_str(status).unwrap_or_default();
    let stage = status["v1"]["stage"].as_str().unwrap_or("between two stages");
    stage.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// One name a line, in the order of their first mention.
fn packages(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in text.lines().map(str::trim).filter(|name| !name.is_empty()).take(64) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_string());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_of_cloud_init_and_the_packages_of_a_restart_are_read() {
        for (status, want) in [
            (r#"{"v1": {"datasource": "NoCloud", "stage": "modules-final"}}"#, "modules-final"),
            (r#"{"v1": {"stage": null}}"#, "between two stages"),
            ("not json", "between two stages"),
        ] {
            assert_eq!(stage(status), want);
        }
        assert_eq!(packages("libc6\nlinux-image-amd64\nlibc6\n\n"), ["libc6", "linux-image-amd64"]);
        assert_eq!(packages(""), [""; 0]);
    }
}
