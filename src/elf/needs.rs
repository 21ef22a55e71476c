//! Needs of a program that is not on the machine yet: libraries and their versions, beside those that it brings.

use super::failure::Result;
use super::image::{Image, Machine, VersionNeed, glibc};
use super::loader::{Lacking, Search, older, walk};
use crate::processor::Processor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Libraries that a program and what it brings want from the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Processor that the program is built for; `None`: one that this tool does not know, or not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<Processor>,
    /// Names of the libraries.
    pub libraries: BTreeSet<String>,
    /// Versions that they must define.
    pub versions: BTreeSet<VersionNeed>,
}

impl Needs {
    /// Reads the program or library at `path`; whatever lies below `root` comes with it. Errors: it cannot be read, is
    /// not ELF, or is damaged.
    pub fn of(path: &Path, root: &Path) -> Result<Needs> {
        let walk = walk(path, &Search::default(), |found| found.starts_with(root))?;
        let brought = |library: &String| walk.known.get(library).is_some_and(Option::is_some);
        let versions =
            walk.versions.into_iter().filter(|need| !need.weak && !brought(&need.library)).collect();
        let processor = match Image::read(path)?.machine {
            Machine::Known(processor) => Some(processor),
            Machine::Other(_) => None,
        };
        Ok(Needs { processor, libraries: walk.loaded.missing().into_iter().collect(), versions })
    }

    /// Adds those of another file that is loaded into the same program.
    pub fn add(&mut self, other: &Needs) {
        self.libraries.extend(other.libraries.iter().cloned());
        self.versions.extend(other.versions.iter().cloned());
    }

    /// The oldest C library that will do, as 2.38; `None` where nothing is said of one.
    pub fn glibc(&self) -> Option<(u32, u32)> {
        self.versions.iter().filter_map(|need| glibc(&need.version)).max()
    }

    /// Returns what a machine with these libraries lacks; its C library's version is left to [`Needs::glibc`].
    pub fn lacking(&self, search: &Search) -> Vec<Lacking> {
        if let Some(processor) = self.processor.filter(|processor| *processor != Processor::own()) {
            return vec![Lacking::Processor(processor)];
        }
        let find = |name: &String| {
            let images = search.places(name).filter_map(|path| Image::read(&path).ok());
            images.into_iter().find(|image| image.machine == Machine::OWN)
        };
        let mut lacking = Vec::new();
        for name in &self.libraries {
            let Some(image) = find(name) else {
                lacking.push(Lacking::Library(name.clone()));
                continue;
            };
            let needs = self.versions.iter().filter(|need| need.library == *name);
            let others = needs.filter(|need| glibc(&need.version).is_none());
            lacking.extend(others.filter_map(|need| older(need, &image.versions_defined)));
        }
        lacking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_needs_what_it_does_not_bring() {
        let dir = tempfile::tempdir().unwrap();
        let shell = dir.path().join("llama-server");
        std::fs::copy("/bin/sh", &shell).unwrap();
        let needs = Needs::of(&shell, dir.path()).unwrap();
        assert!(needs.libraries.contains("libc.so.6"), "{needs:?}");
        assert!(needs.glibc() >= Some((2, 2)), "{needs:?}");
        assert_eq!(needs.lacking(&Search::of_host()), []);
        let other = if Processor::own().is_default() { Processor::Aarch64 } else { Processor::X86_64 };
        let foreign = Needs { processor: Some(other), ..needs.clone() };
        assert_eq!(foreign.lacking(&Search::of_host()), [Lacking::Processor(other)]);
        let json = serde_json::to_string(&needs).unwrap();
        assert_eq!(serde_json::from_str::<Needs>(&json).unwrap(), needs);
    }

    #[test]
    fn a_machine_lacks_libraries_and_versions_that_it_does_not_have() {
        let need = |library: &str, version: &str| VersionNeed {
            library: library.into(),
            version: version.into(),
            weak: false,
        };
        let needs = Needs {
            processor: None,
            libraries: ["libc.so.6", "libnone.so.7"].map(String::from).into(),
            versions: [need("libc.so.6", "GLIBC_99.1"), need("libc.so.6", "OTHER_1")].into(),
        };
        assert_eq!(needs.glibc(), Some((99, 1)));
        let lacking = needs.lacking(&Search::of_host());
        assert_eq!(lacking.len(), 2, "{lacking:?}");
        assert!(
            matches!(&lacking[0], Lacking::Version { version, .. } if version == "OTHER_1"),
            "{lacking:?}"
        );
        assert_eq!(lacking[1], Lacking::Library("libnone.so.7".into()));
        let mut all = Needs::default();
        all.add(&needs);
        assert_eq!(all, needs);
    }
}
