//! Files that travel in a bundle's directory, so that nobody has to fetch them: llama.cpp's archive and
//! the model's files, under `files/`. They are far too large for the tar that goes to a host, and what a
//! host becomes does not depend on where they came from: the tar's manifest does not list them.

use super::broken::broken;
use crate::checked::{Checksum, FileName};
use crate::error::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of a bundle where they lie, each under its name.
pub const FOLDER: &str = "files";
/// The image for a machine's first boot, beside the rest of the bundle.
pub const SEED: &str = "seed.iso";

/// Kind of a large file of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CarriedKind {
    /// Archive of llama.cpp.
    Runtime,
    /// File of a model.
    Model,
}

/// A file that travels in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Kind of the file.
    pub what: CarriedKind,
    /// Its name under [`FOLDER`]; a model's is the one in the plan.
    pub name: FileName,
    /// SHA-256 of the file.
    pub sha256: Checksum,
    /// Size of the file, bytes.
    pub size_bytes: u64,
}

/// [`SEED`], as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// SHA-256 of the image.
    pub sha256: Checksum,
    /// Size of the image, bytes.
    pub size_bytes: u64,
}

impl Carried {
    /// Relative to the bundle.
    pub fn path(&self) -> PathBuf {
        Path::new(FOLDER).join(&self.name)
    }
}

/// Every name is there once, and there is one runtime at most.
pub(super) fn check(carried: &[Carried]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for file in carried {
        if !seen.insert(&file.name) {
            return Err(broken(format!("it carries {:?} twice", file.name)));
        }
    }
    if carried.iter().filter(|file| file.what == CarriedKind::Runtime).count() > 1 {
        return Err(broken("it carries more than one runtime".to_string()));
    }
    Ok(())
}

/// Refuses a bundle's directory whose carried files are not there in their size. Who takes a file
/// hashes it on the way.
pub(super) fn check_present(dir: &Path, carried: &[Carried]) -> Result<()> {
    for file in carried {
        let path = dir.join(file.path());
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() && metadata.len() == file.size_bytes => {}
            Ok(_) => {
                return Err(broken(format!(
                    "{} is not what the manifest says; it was changed",
                    file.path().display()
                )));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(broken(format!("{} is missing", file.path().display())));
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
    Ok(())
}

/// Removes from a bundle's directory what it carried and carries no more: the names that were there.
pub(super) fn remove(dir: &Path, old: &[Carried], new: &[Carried]) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    let folder = dir.join(FOLDER);
    if !fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(removed);
    }
    for file in old.iter().filter(|file| !new.iter().any(|kept| kept.name == file.name)) {
        let path = folder.join(&file.name);
        match fs::remove_file(&path) {
            Ok(()) => removed.push(file.path().display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("removing {}", path.display())),
        }
    }
    if new.is_empty() {
        // Only where it is empty.
        let _ = fs::remove_dir(&folder);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(what: CarriedKind, name: &str) -> Carried {
        let sha256 = Checksum::new("0".repeat(64)).unwrap();
        Carried { what, name: FileName::new(name).unwrap(), sha256, size_bytes: 1 }
    }

    #[test]
    fn a_carried_file_is_listed_once() {
        let model = |name: &str| file(CarriedKind::Model, name);
        check(&[file(CarriedKind::Runtime, "llama.tar.gz"), model("a-00001-of-00002.gguf"), model("b.gguf")])
            .unwrap();
        assert!(check(&[model("a"), model("a")]).unwrap_err().to_string().contains("twice"));
        let two = [file(CarriedKind::Runtime, "a"), file(CarriedKind::Runtime, "b")];
        assert!(check(&two).unwrap_err().to_string().contains("more than one"));
    }

    #[test]
    fn files_no_longer_carried_are_removed_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (file(CarriedKind::Model, "a"), file(CarriedKind::Model, "b"));
        fs::create_dir(dir.path().join(FOLDER)).unwrap();
        for name in ["a", "b", "mine"] {
            fs::write(dir.path().join(FOLDER).join(name), "1").unwrap();
        }
        check_present(dir.path(), &[a.clone(), b.clone()]).unwrap();
        assert_eq!(
            remove(dir.path(), &[a.clone(), b.clone()], std::slice::from_ref(&b)).unwrap(),
            ["files/a"]
        );
        assert!(check_present(dir.path(), &[a]).unwrap_err().to_string().contains("files/a is missing"));
        assert_eq!(remove(dir.path(), std::slice::from_ref(&b), &[]).unwrap(), ["files/b"]);
        assert!(dir.path().join("files/mine").exists());
        fs::write(dir.path().join("files/b"), "22").unwrap();
        assert!(check_present(dir.path(), &[b]).unwrap_err().to_string().contains("changed"));
    }
}
