//! Texts of the files that a driver needs beside its packages. Pure.

use crate::hardware::vendor::driver::Driver;

/// Keeps other drivers from the cards (modprobe.d).
pub fn modprobe(driver: &Driver) -> String {
    let mut text = format!("# By agi-provision: the cards of this host are for {}.\n", driver.title);
    for other in &driver.instead_of {
        text += &format!("blacklist {other}\noptions {other} modeset=0\n");
    }
    text
}

/// Keeps unattended upgrades from the driver: its libraries and the loaded module must be of one version, and only a
/// restart loads another module.
pub fn held(driver: &Driver) -> String {
    let mut text = "// By agi-provision: another version of the driver needs a restart of the host, so it is upgraded by \
                    hand:\n// `apt upgrade`, then restart the host.\nUnattended-Upgrade::Package-Blacklist {\n"
        .to_string();
    driver.held.iter().for_each(|name| text += &format!("    \"{name}\";\n"));
    text + "};\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::{Os, PciCard, Vendor};
    use crate::hardware::vendor::{self, driver::DriverHost, driver::Origin, driver::SecureBoot};

    #[test]
    fn other_drivers_and_unattended_upgrades_are_kept_away() {
        let os = Os {
            id: "debian".into(),
            version: "12".into(),
            kernel: "6.1.0-49-cloud".into(),
            arch: "aarch64".into(),
            ..Os::default()
        };
        let card = PciCard { name: Some("NVIDIA GA102 [GeForce RTX 3090]".into()), ..PciCard::default() };
        let host = DriverHost { os: &os, cards: vec![&card], secure_boot: SecureBoot::Off };
        let driver = vendor::of(Vendor::Nvidia).driver(&host, Origin::Distribution, None).unwrap();
        let modprobe = modprobe(&driver);
        assert!(modprobe.contains("\nblacklist nouveau\noptions nouveau modeset=0\n"), "{modprobe}");
        let held = held(&driver);
        assert!(held.contains("Unattended-Upgrade::Package-Blacklist {\n    \"nvidia-\";\n"), "{held}");
        // Every package of the driver begins with one of the names; headers and tools of the kernel do not change it.
        let is_held = |name: &&String| driver.held.iter().any(|held| name.starts_with(held.as_str()));
        let free: Vec<&String> = driver.packages.iter().filter(|name| !is_held(name)).collect();
        assert_eq!(free, ["linux-headers-6.1.0-49-cloud"]);
    }
}
