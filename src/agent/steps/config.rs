//! The generation's own folder: plan, arguments, chat template, limits, links to model and runtime.

use super::run::{Run, Step, Undo};
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, model_path, next_number};
use crate::agent::store::installed;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use crate::render::manifest::host_path;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Config;

impl Step for Config {
    fn name(&self) -> &'static str {
        "configuration"
    }

    fn check(&self, desired: &Desired) -> Result<Vec<String>> {
        if generation::current_record().as_ref() != Some(&desired.record) {
            return Ok(vec![format!("write generation {}", next_number())]);
        }
        // The same generation: has anyone touched it?
        let folder = Path::new(paths::GENERATION);
        let mut drift = Vec::new();
        for (name, content) in contents(desired) {
            if fs::read(folder.join(name)).ok().as_deref() != Some(content) {
                drift.push(format!("restore {}/{name}, which was changed by hand", paths::GENERATION));
            }
        }
        // A runtime that is gone is the runtime step's to bring back, and the link to it is right still.
        let there = generation::runtime(&desired.record.runtime).is_some();
        for (name, target) in if there { links(desired)? } else { Vec::new() } {
            if fs::read_link(folder.join(&name)).ok().as_ref() != Some(&target) {
                drift.push(format!("restore the link {}/{}", paths::GENERATION, name.display()));
            }
        }
        Ok(drift)
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        build_as_planned(desired, run)?;
        let folder = Path::new(paths::GENERATIONS).join(next_number().to_string());
        run.undo.push(Undo::Remove(folder.clone()));
        files::directory(&folder, 0o755)?;
        files::directory(&folder.join(paths::generation::MODEL), 0o755)?;
        for (name, content) in contents(desired) {
            files::write(&folder.join(name), content, 0o644)?;
        }
        for (name, target) in links(desired)? {
            files::link(&folder.join(name), &target)?;
        }
        files::write(&folder.join(paths::generation::BUNDLE), &desired.bundle.to_tar()?, 0o644)?;
        generation::write_note(&folder.join(paths::generation::RECORD), &desired.record)?;
        generation::write_note(&folder.join(paths::generation::LINKS), &desired.links)?;
        // Not the current one, which an apply that was cut off may have left without proof.
        if let Some(served) = &run.served {
            files::link(&folder.join(paths::generation::PREVIOUS), served)?;
        }
        // The switch: everything before it was beside what serves.
        let link = Path::new(paths::GENERATION);
        match fs::read_link(link) {
            Ok(target) => run.undo.push(Undo::Link { path: link.to_path_buf(), target }),
            Err(_) => run.undo.push(Undo::Remove(link.to_path_buf())),
        }
        files::link(link, &folder).context("switching the generation")
    }
}

/// Another build than the plan's runs with a warning, or not at all with --strict.
fn build_as_planned(desired: &Desired, run: &mut Run) -> Result<()> {
    let runtime = generation::runtime(&desired.record.runtime);
    let found = runtime.and_then(|runtime| runtime.build);
    match installed::mismatch(found.as_deref(), &desired.plan.llama_server.build) {
        None => Ok(()),
        Some(why) if desired.strict => Err(Failure::failed(why)
            .hint("plan for the build that is there (--llama-build), or give that build's --runtime-archive")
            .into()),
        Some(why) => run.warn(why),
    }
}

/// Name in the generation's folder → content.
fn contents(desired: &Desired) -> impl Iterator<Item = (&str, &[u8])> {
    let prefix = format!("{}/", paths::GENERATION);
    desired.bundle.files().iter().filter_map(move |file| {
        let name = host_path(&file.path)?.strip_prefix(&prefix)?;
        Some((name, file.content.as_slice()))
    })
}

fn links(desired: &Desired) -> Result<Vec<(PathBuf, PathBuf)>> {
    let runtime = generation::runtime(&desired.record.runtime)
        .ok_or_else(|| Failure::failed("the runtime is not in place"))?;
    let mut links = vec![(PathBuf::from(paths::generation::RUNTIME), runtime.server_folder())];
    for blob in &desired.record.models {
        links.push((Path::new(paths::generation::MODEL).join(&blob.name), model_path(blob)));
    }
    Ok(links)
}
