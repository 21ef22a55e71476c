//! `--hosts` of `bundle` and `apply`: a plan for each host of one model over several.

use super::hosts::HostArgs;
use super::plan_hosts;
use super::reconcile;
use crate::apply::inventory;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::profiles;
use crate::outside::quoted;
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

    /// Returns the hosts by their names, and how to connect to them. With an inventory they are the hosts and groups of
    /// it that `--hosts` names, in that order.
    ///
    /// # Errors
    /// Hosts are named another way too; the inventory has no such host, or one that has a plan of its own.
    pub fn connecting(&self, ssh: &HostArgs) -> Result<(OverHostsArgs, HostArgs)> {
        let Some(inventory) = &ssh.inventory else {
            if ssh.is_given() {
                return Err(Failure::usage("--hosts names the hosts already")
                    .hint("leave --host and --local out; --inventory has hosts and groups that --hosts may name")
                    .into());
            }
            return Ok((self.clone(), ssh.these(&self.hosts)));
        };
        let entries = inventory::ordered(&ssh.entries()?, &self.hosts).map_err(|name| {
            Failure::usage(format!("{} is no host and no group of {}", quoted(&name), inventory.display()))
                .hint("--hosts names the head first and then its workers, or a group of which the first host is the head")
        })?;
        for entry in &entries {
            let name = quoted(&entry.name);
            if entry.local {
                let why =
                    format!("{name} is this machine, which workers and head do not reach each other by");
                return Err(Failure::usage(why)
                    .hint("give the inventory an address of it and a way in by SSH")
                    .into());
            }
            if !entry.plan.is_empty() {
                let why =
                    format!("{name} has a plan of its own, and is to be a part of one over several hosts");
                return Err(Failure::usage(why).hint("take `plan` out of its entry").into());
            }
        }
        let names = entries.iter().map(|entry| entry.name.clone()).collect();
        Ok((OverHostsArgs { hosts: names, ..self.clone() }, ssh.listing(entries)))
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
