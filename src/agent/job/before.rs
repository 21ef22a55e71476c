//! The host as an apply found it. It is kept on disk with the job, so that a job which was cut in two,
//! by a restart of the host or by the death of its agent, is taken back as a whole.

use crate::agent::servers::beside;
use crate::agent::steps::resource::Id;
use crate::agent::steps::run::{How, Undo};
use crate::agent::store::generation;
use crate::agent::store::made::Made;
use crate::engine::server::ServerName;
use crate::error::Result;
use crate::paths;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// State of the host before the first change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The generation that served; `None` on a first apply.
    pub generation: Option<PathBuf>,
    /// Where the service's link to the agent pointed.
    pub agent: Option<PathBuf>,
    /// Entries of the folders of generations, runtimes and models, in this order.
    #[serde(default)]
    kept: Vec<BTreeSet<String>>,
    /// The record of what was made.
    #[serde(default)]
    pub made: Option<Made>,
}

/// Folders whose new entries are taken back, and the resource that makes them.
const FOLDERS: [(&str, Id); 3] =
    [(paths::GENERATIONS, Id::Configuration), (paths::RUNTIMES, Id::Runtime), (paths::MODELS, Id::Model)];

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

impl Before {
    pub fn now() -> Result<Before> {
        Ok(Before {
            generation: generation::current(),
            agent: fs::read_link(paths::AGENT_LINK).ok(),
            kept: FOLDERS.map(|(folder, _)| names(Path::new(folder))).to_vec(),
            made: Made::read()?,
        })
    }

    /// Nothing served.
    pub fn is_first(&self) -> bool {
        self.generation.is_none()
    }

    /// How to take back what an earlier part of the job may have changed; the last comes first.
    pub fn undo(&self) -> Result<Vec<Undo>> {
        let mut undo = Vec::new();
        let made = Made::read()?.unwrap_or_default();
        for ((folder, by), kept) in FOLDERS.iter().zip(&self.kept) {
            let new = names(Path::new(folder)).into_iter().filter(|name| !kept.contains(name));
            let new = new.map(|name| Path::new(folder).join(name)).filter(|path| made.has(path));
            undo.extend(new.map(|path| Undo { by: *by, how: How::Remove(path) }));
        }
        let moved = |by: Id, path: &str, target: &Option<PathBuf>| {
            let target = target.clone()?;
            let path = PathBuf::from(path);
            let how = How::Link { path: path.clone(), target: target.clone() };
            (fs::read_link(&path).ok()? != target).then_some(Undo { by, how })
        };
        undo.extend(moved(Id::Agent, paths::AGENT_LINK, &self.agent));
        if let Some(switch) = moved(Id::Configuration, paths::GENERATION, &self.generation) {
            undo.push(switch);
            // Any server may have been started by the new generation.
            let servers = std::iter::once(ServerName::CHAT).chain(beside::installed());
            let started = || How::Started { since: jiff::Timestamp::now() };
            undo.extend(servers.map(|server| Undo { by: Id::Start(server), how: started() }));
        }
        Ok(undo)
    }
}
