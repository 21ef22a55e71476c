//! The bundle for clouds that start a machine with user-data: the same bundle, packed into a
//! `#cloud-config` that starts the same agent.

use super::target::Target;
use crate::error::{Context, Result, bail};
use crate::hash::sha256;
use crate::plan::Plan;
use crate::render::bundle::Bundle;
use crate::render::manifest::TOOL_VERSION;
use crate::render::providers::{Counted, PROVIDERS, Provider};
use crate::render::templates::{self, PATHS, Paths};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde::Serialize;
use std::io::Write;

/// user-data, meta-data and network-config for a cloud, with the whole bundle in user-data.
pub struct CloudInit;

impl Target for CloudInit {
    fn name(&self) -> &'static str {
        "cloud-init"
    }

    fn files(&self, plan: &Plan, host: &Bundle) -> Result<Vec<(&'static str, String)>> {
        Ok(vec![
            ("user-data", user_data(plan, host.manifest().tool_version.as_str(), &host.to_tar()?)?),
            ("meta-data", meta_data(&sha256(plan.to_json().as_bytes()))?),
            ("network-config", network_config()?),
        ])
    }
}

/// Where user-data lays the bundle on a host.
pub const INCOMING: &str = "/var/lib/agi-provision/incoming/bundle.tar";

/// `user-data` that carries `tar`. Its head tells its own size and which providers accept it.
fn user_data(plan: &Plan, version: &str, tar: &[u8]) -> Result<String> {
    let payload = STANDARD.encode(gzip(tar)?);
    let mut size = 0;
    // The numbers and verdicts have fixed widths, so that the second round already stands.
    for _ in 0..4 {
        let text = with_size(plan, version, &payload, size)?;
        if text.len() == size {
            return Ok(text);
        }
        size = text.len();
    }
    bail!("the size of user-data does not settle")
}

fn with_size(plan: &Plan, tool_version: &str, payload: &str, size: usize) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        tool_version: &'a str,
        plan: &'a Plan,
        paths: Paths,
        incoming: &'a str,
        payload: &'a str,
        size: String,
        providers: Vec<Line>,
    }
    #[derive(Serialize)]
    struct Line {
        verdict: &'static str,
        name: &'static str,
        limit_bytes: usize,
        counted: &'static str,
    }
    let line = |provider: &Provider| Line {
        verdict: if provider.accepts(size) { "fits   " } else { "too big" },
        name: provider.name,
        limit_bytes: provider.limit_bytes,
        counted: if provider.counted == Counted::Base64 { " of Base64" } else { "" },
    };
    templates::fill(
        "cloud-init/user-data",
        &Values {
            tool_version,
            plan,
            paths: PATHS,
            incoming: INCOMING,
            payload,
            size: format!("{size:>6}"),
            providers: PROVIDERS.iter().map(line).collect(),
        },
    )
}

/// `user-data` of a seed, which has the bundle beside it, at `folder`.
pub(crate) fn seed_user_data(plan: &Plan, label: &str, sums: &str, folder: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        tool_version: &'a str,
        plan: &'a Plan,
        paths: Paths,
        label: &'a str,
        sums: &'a str,
        folder: &'a str,
    }
    templates::fill(
        "cloud-init/seed-user-data",
        &Values { tool_version: TOOL_VERSION, plan, paths: PATHS, label, sums, folder },
    )
}

/// `meta-data`: an instance-id that changes with what it is for, so that cloud-init applies a new one.
/// `sha256`: of the plan, or of all that a seed has.
pub(crate) fn meta_data(sha256: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        instance_id: String,
    }
    let instance_id = format!("agi-provision-{}", &sha256[..12]);
    templates::fill("cloud-init/meta-data", &Values { instance_id })
}

/// `network-config`: addresses from DHCP on every Ethernet port.
pub(crate) fn network_config() -> Result<String> {
    #[derive(Serialize)]
    struct Values {}
    templates::fill("cloud-init/network-config", &Values {})
}

/// Without a time or a name, so that the same bytes give the same bytes.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(bytes).context("compressing the bundle")?;
    encoder.finish().context("compressing the bundle")
}
