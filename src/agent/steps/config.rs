//! The generation's own folder: plan, arguments, chat template, limits, links to model and runtime.

use super::config_changes;
use super::resource::{Change, Id, Observed, Past, Reach, Resource};
use super::run::{How, Run};
use crate::agent::host::service;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, model_path, next_number};
use crate::agent::store::installed;
use crate::agent::store::made::{self, Thing};
use crate::agent::store::runtime;
use crate::engine::server::ServerName;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use crate::render::manifest::host_path;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Config;

impl Resource for Config {
    fn id(&self) -> Id {
        Id::Configuration
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        if generation::current_record().as_ref() != Some(&desired.record) {
            let write = Change::Create(format!("write generation {}", next_number()));
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
                let text = format!("restore {}/{name}, which was changed by hand", paths::GENERATION);
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

/// Returns the servers that read a file of the generation; every server for a file of which that is not known.
fn reach_of_file(name: &str) -> Reach {
    let belongs = |server: &ServerName| name == server.args_file() || name == server.limits_file();
    match ServerName::all().find(belongs) {
        Some(server) => Reach::Only([server].into()),
        None if name == paths::generation::CHAT_TEMPLATE => Reach::Only([ServerName::CHAT].into()),
        // They are read when a server starts, to verify the host, and by what lets other hosts in.
        None if [paths::generation::PLAN, paths::generation::EXPOSE].contains(&name) => Reach::none(),
        None => Reach::Every,
    }
}

/// Returns the servers that read what a link of the generation leads to: a model, or the runtime.
fn reach_of_link(name: &Path, desired: &Desired) -> Reach {
    match name.strip_prefix(paths::generation::MODEL) {
        Ok(file) => Reach::Only(desired.readers(&file.to_string_lossy())),
        Err(_) => Reach::Every,
    }
}

/// Returns the servers that get other inputs by the new generation than by the one that serves.
fn reach_of_new(desired: &Desired) -> Reach {
    let Some(old) = generation::current_record() else { return Reach::Every };
    if old.runtime != desired.record.runtime {
        return Reach::Every;
    }
    let folder = Path::new(paths::GENERATION);
    let files = contents(desired)
        .filter(|(name, content)| fs::read(folder.join(name)).ok().as_deref() != Some(*content))
        .map(|(name, _)| reach_of_file(name));
    let models = desired.record.models.iter().filter(|blob| !old.models.contains(blob));
    let models = models.map(|blob| Reach::Only(desired.readers(&blob.name)));
    files.chain(models).fold(Reach::none(), Reach::and)
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

/// Name in the generation's folder → content.
fn contents(desired: &Desired) -> impl Iterator<Item = (&str, &[u8])> {
    let prefix = format!("{}/", paths::GENERATION);
    desired.bundle.files().iter().filter_map(move |file| {
        let name = host_path(&file.path)?.strip_prefix(&prefix)?;
        Some((name, file.content.as_slice()))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_generation_reaches_the_servers_that_read_it() {
        let embed_2 = "embed-2".parse::<ServerName>().unwrap();
        for (name, expected) in [
            ("llama-server.args", Reach::Only([ServerName::CHAT].into())),
            ("limits.conf", Reach::Only([ServerName::CHAT].into())),
            ("chat-template.jinja", Reach::Only([ServerName::CHAT].into())),
            ("embed-server.args", Reach::Only([ServerName::EMBEDDING].into())),
            ("embed-2-limits.conf", Reach::Only([embed_2].into())),
            ("plan.json", Reach::none()),
            ("expose.nft", Reach::none()),
            ("a-file-of-a-later-version", Reach::Every),
        ] {
            assert_eq!(reach_of_file(name), expected, "{name}");
        }
    }
}
