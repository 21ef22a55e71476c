//! The folder of a build: the unpacked source, which is root's, the folder that the compiler writes to, and copies of
//! ninja's notes from times when everything was on the disk. A build goes on in it where it stopped; after a loss of power,
//! which may leave files that are empty or half written, it goes on from the last of those times.

use crate::agent::host::accounts::Accounts;
use crate::agent::host::{disk, restart};
use crate::agent::store::sourced::Sourced;
use crate::agent::store::{generation, runtime};
use crate::checked::RelativePath;
use crate::engine::from_source::FromSource;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::outside::{self, Kind};
use crate::unpack::{self, Limits, UnpackError};
use crate::{paths, process};
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Notes by which ninja knows what is up to date.
const NOTES: [&str; 2] = [".ninja_log", ".ninja_deps"];
/// Larger ones are not kept; those of this engine have less than 2 MB.
const LARGEST: u64 = 64 << 20;
/// Removing files, handing a folder over.
const LIMIT: Duration = Duration::from_secs(120);

/// State of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Folder of the source below `source/`.
    top: Option<RelativePath>,
    /// Id of the boot in which the last build ran.
    boot: String,
}

/// Folder of a build.
pub struct Place(PathBuf);

impl Place {
    /// Returns the place of a build.
    pub fn of(sourced: &Sourced) -> Place {
        Place(sourced.folder())
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the one folder that the compiler writes to.
    pub fn build(&self) -> PathBuf {
        self.0.join("build")
    }

    /// Returns the output of all programs so far.
    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Returns the path of the result, an archive that the compiler's user makes.
    pub fn packed(&self) -> PathBuf {
        self.build().join("runtime.tar")
    }

    /// Opens the result; a link or a pipe in its place, which that user may have put there, is refused.
    pub fn result(&self) -> Result<File> {
        let path = self.packed();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened =
            rustix::fs::open(&path, flags, Mode::empty()).map_err(std::io::Error::from).map(File::from);
        let file = opened.with_context(|| format!("opening {}", path.display()))?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(Failure::failed(format!("{} is no file", path.display())).hint(HINT).into()),
        }
    }

    /// Returns whether an earlier apply got as far as a build here.
    pub fn is_begun(&self) -> bool {
        self.state().is_some()
    }

    fn state(&self) -> Option<State> {
        generation::read_note(&self.0.join("state.json"))
    }

    fn note(&self, top: Option<RelativePath>) -> Result<()> {
        let state = State { top, boot: restart::boot_id()? };
        generation::write_note(&self.0.join("state.json"), &state)
    }

    /// Unpacks `archive` unless that was done, brings the folder to a sound state, and returns the folder of the source.
    pub fn open(&self, archive: &Path, of: &FromSource) -> Result<PathBuf> {
        let state = match self.state() {
            Some(state) => state,
            None => {
                files::remove(&self.0)?;
                files::directory(&self.0, 0o755)?;
                let top = self.unpack(archive, of)?;
                files::sync(&self.source())?;
                self.note(top)?;
                self.state().ok_or_else(|| Failure::failed("the note of the build is gone").hint(HINT))?
            }
        };
        if state.boot != restart::boot_id()? {
            self.restore()?;
            self.note(state.top.clone())?;
        }
        if !self.build().is_dir() {
            files::directory(&self.build(), 0o755)?;
            let account =
                Accounts::read()?.account(paths::USER).context("the service's user is not there")?;
            std::os::unix::fs::chown(self.build(), Some(account.uid), Some(account.gid))
                .with_context(|| format!("handing over {}", self.build().display()))?;
        }
        Ok(match &state.top {
            Some(top) => self.source().join(top),
            None => self.source(),
        })
    }

    fn source(&self) -> PathBuf {
        self.0.join("source")
    }

    fn unpack(&self, archive: &Path, of: &FromSource) -> Result<Option<RelativePath>> {
        let file = File::open(archive).with_context(|| format!("opening {}", archive.display()))?;
        let unpacked = unpack::unpack(BufReader::new(file), &self.source(), &Limits::SOURCE, &[]);
        unpacked.map_err(|error| match error {
            UnpackError::Write { ref source, .. } if files::full(source) => {
                Failure::failed("the host's disk is full").hint(disk::FREE_SOME).into()
            }
            UnpackError::Write { .. } => anyhow::Error::from(error),
            why => Failure::failed(format!("unpacking the source: {why}")).hint(HINT).into(),
        })?;
        let top = find(&self.source(), of.marks)?.ok_or_else(|| {
            Failure::failed(format!("the archive has no folder with {}", of.marks.join(" and "))).hint(HINT)
        })?;
        match top.as_os_str().is_empty() {
            true => Ok(None),
            false => Ok(Some(RelativePath::from_os(top)?)),
        }
    }

    fn kept(&self) -> PathBuf {
        self.0.join("kept")
    }

    /// Returns whether the build was configured and everything of that is on the disk.
    pub fn is_configured(&self) -> bool {
        self.kept().join("mark").is_file()
    }

    /// Brings all that was compiled so far to the disk, and keeps ninja's notes of it.
    pub fn keep(&self) -> Result<()> {
        files::directory(&self.kept(), 0o700)?;
        // Everything that is newer than this may not be on the disk yet.
        let mark = self.kept().join("new");
        files::write(&mark, b"", 0o600)?;
        for name in NOTES {
            let path = self.build().join(name);
            if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
                let bytes = outside::read_bounded(&path, LARGEST, Kind::Regular)
                    .with_context(|| format!("reading {}", path.display()))?;
                files::write(&self.kept().join(name), &bytes, 0o600)?;
            }
        }
        let folder =
            File::open(self.build()).with_context(|| format!("opening {}", self.build().display()))?;
        rustix::fs::syncfs(&folder)
            .map_err(std::io::Error::from)
            .with_context(|| format!("writing {} to the disk", self.build().display()))?;
        fs::rename(&mark, self.kept().join("mark")).context("noting what was compiled")?;
        Ok(files::sync_folder(&self.kept())?)
    }

    /// Removes what may not have reached the disk before the host went down.
    fn restore(&self) -> Result<()> {
        if !self.is_configured() {
            return files::remove(&self.build());
        }
        let mark = self.kept().join("mark");
        let (mark, build) =
            (mark.to_string_lossy().into_owned(), self.build().to_string_lossy().into_owned());
        // It follows no link, and nobody else writes there now.
        let args = [build.as_str(), "-type", "f", "-newer", &mark, "-delete"];
        let outcome = process::run("find", &args, LIMIT)?;
        if !outcome.success {
            return files::remove(&self.build());
        }
        for name in NOTES {
            let (kept, place) = (self.kept().join(name), self.build().join(name));
            files::remove(&place)?;
            if let Ok(bytes) = outside::read_bounded(&kept, LARGEST, Kind::Regular) {
                files::write(&place, &bytes, 0o644)?;
                let account =
                    Accounts::read()?.account(paths::USER).context("the service's user is not there")?;
                std::os::unix::fs::chown(&place, Some(account.uid), Some(account.gid))
                    .with_context(|| format!("handing over {}", place.display()))?;
            }
        }
        Ok(())
    }
}

const HINT: &str = "give the source of the planned build as a .tar.gz: a tag's archive of its repository, or a package of \
                    its source";

/// Returns the shallowest folder below `folder` that has all of `marks`, as a path below it.
fn find(folder: &Path, marks: &[&str]) -> Result<Option<PathBuf>> {
    runtime::shallowest(folder, |at| marks.iter().all(|mark| at.join(mark).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_the_shallowest_folder_with_all_its_marks() {
        let dir = tempfile::tempdir().unwrap();
        let marks = ["CMakeLists.txt", "ggml/CMakeLists.txt"];
        let put = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        put("a/CMakeLists.txt");
        assert_eq!(find(dir.path(), &marks).unwrap(), None);
        put("a/b/CMakeLists.txt");
        put("a/b/ggml/CMakeLists.txt");
        assert_eq!(find(dir.path(), &marks).unwrap(), Some("a/b".into()));
        put("CMakeLists.txt");
        put("ggml/CMakeLists.txt");
        assert_eq!(find(dir.path(), &marks).unwrap(), Some("".into()));
    }
}
