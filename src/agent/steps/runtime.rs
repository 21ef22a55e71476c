//! llama.cpp: unpacks the archive with llama-server.

use super::arrival;
use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{Run, Undo};
use crate::agent::host::disk;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE, runtime_folder};
use crate::agent::store::hashes;
use crate::checked::{HostPath, RelativePath};
use crate::error::{Context, Failure, Result};
use crate::files::{self, Stamp};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

pub struct Runtime;

/// A release archive has about a hundred files and unpacks to 60–900 MB.
const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: u64 = 8 << 30;

impl Resource for Runtime {
    fn id(&self) -> Id {
        Id::Runtime
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let blob = &desired.record.runtime;
        if generation::runtime(blob).is_some() {
            return Ok(Observed::default());
        }
        let text = match &desired.installed {
            Some(path) => format!("use {}", path.display()),
            None => format!("unpack {} to {}", blob.name, runtime_folder(blob).display()),
        };
        Ok(vec![Change::Create(text)].into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let blob = &desired.record.runtime;
        let folder = runtime_folder(blob);
        let unpacking = folder.with_extension("unpacking");
        let prepare = |run: &mut Run| {
            for path in [&folder, &unpacking] {
                files::remove(path)?;
                run.undo.push(Undo::Remove(path.clone()));
            }
            Ok::<(), anyhow::Error>(())
        };
        if let Some(path) = &desired.installed {
            prepare(run)?;
            return link_installed(path, desired, &unpacking, &folder);
        }
        let archive = arrival::arrived(blob, desired, run)?;
        prepare(run)?;
        unpack(&archive, &unpacking).with_context(|| format!("unpacking {}", blob.name))?;
        let server = find_server(&unpacking)?.ok_or_else(|| {
            Failure::failed(format!("{} has no llama-server in it", blob.name))
                .hint("give llama.cpp's release archive for Linux x64, or a .tar.gz of build/bin")
        })?;
        fs::set_permissions(unpacking.join(&server), fs::Permissions::from_mode(0o755))?;
        let note = generation::Runtime {
            blob: blob.clone(),
            llama_build: desired.record.llama_build.clone(),
            folder: match server.parent().filter(|folder| *folder != Path::new("")) {
                Some(folder) => Some(hashes::relative(&unpacking, folder)?),
                None => None,
            },
            stamp: Stamp::of(&unpacking.join(&server))?,
            libraries: Vec::new(),
            files: hashes::hashes(&unpacking)?,
            installed: None,
            build: None,
        };
        settle(&note, &unpacking, &folder)?;
        files::remove(&archive)
    }
}

/// The note is written, and the folder takes its place.
fn settle(note: &generation::Runtime, unpacking: &Path, folder: &Path) -> Result<()> {
    // The note vouches for all of it: first the bytes, then the claim.
    files::sync(unpacking)?;
    generation::write_note(&unpacking.join(NOTE), note)?;
    fs::rename(unpacking, folder).with_context(|| format!("moving {}", unpacking.display()))?;
    Ok(files::sync_folder(folder)?)
}

/// A runtime that is only a link to what the host has.
fn link_installed(path: &Path, desired: &Desired, unpacking: &Path, folder: &Path) -> Result<()> {
    files::directory(unpacking, 0o755)?;
    files::link(&unpacking.join("llama-server"), path)?;
    let note = generation::Runtime {
        blob: desired.record.runtime.clone(),
        llama_build: desired.record.llama_build.clone(),
        folder: None,
        stamp: Stamp::of(path).with_context(|| format!("reading {}", path.display()))?,
        libraries: Vec::new(),
        files: [(RelativePath::new("llama-server")?, desired.record.runtime.sha256.clone())].into(),
        installed: Some(HostPath::from_os(path)?),
        build: None,
    };
    settle(&note, unpacking, folder)
}

/// Unpacks a .tar or .tar.gz. Entries stay below `folder`, are owned by root and writable by nobody
/// else; devices and absolute links are refused.
fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let mut file = BufReader::new(File::open(archive)?);
    let mut magic = [0; 2];
    let read = file.read(&mut magic)?;
    let whole = io::Cursor::new(magic[..read].to_vec()).chain(file);
    let input: Box<dyn Read> = if magic == [0x1f, 0x8b] {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    };
    let mut tar = tar::Archive::new(input.take(MAX_BYTES));
    tar.set_preserve_permissions(false);
    tar.set_preserve_ownerships(false);
    tar.set_preserve_mtime(false);
    fs::create_dir_all(folder)?;
    let unreadable = |error: io::Error| match error.kind() {
        _ if files::full(&error) => {
            anyhow::Error::from(Failure::failed("the host's disk is full").hint(disk::FREE_SOME))
        }
        kind => {
            // The error itself names our folder; its cause says what is wrong with the archive.
            let cause =
                std::error::Error::source(&error).map_or(error.to_string(), |cause| cause.to_string());
            let what = match kind {
                io::ErrorKind::UnexpectedEof => {
                    "it ends too early: it is truncated or still downloading".into()
                }
                _ => format!("it is not a .tar or .tar.gz archive, or it is damaged: {cause}"),
            };
            Failure::failed(what)
                .hint("give llama.cpp's release archive for Linux x64, or a .tar.gz of build/bin")
                .into()
        }
    };
    for (count, entry) in tar.entries().map_err(unreadable)?.enumerate() {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        let path = entry.path().map_err(unreadable)?.into_owned();
        if count >= MAX_ENTRIES
            || !(kind.is_file() || kind.is_dir() || kind.is_symlink() || kind.is_hard_link())
        {
            return Err(Failure::failed(format!("it holds {}, which no runtime has", path.display())).into());
        }
        if kind.is_symlink()
            && !stays_inside(&path, &entry.link_name().map_err(unreadable)?.unwrap_or_default())
        {
            return Err(Failure::failed(format!("its link {} leads outside", path.display())).into());
        }
        if !entry.unpack_in(folder).map_err(unreadable)? {
            return Err(Failure::failed(format!("its entry {} leads outside", path.display())).into());
        }
    }
    Ok(())
}

/// Whether a relative link at `path` stays in the archive's tree.
fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count() as i64 - 1;
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir => depth -= 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
        if depth < 0 {
            return false;
        }
    }
    true
}

/// Path of llama-server below `folder`; the shallowest one.
fn find_server(folder: &Path) -> Result<Option<PathBuf>> {
    let mut level = vec![folder.to_path_buf()];
    while !level.is_empty() {
        let mut below = Vec::new();
        level.sort();
        for directory in &level {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                if entry.file_name() == "llama-server" && entry.path().is_file() {
                    return Ok(entry.path().strip_prefix(folder).ok().map(Path::to_path_buf));
                }
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
    use std::io::Write;

    fn archive(entries: &[(&str, &[u8])], gz: bool) -> tempfile::NamedTempFile {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o4755);
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        let bytes = tar.into_inner().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        if gz {
            let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap();
        } else {
            file.write_all(&bytes).unwrap();
        }
        file
    }

    #[test]
    fn the_server_is_found_in_tar_and_tar_gz() {
        for gz in [false, true] {
            let file = archive(&[("build/bin/llama-server", b"x"), ("build/bin/lib.so", b"y")], gz);
            let dir = tempfile::tempdir().unwrap();
            unpack(file.path(), &dir.path().join("out")).unwrap();
            let server = find_server(&dir.path().join("out")).unwrap();
            assert_eq!(server, Some(PathBuf::from("build/bin/llama-server")));
            let mode =
                fs::metadata(dir.path().join("out/build/bin/llama-server")).unwrap().permissions().mode();
            assert_eq!(mode & 0o7000, 0, "no setuid comes out of an archive");
        }
    }

    #[test]
    fn hostile_and_broken_archives_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let outside = archive(&[("../escape", b"x")], false);
        assert!(unpack(outside.path(), &dir.path().join("a")).is_err());
        assert!(!dir.path().join("escape").exists());
        let mut text = tempfile::NamedTempFile::new().unwrap();
        text.write_all(b"this is no archive, only some text that goes on").unwrap();
        assert!(unpack(text.path(), &dir.path().join("b")).is_err());
        let mut cut = tempfile::NamedTempFile::new().unwrap();
        let whole = fs::read(archive(&[("llama-server", &[7; 100_000])], true).path()).unwrap();
        cut.write_all(&whole[..whole.len() / 2]).unwrap();
        assert!(unpack(cut.path(), &dir.path().join("c")).is_err());
    }

    #[test]
    fn links_stay_inside() {
        assert!(stays_inside(Path::new("a/libllama.so"), Path::new("libllama.so.0")));
        assert!(stays_inside(Path::new("a/b/l"), Path::new("../c")));
        assert!(!stays_inside(Path::new("a/l"), Path::new("../../etc/passwd")));
        assert!(!stays_inside(Path::new("l"), Path::new("/etc/passwd")));
    }
}
