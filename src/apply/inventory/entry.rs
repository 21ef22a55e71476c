//! One host of an inventory, whatever the file was written in.

use crate::checked::ProxyUrl;
use crate::error::{Context, Result};
use crate::outside::quoted;
use crate::ssh::Target;
use serde::Deserialize;
use std::path::PathBuf;

/// One host of an inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Name of the host in the inventory.
    pub name: String,
    /// Name or address to connect to.
    pub address: String,
    /// User to log in as.
    pub user: Option<String>,
    /// Port of the SSH server.
    pub port: Option<u16>,
    /// Private key to log in with.
    pub identity: Option<PathBuf>,
    /// Every group it is in, directly or not.
    pub groups: Vec<String>,
    /// Parts of the plan for this host alone.
    pub plan: Overrides,
    /// Proxy through which the host downloads.
    pub proxy: Option<ProxyUrl>,
    /// It is this machine (`ansible_connection=local`).
    pub local: bool,
    /// Root is had by doas, not by sudo.
    pub doas: bool,
    /// Arguments for ssh (`ansible_ssh_common_args`).
    pub ssh_args: Vec<String>,
    /// Secrets that the inventory holds and that are not read.
    pub unread: Vec<String>,
}

/// Parts of the plan that differ for one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// A plan of its own; nothing else may be given then.
    pub file: Option<PathBuf>,
    /// Profile, as `plan --profile`.
    pub profile: Option<String>,
    /// Quantisation, as `plan --quant`.
    pub quant: Option<String>,
    /// Tokens.
    pub ctx: Option<u64>,
    /// Slots, as `plan --slots`.
    pub slots: Option<u64>,
}

impl Overrides {
    /// Returns whether the host gets the common plan.
    pub fn is_empty(&self) -> bool {
        *self == Overrides::default()
    }
}

impl Entry {
    /// Exit 2 when it names no host that SSH could reach.
    pub fn target(&self) -> Result<Target> {
        let parsed = Target::parse(&self.address).with_context(|| format!("host {}", quoted(&self.name)))?;
        Ok(Target { user: self.user.clone().or(parsed.user), port: self.port.or(parsed.port), ..parsed })
    }
}
