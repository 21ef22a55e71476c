//! Checks that a runtime is still as it was put there: every file has the stamp it had, and nobody but root can write
//! to any of it. Done before each apply and at every start.

use super::generation::{NOTE, Record, Runtime, read_note, runtime_folder};
use super::hashes;
use crate::agent::host::podman;
use crate::error::{Context, Result};
use crate::files::Stamp;
use crate::wire::protocol::Blob;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// User who alone may change what is put on a host.
const ROOT: u32 = 0;

/// Returns the noted runtime if it is still as it was put there.
pub fn noted(blob: &Blob) -> Option<Runtime> {
    find(blob).ok()
}

/// Returns the noted runtime. The error is `None` if there is none, else what was changed.
pub fn find(blob: &Blob) -> std::result::Result<Runtime, Option<String>> {
    let folder = runtime_folder(blob);
    let note: Runtime = read_note(&folder.join(NOTE)).ok_or(None)?;
    if note.blob != *blob {
        return Err(None);
    }
    let altered = match &note.image {
        Some(image) => (!podman::has(image)).then(|| format!("podman has no {} any more", image.pinned())),
        None => altered(&folder, &note, ROOT),
    };
    match altered {
        None => Ok(note),
        Some(why) => Err(Some(why)),
    }
}

/// Returns the stamps of `paths`, each relative to `folder` or absolute.
pub fn stamps(folder: &Path, paths: impl IntoIterator<Item = PathBuf>) -> Result<BTreeMap<PathBuf, Stamp>> {
    let stamp = |path: PathBuf| {
        let full = folder.join(&path);
        let stamp = Stamp::of(&full).with_context(|| format!("reading {}", full.display()))?;
        Ok((path, stamp))
    };
    paths.into_iter().map(stamp).collect()
}

/// Returns the first difference between the runtime in `folder` and its note; `None` if there is none. `owner` is the
/// only user who may be able to write to it.
fn altered(folder: &Path, note: &Runtime, owner: u32) -> Option<String> {
    let inside = note.folder.as_ref().map_or(folder.to_path_buf(), |inside| folder.join(inside.as_path()));
    let server = inside.join(&note.program);
    let stamped = note.stamps.iter().map(|(path, stamp)| (folder.join(path), stamp));
    for (path, stamp) in stamped.chain([(server, &note.stamp)]) {
        match Stamp::of(&path) {
            Ok(found) if found == *stamp => {}
            Ok(_) => return Some(format!("{} was changed", path.display())),
            Err(error) => return Some(format!("{}: {error}", path.display())),
        }
    }
    if let Some(gone) = note.libraries.iter().find(|path| !path.as_path().exists()) {
        return Some(format!("{gone} is gone"));
    }
    own_files(folder, note)
        .into_iter()
        .find(|path| !is_only(owner, path))
        .map(|path| format!("{} can be changed by others than root", path.display()))
}

/// Lists every file that was unpacked, and the folders that they lie in.
fn own_files(folder: &Path, note: &Runtime) -> BTreeSet<PathBuf> {
    let files = note.files.keys().map(|path| path.as_path()).chain(note.stamps.keys().map(PathBuf::as_path));
    let files = files.map(|path| folder.join(path));
    let mut all = BTreeSet::from([folder.to_path_buf()]);
    for file in files {
        all.extend(file.ancestors().take_while(|path| path.starts_with(folder)).map(Path::to_path_buf));
        // A library outside the runtime is the host's own: only the file itself is looked at.
        all.insert(file);
    }
    all
}

fn is_only(owner: u32, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.uid() == owner && metadata.mode() & 0o022 == 0)
}

/// Describes the runtime that was unpacked into `folder`, whose program lies at `server` below it.
pub fn unpacked(folder: &Path, server: &Path, program: &str, record: &Record) -> Result<Runtime> {
    let files = hashes::hashes(folder)?;
    Ok(Runtime {
        blob: record.runtime.clone(),
        archives: record.runtime_archives.clone(),
        llama_build: record.llama_build.clone(),
        program: program.to_string(),
        folder: match server.parent().filter(|below| *below != Path::new("")) {
            Some(below) => Some(hashes::relative(folder, below)?),
            None => None,
        },
        stamp: Stamp::of(&folder.join(server))?,
        libraries: Vec::new(),
        stamps: stamps(folder, files.keys().map(|path| path.as_path().to_path_buf()))?,
        files,
        installed: None,
        image: None,
        build: None,
    })
}

/// Returns the path of the program below `folder`; the shallowest one.
pub fn find_server(folder: &Path, program: &str) -> Result<Option<PathBuf>> {
    // A file, not a link to one: its mode and stamp are its own.
    let has = |at: &Path| fs::symlink_metadata(at.join(program)).is_ok_and(|metadata| metadata.is_file());
    Ok(shallowest(folder, has)?.map(|below| below.join(program)))
}

/// Returns the shallowest folder that `is_it`, `folder` itself among them, as a path below it. Follows no link.
pub fn shallowest(folder: &Path, is_it: impl Fn(&Path) -> bool) -> Result<Option<PathBuf>> {
    let mut level = vec![folder.to_path_buf()];
    while !level.is_empty() {
        level.sort();
        if let Some(found) = level.iter().find(|at| is_it(at)) {
            return Ok(found.strip_prefix(folder).ok().map(Path::to_path_buf));
        }
        let mut below = Vec::new();
        for at in &level {
            for entry in fs::read_dir(at).with_context(|| format!("reading {}", at.display()))? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    below.push(entry.path());
                }
            }
        }
        level = below;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checked::{Checksum, FileName, HostPath, RelativePath};
    use std::os::unix::fs::PermissionsExt;

    fn runtime(folder: &Path) -> Runtime {
        fs::create_dir_all(folder.join("b1")).unwrap();
        let files = ["b1/llama-server", "b1/libggml.so"].map(PathBuf::from);
        for file in &files {
            fs::write(folder.join(file), "x").unwrap();
            fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o755)).unwrap();
        }
        for folder in [folder, &folder.join("b1")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Runtime {
            blob: Blob {
                name: FileName::new("llama.tar.gz").unwrap(),
                sha256: Checksum::of([0; 32]),
                size_bytes: 1,
            },
            archives: Vec::new(),
            llama_build: "b1".into(),
            program: "llama-server".into(),
            folder: Some(RelativePath::new("b1").unwrap()),
            stamp: Stamp::of(&folder.join(&files[0])).unwrap(),
            libraries: vec![HostPath::new("/dev/null").unwrap()],
            installed: None,
            image: None,
            build: None,
            stamps: stamps(folder, files.clone()).unwrap(),
            files: files.map(|path| (RelativePath::from_os(path).unwrap(), Checksum::of([0; 32]))).into(),
        }
    }

    #[test]
    fn every_change_in_a_runtime_is_found() {
        type Change = fn(&Path, &mut Runtime);
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let owner = rustix::process::geteuid().as_raw();
        let cases: [(Change, Option<&str>); 8] = [
            (|_, _| {}, None),
            (
                |dir, _| fs::write(dir.join("b1/llama-server"), "other").unwrap(),
                Some("llama-server was changed"),
            ),
            (|dir, _| fs::write(dir.join("b1/libggml.so"), "other").unwrap(), Some("libggml.so was changed")),
            (|dir, _| fs::remove_file(dir.join("b1/libggml.so")).unwrap(), Some("libggml.so: No such file")),
            (
                |_, note| note.libraries.push(HostPath::new("/no/such.so").unwrap()),
                Some("/no/such.so is gone"),
            ),
            // The same content in another file.
            (
                |dir, _| {
                    fs::write(dir.join("new"), "x").unwrap();
                    fs::rename(dir.join("new"), dir.join("b1/libggml.so")).unwrap();
                },
                Some("libggml.so was changed"),
            ),
            // A note that was written before there were stamps.
            (|_, note| note.stamps.clear(), None),
            (|_, note| note.stamp.size_bytes += 1, Some("llama-server was changed")),
        ];
        for (change, want) in cases {
            let dir = tempfile::tempdir().unwrap();
            let mut note = runtime(dir.path());
            change(dir.path(), &mut note);
            let found = altered(dir.path(), &note, owner);
            assert_eq!(found.is_some(), want.is_some(), "{found:?} {want:?}");
            assert!(want.is_none_or(|want| found.as_ref().unwrap().contains(want)), "{found:?} {want:?}");
        }
        for path in ["", "b1", "b1/llama-server", "b1/libggml.so"] {
            let dir = tempfile::tempdir().unwrap();
            let note = runtime(dir.path());
            for open in [0o775, 0o757] {
                mode(&dir.path().join(path), open);
                let found = altered(dir.path(), &note, owner).unwrap();
                assert!(found.ends_with("can be changed by others than root"), "{path}: {found}");
            }
            mode(&dir.path().join(path), 0o755);
            assert_eq!(altered(dir.path(), &note, owner), None);
            assert!(altered(dir.path(), &note, owner + 1).is_some(), "another owner");
        }
    }

    #[test]
    fn the_shallowest_server_is_found_and_no_link_to_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/b/c")).unwrap();
        fs::write(at("a/b/c/llama-server"), "x").unwrap();
        assert_eq!(
            find_server(dir.path(), "llama-server").unwrap(),
            Some(PathBuf::from("a/b/c/llama-server"))
        );
        fs::write(at("a/b/llama-server"), "x").unwrap();
        std::os::unix::fs::symlink("b/llama-server", at("a/llama-server")).unwrap();
        assert_eq!(find_server(dir.path(), "llama-server").unwrap(), Some(PathBuf::from("a/b/llama-server")));
    }
}
