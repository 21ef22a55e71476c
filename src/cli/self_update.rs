//! `self-update`: how this program is updated, which depends on how it was installed. It changes nothing itself.

use super::output::print;
use crate::error::{Context, Exit, Result};
use crate::paths;
use crate::ssh::quote;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// dpkg's list of the files of the package.
const PACKAGE_FILES: &str = "/var/lib/dpkg/info/agi-provision.list";

#[derive(clap::Args)]
pub struct Args {}

/// How the program came to where it is.
#[derive(Debug, PartialEq, Eq)]
enum Installed {
    Package,
    /// By `cargo install`, with the words after it that install it again.
    Cargo(Source),
    /// Built in a clone of the repository, and not installed.
    Clone(PathBuf),
    /// By `apply`, as a host's agent.
    Agent,
    /// The file alone.
    Copied,
}

/// Where `cargo install` took the program from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Registry,
    Folder(PathBuf),
    Git(String),
}

/// Facts of this machine about the program's own file.
struct Facts<'a> {
    program: &'a Path,
    /// Text of [`PACKAGE_FILES`].
    package: Option<&'a str>,
    /// Text of `.crates.toml`, cargo's list of what it installed, in the folder above the program's.
    crates: Option<&'a str>,
    /// The nearest folder above the program that has a manifest of this program.
    clone: Option<&'a Path>,
}

pub fn run(_: &Args) -> Result<Exit> {
    let program = std::env::current_exe().context("looking for this program's own file")?;
    let above = |name: &str| program.ancestors().nth(2).map(|folder| folder.join(name));
    let is_ours = |folder: &&Path| {
        fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.contains("\nname = \"agi-provision\"\n"))
    };
    let package = fs::read_to_string(PACKAGE_FILES).ok();
    let crates = above(".crates.toml").and_then(|file| fs::read_to_string(file).ok());
    let facts = Facts {
        program: &program,
        package: package.as_deref(),
        crates: crates.as_deref(),
        clone: program.ancestors().skip(1).find(is_ours),
    };
    print(&advice(&installed(&facts), &program))?;
    Ok(Exit::Done)
}

fn installed(facts: &Facts) -> Installed {
    let listed = |list: &str| list.lines().any(|line| Path::new(line) == facts.program);
    if facts.program.starts_with(paths::LIB) {
        Installed::Agent
    } else if facts.package.is_some_and(listed) {
        Installed::Package
    } else if let Some(source) = facts.crates.and_then(source) {
        Installed::Cargo(source)
    } else if let Some(folder) = facts.clone {
        Installed::Clone(folder.to_path_buf())
    } else {
        Installed::Copied
    }
}

/// Reads from cargo's list where this program is from: `"agi-provision 0.1.0 (path+file:///src)" = ["agi-provision"]`.
fn source(crates: &str) -> Option<Source> {
    #[derive(serde::Deserialize)]
    struct List {
        v1: BTreeMap<String, Vec<String>>,
    }
    let list: List = toml::from_str(crates).ok()?;
    let ours = list.v1.keys().find(|id| id.split(' ').next() == Some("agi-provision"))?;
    let place = ours.split_once('(')?.1.strip_suffix(')')?;
    if let Some(folder) = place.strip_prefix("path+file://") {
        return Some(Source::Folder(folder.into()));
    }
    match place.strip_prefix("git+") {
        Some(url) => Some(Source::Git(url.split(['?', '#']).next().unwrap_or_default().to_string())),
        None => Some(Source::Registry),
    }
}

fn advice(installed: &Installed, program: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let path = |path: &Path| quote(&path.display().to_string());
    let (how, update) = match installed {
        Installed::Package => (
            "from its Debian package".to_string(),
            "install the newer package over it:\n  sudo apt-get install ./agi-provision_VERSION_ARCH.deb"
                .to_string(),
        ),
        Installed::Cargo(source) => (
            "by cargo".to_string(),
            match source {
                Source::Registry => "run\n  cargo install --locked agi-provision".to_string(),
                Source::Folder(folder) => format!(
                    "run\n  git -C {0} pull --ff-only && cargo install --locked --path {0}",
                    path(folder)
                ),
                Source::Git(url) => format!("run\n  cargo install --locked --git {}", quote(url)),
            },
        ),
        Installed::Clone(folder) => (
            format!("in the clone {}", folder.display()),
            format!(
                "run\n  git -C {0} pull --ff-only && {1} --version",
                path(folder),
                path(&folder.join("run"))
            ),
        ),
        Installed::Agent => (
            "by `apply`, as this host's agent".to_string(),
            "run `apply` with a newer agi-provision from your own machine".to_string(),
        ),
        Installed::Copied => (
            "as a single file".to_string(),
            format!(
                "put the newer one in its place, in a folder with its SHA256SUMS:\n  \
                 sha256sum --check --ignore-missing SHA256SUMS\n  install -m 755 agi-provision-VERSION-TARGET {}",
                path(program)
            ),
        ),
    };
    format!(
        "agi-provision {version}, {}, was installed {how}; it does not update itself.\n\nTo update it, {update}",
        program.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: &str = "[v1]\n\"other 1.0.0 (registry+https://example.org/index)\" = [\"other\"]\n";

    fn facts(program: &str) -> Facts<'_> {
        Facts { program: Path::new(program), package: None, crates: None, clone: None }
    }

    fn from(source: &str) -> String {
        format!("{CRATES}\"agi-provision 0.1.0 ({source})\" = [\"agi-provision\"]\n")
    }

    #[test]
    fn a_program_knows_how_it_was_installed() {
        let list = "/.\n/usr\n/usr/bin\n/usr/bin/agi-provision\n";
        assert_eq!(
            installed(&Facts { package: Some(list), ..facts("/usr/bin/agi-provision") }),
            Installed::Package
        );
        // The package is installed, but this is another file.
        let other = Facts { package: Some(list), ..facts("/opt/agi-provision") };
        assert_eq!(installed(&other), Installed::Copied);
        let agent = "/usr/local/lib/agi-provision/agent-0123";
        assert_eq!(installed(&facts(agent)), Installed::Agent);
        let clone = Path::new("/src/agi");
        let built = Facts { clone: Some(clone), ..facts("/src/agi/target/release/agi-provision") };
        assert_eq!(installed(&built), Installed::Clone(clone.into()));
        for (place, wanted) in [
            ("path+file:///src/agi", Source::Folder("/src/agi".into())),
            ("registry+https://github.com/rust-lang/crates.io-index", Source::Registry),
            ("git+https://example.org/agi?branch=main#0123", Source::Git("https://example.org/agi".into())),
        ] {
            let crates = from(place);
            let cargo = Facts { crates: Some(&crates), ..facts("/root/.cargo/bin/agi-provision") };
            assert_eq!(installed(&cargo), Installed::Cargo(wanted));
        }
        // Cargo installed something, but not this program; and a list that cannot be read says nothing.
        for crates in [CRATES, "[v1", ""] {
            let cargo = Facts { crates: Some(crates), ..facts("/root/.cargo/bin/agi-provision") };
            assert_eq!(installed(&cargo), Installed::Copied, "{crates}");
        }
    }

    #[test]
    fn each_way_has_its_command_and_a_shell_reads_its_paths() {
        let program = Path::new("/opt/my tools/agi-provision");
        for (how, command) in [
            (Installed::Package, "sudo apt-get install ./agi-provision_"),
            (Installed::Cargo(Source::Registry), "cargo install --locked agi-provision"),
            (Installed::Cargo(Source::Folder("/a b".into())), "cargo install --locked --path '/a b'"),
            (Installed::Cargo(Source::Git("https://example.org/a".into())), "--git https://example.org/a"),
            (Installed::Clone("/a b".into()), "git -C '/a b' pull --ff-only && '/a b/run' --version"),
            (Installed::Agent, "run `apply`"),
            (Installed::Copied, "'/opt/my tools/agi-provision'"),
        ] {
            let advice = advice(&how, program);
            assert!(advice.contains(command), "{advice}");
        }
    }
}
