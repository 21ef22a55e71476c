//! Applies a bundle that cloud-init brought, at first boot, without a client. The model and llama.cpp come from the
//! bundle's directory where that carries them, else from the image or, where the plan pins them, from the network.

use super::shelf::Shelf;
use super::{Agent, apply};
use crate::agent::store::download;
use crate::agent::store::generation::{self, known_model, known_runtime};
use crate::agent::store::staged::{self, InUse};
use crate::error::{Context, Exit, Failure, Result, exit_code};
use crate::hash::sha256_file;
use crate::outside::{self, Kind};
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use crate::render::{Bundle, CarriedKind};
use crate::wire::protocol::{Apply, End, Events, Expose};
use crate::wire::secrets::Secrets;
use crate::{files, paths};
use base64::Engine;
use std::fs;
use std::path::{Path, PathBuf};

/// Brings this machine to the state of the bundle at `path`: a directory, or a tar, which is removed afterwards.
pub fn boot(path: &Path, trust_edits: bool, output: &mut dyn Events) -> Result<End> {
    let (tar, shelf) = match path.is_dir() {
        true => {
            let bundle = Bundle::read(path)?;
            let edits = bundle.edits_in(path)?;
            if !trust_edits && !edits.is_empty() {
                return Err(edits
                    .refusal(&path.display().to_string(), "or `agent boot --trust-edits`")
                    .into());
            }
            (bundle.to_tar()?, Shelf::of(path, bundle.manifest()))
        }
        false => (
            outside::read_bounded(path, outside::TABLE, Kind::Regular)
                .with_context(|| format!("reading {}", path.display()))?,
            Shelf::empty(),
        ),
    };
    let bundle = Bundle::from_tar(&tar)?;
    let (plan, driver) = (bundle.plan()?, bundle.manifest().driver);
    // Keeps a client that looks at the machine meanwhile from removing the agent.
    let _using = InUse::enter()?;
    settle()?;
    let request = Apply {
        peers: None,
        bundle: base64::engine::general_purpose::STANDARD.encode(&tar),
        trust_edits,
        check: false,
        strict: false,
        start_timeout: None,
        driver,
        rejoins: false,
        allow: Vec::new(),
        runtime: shelf.blobs(CarriedKind::Runtime),
        runtime_source: None,
        runtime_needs: None,
        wait: None,
        proxy: None,
        turns: false,
        runtime_path: None,
        models: shelf.blobs(CarriedKind::Model),
        client: "cloud-init".to_string(),
        mirrors: Vec::new(),
        // At a first boot nobody is logged in who could be locked out, or who could confirm.
        expose: Expose { confirm_seconds: 0, ..Expose::default() },
    };
    let missing = missing(&plan, &shelf);
    let secrets = Secrets::default();
    let (applied, unread) =
        shelf.serve(output, |input, output| apply(request, &secrets, Agent::Stays, input, output));
    match applied {
        Ok(end) => {
            if end.failure().is_none() && path.is_file() {
                files::remove(path)?;
            }
            Ok(end)
        }
        Err(_) if unread.is_some() => Err(Failure::failed(format!(
            "what the bundle carries cannot be read: {}",
            unread.unwrap_or_default()
        ))
        .hint("is the seed still attached, and whole? Make it anew with `agi-provision bundle --seed-iso`")
        .into()),
        Err(error) if exit_code(&error) == Exit::Failed && !missing.is_empty() => {
            Err(Failure::failed(format!("the bundle's files are not on this host: {}", missing.join(", ")))
                .hint(
                    "bring them over SSH, from the machine that has them: \
             agi-provision apply --bundle DIR --model-file FILE --runtime-archive FILE --host root@THIS_HOST",
                )
                .into())
        }
        Err(error) => Err(error),
    }
}

/// Lists what the plan needs and neither this machine nor the bundle has.
fn missing(plan: &Plan, shelf: &Shelf) -> Vec<String> {
    let current = generation::current_record();
    let mut missing = Vec::new();
    let brought = !shelf.blobs(CarriedKind::Runtime).is_empty() || !download::runtime(plan).is_empty();
    // podman or apt brings these.
    let fetched = plan.image().is_some() || !plan.llama_server.packages.is_empty();
    if !brought && !fetched && known_runtime(plan, current.as_ref()).is_err() {
        missing.push(format!("{} {}", plan.engine().name(), plan.llama_server.build));
    }
    let models = shelf.blobs(CarriedKind::Model);
    let here = |file: &ModelFile| {
        let carried = models.iter().find(|blob| blob.name == file.name).cloned();
        carried.or_else(|| download::model(file)).or_else(|| known_model(file, current.as_ref()))
    };
    let models = plan.files().filter(|file| here(file).is_none());
    missing.extend(models.map(|file| file.name.to_string()));
    missing
}

/// Replaces the program where an image carries it as a plain file in the place of the link to it. A folder that holds
/// nothing but the program came with it, and goes with it.
fn settle() -> Result<()> {
    let link = Path::new(paths::AGENT_LINK);
    let metadata = fs::symlink_metadata(link).with_context(|| format!("reading {}", link.display()))?;
    let names: Vec<_> = (fs::read_dir(paths::LIB).into_iter().flatten().flatten())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if names.iter().all(|name| staged::is_ours(name) && name != staged::MARK) {
        staged::mark()?;
    }
    if !metadata.is_file() {
        return Ok(());
    }
    let name = PathBuf::from(format!("agent-{}", sha256_file(link, |_| {})?));
    let place = Path::new(paths::LIB).join(&name);
    fs::rename(link, &place).with_context(|| format!("moving {}", link.display()))?;
    files::link(link, &name)
}
