//! Requirements against facts: is this host what the plan relies on? Pure; the same function judges
//! before the first write, at every start, and for `verify`.

use crate::hardware::facts::{Facts, Port};
use crate::plan::document::{Bound, Requirement};
use crate::plan::requirements::ids;
use crate::processor::Processor;
use crate::units::gib;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

mod found;
mod gpu;
pub mod host;
pub mod links;

pub use found::Held;
use found::{Finding, holds, name, number};

/// The outcome for every requirement, in the plan's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    /// One line for each requirement, in the plan's order.
    pub lines: Vec<Line>,
}

/// Result of one requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// Id of the requirement.
    pub id: String,
    /// Bound that decided, as text with its unit.
    pub needed: String,
    /// Finding on the host, as text with its unit.
    pub found: String,
    /// Judgement.
    pub outcome: Judgement,
    /// Reason for the requirement.
    pub why: String,
}

/// Judgement of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// Need and promise are met.
    Ok,
    /// Below the promise, above the need.
    Warning,
    /// Below the need, and allowed by name (`--allow ID`).
    Allowed,
    /// Below the need, and judged again when the driver is there that this apply installs.
    Later,
    /// Below the need.
    Refused,
}

/// Judges every requirement. One that this version does not know is a warning that says so.
pub fn check(requirements: &[Requirement], facts: &Facts, held: &Held) -> Report {
    let count = requirements.iter().find(|requirement| requirement.id == ids::GPU_COUNT);
    let cards = match count.and_then(|count| count.need.as_ref()) {
        Some(Bound::AtLeast(cards)) => usize::try_from(*cards).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    Report { lines: requirements.iter().map(|r| line(r, facts, cards, held)).collect() }
}

impl Report {
    /// Returns the lines that refuse.
    pub fn refused(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.outcome == Judgement::Refused)
    }

    /// Returns the lines that warn.
    pub fn warnings(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.outcome == Judgement::Warning)
    }

    /// Warnings refuse as well.
    pub fn strict(mut self) -> Report {
        for line in &mut self.lines {
            if line.outcome == Judgement::Warning {
                line.outcome = Judgement::Refused;
            }
        }
        self
    }

    /// Allows the refusals of these requirements, which stay in the report.
    pub fn allow(mut self, ids: &[String]) -> Report {
        for line in self.lines.iter_mut().filter(|line| ids.contains(&line.id)) {
            if line.outcome == Judgement::Refused {
                line.outcome = Judgement::Allowed;
            }
        }
        self
    }

    /// Leaves refusals of these requirements for later: the driver that tells of them is not there yet.
    pub fn later(mut self, ids: &[&str]) -> Report {
        for line in self.lines.iter_mut().filter(|line| ids.contains(&line.id.as_str())) {
            if line.outcome == Judgement::Refused || line.outcome == Judgement::Warning {
                line.outcome = Judgement::Later;
            }
        }
        self
    }

    /// Returns the lines that would refuse and were allowed by name.
    pub fn allowed(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.outcome == Judgement::Allowed)
    }

    /// Returns whether no line refuses.
    pub fn passes(&self) -> bool {
        self.refused().next().is_none()
    }
}

fn line(requirement: &Requirement, facts: &Facts, cards: usize, held: &Held) -> Line {
    let line = |needed: String, found: String, outcome| Line {
        id: requirement.id.clone(),
        needed,
        found,
        outcome,
        why: requirement.why.clone(),
    };
    let Some(found) = find(&requirement.id, facts, cards, held) else {
        return line("?".to_string(), english!("found-unknown-requirement"), Judgement::Warning);
    };
    let show = |bound: &Bound| show(bound, &requirement.unit);
    match (&requirement.need, &requirement.promise) {
        (Some(need), _) if !(found.meets)(need) => line(show(need), found.text, Judgement::Refused),
        (_, Some(promise)) if !(found.keeps_promise.as_ref().unwrap_or(&found.meets))(promise) => {
            line(show(promise), found.text, Judgement::Warning)
        }
        (Some(bound), _) | (None, Some(bound)) => line(show(bound), found.text, Judgement::Ok),
        (None, None) => line("nothing".to_string(), found.text, Judgement::Ok),
    }
}

fn show(bound: &Bound, unit: &str) -> String {
    match bound {
        Bound::Holds(true) => english!("found-yes"),
        Bound::Holds(false) => english!("found-no"),
        Bound::AtLeast(n) if unit == "bytes" => gib(*n),
        Bound::AtLeast(n) if unit == "port" => english!("needed-port", version = n.to_string()),
        Bound::AtLeast(n) if unit == "cores" => english!("found-cores", cores = *n),
        Bound::AtLeast(n) if unit == "GPUs" => english!("needed-gpus", cards = *n),
        Bound::AtLeast(n) => format!("{n} {unit}").trim_end().to_string(),
        Bound::Name(name) if unit == "at least" => english!("needed-at-least", version = name),
        Bound::Name(name) => name.clone(),
        Bound::AllOf(names) if unit == "one of" => names.join(" or "),
        Bound::AllOf(names) => names.join(" "),
    }
}

/// `cards`: how many of the host's the plan uses.
fn find<'a>(id: &str, facts: &'a Facts, cards: usize, held: &Held) -> Option<Finding<'a>> {
    Some(match id {
        ids::ARCH => name(&facts.os.arch),
        ids::SYSTEMD => holds(
            facts.os.systemd,
            &if facts.os.systemd { english!("found-yes") } else { english!("found-another-init") },
        ),
        ids::PODMAN => podman(facts),
        ids::CDI => {
            holds(facts.os.cdi, &if facts.os.cdi { english!("found-cdi") } else { english!("found-no-cdi") })
        }
        ids::CPU_FLAGS => Finding::new(present_flags(facts), |bound| match bound {
            Bound::AllOf(flags) => flags.iter().all(|flag| facts.cpu.flags.contains(flag)),
            _ => false,
        }),
        ids::CPU_CORES => number(facts.cpu.logical, english!("found-cores", cores = facts.cpu.logical)),
        ids::RAM => ram(facts),
        ids::DISK => disk(facts, held),
        ids::DISK_SPEED => disk_speed(facts),
        ids::DISK_KIND => disk_kind(facts),
        ids::DISK_SIZE => {
            let total = facts.disk.total_bytes;
            number(total, english!("found-disk-size", size = gib(total), path = &facts.disk.mount))
        }
        ids::NETWORK => network(facts),
        ids::GPU_COUNT => gpu::count(facts),
        ids::GPU_VRAM => gpu::memory(facts, cards, held),
        ids::GPU_MODEL => gpu::model(facts),
        ids::GPU_COMPUTE => gpu::version(facts, cards, |gpu| gpu.compute_capability.as_ref()),
        ids::GPU_DRIVER => gpu::version(facts, cards, |gpu| gpu.driver.as_ref()),
        ids::GPU_CUDA => gpu::version(facts, cards, |gpu| gpu.cuda_version.as_ref()),
        ids::NVLINK => gpu::nvlink(facts),
        id => {
            let server = ids::server_of(id)?;
            port(facts, held.listening.contains(&server), server.port())
        }
    })
}

/// Compares versions part by part: 4.10 is later than 4.9.
fn podman(facts: &Facts) -> Finding<'_> {
    let parts =
        |text: &str| -> Option<Vec<u64>> { text.split('.').take(2).map(|part| part.parse().ok()).collect() };
    let has = facts.os.podman.as_deref();
    let text = has.map_or_else(|| english!("found-no-podman"), str::to_string);
    Finding::new(text, move |bound| match bound {
        Bound::Name(least) => has.and_then(parts).zip(parts(least)).is_some_and(|(has, least)| has >= least),
        _ => false,
    })
}

fn present_flags(facts: &Facts) -> String {
    let flags = &facts.cpu.flags;
    if let Some(why) = unread(facts, "cpu").filter(|_| flags.is_empty()) {
        return english!("found-unread", why = why);
    }
    let shown = Processor::ALL.into_iter().flat_map(|processor| processor.row().shown);
    let present: Vec<&str> = shown.copied().filter(|flag| flags.iter().any(|f| f == flag)).collect();
    if present.is_empty() { english!("found-no-flags") } else { present.join(" ") }
}

/// Why a part of the facts is empty; a host that hides it is refused with that reason, not with a zero.
fn unread<'a>(facts: &'a Facts, field: &str) -> Option<&'a String> {
    facts.failed.get(field).or(facts.unsupported.get(field))
}

/// RAM that the service can really have: the total, or the tighter cgroup limit.
fn ram(facts: &Facts) -> Finding<'static> {
    let total = facts.memory.total_bytes;
    if let Some(why) = unread(facts, "memory").filter(|_| total == 0) {
        return number(0, english!("found-unread", why = why));
    }
    match facts.memory.cgroup_limit_bytes.filter(|limit| *limit < total) {
        Some(limit) => {
            let by = facts.memory.cgroup_limit_by.as_deref().unwrap_or("a group above it");
            number(limit, english!("found-ram-limited", size = gib(limit), name = by, all = gib(total)))
        }
        None => number(total, gib(total)),
    }
}

fn disk(facts: &Facts, held: &Held) -> Finding<'static> {
    let disk = &facts.disk;
    if disk.read_only {
        return number(0, english!("found-read-only", path = &disk.mount));
    }
    let (size, path) = (gib(disk.free_bytes), &disk.mount);
    let text = match held.disk_bytes {
        0 => english!("found-disk", size = size, path = path),
        bytes => english!("found-disk-held", size = size, path = path, held = gib(bytes)),
    };
    number(disk.free_bytes.saturating_add(held.disk_bytes), text)
}

/// A promise that is kept until someone measured that it is not.
fn disk_speed(facts: &Facts) -> Finding<'static> {
    match facts.measured.as_ref().and_then(|measured| measured.disk_read_mb_s) {
        Some(speed) => number(speed as u64, format!("{speed:.0} MB/s")),
        None => Finding::new(english!("found-not-measured"), |_| true),
    }
}

/// Where a hypervisor does not tell, nothing is held against the host.
fn disk_kind(facts: &Facts) -> Finding<'_> {
    let mount = facts.mounts.iter().find(|mount| mount.path == crate::paths::VAR);
    match mount.and_then(|mount| mount.kind.as_deref()) {
        Some("virtual") => Finding::new(english!("found-disk-virtual"), |_| true),
        Some(kind) => name(kind),
        None => Finding::new(english!("found-not-known"), |_| true),
    }
}

/// A promise as well; an address that cannot be reached breaks it.
fn network(facts: &Facts) -> Finding<'_> {
    let tried = facts.measured.as_ref().map(|measured| measured.egress.as_slice()).unwrap_or_default();
    let unreached = tried.iter().position(|egress| egress.mbit_s.is_none());
    if let Some(index) = unreached {
        let why = facts.failed.get(&format!("measured.egress.{index}")).map_or("no answer", String::as_str);
        return Finding::new(english!("found-no-egress", site = &tried[index].host, why = why), |_| false);
    }
    let slowest = tried.iter().filter_map(|egress| Some((egress.mbit_s?, &egress.host)));
    match slowest.min_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((speed, host)) => {
            number(speed as u64, english!("found-network", speed = format!("{speed:.0}"), site = host))
        }
        None => Finding::new(english!("found-not-measured"), |_| true),
    }
}

/// Taken where a server would listen: on loopback, or everywhere.
fn port(facts: &Facts, ours: bool, number: u16) -> Finding<'_> {
    let is_there = |address: &IpAddr| address.is_loopback() || address.is_unspecified();
    let in_the_way = move |port: &&Port| port.addresses.is_empty() || port.addresses.iter().any(is_there);
    let user = move |wanted: u64| {
        facts.ports.iter().filter(in_the_way).find(move |port| u64::from(port.port) == wanted)
    };
    let text = match (ours, user(number.into())) {
        (true, _) => english!("found-port-ours"),
        (false, None) => english!("found-port-free"),
        (false, Some(port)) => {
            let another = || english!("found-another-process");
            english!("found-port-taken", name = port.process.clone().unwrap_or_else(another))
        }
    };
    Finding::new(text, move |bound| match bound {
        Bound::AtLeast(wanted) => ours || user(*wanted).is_none(),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
