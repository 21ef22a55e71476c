//! Compares a container with a plan before its server starts: what a host's unit does at every start, for a pod.

use super::serve::REFUSAL;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::probe::probe_for_start;
use crate::lang::Lang;
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::Plan;
use crate::plan::requirements::ids;
use crate::report;
use crate::verify::{self, Held, Report};
use std::path::Path;

/// Requirements of a host that a container has no part in: what starts the server, and the disk, which is a volume that
/// has the model already or gets it next.
const NOT_HERE: [&str; 5] = [ids::SYSTEMD, ids::DISK, ids::DISK_SPEED, ids::DISK_KIND, ids::DISK_SIZE];

/// Prints what is not as promised. Exit 4: the container does not meet the plan at `path`.
///
/// # Errors
/// The plan cannot be read, or is none.
pub fn gate(path: &Path) -> Result<Exit> {
    let text = outside::text(path, outside::DOCUMENT, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))?;
    let plan = Plan::from_json(&text)
        .map_err(|error| Failure::usage(format!("{} is refused: {error:#}", path.display())))?;
    let facts = probe_for_start(Path::new(paths::MODELS), plan.cards() > 0);
    let report = judge(&plan, &facts);
    for line in report.warnings() {
        say!("warning: {}: promised {}, found {}", line.id, line.needed, line.found);
    }
    if report.passes() {
        say!("this container meets the plan");
        return Ok(Exit::Done);
    }
    let why = report::verify::refusals(&report, Lang::English).join("; ");
    Err(Failure::new(Exit::HostDoesNotMeetPlan, format!("{REFUSAL}{why}")).into())
}

fn judge(plan: &Plan, facts: &Facts) -> Report {
    let here = plan.requirements.iter().filter(|requirement| !NOT_HERE.contains(&requirement.id.as_str()));
    let here: Vec<_> = here.cloned().collect();
    verify::check(&here, facts, &Held::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_judged_by_its_memory_and_processor_and_not_by_systemd_or_disk() {
        let plan = include_str!("../../../tests/golden/plans/cpu.json");
        let plan = Plan::from_json(plan).unwrap();
        let need = plan.memory[0].total_bytes;
        let judged = |memory: u64, flags: &[&str]| {
            let mut facts = Facts::default();
            facts.os.arch = "x86_64".to_string();
            facts.cpu.flags = flags.iter().map(|flag| flag.to_string()).collect();
            facts.memory.total_bytes = 64 << 30;
            facts.memory.cgroup_limit_bytes = Some(memory);
            let report = judge(&plan, &facts);
            report.refused().map(|line| line.id.clone()).collect::<Vec<_>>()
        };
        let flags = ["avx2", "fma", "f16c"];
        assert_eq!(judged(need, &flags), [""; 0]);
        assert_eq!(judged(need - 1, &flags), ["ram"]);
        assert_eq!(judged(need, &["avx2"]), ["cpu-flags"]);
    }
}
