//! Generations: numbered folders with everything that one plan puts on a host. The service points at
//! one of them; switching is one rename.

use super::front::home;
use crate::checked::{Checksum, HostPath, ImageRef, RelativePath};
use crate::engine;
use crate::error::{Failure, Result};
use crate::files::{self, Stamp};
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use crate::verify::links::Links;
use crate::wire::protocol::Blob;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Sources of a generation; two equal records are the same generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`Bundle::id`](crate::render::Bundle::id).
    pub bundle: Checksum,
    pub llama_build: String,
    /// The archive with llama-server, its program on the host, or a container image, whose SHA-256 is its digest. Of
    /// several archives, what they are [together](super::archives::together).
    pub runtime: Blob,
    /// The archives that `runtime` is made of, where they are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtime_archives: Vec<Blob>,
    /// Files of the chat model and, after them, of the models of the other servers.
    pub models: Vec<Blob>,
    /// Requirements that may refuse without stopping the service (`apply --allow`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// Files of the bundle that are not as its plan makes them (`apply --trust-edits`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<String>,
}

impl Record {
    /// Returns the archives that the runtime is unpacked from.
    pub fn archives(&self) -> &[Blob] {
        match &self.runtime_archives[..] {
            [] => std::slice::from_ref(&self.runtime),
            several => several,
        }
    }
}

/// An unpacked runtime, noted when it was complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    pub blob: Blob,
    /// The archives that it was unpacked from, where they are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<Blob>,
    pub llama_build: String,
    /// Name of the engine's program.
    #[serde(default = "default_program")]
    pub program: String,
    /// Folder of the program below the runtime's; `None` if it lies in that one itself.
    #[serde(default, with = "folder_below")]
    pub folder: Option<RelativePath>,
    /// Stamp of the executable as it was unpacked.
    pub stamp: Stamp,
    /// Shared libraries outside the runtime that it needs, as the loader found them.
    pub libraries: Vec<HostPath>,
    /// Path of a program that was on the host already; the runtime's folder only links to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<HostPath>,
    /// The container image that it is; podman keeps it, and the runtime's folder has this note alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageRef>,
    /// The build that it says it is, such as `b11434`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Every file's SHA-256 as it was unpacked, by its path in the runtime's folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<RelativePath, Checksum>,
    /// Stamps of everything that is loaded with the executable, by its path in the runtime's folder; of a
    /// program that was on the host already, of its own libraries by their full path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stamps: BTreeMap<PathBuf, Stamp>,
}

/// A model file whose hash was right when it was put there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub blob: Blob,
    pub stamp: Stamp,
}

/// Reads and writes a folder below another in a note: empty text for that folder itself, as earlier versions wrote
/// it.
mod folder_below {
    use super::RelativePath;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(folder: &Option<RelativePath>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(folder.as_deref().unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RelativePath>, D::Error> {
        match String::deserialize(from)? {
            empty if empty.is_empty() => Ok(None),
            text => RelativePath::new(text).map(Some).map_err(D::Error::custom),
        }
    }
}

/// The program of runtimes that were noted before there were other engines.
fn default_program() -> String {
    engine::default().program().to_string()
}

impl Runtime {
    /// Returns the path of the program in the unpacked runtime.
    pub fn server(&self) -> PathBuf {
        self.server_folder().join(&self.program)
    }

    /// Returns the folder of the program in the unpacked runtime.
    pub fn server_folder(&self) -> PathBuf {
        let folder = runtime_folder(&self.blob);
        match &self.folder {
            Some(below) => folder.join(below),
            None => folder,
        }
    }
}

pub fn runtime_folder(blob: &Blob) -> PathBuf {
    Path::new(paths::RUNTIMES).join(blob.sha256.as_str())
}

pub fn model_folder(blob: &Blob) -> PathBuf {
    Path::new(paths::MODELS).join(blob.sha256.as_str())
}

pub fn model_path(blob: &Blob) -> PathBuf {
    model_folder(blob).join(&blob.name)
}

/// Name of the note beside an unpacked runtime or a model.
pub const NOTE: &str = "note.json";

pub fn read_note<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&outside::read_bounded(path, outside::DOCUMENT, Kind::Regular).ok()?).ok()
}

pub fn write_note(path: &Path, note: &impl Serialize) -> Result<()> {
    files::write(path, &serde_json::to_vec_pretty(note)?, 0o644)
}

/// Returns whether the model is on the host and unchanged since it was hashed.
pub fn has_model(blob: &Blob) -> bool {
    let note: Option<Model> = read_note(&model_folder(blob).join(NOTE));
    note.is_some_and(|note| Stamp::of(&model_path(blob)).is_ok_and(|stamp| stamp == note.stamp))
}

/// Returns the bytes of all models on the host.
pub fn models_bytes() -> u64 {
    let entries = fs::read_dir(paths::MODELS).into_iter().flatten().flatten();
    let notes = entries.filter_map(|entry| read_note::<Model>(&entry.path().join(NOTE)));
    notes.map(|note| note.blob.size_bytes).sum()
}

/// Returns the folder of the generation that the service points at.
pub fn current() -> Option<PathBuf> {
    fs::read_link(paths::GENERATION).ok()
}

/// Returns whether no generation serves on this host yet.
pub fn is_none() -> bool {
    current().is_none()
}

/// Returns the generation that served before `generation`, if that is known and still there.
pub fn previous(generation: &Path) -> Option<PathBuf> {
    let target = fs::read_link(generation.join(paths::generation::PREVIOUS)).ok()?;
    (target != generation && target.join(paths::generation::RECORD).is_file()).then_some(target)
}

pub fn record(generation: &Path) -> Option<Record> {
    read_note(&generation.join(paths::generation::RECORD))
}

pub fn current_record() -> Option<Record> {
    record(&current()?)
}

/// Returns the plan of the generation that the service points at.
pub fn current_plan() -> Option<Plan> {
    plan(Path::new(paths::GENERATION))
}

pub fn plan(generation: &Path) -> Option<Plan> {
    let text =
        outside::text(&generation.join(paths::generation::PLAN), outside::DOCUMENT, Kind::Regular).ok()?;
    Plan::from_json(&text).ok()
}

/// Returns the links between the cards at the time when the generation that serves was applied.
pub fn current_links() -> Links {
    read_note(&Path::new(paths::GENERATION).join(paths::generation::LINKS)).unwrap_or_default()
}

/// Returns a number that no generation has had.
pub fn next_number() -> u64 {
    let entries = fs::read_dir(paths::GENERATIONS).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok()).max().unwrap_or(0) + 1
}

/// Returns the model file on the host with the planned name, size and, where the plan has it, hash. The one in use
/// comes first; of several others none is better than the next.
pub fn known_model(file: &ModelFile, current: Option<&Record>) -> Option<Blob> {
    let fits = |blob: &Blob| {
        let same = file.sha256.as_ref().is_none_or(|wanted| *wanted == blob.sha256);
        blob.name == file.name && blob.size_bytes == file.size_bytes && same
    };
    let mut in_use = current.into_iter().flat_map(|record| &record.models);
    if let Some(blob) = in_use.find(|blob| fits(blob)) {
        return Some(blob.clone());
    }
    let entries = fs::read_dir(paths::MODELS).into_iter().flatten().flatten();
    let notes = entries.filter_map(|entry| read_note::<Model>(&entry.path().join(NOTE)));
    let mut blobs = notes.map(|note| note.blob).filter(|blob| fits(blob) && has_model(blob));
    let first = blobs.next()?;
    blobs.next().is_none().then_some(first)
}

/// Returns whether a runtime has all that the plan's engine is started by; one that is not there any more counts as whole.
fn is_whole(plan: &Plan, blob: &Blob) -> bool {
    let Some(front) = plan.engine().front() else { return true };
    read_note::<Runtime>(&runtime_folder(blob).join(NOTE))
        .is_none_or(|note| home(front, &note.server()).is_some())
}

/// Returns the runtime of the planned build that is on the host.
pub fn known_runtime(plan: &Plan, current: Option<&Record>) -> Result<Blob> {
    let build = &plan.llama_server.build;
    let whole = |blob: &Blob| is_whole(plan, blob);
    if let Some(record) = current.filter(|record| record.llama_build == *build && whole(&record.runtime)) {
        return Ok(record.runtime.clone());
    }
    let entries = fs::read_dir(paths::RUNTIMES).into_iter().flatten().flatten();
    let mut notes: Vec<Runtime> = entries.filter_map(|entry| read_note(&entry.path().join(NOTE))).collect();
    notes.sort_by(|a, b| a.blob.sha256.cmp(&b.blob.sha256));
    notes
        .into_iter()
        .find(|note| note.llama_build == *build && whole(&note.blob))
        .map(|note| note.blob)
        .ok_or_else(|| {
            let (engine, program) = (plan.engine().name(), plan.engine().program());
            Failure::failed(english!("error-no-archive", engine = engine, build = build.to_string()))
                .hint(english!("hint-no-archive", program = program, engine = engine))
                .into()
        })
}
