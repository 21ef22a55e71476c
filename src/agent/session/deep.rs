//! `verify --deep`: reads every byte of every server's model and of the runtime on this host again, and
//! compares it with the hashes they had when they were put there. Everything else goes by their stamps.

use crate::agent::host::podman;
use crate::agent::steps::told::told;
use crate::agent::store::generation::{
    self, NOTE, known_model, known_runtime, model_folder, model_path, runtime_folder,
};
use crate::agent::store::hashes::below;
use crate::checked::Checksum;
use crate::error::Result;
use crate::hash::sha256_file;
use crate::plan::Plan;
use crate::units::gib;
use crate::verify::{Judgement, Line};
use crate::wire::protocol::{Event, Events, Unit};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ids of the report's lines, beside those of the plan's requirements.
pub const MODEL: &str = "model-sha256";
pub const EMBEDDING: &str = "embedding-sha256";
pub const RUNTIME: &str = "runtime-sha256";

/// Result of reading every byte, and the folders that hold a file that is not as it was recorded.
#[derive(Debug, Default)]
pub struct Deep {
    pub lines: Vec<Line>,
    pub damaged: Vec<PathBuf>,
}

impl Deep {
    /// Returns the hint that makes the next apply put the damaged files there again.
    pub fn hint(&self) -> Option<String> {
        let folders: Vec<String> = self.damaged.iter().map(|path| path.display().to_string()).collect();
        (!folders.is_empty()).then(|| {
            format!(
                "on the host, `rm -r {}`, then apply again: it puts back what is missing; and look whether the \
                 disk fails (dmesg)",
                folders.join(" ")
            )
        })
    }
}

/// Reads the files that `plan` would use on this host, and reports its progress.
pub fn check(plan: &Plan, output: &mut dyn Events) -> Result<Deep> {
    let current = generation::current_record();
    let mut deep = Deep::default();
    let chat = plan.model.files.as_slice();
    for file in plan.files() {
        let id = if chat.contains(file) { MODEL } else { EMBEDDING };
        let Some(blob) = known_model(file, current.as_ref()) else {
            deep.lines.push(absent(id, &file.name));
            continue;
        };
        let path = model_path(&blob);
        let known = BTreeMap::from([(path, blob.sha256.clone())]);
        deep.read(id, &blob.name, &model_folder(&blob), &known, Vec::new(), output)?;
    }
    if let Some(image) = plan.image() {
        let there = podman::has(image);
        let found = "podman keeps it, and its files were not read again".to_string();
        let line = absent(RUNTIME, &image.pinned());
        deep.lines.push(if there { Line { found, ..line } } else { line });
        return Ok(deep);
    }
    let name = format!("{} {}", plan.engine().name(), plan.llama_server.build);
    let runtime = known_runtime(plan, current.as_ref()).ok();
    let note = runtime
        .as_ref()
        .and_then(|blob| generation::read_note::<generation::Runtime>(&runtime_folder(blob).join(NOTE)));
    match (runtime, note) {
        (Some(blob), Some(note)) if !note.files.is_empty() => {
            let folder = runtime_folder(&blob);
            let known: BTreeMap<PathBuf, Checksum> =
                note.files.into_iter().map(|(path, sha256)| (folder.join(path), sha256)).collect();
            let strange = if note.installed.is_none() { strange(&folder, &known)? } else { Vec::new() };
            deep.read(RUNTIME, &name, &folder, &known, strange, output)?;
        }
        (Some(_), Some(_)) => deep.lines.push(Line {
            found: "unpacked by a version that kept no hashes".to_string(),
            ..absent(RUNTIME, &name)
        }),
        _ => deep.lines.push(absent(RUNTIME, &name)),
    }
    Ok(deep)
}

impl Deep {
    fn read(
        &mut self,
        id: &str,
        name: &str,
        folder: &Path,
        known: &BTreeMap<PathBuf, Checksum>,
        mut wrong: Vec<String>,
        output: &mut dyn Events,
    ) -> Result<()> {
        let size = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let total: u64 = known.keys().map(size).sum();
        let what = format!("read {name} again ({})", gib(total));
        told(output, id, what, |output| -> Result<()> {
            let (mut before, mut said) = (0, Instant::now());
            for (path, sha256) in known {
                let mut sent = Ok(());
                let found = sha256_file(path, |done| {
                    if said.elapsed() > Duration::from_millis(250) {
                        said = Instant::now();
                        let progress =
                            Event::Progress { done: before + done, total: Some(total), unit: Unit::Bytes };
                        sent = output.send(&progress);
                    }
                });
                sent?;
                before += size(path);
                match found {
                    Ok(found) if found == *sha256 => continue,
                    Ok(found) => wrong.push(format!("{} has {found}", path.display())),
                    Err(error) => wrong.push(format!("{}: {error}", path.display())),
                }
            }
            Ok(())
        })?;
        let needed = match known.values().next() {
            Some(sha256) if known.len() == 1 => sha256.to_string(),
            _ => format!("{} files as they were unpacked", known.len()),
        };
        if !wrong.is_empty() {
            self.damaged.push(folder.to_path_buf());
        }
        let right = format!("every byte of {name} ({}) is as it was put there", gib(total));
        let outcome = if wrong.is_empty() { Judgement::Ok } else { Judgement::Refused };
        let found = if wrong.is_empty() { right } else { wrong.join("; ") };
        let why = format!("{name} would not be what was planned");
        self.lines.push(Line { id: id.to_string(), needed, found, outcome, why });
        Ok(())
    }
}

/// Returns the warning that there was nothing to read.
fn absent(id: &str, name: &str) -> Line {
    Line {
        id: id.to_string(),
        needed: name.to_string(),
        found: "not on this host".to_string(),
        outcome: Judgement::Warning,
        why: "nothing of it was read".to_string(),
    }
}

/// Lists the files below an unpacked runtime's folder that did not come with it: llama-server loads every library
/// beside it that has the right name.
fn strange(folder: &Path, known: &BTreeMap<PathBuf, Checksum>) -> Result<Vec<String>> {
    let mut strange = Vec::new();
    for path in below(folder)? {
        let link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        let came = match link {
            true => fs::canonicalize(&path).is_ok_and(|target| known.contains_key(&target)),
            false => known.contains_key(&path) || path == folder.join(NOTE),
        };
        if !came {
            let what = if link { "leads to what" } else { "is a file that" };
            strange.push(format!("{} {what} did not come with it", path.display()));
        }
    }
    strange.sort();
    Ok(strange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::store::hashes::hashes;

    #[test]
    fn a_flipped_byte_is_found_among_files_that_are_right() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        for name in ["a.so", "bin/llama-server"] {
            fs::write(dir.path().join(name), vec![7; 3 << 20]).unwrap();
        }
        std::os::unix::fs::symlink("a.so", dir.path().join("a.so.1")).unwrap();
        let known = hashes(dir.path()).unwrap();
        assert_eq!(known.keys().map(|path| path.as_str()).collect::<Vec<_>>(), ["a.so", "bin/llama-server"]);
        let known: BTreeMap<_, _> =
            known.into_iter().map(|(path, sha256)| (dir.path().join(path), sha256)).collect();
        let read = |known| {
            let mut deep = Deep::default();
            let strange = strange(dir.path(), known).unwrap();
            deep.read(RUNTIME, "llama.cpp", dir.path(), known, strange, &mut Vec::new()).unwrap();
            deep
        };
        let right = read(&known);
        assert_eq!((right.lines[0].outcome, right.damaged.len(), right.hint()), (Judgement::Ok, 0, None));

        // Files that others put beside the library.
        let (added, link) = (dir.path().join("libggml-x.so"), dir.path().join("libggml-y.so"));
        fs::write(&added, "x").unwrap();
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let more = read(&known);
        assert_eq!(more.lines[0].outcome, Judgement::Refused, "{more:?}");
        assert!(more.lines[0].found.contains("libggml-x.so is a file that did not come with it"), "{more:?}");
        assert!(more.lines[0].found.contains("libggml-y.so leads to what did not come with it"), "{more:?}");
        fs::remove_file(added).and_then(|()| fs::remove_file(link)).unwrap();

        let server = dir.path().join("bin/llama-server");
        let mut bytes = fs::read(&server).unwrap();
        bytes[2 << 20] ^= 1;
        fs::write(&server, &bytes).unwrap();
        let flipped = read(&known);
        assert_eq!(flipped.lines[0].outcome, Judgement::Refused, "{flipped:?}");
        assert!(flipped.lines[0].found.starts_with(&format!("{} has ", server.display())), "{flipped:?}");
        assert!(
            flipped.hint().unwrap().contains(&format!("`rm -r {}`, then apply again", dir.path().display()))
        );
        fs::remove_file(&server).unwrap();
        assert!(read(&known).lines[0].found.contains("No such file"), "{:?}", read(&known).lines);
    }
}
