//! Where to work.

use super::link::Link;
use super::{local, remote};
use crate::error::Result;
use crate::ssh;

/// A host that is reached over SSH, or this machine.
#[derive(Clone, Debug)]
pub enum Host {
    Ssh {
        target: ssh::Target,
        options: Box<ssh::Options>,
        /// By an inventory.
        called: Option<String>,
        /// Root is had by doas, not by sudo.
        doas: bool,
    },
    Local {
        called: Option<String>,
    },
}

impl Host {
    /// Returns the host as the user named it, on the command line or in the inventory.
    pub fn name(&self) -> String {
        match self {
            Host::Ssh { called: Some(name), .. } | Host::Local { called: Some(name) } => name.clone(),
            Host::Ssh { target, .. } => target.to_string(),
            Host::Local { called: None } => "this machine".to_string(),
        }
    }

    /// Returns the flags that name it to another command.
    pub fn flags(&self) -> String {
        match self {
            Host::Ssh { target, .. } => format!("--host {target}"),
            Host::Local { .. } => "--local".to_string(),
        }
    }

    /// Returns the names that this side uses: the one that was given, and the one that the SSH configuration makes of
    /// it.
    pub fn names(&self) -> Vec<String> {
        match self {
            Host::Ssh { target, options, .. } => ssh::names(target, options),
            Host::Local { .. } => Vec::new(),
        }
    }

    pub fn connect(&self) -> Result<Box<dyn Link + Send>> {
        Ok(match self {
            Host::Ssh { target, options, doas, .. } => {
                Box::new(remote::Remote::connect(target, options, *doas)?)
            }
            Host::Local { .. } => Box::new(local::Local::new()?),
        })
    }
}
