//! Files that travel in a bundle's directory: put there, and found there again. Both hash every byte.

use super::blobs::LocalFile;
use crate::checked::{Checksum, FileName};
use crate::error::{Context, Failure, Result};
use crate::render::carried::{Carried, FOLDER};
use crate::render::{CarriedKind, Manifest};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// A file of this machine that travels in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Travelling {
    /// Kind of the file.
    pub what: CarriedKind,
    /// File on this machine.
    pub file: LocalFile,
}

impl Travelling {
    /// Returns the entry of the manifest for the file.
    pub fn entry(&self) -> Carried {
        let blob = self.file.blob.clone();
        Carried { what: self.what, name: blob.name, sha256: blob.sha256, size_bytes: blob.size_bytes }
    }
}

/// Reads a file and hashes it; a caller may show how far that is.
pub type Hash<'a> = &'a dyn Fn(&Path, FileName) -> Result<LocalFile>;

/// Lists the files that the bundle in `dir` carries. A file that differs from the manifest is refused.
pub fn find(dir: &Path, manifest: &Manifest, hash: Hash) -> Result<Vec<Travelling>> {
    let each = manifest.carried.iter().map(|entry| {
        let file = hash(&dir.join(entry.path()), entry.name.clone())?;
        if file.blob.sha256 != entry.sha256 {
            return Err(Failure::failed(format!(
                "{} in the bundle {} is not what its manifest says; it was changed",
                entry.path().display(),
                dir.display()
            ))
            .hint("make the bundle anew, with --runtime-archive and --model-file")
            .into());
        }
        Ok(Travelling { what: entry.what, file })
    });
    each.collect()
}

/// Puts `all` into the bundle in `dir`: the paths that were not there in this form already.
pub fn put(
    dir: &Path,
    all: &[Travelling],
    hash: Hash,
    progress: &mut dyn FnMut(&str, u64, u64),
) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for each in all {
        let (entry, source) = (each.entry(), &each.file.path);
        let place = dir.join(entry.path());
        let there = fs::symlink_metadata(&place);
        if there.is_ok_and(|metadata| metadata.is_file() && metadata.len() == entry.size_bytes)
            && hash(&place, entry.name.clone())?.blob.sha256 == entry.sha256
        {
            continue;
        }
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        // One name, so that a try that was cut off leaves one file at most, which the next replaces.
        let temporary = folder.join(format!(".{}.new", entry.name));
        let mut done = |bytes| progress(&entry.name, bytes, entry.size_bytes);
        let copied = copy(source, &temporary, &mut done).and_then(|sha256| {
            if sha256 != entry.sha256 {
                return Err(Failure::failed(format!("{} changed while it was copied", source.display()))
                    .hint("run the same command again")
                    .into());
            }
            fs::rename(&temporary, &place).with_context(|| format!("writing {}", place.display()))
        });
        if let Err(error) = copied {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        changed.push(entry.path().display().to_string());
    }
    Ok(changed)
}

/// The SHA-256 of what was copied.
fn copy(from: &Path, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<Checksum> {
    let reading = || format!("reading {}", from.display());
    let writing = || format!("writing {}", to.display());
    let mut source = File::open(from).with_context(reading)?;
    // A link here would lead out of the bundle.
    crate::files::remove(to)?;
    let mut target = File::options().write(true).create_new(true).open(to).with_context(writing)?;
    let (mut hash, mut buffer, mut done) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        let read = source.read(&mut buffer).with_context(reading)?;
        if read == 0 {
            return Ok(Checksum::of(hash.finalize().into()));
        }
        hash.update(&buffer[..read]);
        target.write_all(&buffer[..read]).with_context(writing)?;
        done += read as u64;
        progress(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(path: &Path, name: FileName) -> Result<LocalFile> {
        LocalFile::open(path, name, |_| {})
    }

    #[test]
    fn a_file_travels_once_and_is_known_again_by_its_content() {
        let (dir, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let source = home.path().join("source.gguf");
        fs::write(&source, vec![7; 3 << 20]).unwrap();
        let all = [Travelling {
            what: CarriedKind::Model,
            file: hash(&source, "planned.gguf".parse().unwrap()).unwrap(),
        }];
        let mut told = Vec::new();
        let mut progress = |name: &str, done, total| told.push((name.to_string(), done, total));
        let put = |progress: &mut dyn FnMut(&str, u64, u64)| put(dir.path(), &all, &hash, progress);
        assert_eq!(put(&mut progress).unwrap(), ["files/planned.gguf"]);
        assert_eq!(told.last().unwrap(), &("planned.gguf".to_string(), 3 << 20, 3 << 20));
        assert!(put(&mut |_, _, _| panic!("it is there")).unwrap().is_empty());

        let manifest = Manifest {
            schema: String::new(),
            tool_version: "0".parse().unwrap(),
            llama_build: String::new(),
            files: Vec::new(),
            links: Vec::new(),
            downloads: Vec::new(),
            carried: vec![all[0].entry()],
            seed: None,
            first_boot: Default::default(),
            targets: Default::default(),
            driver: None,
        };
        let found = find(dir.path(), &manifest, &hash).unwrap();
        assert_eq!(found[0].file.blob, all[0].file.blob);
        // A file of the same size with other content.
        let place = dir.path().join("files/planned.gguf");
        fs::write(&place, vec![8; 3 << 20]).unwrap();
        assert!(find(dir.path(), &manifest, &hash).unwrap_err().to_string().contains("was changed"));
        assert_eq!(put(&mut |_, _, _| {}).unwrap().len(), 1);
        find(dir.path(), &manifest, &hash).unwrap();

        // The source is not any more what it was when it was hashed.
        fs::write(&source, vec![9; 3 << 20]).unwrap();
        fs::remove_file(&place).unwrap();
        let error = put(&mut |_, _, _| {}).unwrap_err();
        assert!(error.to_string().contains("changed while it was copied"), "{error}");
        assert_eq!(fs::read_dir(dir.path().join("files")).unwrap().count(), 0, "nothing is left of it");
    }
}
