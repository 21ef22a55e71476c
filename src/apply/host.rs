//! Where to work.

use super::link::Link;
use super::{local, remote};
use crate::error::Result;
use crate::ssh;

/// A host that is reached over SSH, or this machine.
#[derive(Clone, Debug)]
pub enum Host {
    Ssh { target: ssh::Target, options: Box<ssh::Options> },
    Local,
}

impl Host {
    /// Returns the host as the user named it.
    pub fn name(&self) -> String {
        match self {
            Host::Ssh { target, .. } => target.to_string(),
            Host::Local => "this machine".to_string(),
        }
    }

    /// Returns the names that this side uses: the one that was given, and the one that the SSH configuration makes of
    /// it.
    pub fn names(&self) -> Vec<String> {
        match self {
            Host::Ssh { target, options } => ssh::names(target, options),
            Host::Local => Vec::new(),
        }
    }

    pub fn connect(&self) -> Result<Box<dyn Link + Send>> {
        Ok(match self {
            Host::Ssh { target, options } => Box::new(remote::Remote::connect(target, options)?),
            Host::Local => Box::new(local::Local::new()?),
        })
    }
}
