//! Facts for containers: the version of podman, and whether its cards are described to it (CDI).

use crate::outside::{self, Kind};
use crate::process;
use std::path::Path;
use std::time::Duration;

/// Podman answers in a tenth of a second.
const LIMIT: Duration = Duration::from_secs(5);
/// Folders of the container device interface's specifications.
const FOLDERS: [&str; 2] = ["/etc/cdi", "/var/run/cdi"];
/// Most bytes of one that are read; that of eight cards has some 30 KB.
const MOST: u64 = 1 << 20;

/// Version of podman: `5.4.2`.
pub fn podman() -> Option<String> {
    version(&process::run("podman", &["--version"], LIMIT).ok()?.stdout)
}

fn version(said: &str) -> Option<String> {
    let version = said.lines().next()?.strip_prefix("podman version ")?.trim();
    let fine = !version.is_empty() && version.len() < 32 && version.bytes().all(|b| b.is_ascii_graphic());
    fine.then(|| version.to_string())
}

/// Whether a specification is of NVIDIA's cards.
pub fn has_cdi() -> bool {
    FOLDERS.iter().any(|folder| in_folder(Path::new(folder)))
}

fn in_folder(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.take(64).any(|entry| {
        let path = entry.path();
        let written =
            path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
        written && outside::text(&path, MOST, Kind::Regular).is_ok_and(|text| of_cards(&text))
    })
}

fn of_cards(text: &str) -> bool {
    let kind = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let plain = |text: &str| text.trim().trim_matches(['"', '\'', ',', '{', ' ']).to_string();
        (plain(key) == "kind").then(|| plain(value))
    };
    text.lines().filter_map(kind).any(|kind| kind == "nvidia.com/gpu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podman_tells_its_version_and_nothing_else_is_one() {
        assert_eq!(version("podman version 5.4.2\n").as_deref(), Some("5.4.2"));
        for said in ["", "Docker version 27", "podman version \n", "podman version 5\u{1b}[0m"] {
            assert_eq!(version(said), None, "{said:?}");
        }
    }

    #[test]
    fn a_specification_of_the_cards_is_told_by_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!in_folder(folder.path()) && !in_folder(&folder.path().join("none")));
        std::fs::write(folder.path().join("net.yaml"), "cdiVersion: 0.5.0\nkind: vendor.example/net\n")
            .unwrap();
        std::fs::write(folder.path().join("notes.txt"), "kind: nvidia.com/gpu\n").unwrap();
        assert!(!in_folder(folder.path()));
        std::fs::write(
            folder.path().join("nvidia.yaml"),
            "---\ncdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: []\n",
        )
        .unwrap();
        assert!(in_folder(folder.path()));
        assert!(of_cards("{\n  \"cdiVersion\": \"0.5.0\",\n  \"kind\": \"nvidia.com/gpu\",\n"));
    }
}
