//! `--hosts` of `bundle` and `apply`: a plan for each host of one model over several.

use super::hosts::HostArgs;
use super::plan_hosts;
use super::reconcile;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::profiles;
use crate::plan::document::{Plan, Verdict};
use crate::plan::hosts::{self, HostsPlan, Link, Machine};
use crate::plan::request::Request;

#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Several hosts")]
pub struct OverHostsArgs {
    /// Spread one model over these hosts, the first of which serves it and the others compute for it (docs/rpc.md)
    #[arg(
        long, value_name = "A,B,C", value_delimiter = ',', requires = "link",
        conflicts_with_all = ["profile", "budget", "plan", "bundle"]
    )]
    pub hosts: Vec<String>,
    /// With --hosts: the network between them, milliseconds there and back and Mbit/s, as `ping` and `iperf3` say
    #[arg(long, value_name = "MS,MBIT", requires = "hosts")]
    link: Option<Link>,
}

impl OverHostsArgs {
    /// Whether several hosts are named.
    pub fn are_given(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// The machines that the names stand for, without a network: files of facts and classes of machines.
    pub fn machines(&self) -> Result<Vec<Machine>> {
        let mut all = Vec::new();
        for name in &self.hosts {
            all.extend(plan_hosts::machines_of(name, None)?);
        }
        Ok(all)
    }

    /// The hosts as machines, by what was found on them.
    pub fn found(&self, facts: Vec<Facts>) -> Vec<Machine> {
        let machine = |(name, mut facts): (&String, Facts)| {
            // Files of an earlier apply take space and change no plan; whether there is enough is verified.
            facts.disk.free_bytes = facts.disk.total_bytes;
            Machine { name: name.clone(), profile: crate::plan::reconcile::profile(&facts, &profiles::all()) }
        };
        self.hosts.iter().zip(facts).map(machine).collect()
    }

    /// The plan over these machines, and one for each of them.
    ///
    /// # Errors
    /// Exit 3: it fits nowhere.
    pub fn plans(&self, request: &Request, machines: &[Machine]) -> Result<(HostsPlan, Vec<Plan>)> {
        let link = self.link.context("--hosts is given with --link")?;
        let (whole, plans) = hosts::plans(request, machines, link)?;
        if whole.verdict == Verdict::Impossible {
            let why: Vec<String> = whole.reasons.iter().map(ToString::to_string).collect();
            let hint = "`agi-provision plan` with the same flags shows the ledger of every host";
            let message = format!("these hosts do not hold the model: {}", why.join("; "));
            return Err(Failure::new(Exit::NoPlanFits, message).hint(hint).into());
        }
        Ok((whole, plans))
    }

    /// The same way to connect, to these hosts.
    ///
    /// # Errors
    /// Hosts are named another way too.
    pub fn connecting(&self, ssh: &HostArgs) -> Result<HostArgs> {
        if ssh.is_given() {
            return Err(Failure::usage("--hosts names the hosts already")
                .hint("leave --host, --inventory and --local out")
                .into());
        }
        Ok(ssh.these(&self.hosts))
    }

    /// Looks at every host.
    pub fn look(&self, ssh: &HostArgs) -> Result<Vec<Facts>> {
        reconcile::probe_all(ssh)?.into_iter().map(|(_, result)| reconcile::facts_of(result)).collect()
    }
}

/// Name of the folder, and of the part, of the host at this place: `head`, `worker-1`.
pub fn part(place: usize) -> String {
    if place == 0 { "head".to_string() } else { format!("worker-{place}") }
}
