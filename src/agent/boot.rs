//! What cloud-init starts at first boot: the apply of a session, without a client. A bundle holds no
//! model and no llama.cpp, so both must be on the host already: an image can carry them.

use super::generation::{known_model, known_runtime};
use super::protocol::{Apply, End, Events, Expose};
use super::session::{self, Agent, Secrets};
use super::staged::InUse;
use super::{download, expose, files};
use crate::error::{Context, Exit, Failure, Result, exit_code};
use crate::hash::sha256_file;
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ModelFile;
use crate::render::Bundle;
use base64::Engine;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Brings this machine to the state of the bundle in the tar at `path`, which goes when it is done.
pub fn boot(path: &Path, output: &mut dyn Events) -> Result<End> {
    let tar = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let plan = Bundle::from_tar(&tar)?.plan()?;
    // Whoever looks at the machine meanwhile leaves it.
    let _using = InUse::enter()?;
    settle()?;
    let apply = Apply {
        bundle: base64::engine::general_purpose::STANDARD.encode(&tar),
        check: false,
        strict: false,
        allow: Vec::new(),
        runtime: None,
        runtime_path: None,
        models: Vec::new(),
        client: "cloud-init".to_string(),
        mirrors: Vec::new(),
        expose: Expose::default(),
    };
    let missing = missing(&plan);
    match session::apply(apply, &Secrets::default(), Agent::Stays, &mut io::empty(), output) {
        Ok(end) => {
            if end.failure().is_none() {
                if plan.expose.is_some() {
                    // At a first boot nobody is logged in who could be locked out, or confirm.
                    expose::confirm()?;
                }
                files::remove(path)?;
            }
            Ok(end)
        }
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

/// What the plan needs and this machine has not.
fn missing(plan: &Plan) -> Vec<String> {
    let current = super::generation::current_record();
    let mut missing = Vec::new();
    if download::runtime(plan).is_none() && known_runtime(plan, current.as_ref()).is_err() {
        missing.push(format!("llama.cpp {}", plan.llama_server.build));
    }
    let here = |file: &ModelFile| download::model(file).or_else(|| known_model(file, current.as_ref()));
    let models = plan.files().filter(|file| here(file).is_none());
    missing.extend(models.map(|file| file.name.clone()));
    missing
}

/// An image may carry the program as a plain file where the link to it belongs.
fn settle() -> Result<()> {
    let link = Path::new(paths::AGENT_LINK);
    let metadata = fs::symlink_metadata(link).with_context(|| format!("reading {}", link.display()))?;
    if !metadata.is_file() {
        return Ok(());
    }
    let name = PathBuf::from(format!("agent-{}", sha256_file(link, |_| {})?));
    let place = Path::new(paths::LIB).join(&name);
    fs::rename(link, &place).with_context(|| format!("moving {}", link.display()))?;
    files::link(link, &name)
}
