//! Where a bundle comes from: a plan made now, or one made earlier; and the files for a host that come
//! with it or are given, hashed.

use super::model_arg::open_header;
use super::plan::PlanArgs;
use crate::apply::LocalFile;
use crate::apply::carry::{self, Travelling};
use crate::apply::inventory::Overrides;
use crate::checked::{FileName, ImageRef};
use crate::error::{Context, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::offers::HostKind;
use crate::model::format::Format;
use crate::oci;
use crate::outside::{self, Kind};
use crate::plan::document::{ModelFile, Plan};
use crate::plan::request::Request;
use crate::render::carried::MOST_ARCHIVES;
use crate::render::{Bundle, CarriedKind, Choices, render, render_for};
use crate::wire::needs::RuntimeNeeds;
use std::path::{Path, PathBuf};

/// Source of an apply: a plan made now, or one made earlier.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SourceArgs {
    #[command(flatten)]
    plan_args: PlanArgs,
    /// A plan made earlier (`plan --out FILE`)
    #[arg(long, value_name = "FILE", conflicts_with_all = PlanArgs::IDS, conflicts_with = "bundle")]
    plan: Option<PathBuf>,
    /// A bundle made earlier (`bundle --out DIR`)
    #[arg(long, value_name = "DIR", conflicts_with_all = PlanArgs::IDS)]
    bundle: Option<PathBuf>,
    /// With --bundle: take it although files in it are not as its plan makes them. They are run as root
    #[arg(long, requires = "bundle")]
    trust_edits: bool,
    /// With --bundle: print what of it is not as its plan makes it
    #[arg(long, requires = "bundle")]
    show_edits: bool,
}

/// A bundle, and the model's files where the plan found them on this machine.
pub struct Source {
    pub plan: Plan,
    pub bundle: Bundle,
    pub model_files: Vec<PathBuf>,
    /// Files that the bundle's directory carries.
    pub carried: Vec<Travelling>,
    /// Files of the bundle that are not as its plan makes them, and that the user trusts.
    pub edited: Vec<String>,
}

impl Source {
    /// With how long a first boot waits for a server's progress.
    pub fn waiting(self, start_timeout: Option<u64>) -> Result<Source> {
        if start_timeout.is_none() {
            return Ok(self);
        }
        let mut plan = self.plan;
        plan.llama_server.start_timeout_seconds = start_timeout;
        Ok(Source { bundle: render_for(&plan, &self.bundle.manifest().choices())?, plan, ..self })
    }

    /// With these choices.
    pub fn chosen(self, choices: &Choices) -> Result<Source> {
        if *choices == self.bundle.manifest().choices() {
            return Ok(self);
        }
        if !self.edited.is_empty() {
            return Err(would_be_lost("--agent-url, --cloud, --driver and the targets make", "them").into());
        }
        Ok(Source { bundle: render_for(&self.plan, choices)?, ..self })
    }

    pub fn new(plan: Plan, model_files: Vec<PathBuf>) -> Result<Source> {
        Ok(Source { bundle: render(&plan)?, plan, model_files, carried: Vec::new(), edited: Vec::new() })
    }

    /// Returns the container image of the plan's engine, where it comes as one.
    pub fn image(&self) -> Option<&ImageRef> {
        self.plan.image()
    }

    /// The files for the host, by what they are: those given, and of the others those that the bundle
    /// carries. `known`: the model's files that the plan was made from count too.
    pub fn files(&self, runtime: &[LocalFile], given: &[PathBuf], known: bool) -> Result<Vec<Travelling>> {
        if let (Some(archive), Some(_)) = (runtime.first(), self.plan.llama_server.packages.first()) {
            let given = format!("--runtime-archive {}", archive.path.display());
            return Err(Failure::usage(packaged(&given)).hint(WITHOUT_PACKAGES).into());
        }
        let known = if known { &self.model_files[..] } else { &[] };
        let models = model_files(&self.plan, given, known)?;
        let mut files: Vec<Travelling> =
            models.into_iter().map(|file| Travelling { what: CarriedKind::Model, file }).collect();
        let archives = runtime.iter().cloned();
        files.extend(archives.map(|file| Travelling { what: CarriedKind::Runtime, file }));
        // Archives that are given take the place of all that are carried.
        let given = |each: &Travelling, files: &[Travelling]| match each.what {
            CarriedKind::Runtime => !runtime.is_empty(),
            CarriedKind::Model => files.iter().any(|file| file.file.blob.name == each.file.blob.name),
        };
        let (planned, mut more) = (|name: &str| self.plan.files().any(|file| file.name == name), Vec::new());
        for each in &self.carried {
            let wanted = each.what == CarriedKind::Runtime || planned(&each.file.blob.name);
            if wanted && !given(each, &files) {
                more.push(each.clone());
            }
        }
        files.extend(more);
        if let Some(image) = self.image() {
            let archives = files.iter().filter(|each| each.what == CarriedKind::Runtime);
            check_image(&archives.map(|each| &each.file).collect::<Vec<_>>(), image)?;
        }
        Ok(files)
    }
}

impl SourceArgs {
    /// Whether the plan is made of flags that leave the machine open: then it is made for the host itself.
    pub fn is_for_the_host(&self, overrides: &Overrides) -> bool {
        let made = self.plan.is_some() || self.bundle.is_some() || overrides.file.is_some();
        let args = self.plan_args.with(overrides);
        !made && args.names_a_model() && !args.asks_for_a_machine()
    }

    /// The request that the flags make, for machines that are not named here; and the model's files on this machine.
    pub fn request(&self) -> Result<(Request, Vec<PathBuf>)> {
        self.plan_args.request(None, false)
    }

    /// The plan of these flags for the machine with these facts.
    pub fn load_for_host(&self, overrides: &Overrides, facts: &Facts) -> Result<Source> {
        let planned = self.plan_args.with(overrides).plan(Some(facts))?;
        Source::new(planned.plan, planned.model_files)
    }

    /// Works like [`SourceArgs::load`], with the overrides of one host by an inventory.
    pub fn load_for(&self, overrides: &Overrides) -> Result<Source> {
        if overrides.is_empty() {
            return self.load();
        }
        if let Some(path) = &overrides.file {
            let mut plan = read_plan(path)?;
            self.plan_args.expose(&mut plan)?;
            return Source::new(plan, Vec::new());
        }
        if self.plan.is_some() || self.bundle.is_some() {
            return Err(Failure::usage(
                "the inventory changes a part of the plan, but the plan is made already",
            )
            .hint("give --model and flags instead of --plan or --bundle, or name plan files in the inventory")
            .into());
        }
        SourceArgs { plan_args: self.plan_args.with(overrides), ..self.clone() }.load()
    }

    /// Files of the bundle that are not as its plan makes them; an error where the user does not trust
    /// them.
    fn trusted(&self, dir: &Path, bundle: &Bundle) -> Result<Vec<String>> {
        let edits = bundle.edits_in(dir)?;
        if self.show_edits {
            super::output::print(edits.diff().trim_end())?;
        }
        if edits.is_empty() {
            return Ok(Vec::new());
        }
        if !self.trust_edits {
            let trust = "--show-edits prints what differs, and --trust-edits takes it all the same, as root: \
                         only where you know who edited it";
            return Err(edits.refusal(&dir.display().to_string(), trust).into());
        }
        warn!("{} is not what its plan makes, and is trusted: {}", dir.display(), edits.paths().join(", "));
        for command in edits.commands() {
            warn!("as root or in its place: {command}");
        }
        Ok(edits.paths())
    }

    pub fn load(&self) -> Result<Source> {
        if let Some(dir) = &self.bundle {
            let bundle = Bundle::read(dir)?;
            let edited = self.trusted(dir, &bundle)?;
            let mut plan = bundle.plan()?;
            let before = plan.expose.clone();
            self.plan_args.expose(&mut plan)?;
            if plan.expose != before && !edited.is_empty() {
                return Err(would_be_lost("--expose makes", "it").into());
            }
            let bundle = match plan.expose == before {
                true => bundle,
                false => render_for(&plan, &bundle.manifest().choices())?,
            };
            let carried = carry::find(dir, bundle.manifest(), &hashed)?;
            // With other ranges in the plan the directory is not the bundle's any more.
            let bundle = bundle.carrying(Vec::new(), None)?;
            return Ok(Source { plan, bundle, model_files: Vec::new(), carried, edited });
        }
        let (plan, model_files) = match &self.plan {
            Some(path) => {
                let mut plan = read_plan(path)?;
                self.plan_args.expose(&mut plan)?;
                let offer = plan.cost.as_ref().map(|cost| &cost.offer);
                if offer.is_some_and(|offer| offer.host == Some(HostKind::Container)) {
                    say!(
                        "note: this plan's price is a container's; only a host with systemd can be applied to"
                    );
                }
                (plan, Vec::new())
            }
            None => {
                let planned = self.plan_args.plan(None)?;
                (planned.plan, planned.model_files)
            }
        };
        Source::new(plan, model_files)
    }
}

/// `flags`: `--expose makes`.
fn would_be_lost(flags: &str, these: &str) -> Failure {
    Failure::usage(format!("{flags} the bundle anew, and what was edited in it would be lost"))
        .hint(format!("leave {these} out, or make the bundle anew without the edits"))
}

/// Reads a plan; what is none ends with exit 2.
pub fn read_plan(path: &Path) -> Result<Plan> {
    let bytes = outside::read_bounded(path, outside::DOCUMENT, Kind::Named)
        .with_context(|| format!("reading {}", path.display()))?;
    let plan = String::from_utf8(bytes).context("reading it as text").and_then(|text| Plan::from_json(&text));
    plan.map_err(|error| {
        Failure::usage(format!("{} is not a plan: {error:#}", path.display()))
            .hint("`agi-provision plan --out FILE` writes one")
            .into()
    })
}

/// The plan's model files, hashed: those given, and of those the plan was made from the others. A model
/// of a single file may have another name here than in the plan, if its header is that of the planned one.
fn model_files(plan: &Plan, given: &[PathBuf], known: &[PathBuf]) -> Result<Vec<LocalFile>> {
    let mut files: Vec<LocalFile> = Vec::new();
    for path in given {
        let planned = planned_file(plan, path)?;
        files.push(pinned(path, planned)?);
    }
    for path in known {
        let Some(planned) = plan.files().find(|file| file.name == file_name(path)) else { continue };
        if !files.iter().any(|file| file.blob.name == planned.name) {
            files.push(pinned(path, planned)?);
        }
    }
    Ok(files)
}

/// Finds the file of the plan that `path` is.
fn planned_file<'a>(plan: &'a Plan, path: &Path) -> Result<&'a ModelFile> {
    let name = file_name(path);
    if !plan.engine().formats().contains(&Format::Gguf) {
        return plan.files().find(|file| file.name == name).ok_or_else(|| no_file_of(plan, &name).into());
    }
    let header = open_header(path)?;
    let models = || plan.servers().map(|server| (server.files, server.parameters));
    // By its name; a model of one file must be that model as well.
    for (files, parameters) in models() {
        if let Some(file) = files.iter().find(|file| file.name == name) {
            if files.len() == 1 && header.parameters() != parameters {
                return Err(not_that_model(plan, path, header.parameters(), parameters).into());
            }
            return Ok(file);
        }
    }
    let mut alike =
        models().filter(|(files, parameters)| files.len() == 1 && header.parameters() == *parameters);
    if let Some((files, _)) = alike.next() {
        return Ok(&files[0]);
    }
    if plan.beside().next().is_none() && plan.model.files.len() == 1 {
        return Err(not_that_model(plan, path, header.parameters(), plan.model.parameters).into());
    }
    Err(no_file_of(plan, &name).into())
}

fn no_file_of(plan: &Plan, name: &str) -> Failure {
    let names: Vec<&str> = plan.files().map(|file| file.name.as_str()).collect();
    Failure::usage(format!("{name} is not a file of {}", plan.model.id))
        .hint(format!("its files: {}", names.join(", ")))
}

fn not_that_model(plan: &Plan, path: &Path, found: u64, wanted: u64) -> Failure {
    Failure::usage(format!(
        "{} has {found} parameters, but the plan is for {} with {wanted}",
        path.display(),
        plan.model.id,
    ))
    .hint(format!("plan for this file itself: --model {}", path.display()))
}

/// The file under its name in the plan, hashed, and with the hash that the plan pins.
fn pinned(path: &Path, planned: &ModelFile) -> Result<LocalFile> {
    let file = hashed(path, planned.name.clone())?;
    if let Some(pin) = planned.sha256.as_ref().filter(|pin| **pin != file.blob.sha256) {
        return Err(Failure::usage(format!(
            "{} has SHA-256 {}, but the plan pins {pin}",
            path.display(),
            file.blob.sha256
        ))
        .hint("this is another file than the one planned for; download it again")
        .into());
    }
    Ok(file)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns what llama.cpp's archive needs of a host. `None` for several: what a pair lacks is known once both lie in one
/// folder.
pub fn needs(archives: &[&LocalFile]) -> Option<RuntimeNeeds> {
    match archives {
        [one] => one.runtime_needs(),
        _ => None,
    }
}

/// Compares the file of a container image, of which there is one at most, with the image that a plan pins.
/// Says that the plan takes the distribution's packages and not what is `given`.
pub(super) fn packaged(given: &str) -> String {
    format!("{given}: the plan takes llama.cpp from the distribution's packages")
}

pub(super) const WITHOUT_PACKAGES: &str = "leave it out, or plan without --runtime-packages";

fn check_image(archives: &[&LocalFile], image: &ImageRef) -> Result<()> {
    match archives {
        [] => Ok(()),
        [one] => oci::check(&one.path, image).map(drop),
        _ => Err(Failure::usage("--runtime-archive is there several times, and an image is one file")
            .hint("give the OCI archive of the image that --runtime-image names")
            .into()),
    }
}

/// llama.cpp's archives, each under its own name where a bundle can have a file of that name.
pub fn runtime(archives: &[PathBuf]) -> Result<Vec<LocalFile>> {
    const HINT: &str =
        "give the archive with llama-server and, for CUDA, the one with its libraries (cudart-…)";
    if archives.len() > MOST_ARCHIVES {
        let message = format!("--runtime-archive is there {} times", archives.len());
        return Err(Failure::usage(message).hint(HINT).into());
    }
    let mut files: Vec<LocalFile> = Vec::new();
    for path in archives {
        let own = FileName::from_os(path.file_name().unwrap_or_default());
        let file = hashed(path, own.or_else(|_| FileName::new("llama.cpp.tar.gz"))?)?;
        let same =
            |other: &&LocalFile| other.blob.sha256 == file.blob.sha256 || other.blob.name == file.blob.name;
        if let Some(other) = files.iter().find(same) {
            let both = format!("{} and {}", other.path.display(), path.display());
            return Err(Failure::usage(format!("--runtime-archive: {both} have the same name or content"))
                .hint(HINT)
                .into());
        }
        files.push(file);
    }
    Ok(files)
}

/// llama.cpp's source, under its own name where a bundle can have a file of that name.
pub fn source_archive(path: &Path) -> Result<LocalFile> {
    let own = FileName::from_os(path.file_name().unwrap_or_default());
    hashed(path, own.or_else(|_| FileName::new("source.tar.gz"))?)
}

/// Hashing takes a second per gigabyte or two, so it is shown.
pub fn hashed(path: &Path, name: FileName) -> Result<LocalFile> {
    let total = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bar = if super::output::interactive() && total > 256 << 20 {
        indicatif::ProgressBar::new(total)
    } else {
        indicatif::ProgressBar::hidden()
    };
    bar.set_message(format!("hashing {name}"));
    let file = LocalFile::open(path, name, |done| bar.set_position(done));
    bar.finish_and_clear();
    file
}
