//! Requirements of an apply that no plan names: whether the host can be worked on now, and whether its system fits
//! the llama.cpp that goes there. Judged before anything is sent.

use super::{Judgement, Line, Report};
use crate::elf::Lacking;
use crate::hardware::facts::{Facts, Os, Worker};
use crate::hardware::vendor;
use crate::paths;
use crate::plan::document::Bound;
use crate::plan::requirements::{LEAST_PODMAN, ids};
use crate::processor::Processor;

/// Properties of the host that are not among its facts, as they depend on what goes there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The llama.cpp that goes there; `None`: it is there already, or nothing is known of it.
    pub runtime: Option<Wants>,
    /// Whether the plan computes on cards.
    pub cards: bool,
    /// Version of podman that apt would install; `None`: it is there, is not wanted, or cannot be had so.
    pub podman: Option<&'static str>,
    /// Bytes of disk that a container image on its way takes, beside what the plan counts.
    pub image_bytes: u64,
}

/// Libraries of the system that a llama.cpp wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The oldest C library that it runs with.
    pub glibc: Option<(u32, u32)>,
    /// Libraries and versions that the host lacks.
    pub lacking: Vec<Lacking>,
    /// Packages that bring the libraries; the error is what a person does instead.
    pub packages: Result<Vec<String>, String>,
}

/// Ids of these requirements.
pub const IDS: [&str; 6] = [ids::NOEXEC, ids::LIBC, ids::LIBRARIES, ids::BUSY, ids::REBOOT, ids::EGRESS];

/// Judges the host. Work of its own that is not at its end is a warning here, as an apply waits for it.
pub fn check(facts: &Facts, ground: &Ground) -> Vec<Line> {
    let runtime = ground.runtime.as_ref();
    let libraries = runtime.into_iter().flat_map(|wants| [libc(facts, wants), libraries(wants)]);
    std::iter::once(Some(noexec(facts)))
        .chain(libraries)
        .chain([busy(facts, Judgement::Warning), reboot(facts, ground)])
        .flatten()
        .collect()
}

/// Lets a host without podman pass where apt installs a version that will do.
pub fn installable(report: &mut Report, ground: &Ground) {
    let Some(version) = ground.podman else { return };
    for line in report.lines.iter_mut().filter(|line| line.id == ids::PODMAN) {
        let found =
            Facts { os: Os { podman: Some(version.to_string()), ..Os::default() }, ..Facts::default() };
        let will_do = super::podman(&found);
        if (will_do.meets)(&Bound::Name(LEAST_PODMAN.to_string())) {
            line.outcome = Judgement::Ok;
            line.found = english!("found-podman-apt", version = version);
        }
    }
}

/// Refuses for work that did not end in time; `None` where there is none.
pub fn still_busy(facts: &Facts) -> Option<Line> {
    busy(facts, Judgement::Refused)
}

/// Judges the way to the sites that the host is to download from; `found` is how, or why not.
pub fn egress(sites: &[String], found: &Result<String, String>) -> Line {
    let (found, outcome) = match found {
        Ok(how) => (how, Judgement::Ok),
        Err(why) => (why, Judgement::Refused),
    };
    line(ids::EGRESS, sites.join(" and "), found, outcome, &english!("why-egress"))
}

/// Returns what to do about the first refusal, where nothing but the host's state is refused.
pub fn hint(report: &Report, ground: &Ground) -> Option<String> {
    let all = || report.refused().map(|line| line.id.as_str());
    if !all().all(|id| IDS.contains(&id)) {
        return None;
    }
    let by_hand = ground.runtime.as_ref().and_then(|wants| wants.packages.as_ref().err());
    let todo = match all().next()? {
        ids::NOEXEC => {
            "let programs run from there (`mount -o remount,exec PLACE`, and without noexec in /etc/fstab)"
                .into()
        }
        ids::LIBC => "give a runtime that was built on a system as old as this one (--runtime-archive or \
                      --runtime-path), or take a newer system"
            .into(),
        ids::LIBRARIES if is_foreign(ground) => {
            "give an archive for this host's processor, or --runtime-path for a program that is there".into()
        }
        ids::LIBRARIES => by_hand.cloned().unwrap_or_else(|| {
            "give an archive that was built on a system as old as this one, or that brings its libraries"
                .into()
        }),
        ids::EGRESS => "does the host need a proxy (--proxy URL, or its /etc/environment)? --mirror FROM=TO names another \
                        place, --model-file and --runtime-archive send files from here"
            .into(),
        ids::BUSY => {
            "wait until that has ended; --wait SECONDS waits longer, --allow busy goes on beside it".into()
        }
        _ => "restart the host (`systemctl reboot`); --allow reboot goes on as it is".into(),
    };
    Some(format!("{todo}, then apply again; nothing was changed"))
}

/// Returns what to do where nothing but what a container needs is refused.
pub fn container_hint(report: &Report) -> Option<String> {
    let all = || report.refused().map(|line| line.id.as_str());
    let only = all().all(|id| [ids::PODMAN, ids::CDI].contains(&id));
    let todo = match all().next().filter(|_| only)? {
        ids::PODMAN => "install podman 4.4 or later, which has Quadlet (Debian 13 and Ubuntu 24.04 have it)",
        _ => {
            "describe the cards to podman: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` (NVIDIA Container Toolkit)"
        }
    };
    Some(format!("{todo}, then apply again; nothing was changed"))
}

fn line(
    id: &str,
    needed: impl Into<String>,
    found: impl Into<String>,
    outcome: Judgement,
    why: &str,
) -> Line {
    Line { id: id.into(), needed: needed.into(), found: found.into(), outcome, why: why.into() }
}

fn noexec(facts: &Facts) -> Line {
    let ours = |path: &str| path == paths::VAR || path == "/usr/local";
    let closed = facts.mounts.iter().filter(|mount| mount.noexec && ours(&mount.path));
    let mut closed: Vec<&str> = closed.map(|mount| mount.disk.mount.as_str()).collect();
    closed.dedup();
    let (found, outcome) = match closed.as_slice() {
        [] => (english!("found-exec"), Judgement::Ok),
        places => (english!("found-noexec", path = places.join(" and ")), Judgement::Refused),
    };
    let why = english!("why-exec");
    line(ids::NOEXEC, english!("needed-exec"), found, outcome, &why)
}

fn libc(facts: &Facts, wants: &Wants) -> Option<Line> {
    let needed = wants.glibc?;
    let has = facts.os.glibc.as_deref();
    let number = has.and_then(|text| {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    });
    let outcome = match number {
        Some(has) if has < needed => Judgement::Refused,
        Some(_) => Judgement::Ok,
        None => Judgement::Warning,
    };
    let found = has.map_or_else(|| english!("found-not-known"), |has| format!("glibc {has}"));
    let needed = format!("glibc {}.{}", needed.0, needed.1);
    Some(line(ids::LIBC, needed, found, outcome, &english!("why-libc")))
}

/// The archive is for another processor.
fn is_foreign(ground: &Ground) -> bool {
    let lacking = ground.runtime.iter().flat_map(|wants| &wants.lacking);
    lacking.into_iter().any(|lacking| matches!(lacking, Lacking::Processor(_)))
}

fn libraries(wants: &Wants) -> Option<Line> {
    let missing: Vec<&str> = (wants.lacking.iter())
        .filter_map(|lacking| match lacking {
            Lacking::Library(name) => Some(name.as_str()),
            Lacking::Version { .. } | Lacking::Processor(_) => None,
        })
        .collect();
    let old = wants.lacking.iter().find_map(|lacking| match lacking {
        Lacking::Version { library, version, .. } => Some((library, version)),
        Lacking::Library(_) | Lacking::Processor(_) => None,
    });
    let why = english!("why-libraries");
    let line =
        |needed: &str, found: String, outcome| Some(line(ids::LIBRARIES, needed, found, outcome, &why));
    let foreign = wants.lacking.iter().find_map(|lacking| match lacking {
        Lacking::Processor(processor) => Some(processor.to_string()),
        Lacking::Library(_) | Lacking::Version { .. } => None,
    });
    if let Some(processor) = foreign {
        let found = english!("found-other-processor", own = Processor::own().to_string());
        return line(&english!("needed-processor", processor = processor), found, Judgement::Refused);
    }
    if let Some((library, version)) = old {
        return line(version, english!("found-library-old", library = library), Judgement::Refused);
    }
    match (missing.join(" "), &wants.packages) {
        (names, _) if names.is_empty() => {
            line(&english!("needed-libraries"), english!("found-libraries"), Judgement::Ok)
        }
        (names, Ok(packages)) => {
            line(&names, english!("found-libraries-apt", packages = packages.join(" ")), Judgement::Ok)
        }
        (names, Err(_)) => line(&names, english!("found-libraries-none"), Judgement::Refused),
    }
}

fn busy(facts: &Facts, outcome: Judgement) -> Option<Line> {
    let at_work: Vec<String> = facts.upkeep.at_work.iter().map(|work| work.to_string()).collect();
    let (why, needed) = (english!("why-rest"), english!("needed-rest"));
    match (at_work.as_slice(), outcome) {
        ([], Judgement::Refused) => None,
        ([], _) => Some(line(ids::BUSY, needed, english!("found-rest"), Judgement::Ok, &why)),
        (all, _) => Some(line(ids::BUSY, needed, all.join(", "), outcome, &why)),
    }
}

fn reboot(facts: &Facts, ground: &Ground) -> Option<Line> {
    let why = english!("why-restart");
    let line =
        |found: String, outcome| Some(line(ids::REBOOT, english!("needed-no-restart"), found, outcome, &why));
    let Some(packages) = &facts.upkeep.reboot_for else {
        return line(english!("found-no-restart"), Judgement::Ok);
    };
    let of_driver = |package: &String| vendor::RESTARTS.iter().any(|start| package.starts_with(start));
    let outcome = match ground.cards && packages.iter().any(of_driver) {
        true => Judgement::Refused,
        false => Judgement::Warning,
    };
    match packages.as_slice() {
        [] => line(english!("found-restart"), outcome),
        all => line(english!("found-restart-for", packages = all.join(", ")), outcome),
    }
}

/// Returns who is at work, without cloud-init where that itself runs the apply.
pub fn at_work(facts: &Facts, in_cloud_init: bool) -> Vec<String> {
    let works = facts.upkeep.at_work.iter().filter(|work| !(in_cloud_init && work.by == Worker::CloudInit));
    works.map(|work| work.to_string()).collect()
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
