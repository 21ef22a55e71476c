//! The generation's own folder: plan, arguments, chat template, limits, links to model and runtime.

use super::config_changes;
use super::inputs::{contents, reach_of_file, reach_of_link, reach_of_new};
use super::resource::{Change, Id, Observed, Past, Reach, Resource};
use super::run::{How, Run};
use crate::agent::host::service;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, model_path, next_number};
use crate::agent::store::installed;
use crate::agent::store::made;
use crate::agent::store::runtime;
use crate::agent::store::thing::Thing;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Config;

impl Resource for Config {
    fn id(&self) -> Id {
        Id::Configuration
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        if generation::current_record().as_ref() != Some(&desired.record) {
            let write = Change::Create(english!("change-generation", number = next_number().to_string()));
            let against = against_current(desired).into_iter().map(Change::Replace);
            let changes = std::iter::once(write).chain(against).collect();
            return Ok(Observed { changes, reach: reach_of_new(desired), dependent: None });
        }
        // The same generation: has anyone touched it?
        let folder = Path::new(paths::GENERATION);
        let mut drift = Vec::new();
        let mut reach = Reach::none();
        for (name, content) in contents(desired) {
            if fs::read(folder.join(name)).ok().as_deref() != Some(content) {
                let text = english!("change-restore", path = format!("{}/{name}", paths::GENERATION));
                drift.push(Change::Replace(text));
                reach = reach.and(reach_of_file(name));
            }
        }
        // A runtime that is gone is the runtime step's to bring back, and the link to it is right still.
        let there = runtime::noted(&desired.record.runtime).is_some();
        for (name, target) in if there { links(desired)? } else { Vec::new() } {
            if fs::read_link(folder.join(&name)).ok().as_ref() != Some(&target) {
                let text = format!("restore the link {}/{}", paths::GENERATION, name.display());
                drift.push(Change::Replace(text));
                reach = reach.and(reach_of_link(&name, desired));
            }
        }
        Ok(Observed { changes: drift, reach, dependent: None })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        build_as_planned(desired, run)?;
        run.note(self.id(), How::Reload);
        let folder = Path::new(paths::GENERATIONS).join(next_number().to_string());
        made::add([Thing::tree(&folder)?])?;
        run.note(self.id(), How::Remove(folder.clone()));
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
        if let Some(served) = &run.past.served {
            files::link(&folder.join(paths::generation::PREVIOUS), served)?;
        }
        // The switch: everything before it was beside what serves.
        let link = Path::new(paths::GENERATION);
        match fs::read_link(link) {
            Ok(target) => run.note(self.id(), How::Link { path: link.to_path_buf(), target }),
            Err(_) => run.note(self.id(), How::Remove(link.to_path_buf())),
        }
        files::link(link, &folder).context("switching the generation")?;
        // The units' limits are files of the generation.
        service::reload()
    }
}

/// Lists what the new generation changes of the one that serves; empty if none serves or it cannot be read.
fn against_current(desired: &Desired) -> Vec<String> {
    let (Some(plan), Some(record)) = (generation::current_plan(), generation::current_record()) else {
        return Vec::new();
    };
    let mut changes = config_changes::compare((&plan, &record), (&desired.plan, &desired.record));
    if changes.is_empty() {
        // The same plan, rendered by another version.
        let folder = Path::new(paths::GENERATION);
        let differs =
            |(name, content): &(&str, &[u8])| fs::read(folder.join(name)).ok().as_deref() != Some(*content);
        changes.extend(contents(desired).filter(differs).map(|(name, _)| format!("{name} is another")));
    }
    changes
}

/// Another build than the plan's runs with a warning, or not at all with --strict.
fn build_as_planned(desired: &Desired, run: &mut Run) -> Result<()> {
    if desired.plan.engine().container().is_some_and(|container| container.only) {
        // No build is planned, and its digest says which one it is.
        return Ok(());
    }
    let runtime = runtime::noted(&desired.record.runtime);
    let found = runtime.and_then(|runtime| runtime.build);
    match installed::mismatch(
        desired.plan.engine().program(),
        found.as_deref(),
        &desired.plan.llama_server.build,
    ) {
        None => Ok(()),
        Some(why) if desired.strict => Err(Failure::failed(why)
            .hint("plan for the build that is there (--llama-build), or give that build's --runtime-archive")
            .into()),
        Some(why) => run.warn(why),
    }
}

fn links(desired: &Desired) -> Result<Vec<(PathBuf, PathBuf)>> {
    let runtime = runtime::noted(&desired.record.runtime)
        .ok_or_else(|| Failure::failed("the runtime is not in place"))?;
    let mut links = vec![(PathBuf::from(paths::generation::RUNTIME), runtime.server_folder())];
    for blob in &desired.record.models {
        links.push((Path::new(paths::generation::MODEL).join(&blob.name), model_path(blob)));
    }
    Ok(links)
}
