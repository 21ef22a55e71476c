//! The link through which the service starts the agent.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::store::desired::Desired;
use crate::agent::store::staged;
use crate::error::Result;
use crate::files;
use crate::paths;
use std::fs;
use std::path::{Path, PathBuf};

pub struct AgentLink;

impl Resource for AgentLink {
    fn id(&self) -> Id {
        Id::Agent
    }

    fn observe(&self, _: &Desired, _: &Past) -> Result<Observed> {
        let own = own_name()?;
        match fs::read_link(paths::AGENT_LINK) {
            Ok(target) if target == own => Ok(Observed::default()),
            _ => {
                let text =
                    english!("change-link", path = paths::AGENT_LINK, target = own.display().to_string());
                Ok(vec![Change::Replace(text)].into())
            }
        }
    }

    fn apply(&self, _: &Desired, run: &mut Run) -> Result<()> {
        let link = Path::new(paths::AGENT_LINK);
        if let Ok(target) = fs::read_link(link) {
            run.note(self.id(), How::Link { path: link.to_path_buf(), target });
        }
        files::link(link, &own_name()?)
    }
}

/// This executable's name in the agent's directory.
fn own_name() -> Result<PathBuf> {
    let executable = staged::executable()?;
    Ok(executable.file_name().map(PathBuf::from).unwrap_or(executable))
}
