//! Where to work.

use super::link::Link;
use super::{local, remote};
use crate::error::Result;
use crate::lang::Lang;
use crate::ssh;

/// A host that is reached over SSH, or this machine.
#[derive(Clone, Debug)]
pub enum Host {
    /// A host over SSH.
    Ssh {
        /// Host, user and port.
        target: ssh::Target,
        /// Keys, configuration and time limits.
        options: Box<ssh::Options>,
        /// By an inventory.
        called: Option<String>,
        /// Root is had by doas, not by sudo.
        doas: bool,
    },
    /// This machine, without SSH.
    Local {
        /// Name in an inventory.
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

    /// Returns its name for people.
    pub fn shown(&self, lang: Lang) -> String {
        match self {
            Host::Local { called: None } => tr!(lang, "this-machine"),
            _ => self.name(),
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

    /// Returns the address, or the name, and the port at which it is found, by the SSH configuration where that says so.
    pub fn address(&self) -> (String, u16) {
        match self {
            Host::Ssh { target, options, .. } => ssh::address(target, options),
            Host::Local { .. } => ("127.0.0.1".to_string(), ssh::PORT),
        }
    }

    /// Connects to the host. Errors are those of [`ssh::Connection::connect`].
    pub fn connect(&self) -> Result<Box<dyn Link + Send>> {
        Ok(match self {
            Host::Ssh { target, options, doas, .. } => {
                Box::new(remote::Remote::connect(target, options, *doas)?)
            }
            Host::Local { .. } => Box::new(local::Local::new()?),
        })
    }
}
