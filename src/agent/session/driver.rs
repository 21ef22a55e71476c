//! Decides before an apply whether the host gets a driver first, and which.

use crate::agent::host::secure_boot;
use crate::error::Failure;
use crate::hardware::facts::Facts;
use crate::hardware::vendor;
use crate::hardware::vendor::driver::{Driver, DriverHost};
use crate::plan::Plan;
use crate::plan::document::Bound;
use crate::plan::requirements::ids;
use crate::verify::Report;
use crate::wire::protocol::Apply;

/// Requirements that only a driver can answer.
pub const TOLD_BY_IT: [&str; 7] = [
    ids::GPU_COUNT,
    ids::GPU_VRAM,
    ids::GPU_MODEL,
    ids::GPU_COMPUTE,
    ids::GPU_DRIVER,
    ids::NVLINK,
    ids::GPU_LINK,
];

/// Returns the driver that the host gets; `None` where the user wants none, the plan has no cards, the host has too few,
/// or what it has works for the plan.
///
/// # Errors
/// Exit 4: no driver fits, with the reason and the way out.
pub fn wanted(apply: &Apply, plan: &Plan, facts: &Facts, report: &Report) -> Result<Option<Driver>, Failure> {
    let Some(origin) = apply.driver.filter(|_| plan.cards() > 0) else { return Ok(None) };
    let refused = |ids: &[&str]| report.refused().any(|line| ids.contains(&line.id.as_str()));
    let maker = plan.profile.vendor();
    let host = DriverHost::of(facts, maker, secure_boot::state(facts));
    let lacking = facts.without_driver().any(|card| card.vendor == maker) && refused(&[ids::GPU_COUNT]);
    let too_old = !facts.gpus.is_empty() && refused(&[ids::GPU_DRIVER]);
    if !(lacking || too_old) || host.cards.len() < plan.profile.gpus.len() {
        return Ok(None);
    }
    let needed = plan.requirements.iter().find(|requirement| requirement.id == ids::GPU_DRIVER);
    let version = needed.and_then(|requirement| match &requirement.need {
        Some(Bound::Name(version)) => Some(version.as_str()),
        _ => None,
    });
    vendor::of(maker).driver(&host, origin, version).map(Some)
}
