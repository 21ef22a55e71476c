//! Desired state of a host: a bundle, and which runtime and model files are meant by it.

use super::generation::{self, NOTE, Record, Runtime, has_model, known_model, known_runtime, runtime_folder};
use super::sourced::Sourced;
use super::{download, installed, packaged, runtime};
use crate::agent::host::{podman, service};
use crate::checked::{Checksum, FileName, ImageRef};
use crate::engine::server::ServerName;
use crate::error::{Failure, Result};
use crate::fetch::Source;
use crate::hardware::facts::Facts;
use crate::hardware::vendor::driver::Driver;
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use crate::render::Bundle;
use crate::verify::links::Links;
use crate::wire::peers::Peers;
use crate::wire::protocol::{Apply, Blob, Expose, START_TIMEOUT, START_TIMEOUTS};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Desired state of a host.
pub struct Desired {
    pub plan: Plan,
    pub bundle: Bundle,
    pub record: Record,
    /// Blobs the client can send.
    pub offered: Vec<Blob>,
    /// Blobs that this host can download.
    pub sources: Vec<Source>,
    pub expose: Expose,
    /// The other hosts of a plan over several; `None`: as they are known here.
    pub peers: Option<Peers>,
    /// The executable on the host that is the runtime, instead of an archive.
    pub installed: Option<PathBuf>,
    /// The source that the runtime is built from here, instead of an archive.
    pub sourced: Option<Sourced>,
    /// The archive that the client has of the engine's container image.
    pub image_archive: Option<Blob>,
    /// How long a server may show no progress while it starts and answers.
    pub silence: Duration,
    /// Whether a broken promise of the plan refuses, as a need does.
    pub strict: bool,
    /// The driver that the host is to get before all else.
    pub driver: Option<Driver>,
    /// Beginnings of addresses and what to try in their place first.
    pub mirrors: Vec<(String, String)>,
    /// Links between the host's cards now.
    pub links: Links,
    /// State of the chat server's unit a moment ago, where a session asked; a job asks at each step.
    pub seen: Option<service::State>,
}

impl Desired {
    /// Decides which runtime and models are meant: those the client offers, else those that are on
    /// the host under the same name, size and, where the plan has it, hash. `facts`: what a build from source is made for.
    pub fn new(apply: &Apply, bundle: Bundle, facts: &Facts) -> Result<Desired> {
        let plan = bundle.plan()?;
        let current = generation::current_record();
        let image = of_image(&plan)?;
        let packages = packaged::blob(&plan.llama_server.packages)?;
        let given = apply.runtime_path.as_ref().filter(|_| image.is_none() && packages.is_none());
        let installed = given.map(|path| installed::resolve(plan.engine(), path.as_path())).transpose()?;
        let image_archive = apply.runtime.first().filter(|_| image.is_some()).cloned();
        let sourced =
            apply.runtime_source.as_ref().map(|source| Sourced::new(source, &plan, facts)).transpose()?;
        let (runtime, runtime_archives) = match (image.or(packages), &installed, &sourced) {
            (Some(named), ..) => (named, Vec::new()),
            (None, Some(path), _) => (installed::blob(path)?, Vec::new()),
            (None, None, Some(sourced)) => sourced.runtime(),
            (None, None, None) => of_archives(&apply.runtime, &plan, current.as_ref())?,
        };
        let models = plan
            .files()
            .map(|file| {
                let named = |blob: &&Blob| blob.name == file.name;
                let offered = apply.models.iter().find(named).cloned();
                let blob = offered
                    .or_else(|| known_model(file, current.as_ref()))
                    .or_else(|| download::model(file))
                    .ok_or_else(|| missing_model(&file.name, file.url.is_some()))?;
                check_model(file, &blob)?;
                Ok(blob)
            })
            .collect::<Result<Vec<Blob>>>()?;
        let record = Record {
            bundle: bundle.id(),
            llama_build: plan.llama_server.build.clone(),
            runtime,
            runtime_archives,
            models,
            allowed: apply.allow.clone(),
            edited: if apply.trust_edits { bundle.edits()?.paths() } else { Vec::new() },
        };
        let offered =
            apply.runtime.iter().chain(&apply.runtime_source).chain(&apply.models).cloned().collect();
        let sources = download::sources(&plan, &apply.mirrors);
        let silence = silence(apply.start_timeout.or(plan.llama_server.start_timeout_seconds));
        Ok(Desired {
            plan,
            bundle,
            record,
            offered,
            sources,
            installed,
            sourced,
            image_archive,
            silence,
            strict: apply.strict,
            expose: apply.expose.clone(),
            peers: apply.peers.clone(),
            driver: None,
            mirrors: apply.mirrors.clone(),
            links: Links::default(),
            seen: None,
        })
    }

    /// Returns the desired state that the generation that serves was made from; `None` if that cannot be read.
    pub fn current() -> Option<Desired> {
        Desired::of(&generation::current()?)
    }

    /// Returns the desired state that a generation was made from; `None` if that cannot be read.
    pub fn of(folder: &Path) -> Option<Desired> {
        let tar =
            outside::read_bounded(&folder.join(paths::generation::BUNDLE), outside::TABLE, Kind::Regular)
                .ok()?;
        let bundle = Bundle::from_tar(&tar).ok()?;
        Some(Desired {
            plan: bundle.plan().ok()?,
            bundle,
            record: generation::record(folder)?,
            offered: Vec::new(),
            sources: Vec::new(),
            installed: None,
            sourced: None,
            image_archive: None,
            silence: START_TIMEOUT,
            strict: false,
            expose: Expose::default(),
            peers: None,
            driver: None,
            mirrors: Vec::new(),
            links: Links::default(),
            seen: None,
        })
    }

    /// Returns the container image that is the runtime, where the engine comes as one.
    pub fn image(&self) -> Option<&ImageRef> {
        self.plan.image()
    }

    /// Returns the distribution's packages that are the runtime; none where it is another.
    pub fn packages(&self) -> &[String] {
        &self.plan.llama_server.packages
    }

    /// Returns the runtime's note where it is in place, as [`runtime::find`] does. One image under two names is two.
    pub fn runtime_in_place(&self) -> std::result::Result<Runtime, Option<String>> {
        let note = runtime::find(&self.record.runtime)?;
        let named = |image: Option<&ImageRef>| image.map(ImageRef::pinned);
        if named(note.image.as_ref()) == named(self.image()) { Ok(note) } else { Err(None) }
    }

    /// Returns the registry as a place to reach, where podman has to pull the image from it.
    pub fn registry(&self) -> Option<Source> {
        let image =
            self.image().filter(|_| self.image_archive.is_none() && self.runtime_in_place().is_err())?;
        let urls = vec![format!("https://{}/v2/", image.registry())];
        let sha256 = self.record.runtime.sha256.clone();
        (!podman::has(image)).then_some(Source { urls, sha256, size_bytes: 0 })
    }

    /// Returns the files that the runtime is made of: archives, or the image's.
    pub fn runtime_files(&self) -> &[Blob] {
        match &self.image_archive {
            _ if self.installed.is_some() || !self.packages().is_empty() => &[],
            Some(archive) => std::slice::from_ref(archive),
            None if self.image().is_some() => &[],
            None => self.record.archives(),
        }
    }

    /// Returns the servers whose model has a file of this name.
    pub fn readers(&self, name: &str) -> BTreeSet<ServerName> {
        self.plan.servers().filter(|server| server.reads(name)).map(|server| server.name).collect()
    }

    /// Returns the bytes of this generation's blobs that are on the disk already, whole or in part.
    pub fn held_bytes(&self) -> u64 {
        let models = self
            .record
            .models
            .iter()
            .map(|blob| if has_model(blob) { blob.size_bytes } else { download::kept_bytes(blob) });
        models.sum()
    }
}

/// Returns the container image of a plan's engine as a runtime: its digest is its SHA-256, and podman keeps its bytes.
fn of_image(plan: &Plan) -> Result<Option<Blob>> {
    let Some(image) = plan.image() else {
        return Ok(None);
    };
    let name = image.repository().rsplit('/').next().unwrap_or_default();
    Ok(Some(Blob { name: FileName::new(name)?, sha256: Checksum::new(image.digest())?, size_bytes: 0 }))
}

/// Returns the runtime of the archives that are given, else of those that the plan pins, else the one on the host; and
/// the archives, where they are several.
fn of_archives(given: &[Blob], plan: &Plan, current: Option<&Record>) -> Result<(Blob, Vec<Blob>)> {
    let pinned = if given.is_empty() { download::runtime(plan) } else { Vec::new() };
    let archives = [given, &pinned].concat();
    let runtime = match super::archives::together(&archives) {
        Some(runtime) => runtime,
        None => known_runtime(plan, current)?,
    };
    // Archives under other names, or in another order, are the same runtime.
    let several = archives.len() > 1;
    let recorded =
        || current.filter(|record| record.runtime == runtime).map(|record| &record.runtime_archives);
    Ok(match generation::read_note::<Runtime>(&runtime_folder(&runtime).join(NOTE)) {
        Some(note) => (note.blob, note.archives),
        None if archives.is_empty() => (runtime.clone(), recorded().cloned().unwrap_or_default()),
        None => (runtime, archives.into_iter().filter(|_| several).collect()),
    })
}

/// Returns the given time to start, or the default, within the allowed range.
fn silence(seconds: Option<u64>) -> Duration {
    let (least, most) = (*START_TIMEOUTS.start(), *START_TIMEOUTS.end());
    seconds.map_or(START_TIMEOUT, |seconds| Duration::from_secs(seconds.clamp(least, most)))
}

fn missing_model(name: &str, downloadable: bool) -> Failure {
    let hint = match downloadable {
        true => format!(
            "its SHA-256 is not pinned, so this host downloads nothing: `agi-provision plan --resolve` pins it; \
             or give --model-file PATH/{name}"
        ),
        false => format!("give --model-file PATH/{name}"),
    };
    Failure::failed(format!("the model file {name} is not on the host and was not given")).hint(hint)
}

fn check_model(file: &ModelFile, blob: &Blob) -> Result<()> {
    if let Some(wanted) = file.sha256.as_ref().filter(|wanted| **wanted != blob.sha256) {
        return Err(Failure::failed(format!(
            "{} has SHA-256 {}, but the plan pins {wanted}",
            file.name, blob.sha256
        ))
        .hint("this is another file than the one planned for")
        .into());
    }
    Ok(())
}
