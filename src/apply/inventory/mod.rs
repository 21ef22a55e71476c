//! Lists of hosts in files: our TOML, and Ansible's INI and YAML inventories as far as they say which
//! hosts there are and how to reach them.
//!
//! ```toml
//! [[host]]
//! name = "gpu1"
//! address = "203.0.113.7"      # what to connect to; the name by default
//! user = "root"
//! port = 2222
//! identity = "~/.ssh/fleet"
//! groups = ["gpu"]
//! plan = { quant = "Q4_K_M", ctx = 8192 }   # or { file = "gpu1.json" }
//! ```

mod entry;
mod ini;
mod limit;
mod ours;
mod tree;
mod yaml;

pub use entry::{Entry, Overrides};
pub use limit::select;

use crate::error::{Context, Failure, Result};
use crate::outside::{self, Kind, quoted};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Reads an inventory: TOML by its ending, YAML by its ending, Ansible's INI otherwise.
///
/// # Errors
/// Exit 2 with the place where the file is not understood, or when it names no host.
pub fn read_inventory(path: &Path) -> Result<Vec<Entry>> {
    let bytes = match outside::read_bounded(path, outside::DOCUMENT, Kind::Named) {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            return Err(not_read(path, &error.to_string()));
        }
        read => read.with_context(|| format!("reading {}", path.display()))?,
    };
    let mut entries = parse(path, bytes).map_err(|why| not_read(path, &why))?;
    if entries.is_empty() {
        return Err(not_read(path, "it names no host"));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for entry in &mut entries {
        if entry.name.is_empty() || entry.name.contains(outside::steers) {
            return Err(not_read(path, &format!("{} is no name for a host", quoted(&entry.name))));
        }
        entry.identity = entry.identity.take().map(|file| located(folder, &file));
        entry.plan.file = entry.plan.file.take().map(|file| located(folder, &file));
        entry.target().map_err(|error| not_read(path, &format!("{error:#}")))?;
    }
    Ok(entries)
}

/// The entries of an inventory as it is written: `path` only says what the text is.
///
/// # Errors
/// Where it is not understood, in one sentence.
pub(crate) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Vec<Entry>, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_string())?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "toml" => ours::parse(&text),
        "yml" | "yaml" => yaml::parse(&text).and_then(|tree| tree.entries()),
        _ => ini::parse(&text).and_then(|tree| tree.entries()),
    }
}

fn not_read(path: &Path, why: &str) -> anyhow::Error {
    Failure::usage(format!("the inventory {} cannot be used: {why}", path.display()))
        .hint("it is TOML with [[host]] tables, or Ansible's INI or YAML inventory")
        .into()
}

/// `~/` is the home; what is relative lies beside the inventory.
fn located(folder: &Path, file: &Path) -> PathBuf {
    match (file.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code};

    #[test]
    fn the_ending_says_what_it_is_and_errors_name_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            read_inventory(&dir.path().join(name))
        };
        let toml = "[[host]]\nname = \"a\"\nuser = \"root\"\nidentity = \"keys/a\"\n";
        let entries = write("x.toml", toml).unwrap();
        assert_eq!(entries[0].identity.as_deref(), Some(dir.path().join("keys/a").as_path()));
        assert_eq!(write("x.yml", "all:\n  hosts:\n    a:\n").unwrap()[0].name, "a");
        assert_eq!(write("hosts", "a\n").unwrap()[0].target().unwrap().to_string(), "a");
        for (name, text) in [
            ("x.toml", "[[host]]\nnome = \"a\"\n"),
            ("x.toml", ""),
            ("x.yml", "- a\n"),
            ("hosts", "# nothing\n"),
            ("hosts", "-oProxyCommand=x\n"),
            ("hosts", "a ansible_port=0x16\n"),
            ("hosts", "a\u{1b}]0;x\u{7} ansible_host=127.0.0.1\n"),
            ("x.toml", "[[host]]\nname = \"a\\nerror: b\"\naddress = \"b\"\n"),
        ] {
            let error = write(name, text).unwrap_err();
            assert_eq!(exit_code(&error), Exit::Usage, "{text}");
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
