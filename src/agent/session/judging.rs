//! Judges the host before anything is written, and says what to do where it is refused.

use crate::agent::converge::judged::judge;
use crate::error::{Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::vendor;
use crate::plan::Plan;
use crate::plan::document::Bound;
use crate::plan::requirements::ids;
use crate::verify::host::{self, Ground};
use crate::verify::{Held, Report};
use crate::wire::protocol::{End, Event, Events};
use std::borrow::Cow;

/// A plan on a host, and what the user lets pass.
pub struct Judging<'a> {
    pub plan: &'a Plan,
    pub ground: &'a Ground,
    pub strict: bool,
    pub allow: &'a [String],
    /// Requirements that are judged once a driver is there.
    pub later: &'a [&'a str],
}

impl Judging<'_> {
    /// Judges the plan's requirements, the cards' links, and the host's state. `--strict` is about what was promised,
    /// which the last is not.
    pub fn judge(&self, facts: &Facts, held: Held) -> Report {
        let mut report = judge(&self.with_image(), facts, held, self.strict, &[]);
        host::installable(&mut report, self.ground);
        report.lines.extend(host::check(facts, self.ground));
        report.allow(self.allow).later(self.later)
    }

    /// The plan with the disk that a container image on its way takes; a plan knows no image's size.
    fn with_image(&self) -> Cow<'_, Plan> {
        let bytes = self.ground.image_bytes;
        if bytes == 0 {
            return Cow::Borrowed(self.plan);
        }
        let mut plan = self.plan.clone();
        for disk in plan.requirements.iter_mut().filter(|requirement| requirement.id == ids::DISK) {
            if let Some(Bound::AtLeast(need)) = &mut disk.need {
                *need = need.saturating_add(bytes);
            }
        }
        Cow::Owned(plan)
    }

    /// Sends the report; a refusal ends with exit 4.
    pub fn verified(&self, report: Report, facts: &Facts, output: &mut dyn Events) -> Result<Option<End>> {
        let passes = report.passes();
        let count = report.refused().count();
        let lacks_card = report.refused().any(|line| line.id == ids::GPU_COUNT);
        let without_driver = facts.without_driver().next().filter(|_| lacks_card);
        let only_port = report.refused().all(|line| ids::server_of(&line.id).is_some());
        let of_host = host::hint(&report, self.ground).or_else(|| host::container_hint(&report));
        output.send(&Event::Verified { report })?;
        if passes {
            return Ok(None);
        }
        let failure = Failure::new(
            Exit::HostDoesNotMeetPlan,
            match count {
                1 => english!("end-one-unmet"),
                _ => english!("end-unmet", count = count),
            },
        )
        .hint(match (without_driver, of_host, only_port) {
            (Some(card), _, _) => format!(
                "install the card's driver ({}), then apply again; nothing was changed",
                vendor::of(card.vendor).install()
            ),
            (None, Some(todo), _) => todo,
            (None, None, true) => {
                english!("hint-port")
            }
            (None, None, false) => {
                english!("hint-larger")
            }
        });
        Ok(Some(End::failed(&failure.into())))
    }
}
