//! Lists of hosts in files: our TOML, a plain list, the JSON of `ansible-inventory --list` and of `tofu output`, and
//! Ansible's inventories. Where `ansible-inventory` is on the machine it is asked about these; our own readers of INI
//! and YAML refuse what would need it.
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

mod ask;
mod entry;
mod ini;
mod json;
mod limit;
mod ours;
mod plain;
mod tree;
mod vars;
mod yaml;

pub use entry::{Entry, Overrides};
pub use limit::{ordered, select};
pub use ours::File as Inventory;

use crate::error::{Context, Failure, Result};
use crate::home::located;
use crate::outside::{self, Kind, quoted};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Reads an inventory: a file, a folder or script where Ansible is there to read it, `-` for stdin.
///
/// # Errors
/// Exit 2 with the place where it is not understood, or when it names no host.
pub fn read_inventory(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let most = outside::DOCUMENT + 1;
        std::io::stdin()
            .lock()
            .take(most)
            .read_to_end(&mut bytes)
            .context("reading the inventory on stdin")?;
        match bytes.len() as u64 == most {
            true => Err(format!("it has more than {} bytes", outside::DOCUMENT)),
            false => parse(path, bytes),
        }
    } else if path.is_dir() {
        asked(path, "a folder")
    } else {
        let bytes = match outside::read_bounded(path, outside::DOCUMENT, Kind::Named) {
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                return Err(not_read(path, &error.to_string()));
            }
            read => read.with_context(|| format!("reading {}", path.display()))?,
        };
        file(path, bytes)
    }
    .map_err(|why| not_read(path, &why))?;
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
        if !entry.local {
            entry.target().map_err(|error| not_read(path, &format!("{error:#}")))?;
        }
    }
    let unread: Vec<&Entry> = entries.iter().filter(|entry| !entry.unread.is_empty()).collect();
    if let Some(first) = unread.first() {
        warn!(
            "secrets in the inventory {} are not read ({} of {}, {} hosts in all): give passwords with \
             --password-stdin and --sudo-password-stdin",
            path.display(),
            first.unread.join(", "),
            quoted(&first.name),
            unread.len()
        );
    }
    Ok(entries)
}

/// A file that is here.
fn file(path: &Path, bytes: Vec<u8>) -> Result<Vec<Entry>, String> {
    let script = bytes.starts_with(b"#!")
        && std::fs::metadata(path)
            .is_ok_and(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0);
    if script {
        return asked(path, "a script");
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_string())?;
    if let Some(own) = own(path, &text) {
        return own;
    }
    match ask::ask(path)? {
        Some(list) => listed(&list),
        None => {
            let folder = path.parent().unwrap_or(Path::new(""));
            if let Some(beside) = ["group_vars", "host_vars"].iter().find(|name| folder.join(name).exists()) {
                return Err(format!(
                    "{beside} lies beside it: install Ansible, whose ansible-inventory is asked then"
                ));
            }
            ansible(path, &text)
        }
    }
}

/// Reads an inventory that only Ansible understands.
fn asked(path: &Path, what: &str) -> Result<Vec<Entry>, String> {
    match ask::ask(path)? {
        Some(list) => listed(&list),
        None => Err(format!("it is {what}: install Ansible, whose ansible-inventory is asked then")),
    }
}

fn listed(list: &str) -> Result<Vec<Entry>, String> {
    json::parse(list).unwrap_or_else(|| Err("ansible-inventory printed something else than a list".into()))
}

/// The entries of an inventory as it is written: `path` only says what the text is.
///
/// # Errors
/// Where it is not understood, in one sentence.
pub(crate) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Vec<Entry>, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_string())?;
    own(path, &text).unwrap_or_else(|| ansible(path, &text))
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// Reads a format of ours, JSON or a list of hosts; `None` for Ansible's own formats.
fn own(path: &Path, text: &str) -> Option<Result<Vec<Entry>, String>> {
    if ending(path) == "toml" {
        return Some(ours::parse(text));
    }
    json::parse(text).or_else(|| plain::parse(text))
}

/// Ansible's inventories by our own readers.
fn ansible(path: &Path, text: &str) -> Result<Vec<Entry>, String> {
    let is_yaml =
        matches!(ending(path).as_str(), "yml" | "yaml" | "json") || text.trim_start().starts_with('{');
    let tree = if is_yaml { yaml::parse(text) } else { ini::parse(text) };
    tree?.entries()
}

fn not_read(path: &Path, why: &str) -> anyhow::Error {
    Failure::usage(format!("the inventory {} cannot be used: {why}", path.display()))
        .hint("it is TOML with [[host]] tables, Ansible's inventory, a list of hosts or JSON (docs/inventory.md)")
        .into()
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
            ("hosts", "a ansible_port=0x\n"),
            ("hosts", "a\u{1b}]0;x\u{7} ansible_host=127.0.0.1\n"),
            ("x.toml", "[[host]]\nname = \"a\\nerror: b\"\naddress = \"b\"\n"),
        ] {
            let error = write(name, text).unwrap_err();
            assert_eq!(exit_code(&error), Exit::Usage, "{text}");
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
