//! Our own inventories: TOML with one table for each host.

use super::entry::{Entry, Overrides};
use super::tree::MOST_HOSTS;
use crate::checked::ProxyUrl;
use crate::outside::quoted;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// An inventory of our own.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// One table for each host.
    #[serde(default)]
    host: Vec<Host>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Host {
    /// Name of the host in messages, JSON and files.
    #[schemars(length(min = 1))]
    name: String,
    /// Name, alias of the SSH configuration or address to connect to; the name by default.
    address: Option<String>,
    /// User to log in as.
    user: Option<String>,
    /// Port of the SSH server.
    port: Option<u16>,
    /// Private key; relative to the inventory's folder, or ~/.
    identity: Option<PathBuf>,
    /// Proxy through which the host downloads, http://HOST:PORT.
    proxy: Option<ProxyUrl>,
    /// For --limit.
    #[serde(default)]
    groups: Vec<String>,
    /// Parts of the plan that differ for this host.
    #[serde(default)]
    plan: Overrides,
}

pub fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut names = BTreeSet::new();
    for host in file.host {
        if !names.insert(host.name.clone()) {
            return Err(format!("host {} is there twice", quoted(&host.name)));
        }
        if names.len() > MOST_HOSTS {
            return Err(format!("it has more than {MOST_HOSTS} hosts"));
        }
        let plan = host.plan;
        if plan.file.is_some() && plan != (Overrides { file: plan.file.clone(), ..Overrides::default() }) {
            return Err(format!("host {}: a plan file leaves nothing else to choose", quoted(&host.name)));
        }
        entries.push(Entry {
            address: host.address.unwrap_or_else(|| host.name.clone()),
            name: host.name,
            user: host.user,
            port: host.port,
            identity: host.identity,
            proxy: host.proxy,
            groups: host.groups,
            plan,
            ..Entry::default()
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read() {
        let text = "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nuser = \"root\"\nport = 2222\n\
                    identity = \"k\"\nproxy = \"http://10.0.0.9:3128\"\ngroups = [\"g\"]\nplan = { quant = \"Q4_K_M\", ctx = 4096 }\n\
                    [[host]]\nname = \"b\"\nplan = { file = \"b.json\" }\n";
        let entries = parse(text).unwrap();
        assert_eq!(entries[0].target().unwrap().to_string(), "root@10.0.0.1:2222");
        assert_eq!(entries[0].proxy.as_ref().map(|proxy| proxy.as_str()), Some("http://10.0.0.9:3128"));
        assert_eq!((entries[0].plan.quant.as_deref(), entries[0].plan.ctx), (Some("Q4_K_M"), Some(4096)));
        assert_eq!((entries[1].address.as_str(), entries[1].plan.is_empty()), ("b", false));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, word) in [
            ("[[host]]\n", "missing field `name`"),
            ("[[host]]\nname = \"a\"\nprot = 1\n", "unknown field `prot`"),
            ("[[host]]\nname = \"a\"\nport = 70000\n", "port"),
            ("[[host]]\nname = \"a\"\nproxy = \"http://me:secret@p:1\"\n", "/etc/environment"),
            ("[[host]]\nname = \"a\"\n[[host]]\nname = \"a\"\n", "twice"),
            ("[[host]]\nname = \"a\"\nplan = { file = \"x\", ctx = 1 }\n", "nothing else"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
