//! The bundle for clouds that start a machine with user-data: the same bundle, packed into a
//! `#cloud-config` that starts the same agent.

use super::target::Target;
use crate::error::{Result, bail};
use crate::hash::sha256;
use crate::paths::FIRST_BOOT;
use crate::plan::Plan;
use crate::render::bundle::Bundle;
use crate::render::choices::Choices;
use crate::render::clouds::{CLOUDS, Cloud, Fitting, Limit, gzip};
use crate::render::first_boot::{FirstBoot, PinnedProgram};
use crate::render::manifest::TOOL_VERSION;
use crate::render::templates::{self, PATHS, Paths};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// user-data, meta-data and network-config for a cloud, with the whole bundle in user-data.
pub struct CloudInit;

/// Its file that a cloud is given.
pub const USER_DATA: &str = "user-data";
/// The same compressed, where the cloud takes it only so.
pub const USER_DATA_GZ: &str = "user-data.gz";

impl Target for CloudInit {
    fn name(&self) -> &'static str {
        "cloud-init"
    }

    fn wanted(&self, _: &Choices) -> bool {
        true
    }

    fn files(&self, plan: &Plan, host: &Bundle, choices: &Choices) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let first_boot = &choices.first_boot;
        let version = host.manifest().tool_version.as_str();
        let user_data = user_data(plan, version, &host.to_tar()?, first_boot)?;
        let fitting = first_boot.cloud.map(|cloud| cloud.fit(&user_data)).transpose()?;
        let mut files = vec![
            (USER_DATA, user_data.into_bytes()),
            ("meta-data", meta_data(&sha256(plan.to_json().as_bytes()))?.into_bytes()),
            ("network-config", network_config()?.into_bytes()),
        ];
        if let Some(Fitting::Gzip(packed)) = fitting {
            files.push((USER_DATA_GZ, packed));
        }
        Ok(files)
    }
}

/// Where it lays its script, for a cloud whose client would change the script's text.
const SCRIPT: &str = "/run/agi-provision-first-boot.sh";

/// `user-data` that carries `tar`. Its head tells its own size and which clouds accept it.
fn user_data(plan: &Plan, version: &str, tar: &[u8], first_boot: &FirstBoot) -> Result<String> {
    let payload = STANDARD.encode(gzip(tar)?);
    let script = script(first_boot.program.as_ref())?;
    let expands = first_boot.cloud.is_some_and(|cloud| cloud.expands_variables);
    let packed_script = match expands {
        true => Some(STANDARD.encode(gzip(script.as_bytes())?)),
        false => None,
    };
    let indented: Vec<String> = script.lines().map(|line| format!("    {line}")).collect();
    let heading = first_boot.cloud.map_or("What the clouds take:".to_string(), |cloud| {
        format!("For {}, which takes: {}.", cloud.title, cloud.limit.words())
    });
    let clouds = if first_boot.cloud.is_some() { &[] } else { CLOUDS };
    let mut size = 0;
    // The numbers and verdicts have fixed widths, so that the second round already stands.
    for _ in 0..4 {
        let text = templates::fill(
            "cloud-init/user-data",
            &Values {
                tool_version: version,
                plan,
                incoming: FIRST_BOOT,
                payload: &payload,
                size: format!("{size:>6}"),
                heading: &heading,
                clouds: clouds.iter().map(|cloud| Line::of(cloud, size)).collect(),
                script: &indented.join("\n"),
                script_path: SCRIPT,
                packed_script: packed_script.as_deref(),
            },
        )?;
        if text.len() == size {
            return Ok(text);
        }
        size = text.len();
    }
    bail!("the size of user-data does not settle")
}

#[derive(Serialize)]
struct Values<'a> {
    tool_version: &'a str,
    plan: &'a Plan,
    incoming: &'a str,
    payload: &'a str,
    size: String,
    heading: &'a str,
    clouds: Vec<Line>,
    script: &'a str,
    script_path: &'a str,
    packed_script: Option<&'a str>,
}

/// A cloud's verdict on user-data, in its head.
#[derive(Serialize)]
struct Line {
    verdict: &'static str,
    title: &'static str,
    limit: String,
}

impl Line {
    fn of(cloud: &Cloud, size: usize) -> Line {
        let verdict = match (cloud.limit, cloud.limit.accepts(size)) {
            (Limit::Unpublished, _) => "unknown",
            (_, true) => "fits   ",
            (_, false) => "too big",
        };
        Line { verdict, title: cloud.title, limit: cloud.limit.words() }
    }
}

/// Returns the script of the first boot, without an indent and without empty lines. It starts `program`, fetched where
/// the image does not have it; without one, what the image has.
pub fn script(program: Option<&PinnedProgram>) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        paths: Paths,
        incoming: &'a str,
        program: Option<&'a PinnedProgram>,
        urls: Vec<String>,
        /// One byte more than the program has: of another file no more than that is stored.
        most: u64,
    }
    let urls = program.map(|program| program.urls.iter().map(|url| url.ascii()).collect());
    templates::fill(
        "cloud-init/first-boot.sh",
        &Values {
            paths: PATHS,
            incoming: FIRST_BOOT,
            program,
            urls: urls.unwrap_or_default(),
            most: program.map_or(0, |program| program.size_bytes + 1),
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
