//! How a machine comes to its plan from user-data alone: the flags of `bundle`, and what it says about that.

use crate::apply::AgentFile;
use crate::checked::{Checksum, DownloadUrl};
use crate::elf::Image;
use crate::error::{Failure, Result};
use crate::paths;
use crate::plan::Plan;
use crate::render::clouds::{Cloud, Limit};
use crate::render::first_boot::{MOST_BYTES, MOST_URLS};
use crate::render::targets::cloud_init::{USER_DATA, USER_DATA_GZ};
use crate::render::{Bundle, Download, FirstBoot, PinnedProgram};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use std::path::Path;

#[derive(clap::Args, Clone, Debug, Default)]
pub struct FirstBootArgs {
    /// Where the machine fetches this program at its first boot: https, and any mirror; may be repeated. The size and
    /// SHA-256 that must come are in the bundle
    #[arg(help_heading = "First boot", long, value_name = "URL", group = "needs_program")]
    agent_url: Vec<DownloadUrl>,
    /// With --agent-url: SHA-256 of the program there, if it is not on this machine
    #[arg(
        help_heading = "First boot",
        long,
        value_name = "HEX",
        requires = "agent_url",
        requires = "agent_size",
        conflicts_with = "agent"
    )]
    agent_sha256: Option<Checksum>,
    /// With --agent-sha256: size of the program, bytes
    #[arg(
        help_heading = "First boot", long, value_name = "BYTES", requires = "agent_sha256",
        value_parser = clap::value_parser!(u64).range(1..=MOST_BYTES)
    )]
    agent_size: Option<u64>,
    /// The cloud that the user-data is for: its limit and its rules are checked
    #[arg(
        help_heading = "First boot", long, value_name = "NAME",
        value_parser = PossibleValuesParser::new(Cloud::names()).map(|name| Cloud::by_name(&name).expect("a listed name"))
    )]
    cloud: Option<&'static Cloud>,
}

impl FirstBootArgs {
    /// Returns the choices: these, and where nothing is given those of the bundle that is rendered again.
    pub fn choose(&self, plan: &Plan, kept: &FirstBoot, agent: Option<&Path>) -> Result<FirstBoot> {
        let program = match self.agent_url.is_empty() {
            true => kept.program.clone(),
            false => Some(self.program(plan, agent)?),
        };
        Ok(FirstBoot { program, cloud: self.cloud.or(kept.cloud) })
    }

    fn program(&self, plan: &Plan, agent: Option<&Path>) -> Result<PinnedProgram> {
        let mut urls = self.agent_url.clone();
        urls.sort();
        urls.dedup();
        if urls.len() != self.agent_url.len() || urls.len() > MOST_URLS {
            return Err(Failure::usage(format!(
                "--agent-url has an address twice, or more than {MOST_URLS}"
            ))
            .hint("give each address once; they are tried in the order given")
            .into());
        }
        let (sha256, size_bytes) = match (&self.agent_sha256, self.agent_size) {
            (Some(sha256), Some(size_bytes)) => (sha256.clone(), size_bytes),
            _ => {
                let agent = AgentFile::find_for(agent, plan.profile.processor)?;
                starts_there(&agent)?;
                (agent.sha256, agent.size_bytes)
            }
        };
        Ok(PinnedProgram { urls: self.agent_url.clone(), sha256, size_bytes })
    }
}

/// Refuses a program that cannot start on a fresh machine of the plan.
fn starts_there(agent: &AgentFile) -> Result<()> {
    let hint = "give --agent FILE: the agi-provision executable of a release for the machine, or --agent-sha256 and \
                --agent-size of the one at the address";
    let refused = |why: String| Failure::usage(format!("{} {why}", agent.path.display())).hint(hint);
    let image =
        Image::read(&agent.path).map_err(|error| refused(format!("is no program for Linux: {error}")))?;
    if let Some(loader) = image.interpreter {
        return Err(refused(format!(
            "is not linked statically (it needs {loader}): another system may not start it"
        ))
        .into());
    }
    Ok(())
}

/// Something that the user should know before a machine is started.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub message: String,
    pub hint: String,
}

impl Warning {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Warning {
        Warning { message: message.into(), hint: hint.into() }
    }
}

/// User-data of a bundle, as its cloud takes it.
#[derive(Debug, Serialize)]
pub struct UserData {
    /// Where the machine fetches the program; null if its image has to carry it.
    pub program: Option<PinnedProgram>,
    /// Name of the cloud; null: any.
    pub cloud: Option<&'static str>,
    /// The file for the cloud, relative to the bundle.
    pub file: String,
    /// Size of that file, bytes.
    pub size_bytes: usize,
    /// The same as the cloud counts it.
    pub counted_bytes: usize,
    /// Most that it takes; null if that is not known or there is no limit.
    pub limit_bytes: Option<usize>,
    /// How the file is handed over; null without a cloud.
    pub hand_over: Option<String>,
}

impl UserData {
    /// Describes the user-data of `bundle`.
    pub fn of(bundle: &Bundle) -> UserData {
        let FirstBoot { program, cloud } = bundle.manifest().first_boot.clone();
        let size = |name: &str| bundle.file(&format!("cloud-init/{name}")).map(<[u8]>::len);
        let packed = size(USER_DATA_GZ);
        let (name, size_bytes) = match packed {
            Some(size) => (USER_DATA_GZ, size),
            None => (USER_DATA, size(USER_DATA).unwrap_or_default()),
        };
        let file = format!("cloud-init/{name}");
        let limit = cloud.map_or(Limit::Unpublished, |cloud| cloud.limit);
        let hand_over = cloud.map(|cloud| match packed {
            Some(_) => format!(
                "give {} the bytes of {file}, as Base64 (`fileb://`, `filebase64()`): it is compressed, and cloud-init \
                 unpacks it",
                cloud.title
            ),
            None => format!("give {} the text of {file}", cloud.title),
        });
        UserData {
            program,
            cloud: cloud.map(|cloud| cloud.name),
            counted_bytes: limit.counted(size_bytes),
            limit_bytes: limit.bytes(),
            file,
            size_bytes,
            hand_over,
        }
    }

    /// Returns the lines that say the same to people; none where nothing was chosen.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(program) = &self.program {
            let urls: Vec<&str> = program.urls.iter().map(DownloadUrl::as_str).collect();
            lines.push(format!(
                "at its first boot the machine fetches the program of {} bytes, SHA-256 {}, from {}",
                program.size_bytes,
                program.sha256,
                urls.join(", else ")
            ));
        }
        if let (Some(hand_over), Some(cloud)) = (&self.hand_over, self.cloud.and_then(Cloud::by_name)) {
            let counted = self.counted_bytes;
            lines.push(format!("user-data: {counted} bytes, of {}; {hand_over}", cloud.limit.words()));
        }
        lines
    }
}

/// Returns what a first boot from user-data lacks. `seed`: the machine boots from a seed, which brings the program and
/// what the bundle carries.
pub fn warnings(bundle: &Bundle, seed: bool) -> Vec<Warning> {
    let FirstBoot { program, cloud } = &bundle.manifest().first_boot;
    let mut all = Vec::new();
    // A bundle without user-data brings no machine to its plan, and is not made to.
    if bundle.file(&format!("cloud-init/{USER_DATA}")).is_none() {
        return all;
    }
    if program.is_none() && (!seed || cloud.is_some()) {
        all.push(Warning::new(
            format!(
                "cloud-init/{USER_DATA} does not bring this program: the machine's image must carry it as {}, or the \
                 first boot fails",
                paths::AGENT_LINK
            ),
            "--agent-url names where the machine fetches it; `agi-provision apply` over SSH needs neither",
        ));
    }
    if let Some(cloud) = cloud.filter(|cloud| cloud.limit == Limit::Unpublished) {
        all.push(Warning::new(
            format!(
                "{} publishes no limit on user-data (looked on {} in {})",
                cloud.title, cloud.as_of, cloud.source
            ),
            "if it refuses the file, start the machine without and use `agi-provision apply --host`",
        ));
    }
    // User-data has no room for these, whether the bundle's directory carries them or not.
    let pinned = |file: &&Download| file.url.is_some() && file.sha256.is_some();
    let unpinned: Vec<&str> = (bundle.manifest().downloads.iter())
        .filter(|file| !pinned(file))
        .map(|file| file.name.as_str())
        .collect();
    if program.is_some() && !unpinned.is_empty() {
        all.push(Warning::new(
            format!(
                "user-data brings no files of this size, and no download of {} is pinned: the machine's image must have \
                 it, or the first boot fails",
                unpinned.join(", ")
            ),
            "`plan --resolve --out FILE` pins what is published; then `bundle --plan FILE`",
        ));
    }
    all
}
