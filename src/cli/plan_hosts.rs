//! `plan --hosts`: one model over several hosts.

use super::hosts::HostArgs;
use super::output::{self, print_json};
use super::plan::PlanArgs;
use super::reconcile::{probe, read_facts};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::profiles;
use crate::lang::Lang;
use crate::plan::document::Verdict;
use crate::plan::hosts::{self, HostsPlan, Link, Machine};
use crate::plan::reconcile;
use crate::report;
use crate::say;
use std::path::Path;

/// Most machines of one plan.
const MOST: usize = 16;

#[derive(clap::Args)]
#[command(next_help_heading = "Several hosts")]
pub struct PlanHostsArgs {
    /// Spread one model over these hosts, the first of which serves it: files of facts (`probe --format json`), hosts
    /// to probe over SSH, profiles, N of one: 3x(gpu-24gb) (docs/rpc.md)
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', requires = "link",
        conflicts_with_all = ["profile", "budget", "host", "inventory", "local", "facts", "purpose", "explain"])]
    hosts: Vec<String>,
    /// With --hosts: the network between them, milliseconds there and back and Mbit/s, as `ping` and `iperf3` say
    #[arg(long, value_name = "MS,MBIT", requires = "hosts")]
    link: Option<Link>,
}

impl PlanHostsArgs {
    /// Whether several hosts are planned for.
    pub fn are_given(&self) -> bool {
        !self.hosts.is_empty()
    }
}

/// Runs `plan --hosts`: text, or JSON; `out` gets the JSON.
pub fn run(
    args: &PlanHostsArgs,
    plan: &PlanArgs,
    ssh: &HostArgs,
    json: bool,
    out: Option<&Path>,
) -> Result<Exit> {
    let link = args.link.context("--hosts is given with --link")?;
    let mut machines = Vec::new();
    for name in &args.hosts {
        machines.extend(machines_of(name, Some(ssh))?);
        if machines.len() > MOST {
            let message = format!("more than {MOST} hosts are named");
            return Err(Failure::usage(message).hint("one server spreads layers over 16 devices").into());
        }
    }
    let (request, _) = plan.request(None, false)?;
    let plan = hosts::plan(&request, &machines, link)?;
    let document = HostsDocument { plan: &plan, warnings: say::warnings() };
    if let Some(path) = out {
        let content = serde_json::to_string_pretty(&document)? + "\n";
        std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    match json {
        true => print_json(&document)?,
        false => output::page(report::hosts::text(&plan, Lang::current()))?,
    }
    Ok(if plan.verdict == Verdict::Impossible { Exit::NoPlanFits } else { Exit::Done })
}

/// A plan over several hosts as JSON.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct HostsDocument<'a> {
    #[serde(flatten)]
    plan: &'a HostsPlan,
    /// Sentences that are said as warnings on stderr.
    warnings: Vec<String>,
}

/// The machines that a word names: facts in a file, a class of machines or several of one, or a host, which is probed where
/// `ssh` says how to reach it.
pub(super) fn machines_of(name: &str, ssh: Option<&HostArgs>) -> Result<Vec<Machine>> {
    let machine = |name: String, profile| Machine { name, profile };
    if let Some((count, id)) = several(name) {
        let profile = profiles::find(id)?;
        let count = count.parse::<usize>().ok().filter(|count| (1..=MOST).contains(count));
        let count = count.ok_or_else(|| {
            Failure::usage(format!("{name:?} is no number of machines"))
                .hint(format!("from 1 to {MOST} of one: 3x(gpu-24gb)"))
        })?;
        return Ok((1..=count).map(|at| machine(format!("{id} {at}"), profile.clone())).collect());
    }
    if profiles::all().iter().any(|profile| profile.id.eq_ignore_ascii_case(name)) {
        return Ok(vec![machine(name.to_string(), profiles::find(name)?)]);
    }
    let is_file = name.contains(['/', '\\']) || name.ends_with(".json") || Path::new(name).is_file();
    let facts = match (is_file, ssh) {
        (true, _) => read_facts(Path::new(name))?,
        (false, Some(ssh)) => probe(&ssh.of(name))?,
        (false, None) => {
            return Err(Failure::usage(format!("{name} is no file of facts and no class of machines"))
                .hint(format!("a bundle is made without a network: `agi-provision probe --host {name} --format json >{name}.json`"))
                .into());
        }
    };
    Ok(vec![machine(name.to_string(), reconcile::profile(&facts, &profiles::all()))])
}

/// `3x(gpu-24gb)` → `3`, `gpu-24gb`.
fn several(name: &str) -> Option<(&str, &str)> {
    let (count, rest) = name.split_once("x(")?;
    Some((count, rest.strip_suffix(')')?))
}
